"""What `logs` reads: the log of a function or crawler since a moment, the last run of a job, the last execution of a machine.

A feed is polled again and again to follow it; each line comes once. A run or execution that starts later is followed, too.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from common.aws import regions
from common.aws.protocol import Aws
from common.base.errors import AwsError, UsageError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass, field
from common.environment.config import Environment
from common.execution import executions, log_sources, selecting
from common.execution.execution_logs import ExecutionLogs
from common.execution.function_logs import invocations, is_platform_line, usage_of
from common.execution.log_sources import CRAWLERS, Source
from common.execution.logs import LogLine, LogReader, in_order
from common.model.resource import Resource

RECENT = timedelta(hours=1)
"""Without --since, the logs of functions and crawlers are read from so long ago on."""
RUN_FAILURES = frozenset({"FAILED", "TIMEOUT", "ERROR", "EXPIRED"})
"""The states of job runs that failed."""


class Feed(Protocol):
    """Lines of one resource."""

    def poll(self) -> list[LogLine]:
        """Returns the lines that were not returned before, oldest first."""
        ...


def feed(aws: Aws, env: Environment, resource: Resource, since: datetime | None, *, failed: bool) -> Feed:
    """Returns the feed of a function, job, crawler or state machine.

    Args:
        aws: AWS.
        env: the environment, for messages.
        resource: the declared resource.
        since: lines, runs or executions since then; None for the usual part.
        failed: only of calls, runs or states that failed.

    Raises:
        UsageError: it is not deployed.
    """
    aws = regions.at(aws, resource.arn)
    moment = since or datetime.now(UTC) - RECENT
    match resource.key.kind:
        case selecting.FUNCTION:
            selecting.check_deployed(aws, env, resource)
            return FunctionFeed(aws, resource.name, moment, failed)
        case selecting.JOB:
            selecting.check_deployed(aws, env, resource)
            return JobFeed(aws, resource.name, since, failed)
        case selecting.CRAWLER:
            selecting.check_deployed(aws, env, resource)
            return GroupFeed(aws, Source(CRAWLERS, resource.name, log_sources.from_now_on(moment)))
    machine = aws.find("stepfunctions", "DescribeStateMachine", "StateMachineDoesNotExist", stateMachineArn=resource.arn)
    if machine is None:
        raise UsageError(selecting.not_deployed(env, resource.key, resource.name))
    if machine.get("type") == "EXPRESS":
        return GroupFeed(aws, Source(_own_group(machine, resource), between=log_sources.from_now_on(moment)))
    return MachineFeed(aws, resource.arn, since, failed)


@dataclass
class GroupFeed:
    """All lines of a stream or group."""

    aws: Aws
    source: Source

    def __post_init__(self) -> None:
        """Makes the reader that remembers what was returned."""
        self._reader = LogReader(self.aws)

    def poll(self) -> list[LogLine]:
        """See `Feed`."""
        return self._reader.new_lines(self.source)


@dataclass
class FunctionFeed:
    """The lines of a function, and what Lambda reports at the end of each call."""

    aws: Aws
    function: str
    since: datetime
    failed: bool
    _read: list[LogLine] = field(default_factory=list)
    _returned: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Makes the reader that remembers what was returned."""
        self._reader = LogReader(self.aws)
        between = log_sources.from_now_on(self.since)
        self._sources = [Source(group, between=between) for group in log_sources.log_groups(self.aws, self.function)]

    def poll(self) -> list[LogLine]:
        """See `Feed`."""
        lines = in_order(line for source in self._sources for line in self._reader.new_lines(source))
        if not self.failed:
            return [line for line in lines if line.text.strip() and (usage_of(line.text) or not is_platform_line(line.text))]
        self._read = in_order([*self._read, *lines])
        failed = [line for invocation in invocations(self._read) if invocation.failed for line in invocation.lines]
        new = [line for line in failed if id(line) not in self._returned]
        self._returned |= {id(line) for line in new}
        return in_order(new)


@dataclass
class JobFeed:
    """The lines of the last run of a job, or of all runs since a moment; then those of later runs."""

    aws: Aws
    job: str
    since: datetime | None
    failed: bool
    _sources: dict[str, list[Source]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Makes the reader that remembers what was returned."""
        self._reader = LogReader(self.aws)
        self._definition: JsonObject = {}

    def poll(self) -> list[LogLine]:
        """See `Feed`."""
        self._definition = self._definition or self.aws.call("glue", "GetJob", JobName=self.job)["Job"]
        for run in self._runs():
            if run["Id"] not in self._sources:
                self._sources[run["Id"]] = log_sources.of_run(self._definition, run)
            self.since = self.since or run["StartedOn"]
        several = len(self._sources) > 1
        lines = [
            replace(line, state=run_id[:11]) if several else line
            for run_id, sources in self._sources.items()
            for source in sources
            for line in self._reader.new_lines(source)
        ]
        return in_order(line for line in lines if line.text.strip())

    def _runs(self) -> list[JsonObject]:
        """The runs to read, the oldest first; Glue lists the newest first."""
        found: list[JsonObject] = []
        for page in self.aws.pages("glue", "GetJobRuns", JobName=self.job):
            runs = [run for run in page["JobRuns"] if not self.failed or run["JobRunState"] in RUN_FAILURES]
            if self.since is None and runs:
                return runs[:1]
            found += [run for run in runs if self.since is not None and run["StartedOn"] >= self.since]
            if self.since is not None and any(run["StartedOn"] < self.since for run in page["JobRuns"]):
                break
        return found[::-1]


@dataclass
class MachineFeed:
    """The lines of the last execution of a machine, or of all since a moment; then those of later executions."""

    aws: Aws
    machine_arn: str
    since: datetime | None
    failed: bool
    _ended: set[str] = field(default_factory=set)
    _returned: set[LogLine] = field(default_factory=set)

    def poll(self) -> list[LogLine]:
        """See `Feed`."""
        if self.since is None:
            last = executions.last(self.aws, self.machine_arn, failed=self.failed)
            to_read = [last] if last else []
            self.since = last.started if last else None
        else:
            to_read = executions.since(self.aws, self.machine_arn, self.since, failed=self.failed)
        new: list[LogLine] = []
        for execution in to_read:
            if execution.arn not in self._ended:
                new += [line for line in self._lines(execution.arn) if line not in self._returned]
                self._ended |= {execution.arn} if execution.ended else set()
        self._returned.update(new)
        return in_order(new)

    def _lines(self, execution: str) -> list[LogLine]:
        try:
            return ExecutionLogs(self.aws, self.failed).lines(execution)
        except AwsError as error:
            if error.code == "ExecutionDoesNotExist":  # AWS keeps executions for 90 days
                return []
            raise


def _own_group(machine: JsonObject, resource: Resource) -> str:
    """The group that an express machine logs to: its executions leave no history.

    Raises:
        UsageError: it logs nothing.
    """
    destinations = machine.get("loggingConfiguration", {}).get("destinations", ())
    arns = [place.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "") for place in destinations]
    if not any(arns):
        raise UsageError(
            f"{resource.key} is an EXPRESS state machine, whose executions leave no history, and it logs nothing. "
            "Set its log_level in the configuration and deploy."
        )
    return str(arns[0].partition(":log-group:")[2].removesuffix(":*"))
