"""Runs the entries of projects one after another, and reports what happens."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from common.aws import regions
from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import DeployError, FailedError
from common.base.lean_dataclass import dataclass, field
from common.declare.workspace import DeclaredPipelines
from common.execution import failure, follower, messages, preview, selecting
from common.execution.failure import Failure
from common.execution.follower import MAX_PAUSE_SECONDS, MAX_PAUSE_SECONDS_EMBEDDED, Began, Outcome, Put, Shown, Tell
from common.execution.history import VERBS, History
from common.execution.preview import Before
from common.execution.repository_paths import by_log_group
from common.execution.starting import Start
from common.model.events import Note
from common.model.reference import Location


@dataclass(frozen=True)
class Runner:
    """Runs executions in one environment.

    Args:
        root: the repository.
        declarations: the declared pipelines.
        aws: the AWS in which the executions run.
        pool: runs calls in parallel.
        report: receives every event.
        changes: the places whose changed rows are shown, by project; the rows of the whole entry are shown without.
    """

    root: Path
    declarations: DeclaredPipelines
    aws: Aws
    pool: Executor
    report: Tell
    changes: Mapping[str, Location | None] = field(default_factory=dict)

    def run_all(self, starts: Sequence[Start]) -> None:
        """Runs executions one after another, if all of them can be run.

        Raises:
            UsageError: a state machine is not deployed, or its executions leave no history to follow.
            FailedError: an execution did not succeed.
        """
        for start in starts:
            selecting.deployed_machine(self.aws, self.declarations.env, start.entry.machine)
        check_outcomes([self.run(start) for start in starts])

    def run(self, start: Start) -> Outcome:
        """Runs an execution to its end. If following stops, the execution continues."""
        env, project, machine = self.declarations.env, start.project, start.entry.machine
        if env.embedded is not None:
            self._prepare(start)
        else:
            follower.wait_for_update(self.aws, env, project)
        aws, place = regions.at(self.aws, machine.arn), self.changes.get(project)
        before = None if place is None else preview.files_before(self.aws, place)
        execution = follower.start(aws, machine.arn, start.input)
        outcome = self.follow(project, machine.name, execution)
        if outcome.failure is None:
            self._show_table(project, place or start.entry.preview, before)
        return outcome

    def follow(
        self, project: str, machine: str, execution: str, before: History | None = None, *, is_lasting: bool = True
    ) -> Outcome:
        """Follows an execution to its end and explains it. If following stops, the execution continues.

        Args:
            project: the project, for reports.
            machine: the name of the state machine.
            execution: the ARN of the execution.
            before: what has happened before, which is not reported again.
            is_lasting: whether it continues if following stops; the caller stops it otherwise.
        """
        env, aws = self.declarations.env, regions.at(self.aws, execution)
        self.report(Began(project, machine, execution))
        try:
            longest = MAX_PAUSE_SECONDS if env.embedded is None else MAX_PAUSE_SECONDS_EMBEDDED
            history = follower.follow(aws, execution, self.report, longest, before)
        except (KeyboardInterrupt, DeployError):
            region = execution.split(":")[3]
            stop = f"aws stepfunctions stop-execution --region {region} --execution-arn {execution}"
            command = stop if env.embedded is None else typed("local.stop")
            if is_lasting:
                self.report(Note(f"No longer following. The execution continues; to stop it: {command}"))
            raise
        status = history.end or ""
        reason = None if status == "SUCCEEDED" else self._explain(aws, execution, history)
        outcome = Outcome(project, execution, status, history.seconds, tuple(history.visits), history.output, reason)
        self.report(outcome)
        return outcome

    def _explain(self, aws: Aws, execution: str, history: History) -> Failure:
        """Explains a failure; the lines of its log name the files of the repository."""
        reason = failure.explain(aws, execution, history)
        replaced = by_log_group(self.root, self.declarations.resources)
        group = reason.log.partition(" ")[0]
        return replace(reason, lines=tuple(replaced(group, line) for line in reason.lines))

    def _prepare(self, start: Start) -> None:
        """Installs what runs jobs in the embedded AWS, so that the user sees it, and puts sample data into buckets and queues."""
        resources = [resource for resource in self.declarations.resources if resource.key.project == start.project]
        selecting.fetch_programs(self.root, resources, self.report)
        for sample in start.samples:
            self.aws.call("s3", "PutObject", Bucket=sample.bucket, Key=sample.key, Body=sample.body)
            self.report(Put(sample.path, f"s3://{sample.bucket}/{sample.key}"))
        for sent in start.messages:
            messages.send(regions.at(self.aws, start.entry.machine.arn), sent, self.report)

    def _show_table(self, project: str, place: Location | None, before: Before | None) -> None:
        """Shows the final table. If it cannot be shown, the execution still counts as succeeded."""
        if place is None:
            return
        try:
            self.report(Shown(project, preview.preview(self.aws, place, self.pool, before=before)))
        except DeployError as error:
            self.report(Note(f"{place.uri} cannot be shown: {error}"))


def check_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Checks that all executions succeeded.

    Raises:
        FailedError: one did not.
    """
    failed = [outcome for outcome in outcomes if outcome.status != "SUCCEEDED"]
    if failed:
        raise FailedError(" ".join(map(_describe, failed)))


def _describe(outcome: Outcome) -> str:
    states = " > ".join(outcome.failure.states) if outcome.failure else ""
    return f"{outcome.project}: the execution {VERBS[outcome.status]}{f' in the state {states}' if states else ''}."
