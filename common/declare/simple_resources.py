"""Resources that need nothing but what their declaration says: no configuration, no role, nothing beside them.

A pipeline may have such a resource of its own, and all pipelines may share one. Both are declared by the same methods.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Literal, get_args

from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.declare import properties, table_keys, targets, validation
from common.declare.declaration import Configured
from common.declare.project_resources import ProjectResources
from common.model.generated import marked_keys
from common.model.reference import Ref
from common.model.resource import Resource
from common.resources.queue import FIFO, Queue, QueueRef
from common.resources.table import Table
from common.resources.table_reference import TableRef
from common.resources.table_settings import STREAM
from common.resources.topic import Topic

Make = Callable[..., Resource]
"""A type of resources with what is declared filled in, as `functools.partial` does it: it takes `identity`, `properties` and the
texts of a declaration."""
Stream = Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
"""What the stream of a table reports of each change."""


@dataclass(frozen=True)
class SimpleDeclaration:
    """A resource that `make` makes of its identity, its properties and its `texts`, and that refers to the resources `uses`.

    In properties and texts, tokens are replaced.
    """

    make: Make
    uses: tuple[Ref, ...]
    properties: JsonMapping
    texts: Mapping[str, str]

    @classmethod
    def of(
        cls,
        make: Make,
        properties: JsonMapping | None,
        uses: Iterable[Ref] = (),
        texts: Mapping[str, str | None] | None = None,
    ) -> "SimpleDeclaration":
        """Checks that the properties are an object; a text that is None is left out."""
        declared = {name: text for name, text in (texts or {}).items() if text is not None}
        return cls(make, tuple(uses), validation.check_object("properties", properties or {}), declared)

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # nothing is configured
        """Adds the resource."""
        fields, named = properties.render(project, ref, self.properties)
        texts, referred = project.names.substitute(self.texts, project.where(ref), texts=True)
        identity = project.identity(ref, [*named, *referred, *self.uses, *sorted(marked_keys(texts))])
        project.add(self.make(identity=identity, properties=fields, **texts))


class SimpleResources(ABC):
    """The methods by which root `deploy.py` and pipelines declare such resources."""

    @abstractmethod
    def _declare(self, kind: str, reference: str, declaration: SimpleDeclaration, name: str | None) -> Ref:
        """Declares a resource, with an exact name in AWS, if it is given one."""

    def table(
        self,
        reference: str,
        /,
        *,
        partition_key: str,
        sort_key: str | None = None,
        key_types: Mapping[str, str] | None = None,
        indexes: Mapping[str, JsonMapping] | None = None,
        time_to_live: str | None = None,
        stream: Stream | None = None,
        properties: JsonMapping | None = None,
        name: str | None = None,
    ) -> TableRef:
        """A DynamoDB table, paid by request, with point-in-time recovery.

        Args:
            reference: what references call it.
            partition_key: the name of its key.
            sort_key: the name of its second key.
            key_types: the types of keys that are not texts, as in ``{"taken_at": "N"}``: N for numbers, B for bytes.
            indexes: further keys by which it can be read, as in ``{"by_day": {"partition_key": "day", "sort_key": "at"}}``; with
                ``"attributes": […]`` an index holds only these besides the keys.
            time_to_live: the attribute with the time (in seconds since 1970) at which DynamoDB deletes an item.
            stream: what its stream reports of each change: "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE" or "NEW_AND_OLD_IMAGES".
            properties: settings in AWS's own spelling, as in ``{"TableClass": "…"}``.
            name: its exact name in AWS, instead of one that follows from a template.
        """
        partition = table_keys.check_key("partition_key", partition_key)
        sort = None if sort_key is None else table_keys.check_key("sort_key", sort_key)
        if time_to_live is not None:
            validation.check_length("time_to_live", time_to_live, longest=255, shortest=1)
        if stream is not None and stream not in get_args(Stream):
            raise ValueError(f"stream is {stream!r}; it must be one of {', '.join(get_args(Stream))}")
        checked = table_keys.check_indexes(indexes or {})
        keys = {partition, sort, *(key for index in checked.values() for key in (index.partition_key, index.sort_key))}
        fields = validation.with_fields(
            properties,
            time_to_live=None
            if time_to_live is None
            else {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": time_to_live}},
            stream=None if stream is None else {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": stream}},
        )
        make = partial(
            Table,
            partition_key=partition,
            sort_key=sort,
            key_types=table_keys.check_key_types(key_types or {}, keys),
            indexes=checked,
        )
        ref = self._declare("table", reference, SimpleDeclaration.of(make, fields), name)
        return TableRef(ref.key, ref.name, ref.arn, has_stream=fields.get(STREAM, {}).get("StreamEnabled") is True)

    def topic(self, reference: str, /, *, properties: JsonMapping | None = None, name: str | None = None) -> Ref:
        """An SNS topic.

        Args:
            reference: what references call it.
            properties: attributes in SNS's spelling, all of them texts, as in ``{"KmsMasterKeyId": "${key.Arn}"}``.
            name: see `table`.
        """
        return self._declare("topic", reference, SimpleDeclaration.of(Topic, properties), name)

    def queue(
        self,
        reference: str,
        /,
        *,
        dead_letter: Ref | None = None,
        max_receives: int = 5,
        retention_seconds: int = 345_600,
        visibility_timeout_seconds: int = 30,
        deduplicate: bool = False,
        kms_key: str | None = None,
        properties: JsonMapping | None = None,
        name: str | None = None,
    ) -> QueueRef:
        """An encrypted SQS queue; one whose name ends with `.fifo` keeps the order of its messages.

        Args:
            reference: what references call it.
            dead_letter: the queue that takes what was received too often.
            max_receives: how often a message may be received before that.
            retention_seconds: how long a message waits to be received.
            visibility_timeout_seconds: how long a message that was received is hidden from others; at least the timeout of the
                function that receives it.
            deduplicate: of a FIFO queue, two messages of the same content within five minutes are one.
            kms_key: the id, ARN or alias of the key that encrypts it, or a reference such as ``${key.Arn}``; who is granted the
                queue may use the key, too. Without one SQS encrypts with its own.
            properties: attributes in SQS's own spelling, all of them texts, as in ``{"DelaySeconds": "30"}``.
            name: see `table`.
        """
        is_fifo = reference.endswith(FIFO)
        dead = None if dead_letter is None else targets.check("dead_letter", dead_letter, [targets.QUEUE])
        if dead is not None and dead.name.endswith(FIFO) != is_fifo:
            raise ValueError(f"dead_letter is {dead.name}, and a FIFO queue and its dead letter queue both end with {FIFO}")
        if deduplicate and not is_fifo:
            raise ValueError(f"deduplicate is for FIFO queues, whose names end with {FIFO}")
        hidden_for = validation.check_integer("visibility_timeout_seconds", visibility_timeout_seconds, 0, 43_200)
        make = partial(
            Queue,
            dead_letter_arn=None if dead is None else dead.arn,
            max_receives=validation.check_integer("max_receives", max_receives, 1, 1000),
            retention_seconds=validation.check_integer("retention_seconds", retention_seconds, 60, 1_209_600),
            visibility_timeout_seconds=hidden_for,
            deduplicate=deduplicate,
        )
        declaration = SimpleDeclaration.of(make, properties, [] if dead is None else [dead], {"kms_key": kms_key})
        ref = self._declare("queue", reference, declaration, name)
        return QueueRef(ref.key, ref.name, ref.arn)
