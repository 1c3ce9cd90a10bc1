"""The leases that one deploy holds while it changes its projects, and the release roots that it writes meanwhile."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import wait
from dataclasses import replace

from common.aws.fence import fenced
from common.base.at_once import at_once
from common.base.errors import DeployError, LockedError
from common.base.json_types import JsonMapping
from common.engine.apply_context import ApplyContext
from common.engine.plan_data import Outcome
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
        context: how leases are made, and what roots tell people.
        stopped: once it returns True, waiting ends.
        changes: the planned changes of a project and their outcome, for people.
    """

    def __init__(
        self,
        outcome: Outcome,
        records: Records,
        roots: RootUpdates,
        context: ApplyContext,
        stopped: Callable[[], bool],
        changes: Callable[[str], tuple[JsonMapping, ...]],
    ) -> None:
        self._outcome, self._records, self._roots, self._context = outcome, records, roots, context
        self._stopped, self._changes = stopped, changes
        self._etags: dict[str, str] = {}
        self.held: dict[str, Lock] = {}
        """The leases that are held, by project."""

    def take(self, projects: Sequence[str]) -> None:
        """Takes the leases on projects, all at once. While it waits for one, it holds only those that come before it.

        So two deploys never wait for each other. In a new environment the store is tested, which later deploys rely on.

        Raises:
            LockedError: another deploy is changing one of them.
        """
        locks = {project: self._context.lock(project) for project in projects}
        attempts = {project: self._context.pool.submit(lock.acquire) for project, lock in locks.items()}
        wait(attempts.values())
        self.held |= {project: locks[project] for project, attempt in attempts.items() if attempt.exception() is None}
        refused = next((project for project, attempt in attempts.items() if attempt.exception() is not None), None)
        if refused is not None:
            if not (self._context.wait and isinstance(attempts[refused].exception(), LockedError)):
                attempts[refused].result()
            rest = projects[projects.index(refused) :]
            self._give_back([project for project in rest if project in self.held])
            for project in rest:
                self._take(project, locks[project])
        if all(self._outcome.baselines[project].is_new for project in projects):
            try:
                self.held[projects[0]].prove(self._context.pool)
            except DeployError:
                self.give_back()
                raise

    def _take(self, project: str, lock: Lock) -> None:
        lock.acquire(wait=self._context.wait, stopped=self._stopped)
        self.held[project] = lock

    def write_root(self, project: str, pending: Collection[Key]) -> None:
        """Writes the project's root with the state `deploying`, in which `pending` is about to change.

        Raises:
            OvertakenError: another deploy has written it since the plan was made.
        """
        baseline = self._outcome.baselines[project]
        root = self._with_changes(project, self._roots.before(project, pending))
        expected = baseline.as_root().digest() if baseline.clean else None
        with fenced(self.held[project].check):
            self._etags[project] = self._records.start(project, root, baseline.etag, expected, is_new=baseline.is_new)

    def has_written_root(self, project: str) -> bool:
        """Whether this deploy has written the project's root."""
        return project in self._etags

    def release(self, project: str, root: Root) -> None:
        """Writes the clean root, or deletes the root if the project has no resources any more.

        What an earlier holder of the lease may still change is `doubted` in it: see `Root`.
        """
        if project not in self.held:
            self._take(project, self._context.lock(project))
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
        self._give_back([name for name in self.held if not (without_root and self.has_written_root(name))])

    def _give_back(self, projects: Sequence[str]) -> None:
        at_once(self._context.pool, Lock.release, [self.held.pop(project) for project in projects])

    def _with_changes(self, project: str, root: Root) -> Root:
        return replace(root, about=self._context.about(), changes=self._changes(project))
