"""Handles Ctrl-C and SIGTERM during changes: running calls are finished and recorded, and no new ones are started.

A second signal ends the process at once. That is no worse than the loss of the machine: the next deploy finds out what was
finished, and the lease expires.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from common.base.process_end import end_at_once

Handler = Callable[[int, FrameType | None], object] | int | None
"""What handles a signal: a function, one of Python's own numbers for it, or nothing that Python knows."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED_MESSAGE = (
    b"Stopped at once. The next deploy finds out what was finished; until the lease expires it may have to wait a minute.\n"
)


class Terminated(KeyboardInterrupt):
    """SIGTERM while nothing is being changed. It is handled like Ctrl-C, with another exit code."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Within this block SIGTERM raises `Terminated`, so that context managers close what they opened."""

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def end_with_the_reader() -> None:
    """Lets this process end without a word once nobody reads its output, as behind ``| head``; for what only prints."""
    if hasattr(signal, "SIGPIPE"):  # Windows has no such signal
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


class Stopping:
    """Handles signals between `watch` and `end`.

    Args:
        stop: called once, at the first signal.
        say: shows a message to the user.
    """

    def __init__(self, stop: Callable[[], None], say: Callable[[str], None]) -> None:
        self._stop, self._say = stop, say
        self._before: dict[int, Handler] = {}
        self.number: int | None = None
        """The number of the first signal, or None."""

    def watch(self) -> None:
        """Starts handling the signals; only the main thread can."""
        for number in SIGNALS if not self._before else ():
            self._before[number] = signal.signal(number, self._take)

    def end(self) -> None:
        """Restores the previous handlers."""
        while self._before:
            signal.signal(*self._before.popitem())

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self.number is not None:
            os.write(2, STOPPED_MESSAGE)
            end_at_once(128 + number)
        self.number = number
        self._stop()
        # On another thread, because this one may hold the lock that `say` needs.
        message = ("Stopping: running calls are finished and recorded. Press Ctrl-C again to stop at once.",)
        threading.Thread(target=self._say, args=message, daemon=True).start()
