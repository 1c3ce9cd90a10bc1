"""Starts an execution of a state machine and follows it to its end.

What is new is read from the end of the history backwards to what is known already, so that following a long execution costs a
call a poll and not the whole history again. Whoever stops following does not stop the execution.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.environment.config import Environment
from common.execution.failure import Failure
from common.execution.history import Happening, History, Visit
from common.execution.preview import Preview
from common.model.events import Event

FIRST_PAUSE, GROWTH = 1.0, 1.25
"""Seconds to the next poll; longer each time that nothing has happened."""
PATIENCE = 10
"""Stop following after this many refusals in a row, even if each may pass."""

UPDATED_SECONDS = 5.0
"""For "a few seconds" after an update, an execution may use the definition and the role of before.

See https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
"""


@dataclass(frozen=True)
class Put:
    """A sample file was put to its place."""

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
    """A poll is over and the execution is not; these visits last."""

    running: tuple[Visit, ...]


@dataclass(frozen=True)
class Outcome:
    """An execution has ended.

    Args:
        status: ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT`` or ``ABORTED``.
        output: JSON.
        failure: why it did not succeed.
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
    """The table that the execution has made."""

    project: str
    preview: Preview


RunEvent = Event | Put | Began | Waiting | Happening | Outcome | Shown
Tell = Callable[[RunEvent], None]


def wait_for_update(aws: Aws, env: Environment, project: str) -> None:
    """Blocks until executions use what the last deploy of a project has updated; it has written the release root at its end."""
    root = {"Bucket": env.artifact_bucket, "Key": f"{env.name}/{project}/release.json", "ExpectedBucketOwner": env.account_id}
    response = aws.find("s3", "HeadObject", "404", **root)
    now = response["ResponseMetadata"]["HTTPHeaders"].get("date") if response else None
    if response is not None and now is not None:
        left = UPDATED_SECONDS - (parsedate_to_datetime(now) - response["LastModified"]).total_seconds()
        if left > 0:
            aws.sleep(min(left, UPDATED_SECONDS))


def start(aws: Aws, machine_arn: str, text: str, now: datetime | None = None) -> str:
    """Starts an execution with a name that says when it was started.

    Args:
        aws: where.
        machine_arn: what.
        text: the input, JSON.
        now: the time.

    Returns:
        The execution's ARN.
    """
    name = f"run-{now or datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    return str(aws.call("stepfunctions", "StartExecution", stateMachineArn=machine_arn, name=name, input=text)["executionArn"])


def follow(aws: Aws, execution: str, tell: Tell, longest_pause: float) -> History:
    """Tells what happens in an execution until it has ended.

    Args:
        aws: where.
        execution: its ARN.
        tell: gets every happening, and `Waiting` after each poll.
        longest_pause: between two polls, in seconds.

    Raises:
        AwsError: AWS refuses to tell more. The execution goes on.
    """
    history, pause, refusals = History(), FIRST_PAUSE, 0
    while True:
        before = history.last
        try:
            events = list(_new(aws, execution, before))
        except AwsError as error:
            refusals += 1
            if not error.passes or refusals > PATIENCE:
                raise
        else:
            refusals = 0
            for happening in history.read(events):
                tell(happening)
        if history.end is not None:
            return history
        tell(Waiting(tuple(history.running)))
        pause = FIRST_PAUSE if history.last > before else min(pause * GROWTH, longest_pause)
        aws.sleep(pause)


def _new(aws: Aws, execution: str, last: int) -> Iterator[JsonObject]:
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
