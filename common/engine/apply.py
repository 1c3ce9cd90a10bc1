"""Carries out a plan: in dependency order, in parallel, and each success is recorded before anything relies on it.

Every decision has been made in the plan. What this module adds is the order of writes that makes a crash harmless: first the
artifact bucket, because leases and records are in it; then the leases; then the release roots, with everything that is about to
change as pending; then the changes, each with its record; then, if nothing failed, the deletions; at last the clean roots, which
hold the outcome of each change. See `records` for the reasons.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from common.aws.fence import fenced
from common.aws.protocol import Aws
from common.base.errors import EXPIRED, AwsError, DeployError, OvertakenError, SkippedError
from common.base.json_types import JsonMapping
from common.engine import moving
from common.engine.apply_change import act, read_live, remove
from common.engine.leases import Leases
from common.engine.planner import Outcome
from common.engine.prune import Types, no_type
from common.engine.recorded import completed, recalled, with_request
from common.engine.root_updates import RootUpdates, is_untidy
from common.engine.scheduling import in_order
from common.model.events import Blocked, Failed, Finished, Report, Skipped, Started
from common.model.hidden_fields import scrubbed, stored, with_kept
from common.model.resource import CHANGING, REMOVING, Action, Change, Key, Outputs, Resource
from common.state import locations
from common.state.lease import Lock
from common.state.records import Records
from common.state.release_root import ARTIFACT, Baseline

RECORDED = CHANGING | REMOVING | {Action.RECORD}


@dataclass(frozen=True)
class ApplyContext:
    """What is needed besides the plan to carry it out.

    Args:
        pool: where changes run in parallel.
        build_dir: where built artifacts are.
        report: receives every event.
        lock: makes the lease on a project.
        wait: wait while another deploy holds a lease.
        about: who deploys what, for people who read the release root; called when a root is written.
        clock: returns seconds, for durations.
        types: finds the type of a resource that is no longer declared.
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
    """Carries out one plan, step by step, and keeps the outcome of each change.

    Args:
        aws: the AWS session.
        records: the environment's records.
        resources: the declared resources of all projects of the plan.
        outcome: the plan.
        bucket: the key of the artifact bucket, which every other change needs.
        context: what is needed besides the plan.
    """

    def __init__(
        self, aws: Aws, records: Records, resources: Sequence[Resource], outcome: Outcome, bucket: Key, context: ApplyContext
    ) -> None:
        self._aws, self._records, self._outcome, self._bucket, self._context = aws, records, outcome, bucket, context
        self._resources = {resource.key: resource for resource in resources}
        self._artifacts = {artifact.key: artifact for resource in resources for artifact in resource.artifacts}
        self._roots = RootUpdates(outcome, self._resources, self._artifacts)
        self._uploads: dict[Key, Future[float | None]] = {}
        self._upload_seconds: dict[Key, float] = {}
        """The duration of each upload in seconds. An upload begins before its step."""
        self._interrupted = Event()
        self._refused = self._finished = False
        self._broken: set[Key] = set()
        self._blocked_by: dict[Key, Key | None] = {}
        """The failed resource because of which each of these was not tried; None if the deploy was stopped."""
        self._results: dict[Key, JsonMapping] = {}
        self.done: dict[Key, Outputs] = {}
        self.failed: set[Key] = set()
        self.skipped: set[Key] = set()
        settings = (context.lock, context.wait, self._interrupted.is_set, context.about, self._changes)
        self._leases = Leases(outcome, records, self._roots, *settings)

    @property
    def untried(self) -> set[Key]:
        """The changes that were neither done nor failed nor skipped."""
        return {change.key for change in self._todo()} - self.done.keys() - self.failed - self.skipped

    def interrupt(self) -> None:
        """Starts no further change. Those that are running are finished and recorded."""
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
        """Writes the release roots and gives the leases back. A second call does nothing.

        A root that a dead deploy has left behind is written even if there was nothing else to change.
        """
        if self._finished:
            return
        self._finished = True
        if self._interrupted.is_set():
            self._settle()
        with ExitStack() as ended:
            ended.callback(self._leases.give_back)
            for project, baseline in sorted(self._outcome.baselines.items(), reverse=True):
                ended.callback(self._end, project, baseline)

    def _end(self, project: str, baseline: Baseline) -> None:
        root = self._roots.after(project, self.done, self.failed)
        if self._leases.has_written_root(project) or (self._may_tidy() and is_untidy(root, baseline)):
            self._leases.release(project, root)

    def _settle(self) -> None:
        """After a deploy was stopped: waits for uploads that were running, and reports the other changes as not tried."""
        wait(self._uploads.values())
        for change in [change for change in self._todo() if change.key in self.untried]:
            upload = self._uploads.get(change.key)
            if upload and not upload.exception() and (seconds := upload.result()) is not None:
                self._report_finished(change, {}, seconds)
            elif change.key not in self._blocked_by:
                self._context.report(Blocked(change, None))

    def _todo(self) -> list[Change]:
        return [change for change in self._outcome.plan.changes if change.action in RECORDED]

    def _start(self) -> None:
        """Creates the bucket, takes the leases and writes the roots: once, for all projects that the plan changes."""
        if self._leases.held:
            return
        self._refused = True
        bucket = next((change for change in self._todo() if change.key == self._bucket and change.action is Action.CREATE), None)
        if bucket is not None:
            self._carry_out([bucket])
            if bucket.key in self.failed:
                return
        try:
            for project in sorted({change.key.project for change in self._todo()}):
                self._leases.take(project)
            self._check_pending()
            writes = [self._context.pool.submit(self._write_root, project) for project in self._leases.held]
            uploads = [change.key for change in self._todo() if change.action is Action.UPLOAD]
            self._uploads = {key: self._context.pool.submit(self._begin_upload, key) for key in uploads}
            wait(writes)
            for write in writes:
                write.result()
        except OvertakenError:
            self._leases.give_back(without_root=True)
            raise
        if bucket is not None:
            self._record(bucket, {})
        self._refused = False

    def _check_pending(self) -> None:
        """Reads pending resources again and refuses to go on if another deploy has changed them since the plan was made."""
        pending = {key for baseline in self._outcome.baselines.values() for key in baseline.pending}
        doubtful = [change for change in self._todo() if change.key in pending & self._resources.keys()]
        resources = [recalled(self._records, self._resources[change.key]) for change in doubtful]
        live_states = self._context.pool.map(lambda resource: read_live(self._aws, resource), resources)
        for change, now in zip(doubtful, live_states, strict=True):
            if not change.fits(now):
                raise OvertakenError(f"{change.key.project}: {change.key} has changed since this plan was made. Deploy again.")

    def _write_root(self, project: str) -> None:
        todo = [change.key for change in self._todo() if change.key.project == project]
        self._leases.write_root(project, {key for key in todo if key.kind != ARTIFACT})

    def _may_tidy(self) -> bool:
        """Whether the roots of projects without changes may also be written."""
        return not (self._refused or self._interrupted.is_set() or self._bucket in self._broken)

    def _changes(self, project: str) -> tuple[JsonMapping, ...]:
        """The planned changes of a project and their outcome, for people."""
        changes = [change for change in self._todo() if change.key.project == project]
        return tuple({**change.as_object(), **self._results.get(change.key, {})} for change in changes)

    def _carry_out(self, todo: Sequence[Change]) -> None:
        removing = {change.key: change for change in todo if change.action in REMOVING}
        users: dict[Key, list[Key]] = {}
        for key in removing:
            for needed in self._outcome.orphans[key].needs:
                users.setdefault(needed, []).append(key)

        def needs(key: Key) -> Collection[Key]:
            # Its users must be deleted first, and whatever failed may still use it.
            if key not in removing:
                return self._resources[key].needs if key in self._resources else (self._bucket,)
            return (
                *users.get(key, ()),
                *self._outcome.orphans[key].awaits,
                *(tuple(self.failed) if locations.goes_last(removing[key]) else ()),
            )

        for change in in_order(todo, needs, self._broken, self._context.pool, self._carry_out_one, self._interrupted.is_set):
            need = next((key for key in needs(change.key) if key in self._broken), None)
            self._broken.add(change.key)
            if need or change.key not in self._uploads:  # else `_settle` reports what became of the upload
                cause = self._blocked_by[change.key] = self._blocked_by.get(need, need) if need else None
                self._context.report(Blocked(change, cause))

    def _carry_out_one(self, change: Change) -> None:
        started = self._context.clock()
        self._context.report(Started(change))
        try:
            lease = self._leases.held[change.key.project] if self._leases.held else None
            with fenced(lease.check if lease else None):
                change = completed(change, self._records, self.done)
                outputs = self._act(change)
                if lease is not None:
                    self._record(change, outputs)
        except SkippedError as error:
            self.skipped.add(change.key)
            self._results[change.key] = {"outcome": "skipped", "message": str(error)}
            self._context.report(Skipped(change, str(error)))
        except DeployError as error:
            message = scrubbed(str(error), self._resources.get(change.key), with_kept(change))
            self._keep_failure(change, message)
            self._context.report(Failed(change, message))
            if isinstance(error, AwsError) and error.code.startswith(EXPIRED):
                self.interrupt()  # every other change would be told the same
        except BaseException as error:
            self._keep_failure(change, repr(error))  # nobody knows how far it came
            raise
        else:
            self._report_finished(change, outputs, self._upload_seconds.get(change.key, self._context.clock() - started))

    def _keep_failure(self, change: Change, message: str) -> None:
        self._broken.add(change.key)
        self.failed.add(change.key)
        self._results[change.key] = {"outcome": "failed", "message": message}

    def _report_finished(self, change: Change, outputs: Outputs, seconds: float) -> None:
        self.done[change.key] = outputs
        self._results[change.key] = {"outcome": "done", **({"outputs": outputs} if outputs else {})}
        self._context.report(Finished(change, seconds))

    def _act(self, change: Change) -> Outputs:
        if change.action is Action.UPLOAD:
            seconds = self._uploads[change.key].result()
            self._upload_seconds[change.key] = self._upload(change.key) if seconds is None else seconds
            return {}
        if change.action in REMOVING:
            kind = self._context.types(change.key.kind)
            return remove(self._aws, self._records, kind, self._outcome.orphans[change.key], change, self.skipped)
        if (resource := self._resources.get(change.key)) is None:  # a former one, whose record is written under another key
            return dict(self._outcome.orphans[change.key].recorded.get("outputs", {}))
        if change.action is Action.RECORD:
            return resource.outputs_of(self._aws, change.live) if change.live is not None else {}
        moving.wait_until_quiet(self._aws, change, self._outcome.plan)
        return act(self._aws, with_request(resource, change, self._roots.tokens), change)

    def _begin_upload(self, key: Key) -> float | None:
        """Uploads an artifact as soon as the leases are held: nothing relies on it until a change is carried out."""
        return None if self._interrupted.is_set() else self._upload(key)

    def _upload(self, key: Key) -> float:
        """Uploads an artifact and returns how many seconds that took."""
        artifact, started = self._artifacts[key], self._context.clock()
        artifact.content(self._context.build_dir)  # built again if it is not what was built
        built, sbom = artifact.build(self._context.build_dir), artifact.sbom_file(self._context.build_dir)
        with fenced(self._leases.held[key.project].check):
            self._records.upload(artifact, built, sbom)
        return self._context.clock() - started

    def _record(self, change: Change, outputs: Outputs) -> None:
        if change.action in REMOVING:
            self._records.forget(change.key)
        elif change.key.kind != ARTIFACT:
            resource = self._resources.get(change.key)
            location = locations.record_fields(resource or self._outcome.orphans[change.key], change, self._context.about())
            state = stored(resource, change.desired)
            self._records.write(change.key, self._outcome.digests[change.key], state, outputs, location)
