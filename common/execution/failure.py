"""Explains why an execution failed: the state in which the failure began, the message, and the last lines of the log.

A failure passes through layers that each wrap its text: a job run in the cause of its task, an execution in the cause of the task
that started it. So the message is unwrapped, and the history of a nested execution is read to find where the failure began.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
"""

from collections import deque

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.lean_dataclass import dataclass
from common.execution import denied_calls, log_sources
from common.execution.executions import read_history
from common.execution.history import CONTAINERS, History, Visit
from common.execution.json_text import json_object
from common.execution.log_sources import Source

LOG_LINES = 15
"""How many lines of the log are shown."""
LOG_ATTEMPTS, PAUSE_SECONDS = 4, 2.0
"""How often, and with which pause in seconds, logs are read: lines may arrive some seconds after the failure."""
_MESSAGES = ("ErrorMessage", "errorMessage", "Cause", "cause")
_PLATFORM = ("INIT_START ", "START RequestId: ", "END RequestId: ")
"""The beginnings of the lines that Lambda itself writes around those of a function."""
MAX_DEPTH = 5
"""How many levels of nested executions are read."""


@dataclass(frozen=True)
class Failure:
    """Where and why an execution failed.

    Args:
        states: the failed states from the outermost to the innermost, those of nested executions, too; empty if no state failed.
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

    @property
    def advice(self) -> str:
        """What to do, if a call was denied; empty otherwise."""
        return denied_calls.advice(self.message)


def explain(aws: Aws, execution: str, history: History, depth: int = 0) -> Failure:
    """Explains the failure of an execution whose history has been read to its end.

    Raises:
        AwsError: AWS refused the history of a nested execution. Logs that cannot be read are left out.
    """
    visit = history.culprit()
    error, cause = history.error or history.end or "", history.cause
    if visit is None:
        return Failure((), error, innermost_message(cause))
    titles = tuple(outer.title for outer in (*visit.around, visit))
    nested = nested_execution(visit)
    if nested and depth < MAX_DEPTH:
        inner = read_history(aws, nested)
        failure = explain(aws, nested, inner, depth + 1)
        return Failure((*titles, *failure.states), failure.error, failure.message, failure.log, failure.lines)
    if history.end == "TIMED_OUT" and not cause:
        cause = "The execution took longer than the TimeoutSeconds of its state machine."
    own = None if visit.type in CONTAINERS else visit.error  # a container's event of its failure has no error
    error, message = own or error, innermost_message(visit.cause or cause)
    log, lines = _read_logs(aws, execution, visit)
    return Failure(titles, error, message, log, lines)


def innermost_message(cause: str) -> str:
    """Returns the innermost message of a cause in JSON, or else the text itself."""
    content = json_object(cause)
    message = next((content[name] for name in _MESSAGES if isinstance(content.get(name), str)), None)
    return cause.strip() if message is None else innermost_message(message)


def nested_execution(visit: Visit) -> str:
    """Returns the ARN of the execution that a visit started; empty if it started none."""
    cause = json_object(visit.cause)
    arn = str(cause.get("ExecutionArn") or cause.get("executionArn") or visit.submitted.get("ExecutionArn") or "")
    return arn if ":execution:" in arn else ""


def _read_logs(aws: Aws, execution: str, visit: Visit) -> tuple[str, tuple[str, ...]]:
    """Returns the first source that has lines, and its last lines. Sources that cannot be read are skipped."""
    try:
        sources = list(log_sources.of_visit(aws, execution, visit))
    except AwsError:
        return "", ()
    for attempt in range(LOG_ATTEMPTS if sources else 0):
        if attempt:
            aws.sleep(PAUSE_SECONDS)
        for source in sources:
            try:
                lines = read_lines(aws, source)
            except AwsError:
                continue
            if lines:
                return source.group + (f" {source.stream}" if source.stream else ""), lines
    return "", ()


def read_lines(aws: Aws, source: Source) -> tuple[str, ...]:
    """Returns the last lines of a source."""
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
