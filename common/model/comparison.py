"""Compares declared, live and last applied states.

The declared fields belong to us. A live field that is not declared is kept, unless it was declared when the resource was applied
last: then it is removed. Structures and maps may be declared in part; a list is always declared as a whole. An optional field
that is empty declares nothing.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from common.base.json_types import Json, JsonMapping, JsonObject, are_equal
from common.environment import owner_tags

Fields = JsonMapping
"""The fields that an operation of AWS accepts, by name: for a structure its own `Fields`, otherwise empty."""
OPTIONAL = (
    *("Tags", "Policies", "AttachedPolicies", "PermissionsBoundary", "EventBridge", "Description"),
    *("Environment", "DefaultArguments", "Layers", "VpcConfig", "Connections", "Schedule", "TablePrefix"),
    *("RedrivePolicy", "KmsMasterKeyId"),
)
"""Others may set these fields, too, so they belong to us only as far as they are declared."""
IDENTIFYING = ("Id", "Path")
"""Each item of a list of structures has one of these fields, which tells it from the others."""
_ON_IF_ABSENT = frozenset({"scanAll", "ScanAll"})
"""These switches of targets of crawlers are on where AWS leaves them out."""
_EMPTY: tuple[object, ...] = (None, "", [], {})


class FieldChange(NamedTuple):
    """The change of one field: its dotted name, its live and its declared value; of hidden fields, the digests of the values."""

    name: str
    live: Json
    declared: Json
    lost: str = ""
    """What the change loses, for people; empty if nothing."""
    sign: str = "~"
    """``+`` if it was not there before, ``-`` if it is taken away, ``~`` if it has another value."""
    label: str = ""
    """What people call it; empty if that is its name."""
    text: str = ""
    """What people read in place of the values; empty if they read these, and a blank if the label says everything."""
    former: str = ""
    """The former name of a part that was renamed or moved."""

    def as_object(self) -> JsonObject:
        """The change as programs read it."""
        former = {"former": self.former} if self.former else {}
        return {"name": self.name, "live": self.live, "declared": self.declared, "lost": self.lost, **former}


def fields(*names: str, **structures: Fields) -> Fields:
    """Builds `Fields` from the names of simple fields and from structures with their own fields."""
    return {**{name: {} for name in names}, **structures}


def difference(desired: JsonMapping, live: JsonMapping) -> tuple[str, ...]:
    """The top-level fields in which two states differ, in alphabetical order."""
    return tuple(name for name in sorted(desired.keys() | live.keys()) if not are_equal(desired.get(name), live.get(name)))


def selected(live: Json, declared: Json) -> Json:
    """The part of a live value that is declared: of a structure or map the declared entries, of a list its items.

    A time becomes the text with which times are declared. What AWS leaves out is off, or empty.
    """
    if live is None and _is_off(declared):
        return declared
    if isinstance(live, Mapping) and isinstance(declared, Mapping):
        return {
            name: live.get(name) if name in _ON_IF_ABSENT else selected(live.get(name), value) for name, value in declared.items()
        }
    if isinstance(live, list) and isinstance(declared, list) and len(live) == len(declared):
        return [selected(item, value) for item, value in zip(live, declared, strict=True)]
    return live.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(live, datetime) else live


def _is_off(declared: Json) -> bool:
    """Whether a declared value is what AWS leaves out."""
    if isinstance(declared, Mapping):
        return all(_is_off(value) and name not in _ON_IF_ABSENT for name, value in declared.items())
    return declared is False or declared in ("", [])


def with_selected(state: JsonMapping, live: JsonMapping, properties: JsonMapping) -> JsonObject:
    """A live state together with the declared part of the live properties."""
    picked = {name: selected(live.get(name), value) for name, value in properties.items()}
    both = {name: value for name, value in picked.items() if isinstance(value, Mapping) and isinstance(state.get(name), Mapping)}
    return {**state, **picked, **{name: merged(value, state[name]) for name, value in both.items()}}


def one_spelling(text: str) -> str:
    """A text for comparison: the same for all spellings of a JSON object."""
    return json.dumps(json.loads(text), sort_keys=True) if text.startswith("{") else text


def undeclared(live: JsonMapping, declared: JsonMapping, accepted: Fields) -> JsonObject:
    """The live fields among those `accepted` that are not declared, without empty ones."""
    result: JsonObject = {}
    for name, inner in accepted.items():
        value, owned = live.get(name), declared.get(name)
        if inner and isinstance(value, Mapping) and (owned is None or isinstance(owned, Mapping)):
            value = undeclared(value, owned or {}, inner)
        elif isinstance(value, Mapping) and isinstance(owned, Mapping):
            _, value = entries(value, owned)
        elif name in declared:
            continue
        if value not in _EMPTY:
            result[name] = value
    return result


def merged(desired: JsonMapping, kept: JsonMapping) -> JsonObject:
    """The declared fields together with the live fields that are kept."""
    result = dict(desired)
    for name, value in kept.items():
        if name not in desired:
            result[name] = value
        elif isinstance(value, Mapping) and isinstance(desired[name], Mapping):
            result[name] = merged(desired[name], value)
    return result


def unusual(undeclared: JsonMapping, usual: JsonMapping) -> JsonObject:
    """The undeclared live fields without those that have `usual` values."""
    result: JsonObject = {}
    for name, value in undeclared.items():
        normal = usual.get(name)
        if not (isinstance(value, Mapping) and isinstance(normal, Mapping)):
            result |= {} if name in usual and value == normal else {name: value}
        elif rest := unusual(value, normal):
            result[name] = rest
    return result


def is_empty(value: Json) -> bool:
    """Whether a value declares nothing: it is empty, or a structure with empty fields alone."""
    return all(map(is_empty, value.values())) if isinstance(value, Mapping) else value in _EMPTY


def released(state: JsonMapping, desired: JsonMapping, optional: Collection[str]) -> tuple[JsonObject, JsonObject]:
    """Splits a live state into the fields that are compared, and the `optional` ones that have values and are not declared."""
    free = {name for name in optional if is_empty(desired[name]) and not is_empty(state[name])}
    compared = {name: desired[name] if name in free else value for name, value in state.items()}
    return compared, {name: state[name] for name in free}


def entries(live: JsonMapping, declared: JsonMapping) -> tuple[JsonObject, JsonObject]:
    """Splits a live map into the entries with declared keys, and the others."""
    return (
        {key: value for key, value in live.items() if key in declared},
        {key: value for key, value in live.items() if key not in declared},
    )


def taken_away(undeclared: JsonMapping, applied: JsonMapping) -> JsonObject:
    """The undeclared live fields that were declared when the resource was applied last, with a value."""
    result: JsonObject = {}
    for name, value in undeclared.items():
        before = applied.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping | list):
            if part := _declared_before(value, before):
                result[name] = part
        elif not (isinstance(value, Mapping) or is_empty(before)):
            result[name] = value
    return result


def _declared_before(live: JsonMapping, before: JsonMapping | list[Json], within: str = "") -> JsonObject:
    """The parts of an undeclared live structure that were declared; a list has the dotted names of those that were, or items."""
    items = _by_name(before) if isinstance(before, list) else before
    result: JsonObject = {}
    for key, value in live.items():
        earlier = items.get(f"{within}{key}")
        if isinstance(value, Mapping) and isinstance(earlier, Mapping | list):
            part: Json = _declared_before(value, earlier)
        elif isinstance(value, Mapping) and isinstance(before, list):
            part = _declared_before(value, before, f"{within}{key}.")
        else:
            part = None if earlier in (None, [], {}) else value
        if part not in (None, {}):
            result[key] = part
    return result


def _by_name(items: list[Json]) -> JsonObject:
    """A list of names as a map, or of structures by the field that identifies them."""
    named: JsonObject = {item: True for item in items if isinstance(item, str)}
    structures = [item for item in items if isinstance(item, Mapping)]
    return named | {str(item[name]): item for item in structures for name in IDENTIFYING if name in item}


def claims(desired: JsonMapping, before: object, properties: Collection[str] = ()) -> JsonObject:
    """The names of optional fields and of `properties` that a change sets, and those that an unfinished change `before` has set.

    If the deploy dies before the change is recorded, nothing else shows that it has set them.
    """
    prefix = owner_tags.find_prefix(desired.get("Tags", {})) or owner_tags.DEFAULT_PREFIX
    own = {owner_tags.environment_key(prefix), owner_tags.project_key(prefix)}
    unfinished = before if isinstance(before, Mapping) else {}
    result: JsonObject = {}
    for name in dict.fromkeys((*OPTIONAL, *properties, *unfinished)):
        value, earlier = desired.get(name), unfinished.get(name)
        if isinstance(value, Mapping | list) or isinstance(earlier, list):
            keys = {*_dotted(value, deep=name != "Policies"), *(earlier if isinstance(earlier, list) else ())}
            result[name] = sorted(key for key in keys if key not in own)
        elif earlier or not (is_empty(value) or value is False):
            result[name] = True
    return {name: value for name, value in result.items() if value}


def _dotted(value: Json, *, deep: bool) -> Iterator[str]:
    """The names of the items of a list or map; if `deep`, the dotted names of those of maps in it, too."""
    if isinstance(value, list):
        yield from (item if isinstance(item, str) else f"item {number}" for number, item in enumerate(value))
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        if inner == "" or not is_empty(inner):
            yield str(key)
            yield from (f"{key}.{name}" for name in _dotted(inner, deep=True) if deep and isinstance(inner, Mapping))


def filled(declared: JsonMapping, kept: JsonMapping) -> JsonObject:
    """What is declared, and the live fields that are kept; one that is empty in the declaration keeps its live value."""
    return {**declared, **{name: value for name, value in kept.items() if not declared.get(name)}}


def without(whole: JsonMapping, part: JsonMapping) -> JsonObject:
    """The fields of `whole` without those in `part`."""
    left: JsonObject = {}
    for name, value in whole.items():
        removal = part.get(name)
        if name not in part:
            left[name] = value
        elif isinstance(value, Mapping) and isinstance(removal, Mapping) and (rest := without(value, removal)):
            left[name] = rest
    return left


def named(undeclared: JsonMapping, declared: JsonMapping, usual: JsonMapping) -> Iterator[str]:
    """The dotted names of undeclared fields, for people; without empty ones and those with `usual` values."""
    for name, value in sorted(undeclared.items()):
        owned = declared.get(name)
        if value in _EMPTY or value is False or value == usual.get(name):
            continue
        if isinstance(value, Mapping) and isinstance(owned, Mapping | list):
            within = usual.get(name) if isinstance(usual.get(name), Mapping) else {}
            yield from (f"{name}.{part}" for part in named(value, owned if isinstance(owned, Mapping) else {}, within or {}))
        else:
            yield name


def split(live: JsonMapping, declared: JsonMapping) -> tuple[JsonObject, JsonObject]:
    """Splits a live JSON object into the declared fields and the others."""
    own: JsonObject = {}
    rest: JsonObject = {}
    for name, value in live.items():
        inner = declared.get(name)
        if isinstance(value, Mapping) and isinstance(inner, Mapping):
            own[name], left = split(value, inner)
            rest |= {name: left} if left else {}
        else:
            (own if name in declared else rest)[name] = value
    return own, rest


def every_statement(document: JsonMapping | None) -> list[Json]:
    """The statements of a policy, which may be one object instead of a list."""
    value = (document or {}).get("Statement", [])
    return value if isinstance(value, list) else [value]


def statements(document: JsonMapping | None, own: JsonMapping) -> tuple[list[Json], list[Json]]:
    """Splits the statements of a live policy into ours (with the `Sid` of `own`, or equal to it without `Sid`) and others'."""
    every = every_statement(document)
    unnamed = {name: value for name, value in own.items() if name != "Sid"}
    ours = [statement for statement in every if statement.get("Sid") == own["Sid"] or statement == unnamed]
    return ours, [statement for statement in every if statement not in ours]


def left(others: list[Json], stale: JsonMapping) -> list[Json]:
    """The statements of others without those that are taken away, which have the names of `by_sid`."""
    return [statement for name, statement in by_sid(others).items() if name not in stale]


def by_sid(policy: list[Json]) -> JsonObject:
    """The statements of a policy by `Sid`; those without one are numbered."""
    return {str(statement.get("Sid") or f"statement {number}"): statement for number, statement in enumerate(policy, 1)}
