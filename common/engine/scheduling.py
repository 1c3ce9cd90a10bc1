"""Runs changes in dependency order, as many at once as the pool allows. It does not use AWS.

Of the changes that are ready, one of the kind begins of which the fewest are at work. A change that waits for its turn, because
AWS limits the rate of its calls, is at work. So changes of one kind, however many, never occupy all threads while others are
ready, and all services work at the same time. A change that waits until AWS has finished something is not at work: others begin.
Such changes end last, so their kinds and the kinds of what they need have a larger share of the work.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue

from common.base import turns
from common.model.choices import JOBS
from common.model.resource import Change, Key
from common.resources import kinds

SHARE = 4
"""For each change of another kind, this number is at work of a kind that waits for AWS, or of what such a one needs."""
Needs = Callable[[Key], Collection[Key]]


class Schedule:
    """Calls `act` for each change once everything it needs is done.

    Args:
        needs: returns the keys that a key needs; those that were not added count as done.
        broken: the keys that failed; a change that needs one of them is not started.
        pool: where `act` runs.
        act: carries out one change, and adds its key to `broken` when that fails. After an error that escapes it nothing more
            starts.
        at_once: how many changes are at work at most.
        stopped: called before each start; once it returns True, no more changes start.
    """

    def __init__(
        self,
        needs: Needs,
        broken: Collection[Key],
        pool: Executor,
        act: Callable[[Change], None],
        stopped: Callable[[], bool],
        at_once: int = JOBS,
    ) -> None:
        self._needs, self._broken, self._pool, self._act, self._is_stopped = needs, broken, pool, act, stopped
        self._missing: dict[Key, set[Key]] = {}
        """What each change that has not begun still waits for."""
        self._users: dict[Key, list[Key]] = {}
        self._changes: dict[Key, Change] = {}
        """The changes that have not begun, or are under way."""
        self._ready: dict[str, deque[Key]] = {}
        """The changes that may begin, by kind."""
        self._running = 0
        """How many changes are under way."""
        self._working: Counter[str] = Counter()
        """How many of them, of each kind, are at work and do not wait for AWS."""
        self._leading: set[str] = set()
        """The kinds that wait for AWS, and those of the resources that they need."""
        self._at_once = at_once
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        """What other threads have to tell: that a change waits for AWS, goes on, or has ended."""
        self._left: dict[Key, Change] = {}
        """The changes that cannot start any more."""
        self._escaped = False

    def add(self, todo: Sequence[Change]) -> None:
        """Adds changes; they begin with the next `run`."""
        self._changes.update({change.key: change for change in todo})
        for key in [change.key for change in todo]:
            needs = [need for need in self._needs(key) if need != key]
            if (kind := kinds().get(key.kind)) is not None and kind.waits:
                self._leading |= {key.kind, *(need.kind for need in needs)} & kinds().keys()  # so no artifacts
            self._missing[key] = {need for need in needs if need in self._changes}
            for need in self._missing[key]:
                self._users.setdefault(need, []).append(key)
            if any(need in self._broken or need in self._left for need in needs):
                self._give_up(key)
            elif not self._missing[key]:
                self._make_ready(key)

    def run(self, keys: Collection[Key]) -> list[Change]:
        """Goes on until the changes of `keys` have ended. Others that were added run meanwhile, and may still run afterwards.

        Returns:
            Those of `keys` that were not started.
        """
        awaited = set(keys)
        while True:
            while self._ready and self._working.total() < self._at_once and not self._stopped():
                self._start(self._next())
            if not self._running or awaited.isdisjoint(self._changes):
                break
            self._wait_for_event()
        if not self._running:  # stopped, or they wait for each other
            for key in [key for key in self._changes if key in awaited]:
                self._left[key] = self._changes.pop(key)
        return [self._left.pop(key) for key in [*self._left] if key in awaited]

    def wait(self) -> None:
        """Waits for the changes that are under way, and starts no more."""
        while self._running:
            self._wait_for_event()

    def _stopped(self) -> bool:
        return self._escaped or self._is_stopped()

    def _make_ready(self, key: Key) -> None:
        self._ready.setdefault(key.kind, deque()).append(key)

    def _next(self) -> Key:
        """Takes the next change of the kind of which the fewest are at work, as measured by its share."""
        kind = min(self._ready, key=lambda kind: self._working[kind] / (SHARE if kind in self._leading else 1))
        key = self._ready[kind].popleft()
        if not self._ready[kind]:
            del self._ready[kind]
        return key

    def _start(self, key: Key) -> None:
        del self._missing[key]
        self._running += 1
        self._count(key.kind, 1)
        future = self._pool.submit(self._attempt, self._changes[key])
        future.add_done_callback(lambda ended: self._events.put(partial(self._end, key, ended)))

    def _attempt(self, change: Change) -> bool:
        """Calls `act`, unless the run was stopped while the change was waiting for a free thread."""
        if self._stopped():
            return False
        try:
            with turns.counted(lambda number: self._events.put(partial(self._count, change.key.kind, number))):
                self._act(change)
        except BaseException:
            self._escaped = True
            raise
        return True

    def _wait_for_event(self) -> None:
        """Waits until a change waits for AWS, goes on, or has ended."""
        self._events.get()()

    def _count(self, kind: str, number: int) -> None:
        self._working[kind] += number

    def _end(self, key: Key, future: Future[bool]) -> None:
        self._running -= 1
        self._count(key.kind, -1)
        change = self._changes.pop(key)
        try:
            has_begun = future.result()
        except BaseException:
            self.wait()
            raise
        if not has_begun:
            self._left[key] = change
            return
        for user in self._users.pop(key, ()):
            if user in self._missing:
                self._missing[user].discard(key)
                if key in self._broken:
                    self._give_up(user)
                elif not self._missing[user]:
                    self._make_ready(user)

    def _give_up(self, key: Key) -> None:
        """Leaves out a change, and all that need it."""
        waiting = deque([key])
        while waiting:
            key = waiting.popleft()
            if self._missing.pop(key, None) is not None:
                self._left[key] = self._changes.pop(key)
                waiting.extend(self._users.pop(key, ()))
