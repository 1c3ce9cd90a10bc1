"""What can be declared, for people and for editors: kinds with a method of their own, and types for `p.resource`."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from common.aws.resource_schemas import Schema, is_managed, schema_of, type_names
from common.base.command_text import typed
from common.base.errors import UsageError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.suggestions import did_you_mean
from common.base.terminal import Screen, quoted
from common.declare import mappings, targets
from common.declare.on_failure import FAILING
from common.declare.pipeline import Pipeline
from common.declare.shared import SharedResources
from common.report import kinds_report

OTHER_METHODS = frozenset({"borrow", "library", "rendered", "resource", "resources", "run_by"})
"""The methods that declare nothing, or anything."""
MANY = 60
"""More types than these are counted by service instead of being listed."""
SENTENCE = re.compile(r"^.*?[.!?](?=\s|$)", re.DOTALL)
LONGEST = 160
"""How many characters of a description are shown at most."""


def show(match: str | None) -> None:
    """Prints the types that match a pattern: the properties of a single one, and of many only the number for each service."""
    screen = Screen()
    if kind := kinds_report.kind_of(match):
        kinds_report.show(screen, kind)
        return
    names = _matching(match)
    if len(names) == 1:
        _show_type(screen, _schema(names[0]))
        return
    if match is None:
        screen.line("what has a method of its own, in projects and in root deploy.py:")
        screen.line(quoted(f"  {', '.join(_methods())}"))
        screen.line(quoted(f"`{typed('types')} --match function` shows what one of them takes."))
        screen.line("types for resource(…), by service:")
    if len(names) > MANY:
        for service, number in Counter(name.rpartition("::")[0] for name in names).items():
            screen.line(quoted(f"  {service:<36} {number}"))
        screen.line(
            quoted(f"`{typed('types')} --match 'AWS::SQS::*'` lists those of a service, and a whole name its properties.")
        )
        return
    for name in names:
        screen.line(quoted(f"  {name}"))


def _methods() -> list[str]:
    """The methods of `Pipeline` and `SharedResources` that declare something."""
    names = {
        name for face in (Pipeline, SharedResources) for name in dir(face) if name[0] != "_" and callable(getattr(face, name))
    }
    return sorted(names - OTHER_METHODS)


def show_as_json(match: str | None) -> None:
    """Prints the same as one JSON object."""
    if kind := kinds_report.kind_of(match):
        Screen().object(kinds_report.described(kind), indent=2)
        return
    names = _matching(match)
    whole: JsonObject = {"types": names}
    if len(names) == 1:
        schema = _schema(names[0])
        whole |= {"properties": [*_properties(schema)], "attributes": [*schema.attributes()]}
        whole |= {"taken_by": _taken_by(schema.type_name)}
    Screen().object(whole, indent=2)


def show_file_schema(match: str | None) -> None:
    """Prints the JSON schema of the files of `p.resources`, for editors, with the types that match.

    Raises:
        UsageError: there are too many.
    """
    names = _matching(match)
    if len(names) > MANY:
        raise UsageError(f"A schema of {len(names)} types would be too large for an editor. Choose with --match 'AWS::SQS::*'.")
    entries = [_entry(_schema(name)) for name in names]
    Screen().object(
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "additionalProperties": {"required": ["Type"], "oneOf": entries},
        },
        indent=2,
    )


def _matching(match: str | None) -> list[str]:
    """The types that match a pattern; a pattern without a wildcard is a name, or a part of one. Few are without unmanaged types.

    Raises:
        UsageError: none does, or the Cloud Control API manages none of those that do.
    """
    names = type_names()
    if match is None:
        return names
    pattern = match.lower()
    if any(character in match for character in "*?["):
        matching = [name for name in names if fnmatchcase(name.lower(), pattern)]
    else:
        matching = [name for name in names if name.lower() == pattern] or [name for name in names if pattern in name.lower()]
    if not matching:
        raise UsageError(f"No type matches {match}.{did_you_mean(match, names)}")
    if not 1 < len(matching) <= MANY:
        return matching
    managed = [name for name in matching if is_managed(name)]
    if not managed:
        raise UsageError(f"The Cloud Control API manages no type that matches {match}: only CloudFormation can make them.")
    return managed


def _schema(name: str) -> Schema:
    try:
        return schema_of(name)
    except ValueError as error:
        raise UsageError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None


def _show_type(screen: Screen, schema: Schema) -> None:
    screen.line(quoted(schema.type_name))
    rows = [[entry["name"], entry["type"], ", ".join(entry["notes"]), entry["description"]] for entry in _properties(schema)]
    screen.table(("property", "type", "", "what it is"), rows, folding=[3])
    screen.line(quoted(f"attributes: {', '.join(schema.attributes())}"))
    if taken_by := _taken_by(schema.type_name):
        screen.line(quoted(f"a reference to one is taken by: {', '.join(taken_by)}"))


def _taken_by(type_name: str) -> list[str]:
    """The triggers and alerts that take a reference to a resource of a type, each with the argument."""
    takes = {
        "on_event(target)": targets.OF_RULES,
        "on_object(target)": targets.OF_RULES,
        "on_object(location)": (targets.BUCKET,),
        "schedule(target)": targets.OF_SCHEDULES,
        "on_messages(source)": tuple(mappings.SOURCES),
        "on_failure(of)": FAILING,
        "on_failure(notify)": targets.OF_RULES,
        "alert(topic)": (targets.TOPIC,),
        "dead_letter": (targets.QUEUE,),
    }
    return [argument for argument, types in takes.items() if type_name in types]


def _properties(schema: Schema) -> Iterator[JsonObject]:
    """The properties of a type, those that must be given first: name, type, notes and the beginning of the description."""
    required = {*schema.document.get("required", ())}
    for name in sorted(schema.properties, key=lambda name: (name not in required, name)):
        node = schema.properties[name]
        notes = [
            *(["required"] if name in required else []),
            *(["only at creation"] if (name,) in schema.create_only else []),
            *(["given by AWS"] if (name,) in schema.read_only else []),
            *(["never told by AWS"] if (name,) in schema.write_only else []),
        ]
        yield {
            "name": name,
            "type": _type_of(schema, node),
            "notes": notes,
            "description": _sentence(node.get("description", "")),
        }


def _type_of(schema: Schema, node: JsonMapping) -> str:
    """The type of a property in words: its values if these are few, the type of its items if it is a list."""
    inner = schema.resolved(node)
    if isinstance(values := inner.get("enum"), list) and len(values) <= 6:
        return " | ".join(map(str, values))
    if isinstance(items := inner.get("items"), Mapping):
        return f"list of {_type_of(schema, items)}"
    if inner.get("properties"):
        return f"{{{', '.join(inner['properties'])}}}"
    types: Json = inner.get("type", "any")
    return types if isinstance(types, str) else " | ".join(types)


def _sentence(description: str) -> str:
    """The first sentence of a description, without its marks."""
    plain = " ".join(re.sub(r"``|\[([^\]]*)\]\([^)]*\)", r"\1", description).split())
    first = SENTENCE.match(plain)
    text = first[0] if first else plain
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _entry(schema: Schema) -> JsonObject:
    """The schema of an entry of a file. References lead to the definitions of its own type."""
    parts = ("properties", "required", "additionalProperties")
    document = {name: schema.document[name] for name in parts if name in schema.document}
    read_only = {path[0] for path in schema.read_only if len(path) == 1}
    properties = {name: node for name, node in document.get("properties", {}).items() if name not in read_only}
    inner = _inlined(schema, {**document, "properties": properties, "type": "object"}, ())
    return {
        "properties": {"Type": {"const": schema.type_name}, "Properties": inner},
        "additionalProperties": False,
    }


def _inlined(schema: Schema, node: Json, within: tuple[str, ...]) -> Json:
    """A part of a schema with its references replaced by what they refer to; one that is within itself takes anything."""
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str):
            return {} if reference in within else _inlined(schema, schema.resolved(node), (*within, reference))
        return {name: _inlined(schema, inner, within) for name, inner in node.items()}
    if isinstance(node, list):
        return [_inlined(schema, inner, within) for inner in node]
    return node
