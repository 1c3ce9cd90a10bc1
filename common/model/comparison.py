"""Comparing what is declared with what is live and with what was applied last.

Ours is what is declared. A live field that nobody declares is kept; only what was declared when it was applied, and is no longer,
is taken away. Structures may be declared in part; maps and lists are whole: whoever declares one declares all that is in it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Fields = Mapping[str, Any]
"""The fields that an operation of AWS takes; of a structure the `Fields` in it, of anything else nothing."""
OPTIONAL = ("Tags", "Policies", "AttachedPolicies", "PermissionsBoundary", "EventBridge", "Description")
"""Fields that others may set, too, so that they are ours only as far as somebody declares them."""
_EMPTY: tuple[object, ...] = (None, "", [], {})


def fields(*names: str, **structures: Fields) -> Fields:
    """Fields that are whole, and structures with theirs."""
    return {**{name: {} for name in names}, **structures}


def difference(desired: Mapping[str, Any], live: Mapping[str, Any]) -> tuple[str, ...]:
    """The top-level fields in which two states differ, in alphabetical order."""
    return tuple(name for name in sorted(desired.keys() | live.keys()) if desired.get(name) != live.get(name))


def undeclared(live: Mapping[str, Any], declared: Mapping[str, Any], accepted: Fields) -> dict[str, Any]:
    """The live fields among those `accepted` that nobody declares, without what is empty."""
    found: dict[str, Any] = {}
    for name, inner in accepted.items():
        value, owned = live.get(name), declared.get(name)
        if inner and isinstance(value, Mapping) and (owned is None or isinstance(owned, Mapping)):
            value = undeclared(value, owned or {}, inner)
        elif name in declared:
            continue
        if value not in _EMPTY:
            found[name] = value
    return found


def merged(desired: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """What is declared, with what is kept of the live fields around it."""
    result = dict(desired)
    for name, value in kept.items():
        if name not in desired:
            result[name] = value
        elif isinstance(value, Mapping) and isinstance(desired[name], Mapping):
            result[name] = merged(desired[name], value)
    return result


def taken_away(undeclared: Mapping[str, Any], applied: Mapping[str, Any]) -> dict[str, Any]:
    """What is live and not declared, but was declared when it was applied last; a field without a value was not."""
    found: dict[str, Any] = {}
    for name, value in undeclared.items():
        before = applied.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping | list):
            if part := {inner: value[inner] for inner in value if inner in before}:
                found[name] = part
        elif before and not isinstance(value, Mapping):
            found[name] = value
    return found


def claims(desired: Mapping[str, Any], before: object) -> dict[str, Any]:
    """What a change sets of what need not be declared, by names alone, besides what an unfinished one `before` has set.

    A change that dies before it is recorded leaves no other trace of having set them.
    """
    known = before if isinstance(before, Mapping) else {}
    found: dict[str, Any] = {}
    for name in OPTIONAL:
        value, earlier = desired.get(name), known.get(name)
        if isinstance(value, Mapping | list) or isinstance(earlier, list):
            keys = {str(key) for part in (value, earlier) if isinstance(part, Mapping | list) for key in part}
            found[name] = sorted(key for key in keys if not key.startswith("deployer:"))
        elif value or earlier:
            found[name] = True
    return {name: value for name, value in found.items() if value}


def without(whole: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of `whole` once `part` of it is taken away."""
    left: dict[str, Any] = {}
    for name, value in whole.items():
        taken = part.get(name)
        if name not in part:
            left[name] = value
        elif isinstance(value, Mapping) and isinstance(taken, Mapping) and (rest := without(value, taken)):
            left[name] = rest
    return left


def named(undeclared: Mapping[str, Any], declared: Mapping[str, Any], usual: Mapping[str, Any]) -> Iterator[str]:
    """The names of undeclared fields for people, dotted within what is declared in part; without what is off or `usual`."""
    for name, value in sorted(undeclared.items()):
        owned = declared.get(name)
        if not value or value == usual.get(name):
            continue
        if isinstance(value, Mapping) and isinstance(owned, Mapping | list):
            within = usual.get(name) if isinstance(usual.get(name), Mapping) else {}
            yield from (f"{name}.{part}" for part in named(value, owned if isinstance(owned, Mapping) else {}, within or {}))
        else:
            yield name


def split(live: Mapping[str, Any], declared: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A live JSON object as far as it is declared, and the rest of it."""
    own: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in live.items():
        inner = declared.get(name)
        if isinstance(value, Mapping) and isinstance(inner, Mapping):
            own[name], left = split(value, inner)
            rest |= {name: left} if left else {}
        else:
            (own if name in declared else rest)[name] = value
    return own, rest


def statements(document: Mapping[str, Any] | None, own: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """The statements of a live policy: ours, which has the `Sid` of `own` or is the same without one, and those of others."""
    found = (document or {}).get("Statement", [])
    every = found if isinstance(found, list) else [found]
    unnamed = {name: value for name, value in own.items() if name != "Sid"}
    ours = [one for one in every if one.get("Sid") == own["Sid"] or one == unnamed]
    return ours, [one for one in every if one not in ours]


def by_sid(found: list[Any]) -> dict[str, Any]:
    """Statements by their names; those without one are numbered."""
    return {str(one.get("Sid") or f"statement {number}"): one for number, one in enumerate(found, 1)}
