"""Deletes or unbinds what was deployed of a project, or of a whole environment, declared or not.

A destruction is a deploy that declares nothing. So everything that is recorded is an orphan, and is deleted in the same order and
with the same checks as other orphans. If it is killed, it can be started again. Data is deleted only with --data; then the
artifact bucket, with all records in it, is deleted last. What was adopted is not deleted: our tags and records are taken away
from it, as `unbind` does with everything.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from common.base.errors import OwnershipError, UsageError
from common.base.lean_dataclass import dataclass
from common.base.plural import counted
from common.base.suggestions import did_you_mean
from common.engine import aws_names, unbinding
from common.engine.connection import Connection
from common.engine.interruptible import BUCKET, Counts, Interruptible
from common.engine.options import Options
from common.engine.plan_data import Outcome
from common.engine.planner import Planner
from common.engine.prune import UNDECLARED
from common.engine.reads import Reads
from common.environment import owner_tags
from common.model.choices import Choices
from common.model.events import Finished, Note, Planned, Report, Started, StepStarted
from common.model.orphan import Orphan
from common.model.resource import PROJECT_NAME, REMOVING, Action, Change, Plan
from common.resources import of_kind
from common.state import locations, old_versions
from common.state.lease import Lock

BUCKET_GOES = Change(BUCKET, Action.DELETE, "is deleted last, with all records and artifacts")
"""The artifact bucket is deleted by this change, apart from the plan, because it holds the records of everything else."""


@dataclass(frozen=True)
class Removal:
    """What a destruction deletes.

    Args:
        projects: the projects that are destroyed.
        outcome: the plan, users before what they use, without the artifact bucket.
        bucket: the artifact bucket, if it is deleted, too.
        empties: whether all objects of the environment in a bucket of others are deleted.
    """

    projects: Collection[str]
    outcome: Outcome
    bucket: Orphan | None
    empties: bool = False

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes as people are shown them, those that leave a resource alone included."""
        changes = self.outcome.plan.changes
        if self.bucket is None:
            return changes
        return (*(change for change in changes if change.key != BUCKET), BUCKET_GOES)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is deleted, unbound or forgotten."""
        return not any(change.action in REMOVING for change in self.changes)

    def summary(self, environment: str) -> str:
        """What happens, as a question begins with it: ``3 resources will be deleted from dev``."""
        unbound = sum(change.action is Action.UNBIND for change in self.changes)
        deleted = sum(change.action in REMOVING for change in self.changes) - unbound
        counts = [(deleted, "deleted"), (unbound, "unbound")]
        parts = [f"{counted(count, 'resource')} will be {word}" for count, word in counts if count]
        return f"{' and '.join(parts)} from {environment}"


class Destruction:
    """Deletes what was deployed, or unbinds it.

    Args:
        connection: the connection with AWS.
        build_dir: where built artifacts are.
        about: who destroys it, and from where; called when a release root is written.
        report: receives every event.
        choices: what the command line says.
        unbind: take our tags and records away instead of deleting anything.
    """

    def __init__(
        self,
        connection: Connection,
        build_dir: Path,
        about: Callable[[], Mapping[str, str]],
        report: Report,
        choices: Choices,
        *,
        unbind: bool = False,
    ) -> None:
        self._connection, self._build_dir, self._about = connection, build_dir, about
        self._report, self._choices, self._unbind = report, choices, unbind
        self._applying = Interruptible(connection, build_dir, report, self._lease, about)

    def plan(self) -> Removal:
        """Plans it and reports the plan: users before what they use.

        Raises:
            UsageError: nothing of such a project, or of such a name, is deployed.
            OwnershipError: the artifact bucket would go, and is not this environment's alone.
        """
        choices, connection = self._choices, self._connection
        names = self._projects(choices.project)
        outcome = self._outcome(names)
        whole = choices.data and choices.project is None and choices.selects_all
        others = connection.env.others_bucket is not None
        bucket = self._artifact_bucket() if whole and not others else None
        readers = unbinding.readers(connection.aws, connection.records, names, outcome, connection.pool) if whole else []
        removal = Removal(names, outcome, None if readers else bucket, empties=whole and others and not readers)
        orphans = {**outcome.orphans, **({BUCKET: bucket} if bucket is not None else {})}
        in_aws = aws_names.of_plan(connection.env, Plan(removal.changes), (), orphans)
        self._report(Planned(Plan(removal.changes), removal=True, in_aws=in_aws))
        if readers:
            keys = ", ".join(map(str, readers))
            self._say(f"The artifact bucket stays, because it holds the scripts of jobs that are not deleted: {keys}.")
        elif removal.empties:
            self._say(f"The artifact bucket is somebody else's and stays; all objects below {self._place} are deleted last.")
        for text in unbinding.notes(outcome):
            self._say(text)
        return removal

    def carry_out(self, removal: Removal) -> None:
        """Carries out the deletions; at the end that of the artifact bucket, if everything else is gone."""
        engine = self._applying.begin(removal.outcome, [])
        part = tuple(change for change in removal.outcome.plan.changes if change.action in REMOVING)
        self._report(StepStarted("unbind" if self._unbind else "destroy", Plan(part).counts()))
        engine.apply({change.key for change in part})
        engine.finish()
        if engine.failed or engine.untried:
            return
        if removal.bucket is not None:
            self._remove_bucket(removal.bucket)
        elif removal.empties:
            self._empty_place()

    def close(self) -> None:
        """Gives the leases back.

        Raises:
            FailedError: something failed; each failure was reported when it happened.
            StoppedError: the user or the system asked to stop.
        """
        self._applying.close()

    @property
    def counts(self) -> Counts:
        """How many changes had each outcome so far."""
        return self._applying.counts

    def _projects(self, project: str | None) -> set[str]:
        """The projects to destroy: for a whole environment, all that have records in the bucket."""
        deployed = self._connection.records.projects()
        if project is None:
            return deployed
        selected: set[str] = set()
        for name in sorted({name.strip() for name in project.split(",")}):
            instances = deployed & {name, *self._connection.env.instances_of(name)}
            selected |= instances
            if not PROJECT_NAME.fullmatch(name) or not instances:
                what, where = f"Nothing of a project {name!r}", self._connection.env.name
                names = ", ".join(sorted(deployed)) or "nothing"
                raise UsageError(f"{what} is deployed to {where}: there is {names}.{did_you_mean(name, deployed)}")
        return selected

    def _outcome(self, names: Collection[str]) -> Outcome:
        connection = self._connection
        planner = Planner(connection.env, connection.aws, connection.records, self._build_dir, connection.pool, of_kind)
        first = connection.first_reads(names)
        reads = Reads(first, connection.env, connection.aws, connection.records, self._build_dir, connection.pool)
        options = Options(
            selected=unbinding.select(connection.records, names, self._choices, connection.pool),
            prune=True,
            data=self._choices.data or self._unbind,
            named=self._choices.names,
            unbind=self._unbind,
        )
        outcome = planner.plan([], options, reads, names)
        changes = tuple(replace(change, reason=_reason(change.reason)) for change in outcome.plan.changes)
        return replace(outcome, plan=Plan(changes), whole=self._choices.selects_all)

    def _artifact_bucket(self) -> Orphan | None:
        """The artifact bucket; None if it does not exist.

        Raises:
            OwnershipError: it is not ours, or holds something that does not belong to this environment.
        """
        env, records = self._connection.env, self._connection.records
        bucket = Orphan(BUCKET, env.artifact_bucket, env.bucket_arn(env.artifact_bucket), env.account_id)
        kind = of_kind(BUCKET.kind)
        tags = kind.live_tags(self._connection.aws, bucket) if kind else None
        if tags is None:
            return None
        others = records.other_prefixes()
        recorded = records.orphan(BUCKET, None)
        owners = {
            env.owner,
            *([recorded.owner] if recorded and locations.is_owner_of_environment(recorded.owner, env.name) else []),
        }
        if owner_tags.read_owner(tags, env.tag_prefix)[0] not in owners or others:
            why = f"it holds {', '.join(sorted(others)[:5])}, too" if others else "it does not carry this environment's tags"
            raise OwnershipError(
                f"The artifact bucket {env.artifact_bucket} is not this environment's alone: {why}. Leave --data out."
            )
        return bucket

    def _remove_bucket(self, bucket: Orphan) -> None:
        kind = of_kind(BUCKET.kind)
        if kind is None or self._has_records("The artifact bucket"):
            return
        self._report(Started(BUCKET_GOES))
        started = time.monotonic()
        kind.erase(self._connection.aws, bucket)
        self._report(Finished(BUCKET_GOES, time.monotonic() - started))

    def _empty_place(self) -> None:
        """Deletes every version of the environment's objects in a bucket of others, once nothing is recorded in them."""
        if not self._has_records(f"What is below {self._place}"):
            env, aws = self._connection.env, self._connection.aws
            old_versions.delete(env, aws, old_versions.every(env, aws))

    def _has_records(self, what: str) -> bool:
        """Whether resources besides the artifact bucket are still recorded; then `what` holds the records, and stays."""
        remaining = [change for change in self._outcome(self._connection.records.projects()).plan.changes if change.key != BUCKET]
        if remaining:
            self._say(f"{what} stays, because it has the records of {counted(len(remaining), 'resource')}.")
        return bool(remaining)

    @property
    def _place(self) -> str:
        env = self._connection.env
        return f"s3://{env.artifact_bucket}/{env.store_prefix}{env.name}/"

    def _lease(self, project: str) -> Lock:
        return self._connection.lease(project, self._about(), self._say)

    def _say(self, text: str) -> None:
        self._report(Note(text))


def _reason(reason: str) -> str:
    """The reason of a deletion without "no longer declared", which is not a reason here because everything is deleted."""
    return reason.removeprefix(UNDECLARED).removeprefix("; ") or "is destroyed"
