"""Why an execution failed: the state in which it began, what the service said, and the last lines of what it ran.

A failure passes through layers that each pack it into the text of the next: a job run into the cause of its task, an execution
into that of the task that started it. So a cause is unpacked, and a nested execution's own history is asked where it began.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html and
https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonMapping
from common.execution.history import History, Visit, json_object

LINES = 15
"""How many log lines are shown."""
TRIES, PAUSE_SECONDS = 4, 2.0
"""Log lines may come some seconds after the failure."""
_MESSAGES = ("ErrorMessage", "errorMessage", "Cause", "cause")
_PLATFORM = ("INIT_START ", "START RequestId: ", "END RequestId: ")
"""How the lines begin that Lambda itself writes around what a function says."""
_DEEPEST = 5
"""Executions within executions that are looked into."""


@dataclass(frozen=True)
class Failure:
    """Where and why.

    Args:
        states: the state that failed, after those of outer executions that it is nested in; empty if none did.
        error: the error's name.
        message: its cause, unpacked.
        log: the log group that `lines` come from, and the stream in it if it is one job run's.
        lines: the last ones that the function or job wrote, oldest first.
    """

    states: tuple[str, ...]
    error: str
    message: str
    log: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Source:
    """Log events: of a stream, or of a whole group between two times (milliseconds since 1970)."""

    group: str
    stream: str | None = None
    between: tuple[int, int] = (0, 0)


def explain(aws: Aws, execution: str, history: History, depth: int = 0) -> Failure:
    """The failure of an execution whose history has been read to its end.

    Raises:
        AwsError: AWS refused to tell the history of a nested execution; logs that cannot be read are just not there.
    """
    visit = history.culprit()
    error, cause = history.error or history.end or "", history.cause
    if visit is None:
        return Failure((), error, unpacked(cause))
    nested = _nested(visit)
    if nested and depth < _DEEPEST:
        inner = History()
        events = [
            event for page in aws.pages("stepfunctions", "GetExecutionHistory", executionArn=nested) for event in page["events"]
        ]
        deque(inner.read(events), maxlen=0)
        failure = explain(aws, nested, inner, depth + 1)
        return Failure((visit.title, *failure.states), failure.error, failure.message, failure.log, failure.lines)
    error, message = visit.error or error, unpacked(visit.cause or cause)
    log, lines = _logged(aws, execution, visit)
    return Failure((visit.title,), error, message, log, lines)


def unpacked(cause: str) -> str:
    """What a person wants to read of a cause: the innermost message where it is JSON, else the text itself."""
    content = json_object(cause)
    message = next((content[name] for name in _MESSAGES if isinstance(content.get(name), str)), None)
    return cause.strip() if message is None else unpacked(message)


def _nested(visit: Visit) -> str:
    """The ARN of the execution that the visit started and that failed, or nothing."""
    cause = json_object(visit.cause)
    arn = str(cause.get("ExecutionArn") or cause.get("executionArn") or visit.submitted.get("ExecutionArn") or "")
    return arn if ":execution:" in arn else ""


def _sources(aws: Aws, execution: str, visit: Visit) -> Iterator[_Source]:
    """Where the lines of the visit's function or job may be, best first."""
    run = {**visit.submitted, **json_object(visit.cause)}
    parameters = _called(aws, execution, visit)
    function = parameters.get("FunctionName")
    if function:
        until = visit.failed_at or visit.left or visit.entered
        seconds = timedelta(seconds=5)
        between = (_milliseconds((visit.entered - seconds).timestamp()), _milliseconds((until + seconds).timestamp()))
        yield _Source(f"/aws/lambda/{_function_name(str(function))}", between=between)
    run_id, job = run.get("Id") or run.get("JobRunId"), run.get("JobName") or parameters.get("JobName")
    if run_id and job:
        arguments = {**_default_arguments(aws, str(job)), **(run.get("Arguments") or {})}
        if continuous := arguments.get("--continuous-log-logGroup"):
            yield _Source(str(continuous), f"{run_id}-driver")
        named = arguments.get("--custom-logStream-prefix")
        for prefix in filter(None, (arguments.get("--custom-logGroup-prefix"), "/aws-glue/jobs", "/aws-glue/python-jobs")):
            for stream in filter(None, (named, str(run_id))):  # since Glue 5.0; what the script writes is in its output
                yield from (_Source(f"{prefix}/{kind}", f"{stream}-driver") for kind in ("output", "error"))
            yield from (_Source(f"{prefix}/{kind}", str(run_id)) for kind in ("error", "output"))


def _called(aws: Aws, execution: str, visit: Visit) -> JsonMapping:
    """The parameters of the visit's last call: as its history tells them, else as the execution's definition has them."""
    if parameters := json_object(visit.task.get("parameters")):
        return parameters
    if ":function:" in (resource := str(visit.task.get("resource", ""))):
        return {"FunctionName": resource}
    response = aws.find(
        "stepfunctions",
        "DescribeStateMachineForExecution",
        "ExecutionDoesNotExist",
        executionArn=execution,
        includedData="ALL_DATA",
    )
    state = _state(json_object((response or {}).get("definition")), visit.name)
    return state.get("Parameters") or state.get("Arguments") or {}


def _state(definition: JsonMapping, name: str) -> JsonMapping:
    """The state of that name in a definition or in a part of one: names are unique in all of it."""
    states = definition.get("States", {})
    if name in states:
        return dict(states[name])
    inner = [state.get("ItemProcessor") or state.get("Iterator") or {} for state in states.values()]
    inner += [branch for state in states.values() for branch in state.get("Branches", ())]
    return next((found for part in inner if (found := _state(part, name))), {})


def _default_arguments(aws: Aws, job: str) -> JsonMapping:
    response = aws.find("glue", "GetJob", "EntityNotFoundException", JobName=job)
    return (response or {}).get("Job", {}).get("DefaultArguments") or {}


def _logged(aws: Aws, execution: str, visit: Visit) -> tuple[str, tuple[str, ...]]:
    """The first source that has lines, and its last ones. What cannot be read tells nothing."""
    try:
        sources = list(_sources(aws, execution, visit))
    except AwsError:
        return "", ()
    for attempt in range(TRIES if sources else 0):
        if attempt:
            aws.sleep(PAUSE_SECONDS)
        for source in sources:
            try:
                lines = _lines(aws, source)
            except AwsError:
                continue
            if lines:
                return source.group + (f" {source.stream}" if source.stream else ""), lines
    return "", ()


def _lines(aws: Aws, source: _Source) -> tuple[str, ...]:
    messages: deque[str] = deque(maxlen=LINES)
    if source.stream is None:
        since, until = source.between
        for page in aws.pages("logs", "FilterLogEvents", logGroupName=source.group, startTime=since, endTime=until):
            messages.extend(event["message"] for event in page["events"])
    else:
        where = {"logGroupName": source.group, "logStreamName": source.stream}
        messages.extend(event["message"] for event in aws.call("logs", "GetLogEvents", **where, limit=LINES)["events"])
    lines = [line.rstrip() for message in messages for line in message.splitlines() if line.strip()]
    return tuple([line for line in lines if not line.startswith(_PLATFORM)][-LINES:])


def _function_name(function: str) -> str:
    """The name in a function's name or ARN, with or without a version or alias."""
    return function.rpartition(":function:")[2].split(":", maxsplit=1)[0]


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
