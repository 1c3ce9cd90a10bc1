"""Functions that are called with messages: of a queue, of a Kinesis stream, or of the stream of a DynamoDB table.

Lambda polls the source, and the function's role must allow it. With partial failures, which are the default, the function says
which messages of a batch it could not use, and only these come again: ``{"batchItemFailures": [{"itemIdentifier": …}]}``.

Follows https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html and
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-create-esm.html
"""

from dataclasses import dataclass
from typing import Literal

from common.aws.resource_schemas import schema_of
from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping, JsonObject
from common.declare import validation
from common.declare.allowed_actions import allow
from common.declare.cloud_resources import ResourceDeclaration
from common.declare.declaration import Configured
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND, reference_to, token_of
from common.model.generated import GeneratedRef
from common.model.reference import Ref
from common.model.resource import Key
from common.resources.function import Function
from common.resources.queue import Queue

MAPPING = "AWS::Lambda::EventSourceMapping"
RECEIVING = {
    "sqs": ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
    "kinesis": (
        *("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator"),
        *("kinesis:ListShards", "kinesis:SubscribeToShard"),
    ),
    "dynamodb": ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
}
"""What Lambda does with a source in the name of the function, by the service of the source."""
STREAM_ATTRIBUTE = "StreamArn"
"""The attribute of a table whose stream is read."""


@dataclass(frozen=True, kw_only=True)
class MessagesDeclaration:
    """A mapping of a source to a function; `Messages.on_messages` explains every field."""

    mapping: ResourceDeclaration
    function: Ref
    source: Ref | str

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the mapping.

        Raises:
            DeclarationError: the queue would deliver messages again while the function still works on them.
        """
        resources = project.known()
        queue = resources.get(self.source.key) if isinstance(self.source, Ref) else None
        function = resources.get(self.function.key)
        if isinstance(queue, Queue) and isinstance(function, Function):
            hidden, works = queue.visibility_timeout_seconds, function.settings.timeout_seconds
            if hidden < works:
                raise DeclarationError(
                    f"{project.where(ref)}: {queue.key} hides a message for {hidden} seconds, and {function.key} may work "
                    f"{works} seconds: Lambda refuses that. Declare the queue with visibility_timeout_seconds={6 * works}."
                )
        self.mapping.render(project, ref, configured)


class Messages(PipelineParts):
    """The method by which pipelines declare them."""

    def on_messages(
        self,
        reference: str,
        /,
        function: Ref,
        source: Ref | str,
        *,
        batch_size: int | None = None,
        window_seconds: int = 0,
        partial_failures: bool = True,
        starting: Literal["LATEST", "TRIM_HORIZON"] = "LATEST",
        properties: JsonMapping | None = None,
    ) -> GeneratedRef:
        """Calls `function` with batches of the messages of `source`.

        Args:
            reference: what references call it.
            function: the function.
            source: a queue, a stream, a table with a stream, or the ARN of one.
            batch_size: how many messages a batch has at most; by default what Lambda takes.
            window_seconds: how long Lambda waits for a batch to fill.
            partial_failures: the function says which messages have failed, so that only these come again.
            starting: where the first reading of a stream begins: with what comes now, or with the oldest that is kept.
            properties: further properties of ``AWS::Lambda::EventSourceMapping``, such as ``FilterCriteria``.
        """
        called, arn = validation.check_kind("function", function, "lambda"), _arn(source)
        service = _service(source)
        own: JsonObject = {"EventSourceArn": arn, "FunctionName": token_of(called, "name")}
        own |= {"BatchSize": validation.check_integer("batch_size", batch_size, 1, 10_000)} if batch_size is not None else {}
        window = validation.check_integer("window_seconds", window_seconds, 0, 300)
        own |= {"MaximumBatchingWindowInSeconds": window} if window else {}
        own |= {"FunctionResponseTypes": ["ReportBatchItemFailures"]} if partial_failures else {}
        own |= {"StartingPosition": starting} if service != "sqs" else {}
        schema, key = schema_of(MAPPING, self.env.region), Key(self.name, KIND, reference)
        declared = {**own, **validation.check_object("properties", properties or {})}
        mapping = ResourceDeclaration(schema=schema, properties=declared, name="")
        ref = reference_to(self.env, key, schema, "")
        self._declarations.keep_named(ref, MessagesDeclaration(mapping=mapping, function=called, source=source))
        self._declarations.allow(called, allow(*RECEIVING[service], on=arn))
        return ref


def _arn(source: Ref | str) -> str:
    if isinstance(source, str):
        return source
    if isinstance(source, GeneratedRef):
        return source.attribute(STREAM_ATTRIBUTE) if STREAM_ATTRIBUTE in source.attributes else source.arn
    return token_of(source)


def _service(source: Ref | str) -> str:
    """The service of a source.

    Raises:
        TypeError: Lambda does not poll it.
    """
    services: set[str] = set()
    if isinstance(source, GeneratedRef):
        services = {"dynamodb"} if STREAM_ATTRIBUTE in source.attributes else {*source.services} & RECEIVING.keys()
    elif isinstance(source, Ref):
        services = {"sqs"} if source.key.kind == "queue" else set()
    elif source.count(":") > 2:
        services = {source.split(":")[2]} & RECEIVING.keys()
    if len(services) != 1:
        shown = source if isinstance(source, str) else source.key
        raise TypeError(f"source: {shown} is neither a queue, nor a stream, nor a table with a stream")
    return next(iter(services))
