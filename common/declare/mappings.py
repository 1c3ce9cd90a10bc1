"""What Lambda takes of the mapping of a source to a function: of a queue other properties than of a stream.

Follows https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html and
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

import json
from collections.abc import Iterable

from common.base import schedules
from common.base.json_types import JsonMapping, JsonObject
from common.declare import event_patterns, targets, validation
from common.declare.allowed_actions import Permission, allow
from common.declare.resource_references import token_of
from common.declare.targets import BUCKET, QUEUE, STREAM, TABLE
from common.model.generated import GeneratedRef
from common.model.reference import Ref
from common.resources.table_reference import TableRef

RECEIVING = {
    "sqs": ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
    "kinesis": (
        *("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator"),
        *("kinesis:ListShards", "kinesis:SubscribeToShard"),
    ),
    "dynamodb": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
}
"""What Lambda does with a source in the name of the function, by the service of the source."""
TABLES = (TABLE, "AWS::DynamoDB::GlobalTable")
"""The types of tables that may have a stream."""
SOURCES = {QUEUE: ("sqs", "Arn"), STREAM: ("kinesis", "Arn"), **dict.fromkeys(TABLES, ("dynamodb", "StreamArn"))}
"""The service of each type of source, and the attribute with the ARN that Lambda polls."""
OF_QUEUES = frozenset({"ScalingConfig"})
"""The properties of mappings of queues alone."""
OF_STREAMS = frozenset(
    {
        *("BisectBatchOnFunctionError", "DestinationConfig", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts"),
        *("ParallelizationFactor", "StartingPosition", "StartingPositionTimestamp", "TumblingWindowInSeconds"),
    }
)
"""The properties of mappings of streams alone."""
SMALL_BATCH = 10
"""A batch of messages of a queue has at most this many, unless Lambda waits for it to fill."""
FOREVER = -1
"""Stands for no limit of retries."""
ARGUMENTS = {
    "ScalingConfig": "max_concurrency",
    "BisectBatchOnFunctionError": "split_failed",
    "DestinationConfig": "on_failure",
    "MaximumRecordAgeInSeconds": "max_age_seconds",
    "MaximumRetryAttempts": "retries",
    "ParallelizationFactor": "parallel",
    "StartingPosition": "starting",
    "TumblingWindowInSeconds": "tumbling_seconds",
}
"""The arguments of `on_messages` by the properties that they become."""


def source_of(source: Ref | str) -> tuple[str, str]:
    """The service of a source, and the ARN that Lambda polls.

    Raises:
        TypeError: Lambda does not poll it.
    """
    if isinstance(source, str):
        service = source.split(":")[2] if source.count(":") > 2 else ""
        if service in RECEIVING:
            return service, source
    elif isinstance(source, GeneratedRef):
        service, attribute = SOURCES.get(source.type_name, ("", ""))
        if service:
            return service, source.attribute(attribute)
    elif isinstance(source, TableRef) and source.has_stream:
        return "dynamodb", source.stream_arn
    elif isinstance(source, Ref) and source.key.kind == "queue":
        return "sqs", token_of(source)
    is_own = isinstance(source, TableRef)
    advice = '. Declare the table with stream="NEW_IMAGE"' if is_own else ". Say the ARN of a stream" if _is_table(source) else ""
    shown = source if isinstance(source, str) else targets.shown(source)
    raise TypeError(f"source: {shown} is neither a queue, nor a stream, nor a table with a stream{advice}")


def _is_table(source: Ref | str) -> bool:
    return isinstance(source, Ref) and source.key.kind == "table"


def starting_of(starting: str | None, service: str) -> JsonObject:
    """Where the first reading of a stream begins.

    Raises:
        ValueError: it cannot begin there.
    """
    if service == "sqs":
        return {"StartingPosition": starting}
    if starting is None or starting in {"LATEST", "TRIM_HORIZON"}:
        return {"StartingPosition": starting or "LATEST"}
    try:
        moment = schedules.check_moment(starting)
    except ValueError:
        raise ValueError(
            f"starting is {starting!r}; write LATEST, TRIM_HORIZON or a moment in UTC as 2027-01-31T06:30:00"
        ) from None
    if service == "dynamodb":
        raise ValueError("starting: the stream of a table is read from LATEST or TRIM_HORIZON, and from no moment")
    return {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": schedules.seconds_of(moment)}


def filters_of(filters: Iterable[JsonMapping]) -> JsonObject | None:
    """The filters of a mapping, whose patterns are texts there.

    Follows https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html

    Raises:
        TypeError: they are not a list of objects.
        ValueError: one is not a pattern.
    """
    if isinstance(filters, dict | str):
        raise TypeError('filters is a list, even of one: write filters=[{"body": …}]')
    patterns = [validation.check_object("filters", pattern) for pattern in filters]
    for pattern in patterns:
        event_patterns.check_values("filters", pattern)
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]} if patterns else None


def check_fitting(declared: JsonMapping, service: str, *, is_fifo: bool) -> None:
    """Checks that the properties of a mapping fit its source.

    Raises:
        ValueError: Lambda would refuse them.
    """
    others, whose = (OF_STREAMS, "a stream") if service == "sqs" else (OF_QUEUES, "a queue")
    if wrong := sorted(name for name in declared.keys() & others if declared[name] is not None):
        names = [ARGUMENTS.get(name, name) for name in wrong]
        more = ". What a queue gives up goes to its dead letter queue" if "DestinationConfig" in wrong else ""
        raise ValueError(f"{', '.join(names)}: only {whose} has that{more}")
    batch, window = declared.get("BatchSize", 0), declared.get("MaximumBatchingWindowInSeconds", 0)
    if service == "sqs" and is_fifo and (window or batch > SMALL_BATCH):
        raise ValueError(
            f"a FIFO queue has batches of at most {SMALL_BATCH}, and Lambda does not wait for them: no window_seconds"
        )
    if service == "sqs" and batch > SMALL_BATCH and not window:
        raise ValueError(f"batch_size is {batch}; more than {SMALL_BATCH} messages of a queue take window_seconds of at least 1")


def permissions_of(service: str, arn: str, destination: Ref | None) -> Iterable[Permission]:
    """What the role of the function is allowed: to receive, and to report what is given up."""
    yield allow(*RECEIVING[service], on=arn)
    if destination is not None:
        type_name = targets.type_of(destination)
        actions = ("s3:PutObject", "s3:ListBucket") if type_name == BUCKET else targets.ACTIONS[type_name]
        yield allow(*actions, on=destination)
