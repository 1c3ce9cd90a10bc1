"""When to ask whether AWS has finished a change: soon and often at first, then more and more rarely.

Lambda finishes most updates of a function within 0.3 to 2 seconds. In this time it is asked so often that the end is noticed
within a quarter of a second. A new function takes longer, so it is asked about later. If many functions are waited for at the
same time, each that was not ready is asked about more rarely, so that all polls together stay far below the 100 GetFunction that
Lambda allows a second, and few of them are in vain.

Follows https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count

FIRST_POLL_SECONDS = {"function_updated_v2": 0.3, "function_active_v2": 0.5}
"""How long to wait before the first poll of a change that AWS has just started, in seconds, by waiter. Others poll at once."""
PAUSE_SECONDS = 0.2
"""The first pause between two polls, in seconds."""
EQUAL_PAUSES = {"function_updated_v2": 9}
"""How many pauses are equal before they grow, by waiter. Others grow at once."""
GROWTH = 1.5
"""Each further pause is this many times the one before, up to the delay of botocore's waiter."""
MAX_POLLS_PER_SECOND = 50
"""How many polls a second all waits make together after their first ones, unless that would be less than one for each."""


class Waits:
    """Counts the waits of a session that were not over at their first poll."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.number = 0

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Counts one more in this block."""
        with self._lock:
            self.number += 1
        try:
            yield
        finally:
            with self._lock:
                self.number -= 1


def poll_pauses(waiter: str, delay: float, waits: Waits) -> Generator[float]:
    """The pauses in seconds before each poll of a waiter. Whoever needs no more closes the iterator.

    Args:
        waiter: the name of botocore's waiter.
        delay: its own delay, which is the longest pause.
        waits: the waits of the session.
    """
    equal = EQUAL_PAUSES.get(waiter, 1)
    yield FIRST_POLL_SECONDS.get(waiter, 0.0)
    with waits.one_more():
        for number in count():
            pause = PAUSE_SECONDS * GROWTH ** max(0, number - equal + 1)
            yield min(max(pause, waits.number / MAX_POLLS_PER_SECOND), delay)
