"""Runs changes in dependency order, as many at once as the pool allows. It does not use AWS.

Of the changes that are ready, one of the kind begins of which the fewest are under way. A change that waits for its turn, because
AWS limits the rate of its calls, occupies a thread. So changes of one kind, however many, never occupy all threads while others
are ready, and all services work at the same time.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future
from queue import SimpleQueue

from common.model.choices import JOBS
from common.model.resource import Change, Key

Needs = Callable[[Key], Collection[Key]]


class Schedule:
    """Calls `act` for each change once everything it needs is done.

    Args:
        needs: returns the keys that a key needs; those that were not added count as done.
        broken: the keys that failed; a change that needs one of them is not started.
        pool: where `act` runs.
        act: carries out one change, and adds its key to `broken` when that fails. After an error that escapes it nothing more
            starts.
        at_once: how many changes are under way at most.
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
        self._running: Counter[str] = Counter()
        """How many changes of each kind are under way."""
        self._at_once = at_once
        self._ended: SimpleQueue[tuple[Key, Future[bool]]] = SimpleQueue()
        self._left: dict[Key, Change] = {}
        """The changes that cannot start any more."""
        self._escaped = False

    def add(self, todo: Sequence[Change]) -> None:
        """Adds changes; they begin with the next `run`."""
        self._changes.update({change.key: change for change in todo})
        for key in [change.key for change in todo]:
            needs = [need for need in self._needs(key) if need != key]
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
            while self._ready and self._running.total() < self._at_once and not self._stopped():
                self._start(self._next())
            if not self._running.total() or awaited.isdisjoint(self._changes):
                break
            self._wait_for_end()
        if not self._running.total():  # stopped, or they wait for each other
            for key in [key for key in self._changes if key in awaited]:
                self._left[key] = self._changes.pop(key)
        return [self._left.pop(key) for key in [*self._left] if key in awaited]

    def wait(self) -> None:
        """Waits for the changes that are under way, and starts no more."""
        while self._running.total():
            self._wait_for_end()

    def _stopped(self) -> bool:
        return self._escaped or self._is_stopped()

    def _make_ready(self, key: Key) -> None:
        self._ready.setdefault(key.kind, deque()).append(key)

    def _next(self) -> Key:
        """Takes the next change of the kind of which the fewest are under way."""
        kind = min(self._ready, key=lambda kind: self._running[kind])
        key = self._ready[kind].popleft()
        if not self._ready[kind]:
            del self._ready[kind]
        return key

    def _start(self, key: Key) -> None:
        del self._missing[key]
        self._running[key.kind] += 1
        future = self._pool.submit(self._attempt, self._changes[key])
        future.add_done_callback(lambda ended: self._ended.put((key, ended)))

    def _attempt(self, change: Change) -> bool:
        """Calls `act`, unless the run was stopped while the change was waiting for a free thread."""
        if self._stopped():
            return False
        try:
            self._act(change)
        except BaseException:
            self._escaped = True
            raise
        return True

    def _wait_for_end(self) -> None:
        """Waits until a change has ended."""
        self._end(*self._ended.get())

    def _end(self, key: Key, future: Future[bool]) -> None:
        self._running[key.kind] -= 1
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
