"""What one deploy holds while it changes something: the leases on its projects, and their release roots, marked as not clean."""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from common.aws.fence import fenced
from common.engine.planner import Outcome
from common.engine.root_updates import Roots
from common.model.resource import Key
from common.state.lease import Lock
from common.state.records import Records
from common.state.release_root import Root


class Leases:
    """The leases of one plan.

    Args:
        lock: makes the lease on a project.
        wait: wait for another deploy that holds a lease.
        stopped: once true, it waits no more.
        about: who deploys what, for people who read the release root; asked when one is written.
        changes: what was planned for a project and what became of it, for people.
    """

    def __init__(
        self,
        outcome: Outcome,
        records: Records,
        roots: Roots,
        lock: Callable[[str], Lock],
        wait: bool,
        stopped: Callable[[], bool],
        about: Callable[[], Mapping[str, str]],
        changes: Callable[[str], tuple[Mapping[str, Any], ...]],
    ) -> None:
        self._outcome, self._records, self._roots = outcome, records, roots
        self._lock, self._wait, self._stopped, self._about, self._changes = lock, wait, stopped, about, changes
        self._etags: dict[str, str] = {}
        self.held: dict[str, Lock] = {}
        """By project."""

    def take(self, project: str) -> None:
        """Takes the lease on a project.

        Raises:
            LockedError: another deploy is changing it.
        """
        lock = self._lock(project)
        lock.acquire(wait=self._wait, stopped=self._stopped)
        self.held[project] = lock
        if self._outcome.trusted[project].is_new:
            lock.prove()

    def mark(self, project: str, pending: Collection[Key]) -> None:
        """Writes the root, not clean, while `pending` is about to change.

        Raises:
            OvertakenError: another deploy has written it since the plan was made.
        """
        trusted = self._outcome.trusted[project]
        root = self._told(project, self._roots.before(project, pending))
        expected = trusted.as_root().digest() if trusted.clean else None
        with fenced(self.held[project].check):
            self._etags[project] = self._records.start(project, root, trusted.etag, expected)

    def has_marked(self, project: str) -> bool:
        """Whether the root says that a deploy is under way, and that it is this one."""
        return project in self._etags

    def release(self, project: str, root: Root) -> None:
        """Writes the clean root over the marked one; removes it where nothing is left to say.

        What an earlier holder had begun, and may still change, is doubted in it: see `Root`.
        """
        if project not in self.held:
            self.take(project)
            self.mark(project, ())
        lock = self.held[project]
        if self._outcome.trusted[project].interrupted and lock.late_requests_until is not None:
            until = lock.late_requests_until.isoformat(timespec="seconds")
            root = replace(root, doubted={**root.doubted, **{str(key): until for key in self._outcome.trusted[project].pending}})
        with fenced(lock.check):
            etag = self._records.release(project, self._told(project, root), self._etags[project])
            if not (root.digests or root.pending):
                self._records.erase(project, etag)

    def give_back(self, *, unmarked: bool = False) -> None:
        """Gives the leases back, all of them whatever happens to one; with `unmarked`, those of projects not marked yet."""
        with ExitStack() as each:
            for project in [name for name in self.held if not (unmarked and self.has_marked(name))]:
                each.callback(self.held.pop(project).release)

    def _told(self, project: str, root: Root) -> Root:
        return replace(root, about=self._about(), changes=self._changes(project))
