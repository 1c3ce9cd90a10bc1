"""Sends sample messages to queues of the embedded AWS, and finds those that were refused in the dead letter queue.

A message that a function refuses comes again until the queue gives it up. So a queue that a function reads is empty in the end,
and what is then missing was taken.

Follows https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

import json
import secrets
from collections.abc import Callable, Collection
from pathlib import Path

from common.aws.protocol import Aws
from common.base.lean_dataclass import dataclass
from common.model.events import Note
from common.resources.queue import FIFO

POLL_SECONDS, POLLS = 0.5, 600
"""The pause between two looks at a queue in seconds, and how often to look at most: for five minutes."""
_WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
_HIDDEN_SECONDS = 2
"""A message of the dead letter queue that was read is hidden for this many seconds, so that the next read returns others."""


@dataclass(frozen=True)
class Messages:
    """Sample messages for a queue.

    Args:
        path: the file that has them.
        queue: the name of the queue.
        bodies: the messages.
        is_read: a function of the project takes the messages of the queue.
    """

    path: Path
    queue: str
    bodies: tuple[str, ...]
    is_read: bool


@dataclass(frozen=True)
class Sent:
    """The messages were sent."""

    messages: Messages


@dataclass(frozen=True)
class Delivering:
    """A queue still has this many messages. A function may be working on some of them."""

    queue: str
    left: int


@dataclass(frozen=True)
class Refused:
    """These messages ended in the dead letter queue."""

    queue: str
    bodies: tuple[str, ...]


MessageEvent = Sent | Delivering | Refused
Report = Callable[[MessageEvent | Note], None]


def send(aws: Aws, messages: Messages, report: Report) -> None:
    """Sends messages; if a function reads the queue, waits until it is empty and reports what was refused.

    Args:
        aws: the embedded AWS.
        messages: the messages.
        report: receives every event.
    """
    url = _url(aws, messages.queue)
    ordered = {"MessageGroupId": "sample"} if messages.queue.endswith(FIFO) else {}
    ids = set()
    for body in messages.bodies:
        once = {**ordered, "MessageDeduplicationId": secrets.token_hex(16)} if ordered else {}
        ids.add(aws.call("sqs", "SendMessage", QueueUrl=url, MessageBody=body, **once)["MessageId"])
    report(Sent(messages))
    if not messages.is_read:
        return
    left = _wait(aws, messages.queue, url, report)
    if left:
        seconds = f"{POLLS * POLL_SECONDS:.0f} seconds"
        report(Note(f"{messages.queue} still has {left} messages after {seconds}. The run goes on without them."))
    redrive = json.loads(_attributes(aws, url, "RedrivePolicy").get("RedrivePolicy") or "{}")
    if redrive:
        dead_letter = redrive["deadLetterTargetArn"].rpartition(":")[2]
        if bodies := _refused(aws, _url(aws, dead_letter), ids):
            report(Refused(dead_letter, bodies))


def _wait(aws: Aws, queue: str, url: str, report: Report) -> int:
    """Blocks until a queue is empty. Returns how many messages it has if that takes too long."""
    left = 0
    for _ in range(POLLS):
        left = sum(map(int, _attributes(aws, url, *_WAITING).values()))
        if not left:
            break
        report(Delivering(queue, left))
        aws.sleep(POLL_SECONDS)
    return left


def _refused(aws: Aws, url: str, ids: Collection[str]) -> tuple[str, ...]:
    """Returns the bodies of those of these messages that are in a dead letter queue, and leaves them there."""
    bodies: dict[str, str] = {}
    options = {"MaxNumberOfMessages": 10, "VisibilityTimeout": _HIDDEN_SECONDS}
    while received := aws.call("sqs", "ReceiveMessage", QueueUrl=url, **options).get("Messages"):
        new = {message["MessageId"]: message["Body"] for message in received if message["MessageId"] not in bodies}
        if not new:
            break
        bodies |= new
    return tuple(body for identifier, body in bodies.items() if identifier in ids)


def _attributes(aws: Aws, url: str, *names: str) -> dict[str, str]:
    return dict(aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=[*names]).get("Attributes") or {})


def _url(aws: Aws, queue: str) -> str:
    return str(aws.call("sqs", "GetQueueUrl", QueueName=queue)["QueueUrl"])
