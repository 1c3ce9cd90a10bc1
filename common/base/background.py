"""Runs calls on threads that do not keep a command from ending."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
SHUTDOWN_SECONDS = 1.0
"""How long a command that ends waits for background calls, in seconds."""


class Background(Executor):
    """Runs calls on threads that Python does not wait for when it ends, because AWS may not answer for minutes.

    So an error in a declaration is reported at once, although calls to AWS are still running.

    Args:
        jobs: how many calls may run at the same time.
    """

    def __init__(self, jobs: int) -> None:
        self._turn = threading.Semaphore(jobs)
        self._threads: list[threading.Thread] = []
        self._ended = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs a call on its own thread, as soon as fewer than `jobs` calls are running."""
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
        """Starts no further call, and waits for the running ones for `SHUTDOWN_SECONDS` at most."""
        del wait, cancel_futures
        self._ended = True
        end = time.monotonic() + SHUTDOWN_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
