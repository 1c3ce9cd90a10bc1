"""A resource of any type that the Cloud Control API manages: the properties of its schema in, the same properties out.

AWS identifies such a resource by properties that it may give itself. So the identifier stands in the record of the resource, and
the record is read before the resource is. A type that takes tags is found in the tagging index by a tag of ours that names it;
the existence of any other follows from its record, until `--verify` or `drift` reads it.

A request to create has a token that stands in the release root before it is sent. If a deploy dies between the request and the
record, the next one sends the same token, and AWS answers with the resource that it has made.

Follows https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Self

from common.aws.protocol import Aws
from common.aws.resource_schemas import STORES, Schema, schema_of
from common.base import digest
from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.model import hidden_fields, steps
from common.model.declared import Declared
from common.model.generated import IDENTIFIER, STAND_IN, TOKEN
from common.model.kind import AT_ONCE, Calls, Kind, NameRule, Passing, Policy
from common.model.orphan import Orphan
from common.model.projection import value_at, values_at, with_value
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags
from common.resources import cloud_requests, handler_arns
from common.resources.told_properties import as_declared

TYPE, TAGS = "TypeName", "Tags"
UNREADABLE = "(was another one)"
"""Stands for a value that AWS never tells, where it is not the declared one."""
SEPARATOR = "|"
"""Stands between the parts of an identifier."""
_OPERATIONS = ("CreateResource", "GetResource", "UpdateResource", "DeleteResource", "ListResources", "GetResourceRequestStatus")
KIND = Kind(
    name="resource",
    word="resource",
    service=cloud_requests.SERVICE,
    step=steps.TRIGGERS,
    names=NameRule(1024, re.compile(r"[ -~]+"), "printable characters"),
    generates=True,
    calls=Calls(("CreateResource", "GetResourceRequestStatus", "GetResource"), "UpdateResource"),
    passing=Passing(
        codes={
            "ConcurrentModificationException": AT_ONCE,
            "ConcurrentOperationException": AT_ONCE,
            "ResourceConflictException": AT_ONCE,
            "HandlerInternalFailureException": "the handler of the type has failed, which passes",
        },
    ),
    policy=Policy(when_declared=tuple(f"cloudformation:{operation}" for operation in _OPERATIONS)),
)


@dataclass(frozen=True, kw_only=True)
class CloudResource(Declared):
    """A resource of the type `type_name` with these properties, which have no tags of ours.

    Args:
        type_name: the type, as in ``AWS::SQS::Queue``.
        properties: its properties, with marks for what is not known yet.
        record: what is recorded of it; see `recall`.
    """

    needs_record: ClassVar[bool] = True
    type_name: str
    properties: JsonMapping
    record: JsonMapping = field(default_factory=dict, repr=False, compare=False)

    @property
    def schema(self) -> Schema:
        """The schema of the type, of the region of the resource."""
        return _schema_of(self.type_name, self.arn)

    @property
    def hidden(self) -> frozenset[str]:
        """The properties with declared parts that AWS never tells, such as passwords, or with parts that were applied last."""
        applied = _applied(self.record)
        return frozenset(
            path[0]
            for path in self.schema.write_only
            if any(value is not None for value in values_at(self.properties, path))
            or (hidden_fields.is_stored(before := applied.get(path[0])) and any(self._parts(path, before)))
        )

    def _parts(self, path: tuple[str, ...], value: Json) -> Iterator[str]:
        """The dotted names of the values of a hidden property that are at a path, or below it."""
        dotted = ".".join(path[: path.index("*")] if "*" in path else path)
        yield from (leaf for leaf in hidden_fields.digests(self, path[0], value) if f"{leaf}.".startswith(f"{dotted}."))

    def recall(self, record: JsonMapping) -> Self:
        """The same resource, knowing its record: its identifier, and what was applied last. One of another name is another's."""
        return replace(self, record=record if record.get("arn", self.arn) == self.arn else {})

    def is_fixed(self, name: str, before: Json, after: Json) -> bool:
        """Whether a property changes in a part that AWS sets only when it creates the resource."""
        paths = [path[1:] for path in self.schema.create_only if path[0] == name]
        return any(value_at(before, path) != value_at(after, path) for path in paths)

    def deployer_needs(self) -> dict[str, tuple[str, ...]]:
        """What AWS's handlers of the type call in the name of the deployer."""
        actions_by_arn: dict[str, set[str]] = {}
        name = self.name if self.schema.name_property in self.properties else ""
        for action in self.schema.permissions("create", "read", "update", "delete", "list"):
            for arn in handler_arns.arns_for(action, self.arn, self.type_name, name, self.properties):
                actions_by_arn.setdefault(arn, set()).add(action)
        return {arn: tuple(sorted(actions)) for arn, actions in actions_by_arn.items()}

    @property
    def data(self) -> bool:
        """Whether it holds what cannot be made again, by its type."""
        return self.schema.is_store

    @property
    def indexed(self) -> bool:
        """Whether the tagging index shows it: if its type takes tags."""
        return bool(self.schema.tag_property)

    @property
    def index_arn(self) -> str:
        """An ARN of its service: its own is not known before it exists."""
        return self.arn.replace(STAND_IN, f":{self.schema.service}:", 1).rpartition(":")[0] + ":any"

    @staticmethod
    def holds_data(orphan: Orphan | None) -> bool:
        """Whether an orphan holds what cannot be made again, by the type in its record."""
        return orphan is not None and _recorded_type(orphan) in STORES

    def desired(self) -> State:
        """The type, the declared properties and the tags; of a type without tags these stand in the record alone."""
        return {TYPE: self.type_name, **self.properties, TAGS: dict(self.tags)}

    def read(self, aws: Aws) -> Live | None:
        """The declared properties as they are now. Its revision is the identifier."""
        identifier = self._identifier(aws)
        live = cloud_requests.properties(aws, self.type_name, identifier) if identifier else None
        if live is None or identifier is None:
            self._check_given(identifier)
            return None
        live = dict(zip(self.schema.identifiers, identifier.split(SEPARATOR), strict=False)) | live  # not all types tell these
        before = {name: value for name, value in _applied(self.record).items() if name not in {TYPE, TAGS}}
        state: State = {TYPE: self.type_name, TAGS: self._tags(live, identifier)}
        for name in sorted(self.properties.keys() | before.keys()):
            value = live.get(name)
            if name in self.properties:
                value = as_declared(self.schema, self.properties, name, value, before.get(name))
            if name in self.hidden:
                value = self._with_unreadable(name, value, before.get(name))
            if value is not None:
                state[name] = value
        compared = {*self.properties, *before, *self.schema.identifiers, self.schema.tag_property}
        settable = self.schema.settable(live)
        others = {name: value for name, value in settable.items() if name not in compared and value not in ({}, [], "", None)}
        return Live(state, identifier, others | other_tags(cloud_requests.tags_in(self.schema, live), self.tags))

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the resource, or finds the one that a deploy which died has made."""
        model = json.dumps(self._as_sent(desired), sort_keys=True)
        token = digest.of_bytes(f"{self.record.get(TOKEN, '')} {self.arn} {model}".encode())
        return self._outputs(aws, cloud_requests.create(aws, self.type_name, model, token))

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Sends the properties that changed as a JSON patch."""
        identifier = str(change.live.revision) if change.live else ""
        if patch := list(self._patch(change)):
            cloud_requests.update(aws, self.type_name, identifier, patch)
        return self._outputs(aws, identifier)

    def outputs_of(self, aws: Aws, live: Live) -> Outputs:
        """The identifier and the attributes of the resource that was read."""
        return self._outputs(aws, str(live.revision))

    def delete(self, aws: Aws) -> None:
        """Deletes the resource that is recorded."""
        if identifier := _recorded_identifier(self.record):
            cloud_requests.delete(aws, self.type_name, identifier)

    @staticmethod
    def live_tags(aws: Aws, resource: Orphan) -> dict[str, str] | None:
        """All live tags; of a type without tags those in its record. None if it does not exist."""
        type_name, identifier = _recorded_type(resource), _recorded_identifier(resource.recorded)
        live = cloud_requests.properties(aws, type_name, identifier) if identifier else None
        if live is None:
            return None
        schema = _schema_of(type_name, resource.arn)
        recorded: dict[str, str] = _applied(resource.recorded).get(TAGS, {})
        return cloud_requests.tags_in(schema, live) if schema.tag_property else recorded

    @staticmethod
    def untag(aws: Aws, orphan: Orphan, keys: Sequence[str]) -> None:
        """Removes tags; those of a type without tags stand in our record alone."""
        type_name, identifier = _recorded_type(orphan), _recorded_identifier(orphan.recorded)
        live, schema = cloud_requests.properties(aws, type_name, identifier), _schema_of(type_name, orphan.arn)
        if live is not None and schema.tag_property:
            left = {name: text for name, text in cloud_requests.tags_in(schema, live).items() if name not in keys}
            cloud_requests.update(aws, type_name, identifier, [cloud_requests.tagging(schema, left)])

    @staticmethod
    def erase(aws: Aws, resource: Orphan) -> None:
        """Deletes the resource that is recorded."""
        if identifier := _recorded_identifier(resource.recorded):
            cloud_requests.delete(aws, _recorded_type(resource), identifier)

    # What only this type needs ------------------------------------------------------------------------------------------------

    def _identifier(self, aws: Aws) -> str | None:
        """The identifier in the record, or made of the declared properties, or that of the resource with the declared name."""
        if recorded := _recorded_identifier(self.record):
            return recorded
        parts = [self.properties.get(name) for name in self.schema.identifiers]
        if all(isinstance(part, str | int) for part in parts):
            return SEPARATOR.join(map(str, parts))
        name_property = self.schema.name_property
        if name_property not in self.properties:
            return None
        return cloud_requests.named(aws, self.type_name, name_property, self.properties[name_property])

    def _check_given(self, identifier: str | None) -> None:
        """Checks that a declaration does not ask AWS to create a resource with an identifier that AWS itself gives.

        Raises:
            DeclarationError: it does.
        """
        declared = [name for name in self.schema.identifiers if (name,) in self.schema.read_only and name in self.properties]
        if declared and not _recorded_identifier(self.record):
            raise DeclarationError(
                f"{self.key.project}: {self.key}: there is no {self.type_name} {identifier}, and AWS gives {declared[0]} itself. "
                f"Correct it, or take it out to create another one."
            )

    def _tags(self, live: JsonMapping, identifier: str) -> dict[str, str]:
        """Those of our tags that it has. A type without tags is ours if our record names it."""
        if self.schema.tag_property:
            return owned_tags(cloud_requests.tags_in(self.schema, live), self.tags)
        return dict(self.tags) if identifier == _recorded_identifier(self.record) else {}

    def _with_unreadable(self, name: str, live: Json, applied: Json) -> Json:
        """A live property with the parts that AWS never tells: the declared ones if these are what was applied last."""
        declared = self.properties.get(name)
        before, now = (hidden_fields.digests(self, name, value) for value in (applied, declared))
        for path in self.schema.write_only:
            readable = path[: path.index("*")] if "*" in path else path
            if readable[0] == name and (parts := {*self._parts(path, applied), *self._parts(path, declared)}):
                same = all(before.get(leaf) == now.get(leaf) for leaf in parts)
                live = with_value(live, readable[1:], value_at(declared, readable[1:]) if same else UNREADABLE)
        return live

    def _as_sent(self, desired: State) -> JsonObject:
        """The properties that AWS accepts, with the tags as the type spells them."""
        sent = {name: value for name, value in desired.items() if name not in {TYPE, TAGS}}
        if self.schema.tag_property:
            sent[self.schema.tag_property] = cloud_requests.spelled(self.schema, desired[TAGS])
        return sent

    def _patch(self, change: Change) -> Iterator[JsonObject]:
        """The operations of a JSON patch that bring the changed properties to their desired values."""
        for name in sorted(change.changed - {TYPE, TAGS}):
            path = f"/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in change.desired:
                yield {"op": "remove", "path": path}
            else:
                yield {"op": "add", "path": path, "value": change.desired[name]}  # which replaces a value, too
        stale = stale_tags(change.stale)
        if (TAGS in change.changed or stale) and self.schema.tag_property:
            others: JsonMapping = change.live.undeclared.get(TAGS, {}) if change.live else {}
            kept = {name: text for name, text in others.items() if name not in stale}
            yield cloud_requests.tagging(self.schema, {**kept, **change.desired[TAGS]})

    def _outputs(self, aws: Aws, identifier: str) -> Outputs:
        live = cloud_requests.properties(aws, self.type_name, identifier) or {}
        parts = dict(zip(self.schema.identifiers, identifier.split(SEPARATOR), strict=False))
        values = ((name, value_at(live, tuple(name.split(".")))) for name in self.schema.attributes())
        attributes = {name: str(value) for name, value in values if isinstance(value, str | int)}
        return {**parts, **attributes, IDENTIFIER: identifier}


def _schema_of(type_name: str, arn: str) -> Schema:
    return schema_of(type_name, arn.split(":")[3])  # not every region has every type


def _applied(record: JsonMapping) -> JsonMapping:
    """The state that was applied last, by the record; empty if there is none."""
    desired = record.get("desired")
    return desired if isinstance(desired, Mapping) else {}


def _recorded_identifier(record: JsonMapping) -> str:
    outputs = record.get("outputs")
    return str(outputs.get(IDENTIFIER, "")) if isinstance(outputs, Mapping) else ""


def _recorded_type(orphan: Orphan) -> str:
    return str(_applied(orphan.recorded).get(TYPE, ""))
