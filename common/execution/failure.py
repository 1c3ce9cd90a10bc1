"""Explains why an execution failed: the state in which the failure began, the message, and the last lines of the log.

A failure passes through layers that each wrap its text: a job run in the cause of its task, an execution in the cause of the task
that started it. So the message is unwrapped, and the history of a nested execution is read to find where the failure began.

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

LOG_LINES = 15
"""How many lines of the log are shown."""
LOG_ATTEMPTS, PAUSE_SECONDS = 4, 2.0
"""How often, and with which pause in seconds, logs are read: lines may arrive some seconds after the failure."""
_MESSAGES = ("ErrorMessage", "errorMessage", "Cause", "cause")
_PLATFORM = ("INIT_START ", "START RequestId: ", "END RequestId: ")
"""The beginnings of the lines that Lambda itself writes around those of a function."""
_MAX_DEPTH = 5
"""How many levels of nested executions are read."""


@dataclass(frozen=True)
class Failure:
    """Where and why an execution failed.

    Args:
        states: the names of the failed states, from the outermost execution to the innermost; empty if no state failed.
        error: the name of the error.
        message: the innermost message of the cause.
        log: the log group of `lines`, followed by the stream for a job run.
        lines: the last lines that the function or job wrote, oldest first.
    """

    states: tuple[str, ...]
    error: str
    message: str
    log: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Source:
    """A source of log events: a stream, or a whole group between two times (milliseconds since 1970)."""

    group: str
    stream: str | None = None
    between: tuple[int, int] = (0, 0)


def explain(aws: Aws, execution: str, history: History, depth: int = 0) -> Failure:
    """Explains the failure of an execution whose history has been read to its end.

    Raises:
        AwsError: AWS refused the history of a nested execution. Logs that cannot be read are left out.
    """
    visit = history.culprit()
    error, cause = history.error or history.end or "", history.cause
    if visit is None:
        return Failure((), error, innermost_message(cause))
    nested = _nested_execution(visit)
    if nested and depth < _MAX_DEPTH:
        inner = History()
        events = [
            event for page in aws.pages("stepfunctions", "GetExecutionHistory", executionArn=nested) for event in page["events"]
        ]
        deque(inner.read(events), maxlen=0)
        failure = explain(aws, nested, inner, depth + 1)
        return Failure((visit.title, *failure.states), failure.error, failure.message, failure.log, failure.lines)
    error, message = visit.error or error, innermost_message(visit.cause or cause)
    log, lines = _read_logs(aws, execution, visit)
    return Failure((visit.title,), error, message, log, lines)


def innermost_message(cause: str) -> str:
    """Returns the innermost message of a cause in JSON, or else the text itself."""
    content = json_object(cause)
    message = next((content[name] for name in _MESSAGES if isinstance(content.get(name), str)), None)
    return cause.strip() if message is None else innermost_message(message)


def _nested_execution(visit: Visit) -> str:
    """Returns the ARN of the failed execution that the visit started, or an empty text."""
    cause = json_object(visit.cause)
    arn = str(cause.get("ExecutionArn") or cause.get("executionArn") or visit.submitted.get("ExecutionArn") or "")
    return arn if ":execution:" in arn else ""


def _sources(aws: Aws, execution: str, visit: Visit) -> Iterator[_Source]:
    """Yields the log sources that may have the lines of the visit's function or job, the best first."""
    run = {**visit.submitted, **json_object(visit.cause)}
    parameters = _call_parameters(aws, execution, visit)
    function = parameters.get("FunctionName")
    if function:
        until = visit.failed_at or visit.left or visit.entered
        seconds = timedelta(seconds=5)
        between = (_milliseconds((visit.entered - seconds).timestamp()), _milliseconds((until + seconds).timestamp()))
        for group in _log_groups(aws, _function_name(str(function))):
            yield _Source(group, between=between)
    run_id, job = run.get("Id") or run.get("JobRunId"), run.get("JobName") or parameters.get("JobName")
    if run_id and job:
        arguments = {**_default_arguments(aws, str(job)), **(run.get("Arguments") or {})}
        if continuous := arguments.get("--continuous-log-logGroup"):
            yield _Source(str(continuous), f"{run_id}-driver")
        named = arguments.get("--custom-logStream-prefix")
        for prefix in filter(None, (arguments.get("--custom-logGroup-prefix"), "/aws-glue/jobs", "/aws-glue/python-jobs")):
            for stream in filter(None, (named, str(run_id))):  # since Glue 5.0; the lines of the script are in the output group
                yield from (_Source(f"{prefix}/{kind}", f"{stream}-driver") for kind in ("output", "error"))
            yield from (_Source(f"{prefix}/{kind}", str(run_id)) for kind in ("error", "output"))


