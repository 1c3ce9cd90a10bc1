"""Applying a plan: in dependency order, in parallel, each success recorded before anything relies on it.

Apply is dumb: every decision stands in the plan. What it adds is the order of writes that makes dying harmless. The artifact
bucket comes first, as leases and records live in it; then the leases; then the release roots, marked as not clean, all that is
about to change pending in them; then the changes, each with its record; last the clean roots. See `records` for why.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from common.digest import Digest
from common.errors import DeployError
from common.events import Blocked, Failed, Finished, Report, Started
from common.lock import Lock
from common.planning import ARTIFACT, Outcome, Trusted
from common.records import Records, Root
from common.resource import CHANGING, Action, Aws, Change, Key, Outputs, Resource
from common.scheduling import in_order

RECORDED = CHANGING | {Action.RECORD}


@dataclass(frozen=True)
class Means:
    """What applying takes besides a plan.

    Args:
        pool: where changes run in parallel.
        build_dir: where built artifacts are.
        report: gets every event.
        lock: makes the lease on a project.
        wait: wait for another deploy that holds a lease.
        about: who deploys what, for people who read the release root.
        clock: seconds, for durations.
    """

    pool: Executor
    build_dir: Path
    report: Report
    lock: Callable[[str], Lock]
    wait: bool = False
    about: Mapping[str, str] | None = None
    clock: Callable[[], float] = time.monotonic


class Engine:
    """Carries out one plan, step by step, and keeps what became of each change.

    Args:
        resources: of all projects that the plan is about.
        bucket: the artifact bucket's key; whatever else happens needs it.
    """

    def __init__(
        self, aws: Aws, records: Records, resources: Sequence[Resource], outcome: Outcome, bucket: Key, means: Means
    ) -> None:
        self._aws, self._records, self._outcome, self._bucket, self._means = aws, records, outcome, bucket, means
        self._resources = {one.key: one for one in resources}
        self._artifacts = {artifact.key: artifact for one in resources for artifact in one.artifacts}
        self._locks: dict[str, Lock] = {}
        self._etags: dict[str, str] = {}
        self._interrupted = Event()
        self._broken: set[Key] = set()
        self.done: set[Key] = set()
        self.failed: set[Key] = set()

    @property
    def untried(self) -> set[Key]:
        """What was to be changed and was neither done nor failed."""
        return {change.key for change in self._todo()} - self.done - self.failed

    def interrupt(self) -> None:
        """Starts nothing more; what is under way is finished and recorded."""
        self._interrupted.set()

    def apply(self, keys: Collection[Key]) -> None:
        """Carries out the plan's changes of `keys`. Failures are reported and kept in `failed`.

        Raises:
            LockedError: another deploy is changing one of the projects.
            DeployError: another deploy has changed one of the projects since the plan was made.
        """
        todo = [change for change in self._todo() if change.key in keys]
        if todo and not self._interrupted.is_set():
            self._start()
            self._carry_out([change for change in todo if change.key not in self.done | self._broken])

    def finish(self) -> None:
        """Writes the release roots and gives the leases back.

        A root that a dead deploy has left behind is written even if nothing else had to be.
        """
        try:
            for project, trusted in sorted(self._outcome.trusted.items()):
                root = self._root(project, trusted)
                if not trusted.clean or root.digest() != trusted.as_root().digest() or project in self._locks:
                    self._release(project, root)
        finally:
            for lock in self._locks.values():
                lock.release()

    def _todo(self) -> list[Change]:
        return [change for change in self._outcome.plan.changes if change.action in RECORDED]

    def _start(self) -> None:
        """The bucket, the leases, the roots: once, for every project that the plan changes."""
        if self._locks:
            return
        bucket = next((one for one in self._todo() if one.key == self._bucket and one.action is Action.CREATE), None)
        if bucket is not None:
            self._carry_out([bucket])
            if bucket.key in self.failed:
                return
        for project in sorted({change.key.project for change in self._todo()}):
            self._lock(project)
            self._mark(project)
        if bucket is not None:
            self._record(bucket, {})

    def _lock(self, project: str) -> None:
        lock = self._means.lock(project)
        lock.acquire(wait=self._means.wait)
        self._locks[project] = lock

    def _mark(self, project: str) -> None:
        trusted = self._outcome.trusted[project]
        pending = {change.key for change in self._todo() if change.key.project == project and change.key.kind != ARTIFACT}
        root = self._root(project, trusted, pending)
        self._etags[project] = self._records.start(project, root, trusted.etag)

    def _release(self, project: str, root: Root) -> None:
        if project not in self._locks:
            self._lock(project)
            self._mark(project)
        self._locks[project].check()
        self._records.release(project, root, self._etags[project])

    def _root(self, project: str, trusted: Trusted, pending: set[Key] | None = None) -> Root:
        """What may be said of a project: before its first change (`pending` given), or after its last."""
        digests: dict[Key, Digest] = dict(trusted.digests)
        unsure = set(trusted.pending) | (self.failed if pending is None else pending)
        for change in self._outcome.plan.changes:
            if change.key.project == project and change.action is not Action.ORPHAN:
                proven = change.action is Action.NOOP or (pending is None and change.key in self.done)
                if proven:
                    digests[change.key] = self._outcome.digests[change.key]
                    unsure.discard(change.key)
        own = {str(key): one for key, one in digests.items() if key.project == project and key not in unsure and one}
        files = dict(trusted.root.files) if trusted.root else {}
        files |= {str(key): dict(one.files()) for key, one in self._artifacts.items() if digests.get(key) == one.input_digest()}
        files = {name: one for name, one in files.items() if name in own}
        return Root(own, tuple(sorted(str(key) for key in unsure if key.project == project)), files, self._means.about or {})

    def _carry_out(self, todo: Sequence[Change]) -> None:
        for change in in_order(todo, self._needs, self._broken, self._means.pool, self._one, self._interrupted.is_set):
            need = next((one for one in self._needs(change.key) if one in self._broken), None)
            self._broken.add(change.key)
            self._means.report(Blocked(change, need))

    def _needs(self, key: Key) -> tuple[Key, ...]:
        return self._resources[key].needs if key in self._resources else (self._bucket,)

    def _one(self, change: Change) -> None:
        started = self._means.clock()
        self._means.report(Started(change))
        try:
            if self._locks:
                self._locks[change.key.project].check()
            outputs = self._act(change)
            if self._locks:
                self._record(change, outputs)
        except DeployError as error:
            self._broken.add(change.key)
            self.failed.add(change.key)
            self._means.report(Failed(change, str(error)))
        else:
            self.done.add(change.key)
            self._means.report(Finished(change, self._means.clock() - started))

    def _act(self, change: Change) -> Outputs:
        if change.action is Action.UPLOAD:
            artifact = self._artifacts[change.key]
            self._records.upload(artifact, artifact.build(self._means.build_dir))
            return {}
        resource, desired = self._resources[change.key], change.desired or {}
        match change.action:
            case Action.CREATE:
                return resource.create(self._aws, desired)
            case Action.UPDATE:
                return resource.update(self._aws, desired, frozenset(change.changed))
            case Action.REPLACE:
                resource.delete(self._aws)
                return resource.create(self._aws, desired)
            case _:
                return {}

    def _record(self, change: Change, outputs: Outputs) -> None:
        if change.key.kind != ARTIFACT:
            self._records.write(change.key, self._outcome.digests[change.key], change.desired or {}, outputs)
