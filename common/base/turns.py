"""Tells when a thread only waits, so that others can work meanwhile.

Whoever limits how much is under way at once hears of it, as when a function is not active yet. What waits takes nobody's turn.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_COUNT: ContextVar[Callable[[int], object]] = ContextVar("count", default=lambda _: None)


@contextmanager
def counted(count: Callable[[int], object]) -> Iterator[None]:
    """In this block, `count` is called with -1 when this thread begins to wait, and with 1 when it goes on."""
    before = _COUNT.set(count)
    try:
        yield
    finally:
        _COUNT.reset(before)


@contextmanager
def waiting() -> Iterator[None]:
    """In this block, this thread only waits."""
    count = _COUNT.get()
    count(-1)
    try:
        yield
    finally:
        count(1)
