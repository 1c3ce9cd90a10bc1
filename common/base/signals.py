"""Ctrl-C and SIGTERM while something is being changed: what is under way is finished and recorded, nothing more is started.

Who asks a second time does not want to wait for that. Then the process ends where it stands, which is no worse than losing its
machine: the next deploy finds out what was finished, and the lease runs out.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from common.base.process_end import end_at_once

SIGNALS = (signal.SIGINT, signal.SIGTERM)
AT_ONCE = (
    b"Stopped at once. The next deploy finds out what was finished; until the lease runs out it may have to wait a minute.\n"
)


class Terminated(KeyboardInterrupt):
    """SIGTERM where nothing is being changed: the same as Ctrl-C, but for the exit code."""


@contextmanager
def interruptible() -> Iterator[None]:
    """For as long as this lasts SIGTERM raises `Terminated`; what is to be closed is."""

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():  # which is the only one that takes signals
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Stopping:
    """Watches for signals from `watch` to `end`.

    Args:
        stop: is called once, at the first signal.
        say: gets a sentence for people.
    """

    def __init__(self, stop: Callable[[], None], say: Callable[[str], None]) -> None:
        self._stop, self._say = stop, say
        self._before: dict[int, Any] = {}
        self.number: int | None = None
        """The first signal."""

    def watch(self) -> None:
        """Takes the signals over; those of the main thread alone can be."""
        for number in SIGNALS if not self._before else ():
            self._before[number] = signal.signal(number, self._take)

    def end(self) -> None:
        """Gives the signals back."""
        while self._before:
            signal.signal(*self._before.popitem())

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self.number is not None:
            os.write(2, AT_ONCE)
            end_at_once(128 + number)
        self.number = number
        self._stop()
        # A thread, because this one may hold the very lock that telling takes.
        told = ("Stopping: calls under way are finished and recorded. Once more stops at once.",)
        threading.Thread(target=self._say, args=told, daemon=True).start()
