"""What AWS gives imported resources of any type, and the references that stand for it in the properties of others."""

import re
from collections.abc import Collection, Mapping

from common.aws.resource_schemas import Schema, schema_of
from common.base.json_types import Json
from common.base.lean_dataclass import dataclass, field
from common.importing.references import References
from common.importing.selection import LiveResource

KIND = "resource"
SHORTEST = 8
"""A shorter text that is equal to something that AWS gives may be so by chance."""


@dataclass
class GeneratedValues:
    """What AWS gives the imported resources, each with the reference to it."""

    _values: dict[str, tuple[str, str]] = field(default_factory=dict)
    _names: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _edges: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, named: Collection[tuple[LiveResource, str]]) -> "GeneratedValues":
        """What AWS gives these resources, which the project calls by these keys."""
        result = cls()
        for resource, key in named:
            schema = schema_of_live(resource)
            for attribute in schema.attributes():
                value = _text_at(resource.live["Properties"], attribute)
                token = f"${{{KIND}.{key}.{attribute}}}"
                if tuple(attribute.split(".")) in schema.read_only and len(value) >= SHORTEST:
                    result._values.setdefault(value, (resource.arn, token))
                elif attribute in schema.identifiers and value:
                    result._names[schema.type_name.rpartition("::")[2].lower(), value] = (resource.arn, token)
        return result

    def replaced(self, resource: LiveResource, value: Json, name: str, references: References) -> Json:
        """A property with references in place of what AWS gives others, and of names of what the project uses."""
        if isinstance(value, str):
            short = re.sub(r"(name|id|identifier)$", "", name.lower())
            other, token = self._values.get(value) or self._names.get((short, value)) or ("", "")
            if other and other != resource.arn and not self._reaches(other, resource.arn):
                self._edges.setdefault(resource.arn, set()).add(other)
                return token
            return references.text(value)
        if isinstance(value, Mapping):
            return {key: self.replaced(resource, inner, str(key), references) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.replaced(resource, inner, name, references) for inner in value]
        return value

    def _reaches(self, first: str, last: str) -> bool:
        """Whether a resource refers to another one, directly or through others. A reference back would make a cycle."""
        todo, reached = [first], {first}
        while todo:
            following = self._edges.get(todo.pop(), set()) - reached
            reached |= following
            todo += following
        return last in reached


def schema_of_live(resource: LiveResource) -> Schema:
    """The schema of the type of a live resource."""
    return schema_of(resource.live["TypeName"], resource.live["Region"])


def _text_at(properties: Json, attribute: str) -> str:
    for name in attribute.split("."):
        properties = properties.get(name) if isinstance(properties, Mapping) else None
    return str(properties) if isinstance(properties, str | int) else ""
