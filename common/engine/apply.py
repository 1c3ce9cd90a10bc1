"""Applying a plan: in dependency order, in parallel, each success recorded before anything relies on it.

Apply is dumb: every decision stands in the plan. What it adds is the order of writes that makes dying harmless. The artifact
bucket comes first, as leases and records live in it; then the leases; then the release roots, marked as not clean, all that is
about to change pending in them; then the changes, each with its record; then the deletions, if nothing failed; last the clean
roots, which say what became of each change. See `records` for why.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from common.aws.fence import fenced
from common.aws.protocol import Aws
from common.base.errors import EXPIRED, AwsError, DeployError, OvertakenError, SkippedError
from common.engine.changing import act, remove
from common.engine.leases import Leases
from common.engine.planner import Outcome
from common.engine.prune import Types, no_type
from common.engine.root_updates import Roots, is_untidy
from common.engine.scheduling import in_order
from common.model.events import Blocked, Failed, Finished, Report, Skipped, Started
from common.model.hidden_fields import scrubbed, stored
from common.model.resource import CHANGING, REMOVING, Action, Change, Key, Outputs, Resource
from common.state import locations
from common.state.lease import Lock
from common.state.records import Records
from common.state.release_root import ARTIFACT, Baseline

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
        self._uploads: dict[Key, Future[float | None]] = {}
        self._lasted: dict[Key, float] = {}
        """Seconds of each upload, which begins before its step."""
        self._interrupted = Event()
        self._refused = False
        self._finished = False
        self._broken: set[Key] = set()
        self._because: dict[Key, Key | None] = {}
        """Of what was not tried, what had failed before; None where the deploy was stopped."""
        self._told: dict[Key, Mapping[str, Any]] = {}
        self.done: dict[Key, Outputs] = {}
        self.failed: set[Key] = set()
        self.skipped: set[Key] = set()
        asked = (means.lock, means.wait, self._interrupted.is_set, means.about, self._changes)
        self._leases = Leases(outcome, records, self._roots, *asked)

    @property
    def untried(self) -> set[Key]:
        """What was to be changed and was neither done nor failed nor skipped."""
        return {change.key for change in self._todo()} - self.done.keys() - self.failed - self.skipped

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
                self._carry_out([change for change in part if change.key not in self.done.keys() | self._broken])

    def finish(self) -> None:
        """Writes the release roots and gives the leases back.

        A root that a dead deploy has left behind is written even if nothing else had to be. Once is enough.
        """
        if self._finished:
            return
        self._finished = True
        if self._interrupted.is_set():
            self._settle()
        with ExitStack() as ended:
            ended.callback(self._leases.give_back)
            for project, trusted in sorted(self._outcome.trusted.items(), reverse=True):
                ended.callback(self._end, project, trusted)

    def _end(self, project: str, trusted: Baseline) -> None:
        root = self._roots.after(project, self.done, self.failed)
        if self._leases.has_marked(project) or (self._may_tidy() and is_untidy(root, trusted)):
            self._leases.release(project, root)

    def _settle(self) -> None:
        """Of a deploy that was stopped: the uploads that were under way have ended, and the rest is told to be left."""
        wait(self._uploads.values())
        for change in [change for change in self._todo() if change.key in self.untried]:
            upload = self._uploads.get(change.key)
            if upload and not upload.exception() and (lasted := upload.result()) is not None:
                self._finished_one(change, {}, lasted)
            elif change.key not in self._because:
                self._means.report(Blocked(change, None))

    def _todo(self) -> list[Change]:
        return [change for change in self._outcome.plan.changes if change.action in RECORDED]

    def _start(self) -> None:
        """The bucket, the leases, the roots: once, for every project that the plan changes."""
        if self._leases.held:
            return
        self._refused = True
        bucket = next((one for one in self._todo() if one.key == self._bucket and one.action is Action.CREATE), None)
        if bucket is not None:
            self._carry_out([bucket])
            if bucket.key in self.failed:
                return
        try:
            for project in sorted({change.key.project for change in self._todo()}):
                self._leases.take(project)
            self._check_pending()
            writes = [self._means.pool.submit(self._mark, project) for project in self._leases.held]
            uploads = [change.key for change in self._todo() if change.action is Action.UPLOAD]
            self._uploads = {key: self._means.pool.submit(self._begin_upload, key) for key in uploads}
            wait(writes)
            for write in writes:
                write.result()
        except OvertakenError:
            self._leases.give_back(unmarked=True)
            raise
        if bucket is not None:
            self._record(bucket, {})
        self._refused = False

    def _check_pending(self) -> None:
        """What another deploy had begun when it was read may have changed since, and by a deploy that died the root was not."""
        pending = {key for trusted in self._outcome.trusted.values() for key in trusted.pending}
        doubtful = [change for change in self._todo() if change.key in pending & self._resources.keys()]
        seen = self._means.pool.map(lambda change: self._resources[change.key].read(self._aws), doubtful)
        for change, now in zip(doubtful, seen, strict=True):
            if not change.fits(now):
                raise OvertakenError(f"{change.key.project}: {change.key} has changed since this plan was made. Deploy again.")

    def _mark(self, project: str) -> None:
        todo = [change.key for change in self._todo() if change.key.project == project]
        self._leases.mark(project, {key for key in todo if key.kind != ARTIFACT})

    def _may_tidy(self) -> bool:
        """Whether the root of a project that had not to be changed may be written, too."""
        return not (self._refused or self._interrupted.is_set() or self._bucket in self._broken)

    def _changes(self, project: str) -> tuple[Mapping[str, Any], ...]:
        """What was planned for a project and what became of it, for people."""
        found = [change for change in self._todo() if change.key.project == project]
        return tuple({**_as_object(change), **self._told.get(change.key, {})} for change in found)

    def _carry_out(self, todo: Sequence[Change]) -> None:
        removing = {change.key for change in todo if change.action in REMOVING}
        users: dict[Key, list[Key]] = {}
        for key in removing:
            for needed in self._outcome.remains[key].needs:
                users.setdefault(needed, []).append(key)

        def needs(key: Key) -> Collection[Key]:
            # What uses it must be gone before it goes; and whatever failed may still use it.
            if key not in removing:
                return self._needs(key)
            return (
                *users.get(key, ()),
                *self._outcome.remains[key].awaits,
                *(() if locations.goes_with_its_step(key) else tuple(self.failed)),
            )

        for change in in_order(todo, needs, self._broken, self._means.pool, self._one, self._interrupted.is_set):
            need = next((one for one in needs(change.key) if one in self._broken), None)
            cause = self._because[change.key] = self._because.get(need, need) if need else None
            self._broken.add(change.key)
            self._means.report(Blocked(change, cause))

    def _needs(self, key: Key) -> tuple[Key, ...]:
        return self._resources[key].needs if key in self._resources else (self._bucket,)

    def _one(self, change: Change) -> None:
        started = self._means.clock()
        self._means.report(Started(change))
        try:
            lease = self._leases.held[change.key.project] if self._leases.held else None
            with fenced(lease.check if lease else None):
                outputs = self._act(change)
                if lease is not None:
                    self._record(change, outputs)
        except SkippedError as error:
            self.skipped.add(change.key)
            self._told[change.key] = {"outcome": "skipped", "message": str(error)}
            self._means.report(Skipped(change, str(error)))
        except DeployError as error:
            message = scrubbed(str(error), self._resources.get(change.key), change.desired)
            self._failed_one(change, message)
            self._means.report(Failed(change, message))
            if isinstance(error, AwsError) and error.code.startswith(EXPIRED):
                self.interrupt()  # every other change would be told the same
        except BaseException as error:
            self._failed_one(change, repr(error))  # nobody knows how far it came
            raise
        else:
            self._finished_one(change, outputs, self._lasted.get(change.key, self._means.clock() - started))

    def _failed_one(self, change: Change, message: str) -> None:
        self._broken.add(change.key)
        self.failed.add(change.key)
        self._told[change.key] = {"outcome": "failed", "message": message}

    def _finished_one(self, change: Change, outputs: Outputs, seconds: float) -> None:
        self.done[change.key] = outputs
        self._told[change.key] = {"outcome": "done", **({"outputs": outputs} if outputs else {})}
        self._means.report(Finished(change, seconds))

    def _act(self, change: Change) -> Outputs:
        if change.action is Action.UPLOAD:
            lasted = self._uploads[change.key].result()
            self._lasted[change.key] = self._upload(change.key) if lasted is None else lasted
            return {}
        if change.action in REMOVING:
            return remove(self._aws, self._means.types(change.key.kind), self._outcome.remains[change.key], change, self.skipped)
        return {} if change.action is Action.RECORD else act(self._aws, self._resources[change.key], change)

    def _begin_upload(self, key: Key) -> float | None:
        """Uploads as soon as leases are held: nothing relies on an artifact until a change is carried out."""
        return None if self._interrupted.is_set() else self._upload(key)

    def _upload(self, key: Key) -> float:
        """Returns how many seconds it took."""
        artifact, started = self._artifacts[key], self._means.clock()
        artifact.content(self._means.build_dir)  # built again if it is not what was built
        built, bill = artifact.build(self._means.build_dir), artifact.bill(self._means.build_dir)
        with fenced(self._leases.held[key.project].check):
            self._records.upload(artifact, built, bill)
        return self._means.clock() - started

    def _record(self, change: Change, outputs: Outputs) -> None:
        if change.action in REMOVING:
            self._records.forget(change.key)
        elif change.key.kind != ARTIFACT:
            resource = self._resources.get(change.key)
            place = locations.record_fields(resource or self._outcome.remains[change.key])
            state = stored(resource, change.desired)
            self._records.write(change.key, self._outcome.digests[change.key], state, outputs, place)


def _as_object(change: Change) -> dict[str, Any]:
    return {"key": str(change.key), "action": str(change.action), "reason": change.reason, "outcome": "not tried"}
