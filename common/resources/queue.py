"""An SQS queue, encrypted. One whose name ends with `.fifo` keeps the order of its messages, as AWS calls such queues.

The messages in it cannot be sent again, so a queue counts as data. It cannot be used for about a second after its creation, and
can still be read for up to a minute after its deletion; in this minute AWS refuses a new queue of the same name. The URL of a
queue follows from its ARN.

Follows https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import Json
from common.base.lean_dataclass import dataclass
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole_if_ours
from common.model.kind import ArnForm, Calls, Kind, NameRule, Passing, Policy, Properties
from common.model.listing import Listing
from common.model.lookup import Lookup
from common.model.orphan import Named
from common.model.projection import Projection
from common.model.reference import Ref
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags

FIFO = ".fifo"
_ABSENT = "AWS.SimpleQueueService.NonExistentQueue"
_FIXED = frozenset({"FifoQueue"})
_OF_ORDER = frozenset({"ContentBasedDeduplication", "FifoQueue"})
_NUMBERS = frozenset({"MessageRetentionPeriod", "VisibilityTimeout"})
_SWITCHES = frozenset({"ContentBasedDeduplication", "FifoQueue", "SqsManagedSseEnabled"})
_ENCRYPTION = frozenset({"KmsMasterKeyId", "SqsManagedSseEnabled"})
"""A queue has one of these, so they are set together."""
_OPTIONAL = ("RedrivePolicy", "KmsMasterKeyId")
_UNDECLARED: Mapping[str, tuple[str, ...]] = {
    "DeduplicationScope": ("queue",),
    "DelaySeconds": ("0",),
    "FifoThroughputLimit": ("perQueue",),
    "KmsDataKeyReusePeriodSeconds": ("300",),
    "MaximumMessageSize": ("262144", "1048576"),
    "Policy": (),
    "ReceiveMessageWaitTimeSeconds": ("0",),
    "RedriveAllowPolicy": (),
}
"""An update does not change these attributes; the values are those that AWS itself sets."""
_RESET = {name: usual[-1] for name, usual in _UNDECLARED.items() if usual}
"""These values take attributes away; an empty text does so with all others."""
_SETTLING_SECONDS = 1.0
_POLLS = 90
"""Poll at most this number of times, once a second: a queue can be used after about a second, and is gone after a minute."""


def url_of(arn: str) -> str:
    """The URL of a queue."""
    _, partition, _, region, account_id, name = arn.split(":")
    return f"https://sqs.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}/{account_id}/{name}"


_USING = ("sqs:GetQueueAttributes", "sqs:GetQueueUrl")
KIND = Kind(
    name="queue",
    word="queue",
    service="sqs",
    step=steps.SHARED,
    console="sqs/v3/home?region={region}#/queues/https%3A%2F%2Fsqs.{region}.amazonaws.com%2F{account}%2F{name}",
    arn=ArnForm("sqs"),
    names=NameRule(80, re.compile(r"[A-Za-z0-9_-]+(\.fifo)?"), "letters, digits, - and _, and .fifo at the end"),
    declared_name=re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.fifo)?"),
    declared_words="a queue's name has letters, digits, - and _, begins with a letter or _, and may end with .fifo",
    attributes={"url": url_of},
    reads=(*_USING, "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"),
    writes=(*_USING, "sqs:SendMessage"),
    encryption=("KmsMasterKeyId",),
    listing=Listing("ListQueues", "QueueUrls", prefix="QueueNamePrefix", size=("MaxResults", 1000), before_name="/"),
    calls=Calls(("GetQueueAttributes", "CreateQueue", "GetQueueAttributes"), "SetQueueAttributes"),
    properties=Properties(
        "SetQueueAttributes",
        ("Attributes",),
        {
            "VisibilityTimeout": "visibility_timeout_seconds",
            "MessageRetentionPeriod": "retention_seconds",
            "ContentBasedDeduplication": "deduplicate",
            "RedrivePolicy": "dead_letter and max_receives",
            "SqsManagedSseEnabled": "kms_key",
            "KmsMasterKeyId": "kms_key",
            "FifoQueue": "the name",
            "All": "",
            "QueueArn": "",
            "CreatedTimestamp": "",
            "LastModifiedTimestamp": "",
            "ApproximateNumberOfMessages": "",
            "ApproximateNumberOfMessagesDelayed": "",
            "ApproximateNumberOfMessagesNotVisible": "",
        },
    ),
    passing=Passing(seconds={"AWS.SimpleQueueService.QueueDeletedRecently": 90.0}),
    policy=Policy(
        operations=(
            *("CreateQueue", "DeleteQueue", "GetQueueAttributes", "SetQueueAttributes"),
            *("ListQueueTags", "TagQueue", "UntagQueue"),
        ),
        everywhere=("ListQueues",),
        left_over=("DeleteQueue", "UntagQueue"),
        actions={"CreateQueue": ("sqs:CreateQueue", "sqs:TagQueue")},
    ),
    lookup=Lookup(
        "GetQueueUrl",
        lambda queue: {"QueueName": queue.name, "QueueOwnerAWSAccountId": queue.arn.split(":")[4]},
        (_ABSENT, "QueueDoesNotExist"),
    ),
)


@dataclass(frozen=True)
class QueueRef(Ref):
    """A queue, as authors refer to it."""

    @property
    def url(self) -> str:
        """The URL, which senders and receivers use."""
        return url_of(self.arn)


@dataclass(frozen=True, kw_only=True)
class Queue(Declared):
    """A queue.

    Args:
        dead_letter_arn: the ARN of the queue that gets messages that were received too often.
        max_receives: how often a message may be received before that.
        retention_seconds: how long a message waits to be received.
        visibility_timeout_seconds: how long a received message is hidden from other receivers.
        deduplicate: two messages with the same content within five minutes count as one; for FIFO queues.
        kms_key: the key that encrypts the queue; without one, SQS uses its own.
    """

    data: ClassVar[bool] = True
    removable: ClassVar[frozenset[str]] = frozenset({"KmsMasterKeyId", "RedrivePolicy", "Tags"})
    immutable: ClassVar[frozenset[str]] = _FIXED
    dead_letter_arn: str | None = None
    max_receives: int = 5
    retention_seconds: int = 345_600
    visibility_timeout_seconds: int = 30
    deduplicate: bool = False
    kms_key: str | None = None

    def desired(self) -> State:
        """The owned attributes, with numbers, booleans and an object instead of SQS's texts."""
        dead_letter = {"deadLetterTargetArn": self.dead_letter_arn, "maxReceiveCount": self.max_receives}
        return {
            "FifoQueue": self.name.endswith(FIFO),
            "VisibilityTimeout": self.visibility_timeout_seconds,
            "MessageRetentionPeriod": self.retention_seconds,
            "ContentBasedDeduplication": self.deduplicate,
            "RedrivePolicy": dead_letter if self.dead_letter_arn else None,
            "SqsManagedSseEnabled": self.kms_key is None,
            "KmsMasterKeyId": self.kms_key,
            **{name: comparison.one_spelling(text) for name, text in self.properties.items()},
            "Tags": dict(self.tags),
        }

    def read(self, aws: Aws) -> Live | None:
        """The live state. Attributes that AWS leaves out are off."""
        live = _attributes(aws, self)
        tags = None if live is None else _tags(aws, self)
        if live is None or tags is None:
            return None
        state: State = {name: int(live[name]) for name in _NUMBERS} | {name: live.get(name) == "true" for name in _SWITCHES}
        redrive = json.loads(live.get("RedrivePolicy") or "null")
        if redrive:
            redrive = {**redrive, "maxReceiveCount": int(redrive["maxReceiveCount"])}
        state |= {"RedrivePolicy": redrive, "KmsMasterKeyId": live.get("KmsMasterKeyId") or None}
        state, free = comparison.released(state, self.desired(), _OPTIONAL)
        state |= {"SqsManagedSseEnabled": True} if "KmsMasterKeyId" in free else {}  # it is encrypted, with a key of its own
        declared = self.desired()
        told = {name: comparison.one_spelling(live.get(name, "")) or None for name in self.properties}
        state |= {name: Projection().projected(text, declared[name]) for name, text in told.items()}
        kept = {
            name: live[name]
            for name, usual in _UNDECLARED.items()
            if live.get(name) and live[name] not in usual and name not in self.properties
        }
        return Live({**state, "Tags": owned_tags(tags, self.tags)}, undeclared={**kept, **free, **other_tags(tags, self.tags)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the queue with its tags in one call, unless it exists, and waits until it can be used."""
        live = self.read(aws)
        if live is not None:
            return self.update(aws, whole_if_ours(self, desired, live))
        attributes = {name: text for name, text in _as_sent(desired, desired.keys()).items() if text}
        try:
            aws.call("sqs", "CreateQueue", QueueName=self.name, Attributes=attributes, tags=desired["Tags"])
        except AwsError as error:  # of another deploy, with other attributes
            if error.code != "QueueAlreadyExists":
                raise
            return self.update(aws, whole_if_ours(self, desired, self.read(aws)))
        _wait(aws, self, exists=True)
        return {}

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Sets the attributes that changed, and the tags; attributes that are not sent stay as they are."""
        url = url_of(self.arn)
        changed = change.changed | (_ENCRYPTION if change.changed & _ENCRYPTION else set())
        kept = (change.live.undeclared.keys() if change.live is not None else set()) - change.stale.keys()
        kept |= _ENCRYPTION if "KmsMasterKeyId" in kept else set()
        attributes = _as_sent(change.desired, (changed & change.desired.keys()) - _FIXED - kept)
        attributes |= {name: _RESET.get(name, "") for name in change.stale.keys() & _UNDECLARED.keys() - change.desired.keys()}
        if attributes:
            aws.call("sqs", "SetQueueAttributes", QueueUrl=url, Attributes=attributes)
        if "Tags" in change.changed:
            aws.call("sqs", "TagQueue", QueueUrl=url, Tags=change.desired["Tags"])
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        return {}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        return _tags(aws, resource)

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("sqs", "UntagQueue", QueueUrl=url_of(resource.arn), TagKeys=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Deletes the queue with all its messages, and waits until it is gone: until then it can still be read."""
        if aws.find("sqs", "DeleteQueue", _ABSENT, QueueUrl=url_of(resource.arn)) is not None:
            _wait(aws, resource, exists=False)


def _attributes(aws: Aws, resource: Named) -> dict[str, str] | None:
    response = aws.find("sqs", "GetQueueAttributes", _ABSENT, QueueUrl=url_of(resource.arn), AttributeNames=["All"])
    return None if response is None else response.get("Attributes", {})


def _tags(aws: Aws, resource: Named) -> dict[str, str] | None:
    response = aws.find("sqs", "ListQueueTags", _ABSENT, QueueUrl=url_of(resource.arn))
    return None if response is None else response.get("Tags", {})


def _wait(aws: Aws, resource: Named, *, exists: bool) -> None:
    for _ in range(_POLLS):
        if (_attributes(aws, resource) is not None) == exists:
            return
        aws.sleep(_SETTLING_SECONDS)
    message = f"{resource.name} {'cannot be used' if exists else 'is still there'} after {_POLLS} seconds. Deploy again."
    raise AwsError("sqs", "GetQueueAttributes", "QueueNotSettled", message)


def _as_sent(desired: State, names: Collection[str]) -> dict[str, str]:
    """Attributes as SQS accepts them: all are texts, and an empty text removes an attribute."""
    ordered = desired["FifoQueue"]
    return {name: _text(desired[name]) for name in sorted(names) if name != "Tags" and (ordered or name not in _OF_ORDER)}


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value)
