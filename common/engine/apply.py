"""Carries out a plan: in dependency order, in parallel, and each success is recorded before anything relies on it.

Every decision has been made in the plan. What this module adds is the order of writes that makes a crash harmless: first the
artifact bucket, because leases and records are in it; then the leases, beside the last settings of a new bucket; then the
release roots, with everything that is about to change as pending, and beside them the uploads; then the changes, each with its
record; then, if nothing failed, the deletions; at last the clean roots, which hold the outcome of each change. See `records` for
the reasons.
"""

from collections.abc import Collection, Sequence
from functools import partial
from threading import Event

from common.aws import regions
from common.aws.fence import fenced
from common.aws.protocol import Aws
from common.base.at_once import at_once, results
from common.base.errors import EXPIRED, AwsError, DeployError, OvertakenError, SkippedError
from common.base.json_types import JsonMapping
from common.engine import moving
from common.engine.apply_change import act, read_live, remove
from common.engine.apply_context import ApplyContext
from common.engine.leases import Leases
from common.engine.new_bucket import NewBucket
from common.engine.order import Needed, NeededToRemove
from common.engine.plan_data import Outcome
from common.engine.recorded import completed, recalled, with_request
from common.engine.rereads import Rereads
from common.engine.root_updates import RootUpdates, is_untidy
from common.engine.scheduling import Needs, Schedule
from common.model.events import Blocked, Failed, Finished, Skipped, Started
from common.model.hidden_fields import scrubbed, stored, with_kept
from common.model.resource import CHANGING, REMOVING, Action, Artifact, Change, Key, Outputs, Resource
from common.state import locations
from common.state.records import Records
from common.state.release_root import ARTIFACT