def _call_parameters(aws: Aws, execution: str, visit: Visit) -> JsonMapping:
    """Returns the parameters of the visit's last call: those in the history, or else those in the execution's definition."""
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
    state = _find_state(json_object((response or {}).get("definition")), visit.name)
    return state.get("Parameters") or state.get("Arguments") or {}


def _find_state(definition: JsonMapping, name: str) -> JsonMapping:
    """Returns the state of a name in a definition or a part of it; names are unique in a definition."""
    states = definition.get("States", {})
    if name in states:
        return dict(states[name])
    inner = [state.get("ItemProcessor") or state.get("Iterator") or {} for state in states.values()]
    inner += [branch for state in states.values() for branch in state.get("Branches", ())]
    return next((state for part in inner if (state := _find_state(part, name))), {})


def _log_groups(aws: Aws, function: str) -> tuple[str, ...]:
    """Returns the log group that a function is given, and the one that Lambda gives a function."""
    usual = f"/aws/lambda/{function}"
    try:
        response = aws.find("lambda", "GetFunction", "ResourceNotFoundException", FunctionName=function)
    except AwsError:  # the name may be enough
        return (usual,)
    group = ((response or {}).get("Configuration", {}).get("LoggingConfig") or {}).get("LogGroup", usual)
    return tuple(dict.fromkeys((str(group), usual)))


def _default_arguments(aws: Aws, job: str) -> JsonMapping:
    response = aws.find("glue", "GetJob", "EntityNotFoundException", JobName=job)
    return (response or {}).get("Job", {}).get("DefaultArguments") or {}


def _read_logs(aws: Aws, execution: str, visit: Visit) -> tuple[str, tuple[str, ...]]:
    """Returns the first source that has lines, and its last lines. Sources that cannot be read are skipped."""
    try:
        sources = list(_sources(aws, execution, visit))
    except AwsError:
        return "", ()
    for attempt in range(LOG_ATTEMPTS if sources else 0):
        if attempt:
            aws.sleep(PAUSE_SECONDS)
        for source in sources:
            try:
                lines = _read_lines(aws, source)
            except AwsError:
                continue
            if lines:
                return source.group + (f" {source.stream}" if source.stream else ""), lines
    return "", ()


def _read_lines(aws: Aws, source: _Source) -> tuple[str, ...]:
    messages: deque[str] = deque(maxlen=LOG_LINES)
    if source.stream is None:
        since, until = source.between
        for page in aws.pages("logs", "FilterLogEvents", logGroupName=source.group, startTime=since, endTime=until):
            messages.extend(event["message"] for event in page["events"])
    else:
        where = {"logGroupName": source.group, "logStreamName": source.stream}
        messages.extend(event["message"] for event in aws.call("logs", "GetLogEvents", **where, limit=LOG_LINES)["events"])
    lines = [line.rstrip() for message in messages for line in message.splitlines() if line.strip()]
    return tuple([line for line in lines if not line.startswith(_PLATFORM)][-LOG_LINES:])


def _function_name(function: str) -> str:
    """Returns the function's name from a name or ARN, with or without a version or alias."""
    return function.rpartition(":function:")[2].split(":", maxsplit=1)[0]


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
