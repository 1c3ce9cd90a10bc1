"""Compares declared, live and last applied states.

The declared fields belong to us. A live field that is not declared is kept, unless it was declared when the resource was applied
last: then it is removed. A structure may be declared in part; a map or list is always declared as a whole.
"""

from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping, JsonObject

Fields = JsonMapping
"""The fields that an operation of AWS accepts, by name: for a structure its own `Fields`, otherwise empty."""
OPTIONAL = ("Tags", "Policies", "AttachedPolicies", "PermissionsBoundary", "EventBridge", "Description")
"""Others may set these fields, too, so they belong to us only as far as they are declared."""
_EMPTY: tuple[object, ...] = (None, "", [], {})


def fields(*names: str, **structures: Fields) -> Fields:
    """Builds `Fields` from the names of simple fields and from structures with their own fields."""
    return {**{name: {} for name in names}, **structures}


def difference(desired: JsonMapping, live: JsonMapping) -> tuple[str, ...]:
    """The top-level fields in which two states differ, in alphabetical order."""
    return tuple(name for name in sorted(desired.keys() | live.keys()) if desired.get(name) != live.get(name))


def undeclared(live: JsonMapping, declared: JsonMapping, accepted: Fields) -> JsonObject:
    """The live fields among those `accepted` that are not declared, without empty ones."""
    result: JsonObject = {}
    for name, inner in accepted.items():
        value, owned = live.get(name), declared.get(name)
        if inner and isinstance(value, Mapping) and (owned is None or isinstance(owned, Mapping)):
            value = undeclared(value, owned or {}, inner)
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


def taken_away(undeclared: JsonMapping, applied: JsonMapping) -> JsonObject:
    """The undeclared live fields that were declared when the resource was applied last, with a value."""
    result: JsonObject = {}
    for name, value in undeclared.items():
        before = applied.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping | list):
            if part := {inner: value[inner] for inner in value if inner in before}:
                result[name] = part
        elif before and not isinstance(value, Mapping):
            result[name] = value
    return result


def claims(desired: JsonMapping, before: object) -> JsonObject:
    """The names of optional fields that a change sets, together with those that an unfinished change `before` has set.

    If the deploy dies before the change is recorded, nothing else shows that it has set them.
    """
    unfinished = before if isinstance(before, Mapping) else {}
    result: JsonObject = {}
    for name in OPTIONAL:
        value, earlier = desired.get(name), unfinished.get(name)
        if isinstance(value, Mapping | list) or isinstance(earlier, list):
            keys = {str(key) for part in (value, earlier) if isinstance(part, Mapping | list) for key in part}
            result[name] = sorted(key for key in keys if not key.startswith("deployer:"))
        elif value or earlier:
            result[name] = True
    return {name: value for name, value in result.items() if value}


def without(whole: JsonMapping, part: JsonMapping) -> JsonObject:
    """The fields of `whole` without those in `part`."""
    left: JsonObject = {}
    for name, value in whole.items():
        taken = part.get(name)
        if name not in part:
            left[name] = value
        elif isinstance(value, Mapping) and isinstance(taken, Mapping) and (rest := without(value, taken)):
            left[name] = rest
    return left


def named(undeclared: JsonMapping, declared: JsonMapping, usual: JsonMapping) -> Iterator[str]:
    """The dotted names of undeclared fields, for people; without empty ones and those with `usual` values."""
    for name, value in sorted(undeclared.items()):
        owned = declared.get(name)
        if not value or value == usual.get(name):
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


def statements(document: JsonMapping | None, own: JsonMapping) -> tuple[list[Json], list[Json]]:
    """Splits the statements of a live policy into ours (with the `Sid` of `own`, or equal to it without `Sid`) and others'."""
    value = (document or {}).get("Statement", [])
    every = value if isinstance(value, list) else [value]
    unnamed = {name: value for name, value in own.items() if name != "Sid"}
    ours = [statement for statement in every if statement.get("Sid") == own["Sid"] or statement == unnamed]
    return ours, [statement for statement in every if statement not in ours]


def by_sid(policy: list[Json]) -> JsonObject:
    """The statements of a policy by `Sid`; those without one are numbered."""
    return {str(statement.get("Sid") or f"statement {number}"): statement for number, statement in enumerate(policy, 1)}
