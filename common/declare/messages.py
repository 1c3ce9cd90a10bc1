"""Functions that are called with messages: of a queue, of a Kinesis stream, or of the stream of a DynamoDB table.

Lambda polls the source, and the function's role must allow it. With partial failures, which are the default, the function says
which messages of a batch it could not use, and only these come again: ``{"batchItemFailures": [{"itemIdentifier": …}]}``.

Follows https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-create-esm.html and
https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""

from collections.abc import Iterable
from dataclasses import replace

from common.aws.resource_schemas import schema_of
from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.declare import mappings, targets, used_keys, validation
from common.declare.cloud_resources import ResourceDeclaration
from common.declare.declaration import Configured
from common.declare.mappings import TABLES
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND, reference_to, token_of
from common.declare.targets import BUCKET, QUEUE, TOPIC
from common.model.generated import GeneratedRef
from common.model.reference import Ref
from common.model.resource import Key, Resource
from common.resources import function_versions
from common.resources.cloud_control import CloudResource
from common.resources.function import Function
from common.resources.queue import FIFO, Queue

MAPPING = "AWS::Lambda::EventSourceMapping"
DEFAULT_VISIBILITY = 30
"""SQS hides a message that was received for this many seconds, unless its queue sets another number."""
RECOMMENDED = 6
"""AWS recommends to hide a message for this many times the timeout of the function, because throttled invocations are retried."""


@dataclass(frozen=True, kw_only=True)
class MessagesDeclaration:
    """A mapping of a source to a function; `Messages.on_messages` explains every field."""

    mapping: ResourceDeclaration
    function: Ref
    source: Ref | str
    destination: Ref | None

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the mapping.

        Raises:
            DeclarationError: the queue would deliver messages again while the function still works on them, or a table has no
                stream.
        """
        resources, where = project.known(), project.where(ref)
        source = resources.get(self.source.key) if isinstance(self.source, Ref) else None
        function = resources.get(self.function.key)
        hidden = _hidden_seconds(source)
        works = function.settings.timeout_seconds if isinstance(function, Function) else 0
        if source is not None and function is not None and hidden is not None and hidden < works:
            setting = "visibility_timeout_seconds=" if isinstance(source, Queue) else "VisibilityTimeout "
            window = int(self.mapping.properties.get("MaximumBatchingWindowInSeconds", 0))
            raise DeclarationError(
                f"{where}: {source.key} hides a message for {hidden} seconds, and {function.key} may work {works} seconds: "
                f"Lambda refuses that. Declare the queue with {setting}{RECOMMENDED * works + window}."
            )
        if isinstance(source, CloudResource) and source.type_name in TABLES and "StreamSpecification" not in source.properties:
            raise DeclarationError(
                f'{where}: {source.key} has no stream. Declare it with "StreamSpecification": {{"StreamViewType": "NEW_IMAGE"}}.'
            )
        if isinstance(self.source, Ref):
            used_keys.allow(project, self.function, [self.source], writing=False)
        if self.destination is not None:
            used_keys.allow(project, self.function, [self.destination], writing=True)
        publishes = targets.started_arn(project, self.function) != self.function.arn
        called = {"FunctionName": token_of(self.function, function_versions.ALIAS)} if publishes else {}
        replace(self.mapping, properties={**self.mapping.properties, **called}).render(project, ref, configured)


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
        filters: Iterable[JsonMapping] = (),
        max_concurrency: int | None = None,
        starting: str | None = None,
        parallel: int | None = None,
        retries: int | None = None,
        max_age_seconds: int | None = None,
        split_failed: bool = False,
        tumbling_seconds: int | None = None,
        on_failure: Ref | None = None,
        enabled: bool = True,
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
            filters: patterns of which a message must match one, as in ``[{"body": {"kind": ["order"]}}]``.
            max_concurrency: of a queue, how many invocations work on its messages at once, from 2 to 1,000.
            starting: of a stream, where the first reading begins: with what comes now (``LATEST``, the default), with the
                oldest that is kept (``TRIM_HORIZON``), or of a Kinesis stream at a moment in UTC (``2027-01-31T06:30:00``).
            parallel: of a stream, how many batches of each shard are worked on at once, up to 10.
            retries: of a stream, how often a batch that fails comes again; without it until it is too old.
            max_age_seconds: of a stream, how old a record may be; without it as long as the stream keeps it.
            split_failed: of a stream, a batch that fails is split in two.
            tumbling_seconds: of a stream, how long the function's state is handed on from batch to batch, up to 900.
            on_failure: of a stream, the queue, topic or bucket that gets a record of batches that are given up. What a queue
                gives up goes to its own dead letter queue.
            enabled: whether messages are received.
            properties: further properties of ``AWS::Lambda::EventSourceMapping``.
        """
        called = validation.check_kind("function", function, "lambda")
        service, arn = mappings.source_of(source)
        integer = validation.check_optional_integer
        concurrency = integer("max_concurrency", max_concurrency, 2, 1000)
        own: JsonObject = {
            "EventSourceArn": arn,
            "FunctionName": token_of(called, "name"),
            "BatchSize": integer("batch_size", batch_size, 1, 10_000),
            "MaximumBatchingWindowInSeconds": validation.check_integer("window_seconds", window_seconds, 0, 300) or None,
            "FunctionResponseTypes": ["ReportBatchItemFailures"] if partial_failures else None,
            "FilterCriteria": mappings.filters_of(filters),
            "ScalingConfig": None if concurrency is None else {"MaximumConcurrency": concurrency},
            "ParallelizationFactor": integer("parallel", parallel, 1, 10),
            "MaximumRetryAttempts": integer("retries", retries, mappings.FOREVER, 10_000),
            "MaximumRecordAgeInSeconds": integer("max_age_seconds", max_age_seconds, 60, 604_800),
            "BisectBatchOnFunctionError": split_failed or None,
            "TumblingWindowInSeconds": integer("tumbling_seconds", tumbling_seconds, 0, 900),
            "Enabled": None if enabled else False,
            **mappings.starting_of(starting, service),
        }
        if on_failure is not None:
            targets.check_order(targets.check("on_failure", on_failure, [QUEUE, TOPIC, BUCKET]), {})
            own["DestinationConfig"] = {"OnFailure": {"Destination": token_of(on_failure)}}
        declared = {name: value for name, value in own.items() if value is not None}
        declared |= validation.check_object("properties", properties or {})
        mappings.check_fitting(declared, service, is_fifo=(source if isinstance(source, str) else source.name).endswith(FIFO))
        schema, key = schema_of(MAPPING, self.env.region), Key(self.name, KIND, reference)
        mapping = ResourceDeclaration(schema=schema, properties=declared, name="")
        ref = reference_to(self.env, key, schema, "")
        declaration = MessagesDeclaration(mapping=mapping, function=called, source=source, destination=on_failure)
        self._declarations.keep_named(ref, declaration)
        for permission in mappings.permissions_of(service, arn, on_failure):
            self._declarations.allow(called, permission)
        return ref


def _hidden_seconds(queue: Resource | None) -> int | None:
    """For how long a queue hides a message that was received; None if that is not known here."""
    if isinstance(queue, Queue):
        return queue.visibility_timeout_seconds
    if isinstance(queue, CloudResource) and queue.type_name == QUEUE:
        return int(queue.properties.get("VisibilityTimeout", DEFAULT_VISIBILITY))
    return None
