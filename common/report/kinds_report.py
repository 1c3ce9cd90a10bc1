"""What one kind with a method of its own takes: arguments, settings and properties, for people and for programs."""

import inspect
from collections.abc import Mapping
from typing import get_args

from common.base.json_types import JsonMapping, JsonObject
from common.base.terminal import Screen, quoted
from common.declare.pipeline import Pipeline
from common.declare.properties import accepted_names
from common.declare.shared import SharedResources
from common.environment import schema
from common.environment.project import Project
from common.model.kind import Kind
from common.resources import every_kind

_METHODS = {"trigger": ("on_event", "on_object", "schedule")}
"""The methods that declare a kind, where these are not called as the kind."""


def kind_of(match: str | None) -> Kind | None:
    """The kind that is called like this, by the method that declares it or by its keys; None if there is none."""
    named = {name: kind for kind in every_kind().values() for name in (kind.word, kind.name)}
    kind = named.get((match or "").lower().replace(" ", "_"))
    return kind if kind is not None and _arguments(kind) else None


def described(kind: Kind) -> JsonObject:
    """The arguments of the methods that declare a kind, its settings with their meaning, and the properties that it takes."""
    settings, properties = _settings(kind), kind.properties
    return {
        "kind": kind.name,
        "arguments": _arguments(kind),
        "settings": {name: {"values": values, "meaning": meaning} for name, (values, meaning) in settings.items()},
        "properties": accepted_names(kind),
        "operation": properties.operation if properties else "",
    }


def show(screen: Screen, kind: Kind) -> None:
    """Prints the same."""
    whole = described(kind)
    screen.line(quoted(f"{kind.name}, declared by {' and '.join(whole['arguments'])}"))
    for method, arguments in whole["arguments"].items():
        screen.line(quoted(f"arguments of {method}: {', '.join(arguments)}"))
    rows = [[name, setting["values"], setting["meaning"]] for name, setting in whole["settings"].items()]
    if rows:
        screen.table((f"setting of {kind.section}", "values", "what it is"), rows, folding=[2])
    if whole["properties"]:
        by = f" ({whole['operation']})" if whole["operation"] else ""
        screen.line(quoted(f"properties, in AWS's own spelling{by}: {', '.join(whole['properties'])}"))


def _arguments(kind: Kind) -> dict[str, list[str]]:
    """The arguments of each method that declares a kind, in projects or in root `deploy.py`."""
    result: dict[str, list[str]] = {}
    for name in _METHODS.get(kind.word, (kind.word,)):
        methods = [method for face in (Pipeline, SharedResources) if callable(method := getattr(face, name, None))]
        names = [parameter for method in methods for parameter in inspect.signature(method).parameters if parameter != "self"]
        if names:
            result[name] = list(dict.fromkeys(names))
    return result


def _settings(kind: Kind) -> Mapping[str, tuple[str, str]]:
    """The settings of a kind in the configuration: what they may be, and what they mean."""
    field = Project.model_fields.get(kind.section)
    if field is None:
        return {}
    model: JsonMapping = schema.schema()["$defs"][get_args(field.annotation)[1].__name__]
    return {
        name: (schema.describe_values(entry).replace("`", ""), entry["description"].replace("`", ""))
        for name, entry in model["properties"].items()
    }
