"""The leases that one deploy holds while it changes its projects, and the release roots that it writes meanwhile."""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace

from common.aws.fence import fenced
from common.base.json_types import JsonMapping
from common.engine.planner import Outcome
from common.engine.root_updates import RootUpdates
from common.model.resource import Key
from common.state.lease import Lock
from common.state.records import Records
from common.state.release_root import Root


class Leases:
    """The leases of one plan.

    Args:
        outcome: the plan.
        records: the environment's records.
        roots: the roots of the projects before and after the changes.
        lock: makes the lease on a project.
        wait: wait while another deploy holds a lease.
        stopped: once it returns True, waiting ends.
        about: who deploys what, for people who read the release root; called when a root is written.
        changes: the planned changes of a project and their outcome, for people.
    """

    def __init__(
        self,
        outcome: Outcome,
        records: Records,
        roots: RootUpdates,
        lock: Callable[[str], Lock],
        wait: bool,
        stopped: Callable[[], bool],
        about: Callable[[], Mapping[str, str]],
        changes: Callable[[str], tuple[JsonMapping, ...]],
    ) -> None:
        self._outcome, self._records, self._roots = outcome, records, roots
        self._lock, self._wait, self._stopped, self._about, self._changes = lock, wait, stopped, about, changes
        self._etags: dict[str, str] = {}
        self.held: dict[str, Lock] = {}
        """The leases that are held, by project."""

    def take(self, project: str) -> None:
        """Takes the lease on a project.

        Raises:
            LockedError: another deploy is changing it.
        """
        lock = self._lock(project)
        lock.acquire(wait=self._wait, stopped=self._stopped)
        self.held[project] = lock
        if self._outcome.baselines[project].is_new:
            lock.prove()

    def write_root(self, project: str, pending: Collection[Key]) -> None:
        """Writes the project's root with the state `deploying`, in which `pending` is about to change.

        Raises:
            OvertakenError: another deploy has written it since the plan was made.
        """
        baseline = self._outcome.baselines[project]
        root = self._with_changes(project, self._roots.before(project, pending))
        expected = baseline.as_root().digest() if baseline.clean else None
        with fenced(self.held[project].check):
            self._etags[project] = self._records.start(project, root, baseline.etag, expected)

    def has_written_root(self, project: str) -> bool:
        """Whether this deploy has written the project's root."""
        return project in self._etags

    def release(self, project: str, root: Root) -> None:
        """Writes the clean root, or deletes the root if the project has no resources any more.

        What an earlier holder of the lease may still change is `doubted` in it: see `Root`.
        """
        if project not in self.held:
            self.take(project)
            self.write_root(project, ())
        lock = self.held[project]
        if self._outcome.baselines[project].interrupted and lock.late_requests_until is not None:
            until = lock.late_requests_until.isoformat(timespec="seconds")
            root = replace(
                root, doubted={**root.doubted, **{str(key): until for key in self._outcome.baselines[project].pending}}
            )
        with fenced(lock.check):
            etag = self._records.release(project, self._with_changes(project, root), self._etags[project])
            if not (root.digests or root.pending):
                self._records.erase(project, etag)

    def give_back(self, *, without_root: bool = False) -> None:
        """Gives all leases back, even if one fails; with `without_root`, only those of projects whose root was not written."""
        with ExitStack() as each:
            for project in [name for name in self.held if not (without_root and self.has_written_root(name))]:
                each.callback(self.held.pop(project).release)

    def _with_changes(self, project: str, root: Root) -> Root:
        return replace(root, about=self._about(), changes=self._changes(project))
