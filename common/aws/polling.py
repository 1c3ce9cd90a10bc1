"""When to ask whether AWS has finished a change: soon and often at first, then more and more rarely.

Lambda finishes most updates of a function within 0.3 to 2 seconds. In this time it is asked so often that the end is noticed
within a quarter of a second. If many functions are waited for at the same time, each is asked about more rarely, so that all
polls together stay far below the 100 GetFunction that Lambda allows a second.

Follows https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from collections.abc import Callable, Iterator
from itertools import count

FIRST_POLL_SECONDS = 0.3
"""How long to wait before the first poll of a change that AWS has just started, in seconds."""
PAUSE_SECONDS = 0.2
"""The first pause between two polls, in seconds."""
EQUAL_PAUSES = 9
"""How many pauses of a change that AWS has just started are equal, before they grow."""
GROWTH = 1.5
"""Each further pause is this many times the one before, up to the delay of botocore's waiter."""
MAX_POLLS_PER_SECOND = 25
"""How many polls a second all waits make together, unless that would be less than one for each."""
UPDATE_WAITERS = frozenset({"function_active_v2", "function_updated_v2"})
"""The waiters for changes that AWS has just started."""


def poll_pauses(waiter: str, delay: float, waiting: Callable[[], int] = lambda: 1) -> Iterator[float]:
    """The pauses in seconds before each poll of a waiter.

    Args:
        waiter: the name of botocore's waiter.
        delay: its own delay, which is the longest pause.
        waiting: returns how many waits are under way.
    """
    is_update = waiter in UPDATE_WAITERS
    yield FIRST_POLL_SECONDS if is_update else 0.0
    for number in count():
        growing = max(0, number - EQUAL_PAUSES + 1) if is_update else number
        yield min(max(PAUSE_SECONDS * GROWTH**growing, waiting() / MAX_POLLS_PER_SECOND), delay)
