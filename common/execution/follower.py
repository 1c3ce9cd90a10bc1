"""Starts an execution of a state machine and follows it to its end.

New events are read from the end of the history back to the last known one, so that a poll of a long execution needs one call and
not the whole history. If following stops, the execution continues.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
"""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.environment.config import Environment
from common.execution.calls import CallEvent
from common.execution.failure import Failure
from common.execution.history import Happening, History, Visit
from common.execution.messages import MessageEvent
from common.execution.preview import Preview
from common.model.events import Event

FIRST_PAUSE_SECONDS, PAUSE_GROWTH = 1.0, 1.25
"""The first pause between polls in seconds, and the factor by which it grows while nothing happens."""
MAX_PAUSE_SECONDS, MAX_PAUSE_SECONDS_EMBEDDED = 5.0, 1.0
"""How many seconds to wait between two polls at most."""
MAX_POLL_ERRORS = 10
"""Stop following after this many consecutive errors, even temporary ones."""

UPDATED_SECONDS = 5.0
"""How long after an update an execution may still use the old definition and role, in seconds; AWS says "a few seconds".

See https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
"""


@dataclass(frozen=True)
class Put:
    """A sample file was put into its bucket."""

    path: Path
    uri: str


@dataclass(frozen=True)
class Began:
    """An execution was started."""

    project: str
    machine: str
    execution: str


@dataclass(frozen=True)
class Waiting:
    """A poll has ended and the execution has not; these visits are running."""

    running: tuple[Visit, ...]


@dataclass(frozen=True)
class Outcome:
    """An execution has ended.

    Args:
        status: ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT`` or ``ABORTED``.
        output: the output as JSON text.
        failure: the reason if it did not succeed.
    """

    project: str
    execution: str
    status: str
    seconds: float
    visits: tuple[Visit, ...]
    output: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Shown:
    """The table that the execution has written is shown."""

    project: str
    preview: Preview


RunEvent = Event | Put | MessageEvent | CallEvent | Began | Waiting | Happening | Outcome | Shown
Tell = Callable[[RunEvent], None]


def wait_for_update(aws: Aws, env: Environment, project: str) -> None:
    """Blocks until executions use the updates of a project's last deploy, whose end is the time of its release root."""
    root = {**env.store, "Key": f"{env.stored(project)}release.json"}
    response = aws.find("s3", "HeadObject", "404", **root)
    now = response["ResponseMetadata"]["HTTPHeaders"].get("date") if response else None
    if response is not None and now is not None:
        left = UPDATED_SECONDS - (parsedate_to_datetime(now) - response["LastModified"]).total_seconds()
        if left > 0:
            aws.sleep(min(left, UPDATED_SECONDS))


def start(aws: Aws, machine_arn: str, text: str, now: datetime | None = None) -> str:
    """Starts an execution whose name contains the time of its start.

    Args:
        aws: AWS.
        machine_arn: the ARN of the state machine.
        text: the input as JSON text.
        now: the present time.

    Returns:
        The execution's ARN.
    """
    name = f"run-{now or datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    return str(aws.call("stepfunctions", "StartExecution", stateMachineArn=machine_arn, name=name, input=text)["executionArn"])


def follow(aws: Aws, execution: str, tell: Tell, longest_pause: float, before: History | None = None) -> History:
    """Reports what happens in an execution until it has ended.

    Args:
        aws: AWS.
        execution: the ARN of the execution.
        tell: receives every event, and `Waiting` after each poll.
        longest_pause: the longest pause between two polls, in seconds.
        before: what has happened before, which is not reported again.

    Raises:
        AwsError: AWS refuses to return more events. The execution continues.
    """
    history, pause, refusals = before or History(), FIRST_PAUSE_SECONDS, 0
    while True:
        last = history.last
        try:
            events = list(_new_events(aws, execution, last))
        except AwsError as error:
            refusals += 1
            if not error.passes or refusals > MAX_POLL_ERRORS:
                raise
        else:
            refusals = 0
            for happening in history.read(events):
                tell(happening)
        if history.end is not None:
            return history
        tell(Waiting(tuple(history.running)))
        pause = FIRST_PAUSE_SECONDS if history.last > last else min(pause * PAUSE_GROWTH, longest_pause)
        aws.sleep(pause)


def _new_events(aws: Aws, execution: str, last: int) -> Iterator[JsonObject]:
    """The events after `last`, newest first."""
    page: JsonObject = {}
    while True:
        more = {"nextToken": page["nextToken"]} if page else {}
        page = aws.call("stepfunctions", "GetExecutionHistory", executionArn=execution, reverseOrder=True, maxResults=100, **more)
        for event in page["events"]:
            if event["id"] <= last:
                return
            yield event
        if not page.get("nextToken"):
            return
