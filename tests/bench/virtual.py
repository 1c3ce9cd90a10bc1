"""Virtual time: the scheduler of the deployer runs in it, with threads that take no time but that of a model."""

import heapq
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Executor, Future
from functools import partial
from itertools import count
from typing import Any

from common.engine.scheduling import Schedule
from common.model.resource import Change

Work = Generator[float, None, None]
"""What a thread does: yields the seconds that it waits or works each time."""


class VirtualPool(Executor):
    """So many threads, and a clock that goes on when all of them wait.

    Args:
        jobs: the number of threads.
        work: returns what a change does; the function that was submitted is called at its end.
    """

    def __init__(self, jobs: int, work: Callable[[Change], Work]) -> None:
        self.now = 0.0
        self._free, self._work = jobs, work
        self._waiting: deque[tuple[Future[Any], Callable[..., Any], Change]] = deque()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        """Begins as soon as a thread is free, in the order of submission, as a pool of real threads does."""
        future: Future[Any] = Future()
        self._waiting.append((future, fn, args[0]))
        self._fill()
        return future

    def advance(self) -> None:
        """Goes on to the next moment at which something happens."""
        self.now, _, action = heapq.heappop(self._due)
        action()

    def _fill(self) -> None:
        while self._free and self._waiting:
            future, call, change = self._waiting.popleft()
            self._free -= 1
            self._go_on(self._work(change), future, call, change)

    def _go_on(self, work: Work, future: Future[Any], call: Callable[..., Any], change: Change) -> None:
        seconds = next(work, None)
        if seconds is not None:
            again = (self.now + seconds, next(self._number), lambda: self._go_on(work, future, call, change))
            heapq.heappush(self._due, again)
            return
        self._free += 1
        future.set_result(call(change))
        self._fill()


class VirtualSchedule(Schedule):
    """The scheduler of the deployer; where it would wait for a thread, the clock of its pool goes on."""

    _pool: VirtualPool

    def count(self, kind: str, number: int) -> None:
        """A change of this kind sleeps (-1) or goes on (1)."""
        self._events.put(partial(self._count, kind, number))

    def _wait_for_event(self) -> None:
        while self._events.empty():
            self._pool.advance()
        super()._wait_for_event()
