"""Tells the change of a field part by part: of a map by key, of a policy by statement, of a state machine by state."""

import json
from collections.abc import Collection, Iterator, Mapping

from common.base.json_texts import in_strings
from common.base.json_types import Json, are_equal
from common.model import generated, hidden_fields, machine_changes, policy_changes
from common.model.comparison import IDENTIFYING, FieldChange
from common.model.resource import Resource

NAMING = (*IDENTIFYING, "Sid", "Name", "Key", "AttributeName")
"""Each item of a list of structures has one of these fields, by which it is found again in a list of another order."""


def of_field(resource: Resource, name: str, before: Json, after: Json, showable: Collection[str] = ()) -> list[FieldChange]:
    """The changes of one field of a resource.

    Args:
        resource: the resource.
        name: the field.
        before: its former value.
        after: its value from now on.
        showable: the digests of hidden values that may be shown: those that the declaration has, or had.
    """
    if name not in resource.hidden:
        return [*_parts(name, *(in_strings(_parsed(value), generated.shown) for value in (before, after)))]
    old, new = (in_strings(hidden_fields.shown(resource, name, value, showable), generated.shown) for value in (before, after))
    return [*_keys("", old, new)]


def spelled(before: Json, after: Json) -> tuple[str, str]:
    """Two values as people read them: texts as they are, nothing as ``none``; as JSON where they would look the same."""
    texts = [_spelled(value) for value in (before, after)]
    if texts[0].strip() == texts[1].strip():
        texts = [generated.shown(json.dumps(value, ensure_ascii=False, sort_keys=True)) for value in (before, after)]
    return texts[0], texts[1]


def _spelled(value: Json) -> str:
    is_text = value is None or isinstance(value, str)
    return generated.shown((value or "none") if is_text else json.dumps(value, ensure_ascii=False, sort_keys=True))


def _parts(name: str, before: Json, after: Json) -> Iterator[FieldChange]:
    if are_equal(before, after):
        return
    if machine_changes.is_machine(before) and machine_changes.is_machine(after):
        yield from machine_changes.states_changed(name, before, after)
    elif _are_policies(before, after) and (grants := [*policy_changes.grants_changed(name, before or {}, after or {})]):
        yield from grants
    elif isinstance(before, Mapping | None) and isinstance(after, Mapping | None) and (before or after):
        yield from _keys(f"{name}.", before or {}, after or {})
    elif isinstance(before, list) and isinstance(after, list) and (before or after):
        yield from _items(name, before, after)
    else:
        yield FieldChange(name, before, after)


def _keys(within: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[FieldChange]:
    for key in sorted(before.keys() | after.keys()):
        if key in before and key in after:
            yield from _parts(f"{within}{key}", before[key], after[key])
        else:
            value = before[key] if key in before else after[key]
            parts = _leaves(f"{within}{key}", value)
            sign = "-" if key in before else "+"
            for part, leaf in parts:
                yield FieldChange(part, leaf, None, sign=sign) if sign == "-" else FieldChange(part, None, leaf, sign=sign)


def _leaves(name: str, value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, Mapping) and value and not policy_changes.is_policy(value):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}", inner)
    else:
        yield name, value


def _items(name: str, before: list[Json], after: list[Json]) -> Iterator[FieldChange]:
    """The changes of a list: of plain values those that it has more or less, of named structures by name, else by number."""
    values = [*before, *after]
    if not any(isinstance(value, Mapping | list) for value in values):
        removed, new = [value for value in before if value not in after], [value for value in after if value not in before]
        yield from (FieldChange(f"{name}.{value}", value, None, sign="-", label=name) for value in removed)
        yield from (FieldChange(f"{name}.{value}", None, value, sign="+", label=name) for value in new)
        if not removed and not new:
            yield FieldChange(name, before, after)
        return
    field = next((field for field in NAMING if all(isinstance(value, Mapping) and field in value for value in values)), None)
    old, new_by_name = (
        {str(value[field]) if field else str(number): value for number, value in enumerate(values)} for values in (before, after)
    )
    for key in dict.fromkeys((*old, *new_by_name)):
        path = f"{name}.{key}"
        if key in old and key in new_by_name:
            yield from _parts(path, old[key], new_by_name[key])
        elif key in old:
            yield FieldChange(path, old[key], None, sign="-")
        else:
            yield FieldChange(path, None, new_by_name[key], sign="+")


def _are_policies(before: Json, after: Json) -> bool:
    return all(value in (None, {}) or policy_changes.is_policy(value) for value in (before, after)) and bool(before or after)


def _parsed(value: Json) -> Json:
    """A text that is a JSON object, such as a definition, as that object."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
