"""Reads the last executions of a state machine: how each ended, how long each state took, and what its functions and jobs logged.

Inputs and outputs are not read into the result: they are data, and nobody has looked whether they hold secrets.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.execution import failure, log_sources
from common.execution.history import History, Visit
from common.execution.json_text import json_object

DAYS = 30
"""So many days of executions are counted."""
LISTED, DETAILED = 10, 3
"""How many executions are listed, and of how many of these the history is read."""
HISTORY_PAGES, LIST_PAGES = 3, 5
"""How many pages of 1,000 events and of 1,000 executions are read at most."""
MOST_TAILS = 12
"""Of how many states of the last execution the log is read."""
NO_EXECUTIONS = frozenset({"StateMachineDoesNotExist", "StateMachineTypeNotSupported"})
"""AWS answers with these codes where there is nothing to list: not deployed, or express executions, which are only in logs."""


@dataclass(frozen=True)
class Tail:
    """The last lines that the function or job of a state has logged.

    Args:
        state: the state.
        source: the log group, with the stream of a job run.
        lines: the lines, the oldest first.
        called: the name in AWS of the function or job, if the history has it.
    """

    state: str
    source: str
    lines: tuple[str, ...]
    called: str = ""


@dataclass(frozen=True)
class Execution:
    """An execution.

    Args:
        name: its name.
        status: ``RUNNING``, ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT`` or ``ABORTED``.
        started, ended: when; None while it is running.
        visits: the visits of its states; empty if its history was not read.
        error, cause: why it did not succeed, and `states`, where.
        tails: what was logged.
    """

    name: str
    status: str
    started: datetime
    ended: datetime | None
    visits: tuple[Visit, ...] = ()
    error: str = ""
    cause: str = ""
    states: str = ""
    tails: tuple[Tail, ...] = ()

    @property
    def seconds(self) -> float | None:
        """How many seconds it took; None while it is running."""
        return None if self.ended is None else (self.ended - self.started).total_seconds()

    @property
    def transitions(self) -> int:
        """How many transitions of states AWS counts: one for each visit and each retry."""
        return sum(visit.attempts for visit in self.visits)


@dataclass(frozen=True)
class Executions:
    """The executions of a state machine.

    Args:
        machine: its name in the declaration.
        last: the last executions, the newest first.
        count: how many began in the last days.
        complete: whether all of these were counted.
        kept: whether its executions are kept at all: those of express machines, and of one that does not exist, are not.
    """

    machine: str
    last: tuple[Execution, ...] = ()
    count: int = 0
    complete: bool = True
    kept: bool = True
    statuses: dict[str, int] = field(default_factory=dict)
    """How many of those that were counted have each status."""


def read(aws: Aws, machine: str, arn: str, now: datetime, pool: Executor) -> Executions:
    """The last executions of a state machine.

    Args:
        aws: AWS in the region of the machine.
        machine: its name in the declaration.
        arn: its ARN.
        now: the present time.
        pool: runs calls in parallel.

    Raises:
        AwsError: AWS refused a call. Logs that cannot be read are left out.
    """
    since = now - timedelta(days=DAYS)
    listed: list[JsonMapping] = []
    complete = False
    try:
        for page in islice(aws.pages("stepfunctions", "ListExecutions", stateMachineArn=arn, maxResults=1000), LIST_PAGES):
            listed += page["executions"]
            complete = not page.get("nextToken") or listed[-1]["startDate"] < since
            if complete:
                break
    except AwsError as error:
        if error.code not in NO_EXECUTIONS:
            raise
        return Executions(machine, kept=False)
    counted = [str(execution["status"]) for execution in listed if execution["startDate"] >= since]
    histories = list(pool.map(lambda execution: _history(aws, str(execution["executionArn"])), listed[:DETAILED]))
    last = [_execution(execution, history) for execution, history in zip(listed[:DETAILED], histories, strict=True)]
    last += [_execution(execution, History()) for execution in listed[DETAILED:LISTED]]
    if last:
        tails = _tails(aws, str(listed[0]["executionArn"]), histories[0].visits, pool)
        last[0] = replace(last[0], tails=tails)
    statuses = {status: counted.count(status) for status in dict.fromkeys(counted)}
    return Executions(machine, tuple(last), len(counted), complete, statuses=statuses)


def _history(aws: Aws, arn: str) -> History:
    history = History()
    pages = aws.pages("stepfunctions", "GetExecutionHistory", executionArn=arn, maxResults=1000)
    events = [event for page in islice(pages, HISTORY_PAGES) for event in page["events"]]
    deque(history.read(events), maxlen=0)
    return history


def _execution(listed: JsonMapping, history: History) -> Execution:
    visit = history.culprit() if history.end not in {None, "SUCCEEDED"} else None
    return Execution(
        name=str(listed["name"]),
        status=str(listed["status"]),
        started=listed["startDate"],
        ended=listed.get("stopDate"),
        visits=tuple(history.visits),
        error=(visit.error if visit else None) or history.error or "",
        cause=failure.innermost_message((visit.cause if visit else "") or history.cause),
        states=visit.title if visit else "",
    )


def _tails(aws: Aws, execution: str, visits: Sequence[Visit], pool: Executor) -> tuple[Tail, ...]:
    """The tails of the visits that called something, those that failed first if there are many."""
    calling = [visit for visit in visits if visit.task]
    chosen = sorted(calling, key=lambda visit: visit.error is None)[:MOST_TAILS]
    read = pool.map(lambda visit: _tail(aws, execution, visit), [visit for visit in calling if visit in chosen])
    return tuple(tail for tail in read if tail is not None)


def _tail(aws: Aws, execution: str, visit: Visit) -> Tail | None:
    try:
        for source in log_sources.of_visit(aws, execution, visit):
            if lines := failure.read_lines(aws, source):
                return Tail(visit.title, f"{source.group} {source.stream or ''}".rstrip(), lines, _called(visit))
    except AwsError:
        return None
    return None


def _called(visit: Visit) -> str:
    parameters = json_object(visit.task.get("parameters"))
    function = str(parameters.get("FunctionName") or "")
    return log_sources.function_name(function) or str(parameters.get("JobName") or "")