RECORDED = CHANGING | REMOVING | {Action.RECORD}


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
        self._interrupted = Event()
        self._refused = self._finished = False
        self._broken: set[Key] = set()
        self._blocked_by: dict[Key, Key | None] = {}
        """The failed resource because of which each of these was not tried; None if the deploy was stopped."""
        self._results: dict[Key, JsonMapping] = {}
        self._needed = Needed(self._resources, {change.key for change in self._todo() if change.action not in REMOVING}, bucket)
        self._rereads = Rereads(aws, context.pool, context.clock)
        self._new_bucket = NewBucket()
        self._making = self._schedule(self._needed)
        """Creates and updates. What can be done early of later steps is in it, too."""
        self._begun: set[Key] = set()
        """What `_making` was given."""
        self.done: dict[Key, Outputs] = {}
        self.failed: set[Key] = set()
        self.skipped: set[Key] = set()
        self._leases = Leases(outcome, records, self._roots, context, self._interrupted.is_set, self._changes)

    @property
    def untried(self) -> set[Key]:
        """The changes that were neither done nor failed nor skipped."""
        return {change.key for change in self._todo()} - self.done.keys() - self.failed - self.skipped

    def interrupt(self) -> None:
        """Starts no further change. Those that are running are finished and recorded."""
        self._interrupted.set()

    def apply(self, keys: Collection[Key], ahead: Collection[Key] = ()) -> None:
        """Carries out the plan's changes of `keys`. Failures are reported and kept in `failed`.

        Args:
            keys: what is to be done when this returns, as far as it does not fail.
            ahead: what comes after `keys`; of this everything begins as soon as what it needs is done.

        Raises:
            LockedError: another deploy is changing one of the projects.
            OvertakenError: another deploy has changed one of the projects since the plan was made.
        """
        todo = [change for change in self._todo() if change.key in keys]
        if todo and not self._interrupted.is_set():
            self._start({*keys, *ahead})
            self._begin({*keys, *ahead})
            self._run(self._making, self._needed, keys)
            self._remove([change for change in todo if change.action in REMOVING])

    def _begin(self, keys: Collection[Key]) -> None:
        """Adds changes that are not removals to those that may begin, each once."""
        begins = {*keys} - self._begun
        self._making.add([change for change in self._todo() if change.key in begins and change.action not in REMOVING])
        self._begun |= begins

    def finish(self) -> None:
        """Writes the release roots and gives the leases back. A second call does nothing.

        A root that a dead deploy has left behind is written even if there was nothing else to change.
        """
        if self._finished:
            return
        self._finished = True
        self._making.wait()
        if self._interrupted.is_set():
            self._settle()
        try:
            at_once(self._context.pool, self._end, sorted(self._outcome.baselines))
        finally:
            self._leases.give_back()

    def _end(self, project: str) -> None:
        baseline = self._outcome.baselines[project]
        root = self._roots.after(project, self.done, self.failed)
        if self._leases.has_written_root(project) or (self._may_tidy() and is_untidy(root, baseline)):
            self._leases.release(project, root)

    def _settle(self) -> None:
        """After a deploy was stopped: reports the changes that were not tried."""
        untold = self.untried - self._blocked_by.keys()
        for change in self._todo():
            if change.key in untold:
                self._context.report(Blocked(change, None))

    def _todo(self) -> list[Change]:
        return [change for change in self._outcome.plan.changes if change.action in RECORDED]

    def _start(self, keys: Collection[Key]) -> None:
        """Creates the bucket, takes the leases and writes the roots: once, for all projects that the plan changes.

        What of `keys` can do no harm begins while the roots are being written.
        """
        if self._leases.held or self._bucket in self._broken:
            return
        self._refused = True
        bucket = next((change for change in self._todo() if change.key == self._bucket and change.action is Action.CREATE), None)
        if bucket is not None:
            self._begun.add(bucket.key)
            self._new_bucket.begin(self._context.pool, partial(self._carry_out_one, bucket))
            if bucket.key in self._broken:
                return
        try:
            try:
                self._leases.take(sorted({change.key.project for change in self._todo()}))
            finally:
                self._new_bucket.wait()
            if self._bucket in self._broken:
                self._leases.give_back()
                return
            self._check_pending()
            writes = [self._context.pool.submit(self._write_root, project) for project in self._leases.held]
            if bucket is not None:  # nothing can be in a bucket that is new, so its record need not wait for the root
                writes.append(self._context.pool.submit(self._record, bucket, {}))
            self._begin_early(keys)
            results(writes)
        except OvertakenError:
            self._making.wait()  # what was begun relies on the leases
            self._leases.give_back(without_root=True)
            raise
        self._refused = False

    def _begin_early(self, keys: Collection[Key]) -> None:
        """Begins uploads, which nothing uses yet, and the reads before updates that need nothing but uploads.

        Only who holds the leases uploads, so a deploy that is refused uploads nothing, and nobody deletes artifacts meanwhile.
        """
        todo = {change.key: change for change in self._todo() if change.action not in REMOVING}
        if self._bucket in todo.keys() - self._begun:
            return
        self._begin([key for key, change in todo.items() if change.action is Action.UPLOAD and key in keys])
        self._making.run(())
        for key, change in todo.items():
            if change.action is Action.UPDATE and key in keys and todo.keys() & self._needed(key) <= self._begun:
                self._rereads.begin(self._resources[key], change)

    def _check_pending(self) -> None:
        """Reads pending resources again and refuses to go on if another deploy has changed them since the plan was made."""
        pending = {key for baseline in self._outcome.baselines.values() for key in baseline.pending}
        doubtful = [change for change in self._todo() if change.key in pending & self._resources.keys()]
        resources = [recalled(partial(self._records.read, change.key), self._resources[change.key]) for change in doubtful]
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

    def _schedule(self, needs: Needs) -> Schedule:
        return Schedule(
            needs, self._broken, self._context.pool, self._carry_out_one, self._interrupted.is_set, self._context.jobs
        )

    def _remove(self, todo: Sequence[Change]) -> None:
        removing = {change.key: change for change in todo}
        needs = NeededToRemove(removing, self._outcome.orphans, self.failed)
        schedule = self._schedule(needs)
        schedule.add([change for change in todo if change.key not in self.done.keys() | self._broken])
        self._run(schedule, needs, removing)

    def _run(self, schedule: Schedule, needs: Needs, keys: Collection[Key]) -> None:
        for change in schedule.run(keys):
            need = next((key for key in needs(change.key) if key in self._broken), None)
            self._broken.add(change.key)
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
            self._report_finished(change, outputs, self._context.clock() - started)

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
            self._upload(self._artifacts[change.key])
            return {}
        if change.action in REMOVING:
            kind = self._context.types(change.key.kind)
            return remove(self._aws, self._records, kind, self._outcome.orphans[change.key], change, self.skipped)
        if (resource := self._resources.get(change.key)) is None:  # a former one, whose record is written under another key
            return dict(self._outcome.orphans[change.key].recorded.get("outputs", {}))
        if change.action is Action.RECORD:
            return resource.outputs_of(self._aws, change.live) if change.live is not None else {}
        if change.key == self._bucket and change.action is Action.CREATE:
            return self._new_bucket.create(regions.at(self._aws, resource.arn), resource, change.desired)
        moving.wait_until_quiet(self._aws, change, self._outcome.plan)
        return act(self._aws, with_request(resource, change, self._roots.tokens), change, self._rereads.update)

    def _upload(self, artifact: Artifact) -> None:
        artifact.content(self._context.build_dir)  # built again if it is not what was built
        built, sbom = artifact.build(self._context.build_dir), artifact.sbom_file(self._context.build_dir)
        self._records.upload(artifact, built, sbom)

    def _record(self, change: Change, outputs: Outputs) -> None:
        if change.action in REMOVING:
            self._records.forget(change.key)
        elif change.key.kind != ARTIFACT:
            resource = self._resources.get(change.key)
            location = locations.record_fields(resource or self._outcome.orphans[change.key], change, self._context.about())
            state = stored(resource, change.desired)
            self._records.write(change.key, self._outcome.digests[change.key], state, outputs, location)
