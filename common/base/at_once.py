"""Makes several calls at once, and raises the first error only after all of them have ended."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, wait
from typing import Any, TypeVar

T = TypeVar("T")


def at_once(pool: Executor, call: Callable[[T], object], arguments: Iterable[T]) -> None:
    """Calls a function with each argument, all at the same time, and waits for all.

    Raises:
        Exception: the error of the first of them that failed. All have ended then.
    """
    results([pool.submit(call, argument) for argument in arguments])


def results(futures: Sequence[Future[Any]]) -> None:  # `Future` is invariant, so `object` would take none
    """Waits for calls, and raises the error of the first that failed."""
    wait(futures)
    for future in futures:
        future.result()
