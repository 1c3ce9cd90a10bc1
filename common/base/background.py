"""Threads for which nobody waits when a command ends."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
LAST_SECONDS = 1.0
"""A command that ends waits at most this long for what it no longer needs."""


class Background(Executor):
    """Runs calls on threads for which Python does not wait when it ends: AWS may not answer for minutes.

    A declaration that cannot be loaded is reported at once, although AWS has been asked meanwhile.

    Args:
        jobs: how many calls may be under way at once.
    """

    def __init__(self, jobs: int) -> None:
        self._turn = threading.Semaphore(jobs)
        self._threads: list[threading.Thread] = []
        self._ended = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs a call on a thread of its own, as soon as it is its turn."""
        future: Future[T] = Future()

        def run() -> None:
            with self._turn:
                if self._ended:
                    future.cancel()
                    return
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 - as every executor does
                    future.set_exception(error)

        thread = threading.Thread(target=run, name="background", daemon=True)
        self._threads.append(thread)
        thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begins nothing more, and leaves what does not end soon to itself."""
        del wait, cancel_futures
        self._ended = True
        end = time.monotonic() + LAST_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
