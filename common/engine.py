"""Applying a plan: in dependency order, in parallel, each success recorded before anything relies on it.

Apply is dumb: every decision stands in the plan. What it adds is the order of writes that makes dying harmless. The artifact
bucket comes first, as leases and records live in it; then the leases; then the release roots, marked as not clean, all that is
about to change pending in them; then the changes, each with its record; then the deletions, if nothing failed; last the clean
roots, which say what became of each change. See `records` for why.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

from common.errors import DeployError, OvertakenError, SkippedError
from common.events import Blocked, Failed, Finished, Report, Skipped, Started
from common.lock import Fenced, Lock
from common.planning import ARTIFACT, Outcome
from common.pruning import Types, no_type
from common.records import Records
from common.release import Root, place_of
from common.resource import CHANGING, REMOVING, Action, Aws, Change, Key, Outputs, Resource
from common.roots import Roots, is_untidy
from common.scheduling import in_order

RECORDED = CHANGING | REMOVING | {Action.RECORD}


@dataclass(frozen=True)
class Means:
    """What applying takes besides a plan.

    Args:
        pool: where changes run in parallel.
        build_dir: where built artifacts are.
        report: gets every event.
        lock: makes the lease on a project.
        wait: wait for another deploy that holds a lease.
        about: who deploys what, for people who read the release root; asked when one is written.
        clock: seconds, for durations.
        types: finds the type of what nobody declares any more.
    """

    pool: Executor
    build_dir: Path
    report: Report
    lock: Callable[[str], Lock]
    wait: bool = False
    about: Callable[[], Mapping[str, str]] = dict
    clock: Callable[[], float] = time.monotonic
    types: Types = no_type


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
        self._roots = Roots(outcome, self._resources, self._artifacts)
        self._locks: dict[str, Lock] = {}
        self._uploads: dict[Key, Future[float | None]] = {}
        self._lasted: dict[Key, float] = {}
        """Seconds of each upload, which begins before its step."""
        self._etags: dict[str, str] = {}
        self._interrupted = Event()
        self._refused = False
        self._finished = False
        self._broken: set[Key] = set()
        self._told: dict[Key, Mapping[str, Any]] = {}
        self.done: set[Key] = set()
        self.failed: set[Key] = set()
        self.skipped: set[Key] = set()

    @property
    def untried(self) -> set[Key]:
        """What was to be changed and was neither done nor failed nor skipped."""
        return {change.key for change in self._todo()} - self.done - self.failed - self.skipped

    def interrupt(self) -> None:
        """Starts nothing more; what is under way is finished and recorded."""
        self._interrupted.set()

    def apply(self, keys: Collection[Key]) -> None:
        """Carries out the plan's changes of `keys`. Failures are reported and kept in `failed`.

        Raises:
            LockedError: another deploy is changing one of the projects.
            OvertakenError: another deploy has changed one of the projects since the plan was made.
        """
        todo = [change for change in self._todo() if change.key in keys]
        if todo and not self._interrupted.is_set():
            self._start()
            for removing in (False, True):
                part = [change for change in todo if (change.action in REMOVING) == removing]
                self._carry_out([change for change in part if change.key not in self.done | self._broken])

    def finish(self) -> None:
        """Writes the release roots and gives the leases back.

        A root that a dead deploy has left behind is written even if nothing else had to be. Once is enough.
        """
        if self._finished:
            return
        self._finished = True
        try:
            for project, trusted in sorted(self._outcome.trusted.items()):
                root = self._roots.after(project, self.done, self.failed)
                if project in self._etags or (self._may_tidy() and is_untidy(root, trusted)):
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
        self._refused = True
        bucket = next((one for one in self._todo() if one.key == self._bucket and one.action is Action.CREATE), None)
        if bucket is not None:
            self._carry_out([bucket])
            if bucket.key in self.failed:
                return
        try:
            for project in sorted({change.key.project for change in self._todo()}):
                self._lock(project)
            marks = [self._means.pool.submit(self._mark, project) for project in self._locks]
            uploads = [change.key for change in self._todo() if change.action is Action.UPLOAD]
            self._uploads = {key: self._means.pool.submit(self._begin_upload, key) for key in uploads}
            wait(marks)
            for mark in marks:
                mark.result()
        except OvertakenError:
            for project in self._locks.keys() - self._etags.keys():
                self._locks.pop(project).release()
            raise
        if bucket is not None:
            self._record(bucket, {})
        self._refused = False

    def _lock(self, project: str) -> None:
        lock = self._means.lock(project)
        lock.acquire(wait=self._means.wait, stopped=self._interrupted.is_set)
        self._locks[project] = lock
        if self._outcome.trusted[project].is_new:
            lock.prove()

    def _mark(self, project: str) -> None:
        trusted = self._outcome.trusted[project]
        pending = {change.key for change in self._todo() if change.key.project == project and change.key.kind != ARTIFACT}
        root = replace(self._roots.before(project, pending), about=self._means.about(), changes=self._changes(project))
        expected = trusted.as_root().digest() if trusted.clean else None
        self._etags[project] = self._records.start(project, root, trusted.etag, expected)

    def _release(self, project: str, root: Root) -> None:
        if project not in self._locks:
            self._lock(project)
            self._mark(project)
        self._locks[project].check()
        said = replace(root, about=self._means.about(), changes=self._changes(project))
        etag = self._records.release(project, said, self._etags[project])
        if not (root.digests or root.pending):
            self._records.erase(project, etag)

    def _may_tidy(self) -> bool:
        """Whether the root of a project that had not to be changed may be written, too."""
        return not (self._refused or self._interrupted.is_set() or self._bucket in self._broken)

    def _changes(self, project: str) -> tuple[Mapping[str, Any], ...]:
        """What was planned for a project and what became of it, for people."""
        found = [change for change in self._todo() if change.key.project == project]
        return tuple({**_as_object(change), **self._told.get(change.key, {})} for change in found)

    def _carry_out(self, todo: Sequence[Change]) -> None:
        removing = {change.key for change in todo if change.action in REMOVING}

        def needs(key: Key) -> Collection[Key]:
            return tuple(self._hindrances(key, removing)) if key in removing else self._needs(key)

        for change in in_order(todo, needs, self._broken, self._means.pool, self._one, self._interrupted.is_set):
            need = next((one for one in needs(change.key) if one in self._broken), None)
            self._broken.add(change.key)
            self._means.report(Blocked(change, need))

    def _needs(self, key: Key) -> tuple[Key, ...]:
        return self._resources[key].needs if key in self._resources else (self._bucket,)

    def _hindrances(self, key: Key, removing: Collection[Key]) -> Iterator[Key]:
        """What must be gone before `key` may go; and whatever failed may still use it."""
        yield from (other for other in removing if key in self._outcome.remains[other].needs)
        yield from self.failed

    def _one(self, change: Change) -> None:
        started = self._means.clock()
        self._means.report(Started(change))
        try:
            if self._locks:
                self._locks[change.key.project].check()
            outputs = self._act(change)
            if self._locks:
                self._locks[change.key.project].check()
                self._record(change, outputs)
        except SkippedError as error:
            self.skipped.add(change.key)
            self._told[change.key] = {"outcome": "skipped", "message": str(error)}
            self._means.report(Skipped(change, str(error)))
        except DeployError as error:
            self._broken.add(change.key)
            self.failed.add(change.key)
            self._told[change.key] = {"outcome": "failed", "message": str(error)}
            self._means.report(Failed(change, str(error)))
        else:
            self.done.add(change.key)
            self._told[change.key] = {"outcome": "done", **({"outputs": outputs} if outputs else {})}
            self._means.report(Finished(change, self._lasted.get(change.key, self._means.clock() - started)))

    def _act(self, change: Change) -> Outputs:
        if change.action is Action.UPLOAD:
            lasted = self._uploads[change.key].result()
            self._lasted[change.key] = self._upload(change.key) if lasted is None else lasted
            return {}
        aws = Fenced(self._aws, self._locks[change.key.project].check) if self._locks else self._aws
        if change.action in REMOVING:
            return self._remove(aws, change)
        resource, desired = self._resources[change.key], change.desired or {}
        match change.action:
            case Action.CREATE:
                return resource.create(aws, desired)
            case Action.UPDATE:
                return resource.update(aws, desired, frozenset(change.changed))
            case Action.REPLACE:
                resource.delete(aws)
                return resource.create(aws, desired)
            case _:
                return {}

    def _begin_upload(self, key: Key) -> float | None:
        """Uploads as soon as leases are held: nothing relies on an artifact until a change is carried out."""
        return None if self._interrupted.is_set() else self._upload(key)

    def _upload(self, key: Key) -> float:
        """Returns how many seconds it took."""
        self._locks[key.project].check()
        artifact, started = self._artifacts[key], self._means.clock()
        built = artifact.build(self._means.build_dir)
        self._records.upload(artifact, built, artifact.bill(self._means.build_dir))
        return self._means.clock() - started

    def _remove(self, aws: Aws, change: Change) -> Outputs:
        kind = self._means.types(change.key.kind)
        if change.action is Action.DELETE and kind is not None:
            kind.erase(aws, self._outcome.remains[change.key])
        return {}

    def _record(self, change: Change, outputs: Outputs) -> None:
        if change.action in REMOVING:
            self._records.forget(change.key)
        elif change.key.kind != ARTIFACT:
            place = place_of(self._resources[change.key])
            self._records.write(change.key, self._outcome.digests[change.key], change.desired or {}, outputs, place)


def _as_object(change: Change) -> dict[str, Any]:
    return {"key": str(change.key), "action": str(change.action), "reason": change.reason, "outcome": "not tried"}
