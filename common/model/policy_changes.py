"""Words the change of a policy by statements: ``+ sns:Publish on alerts, - s3:GetObject on landing/in/*``."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping

Grant = tuple[str, str, str, str]
"""The effect, an action, a resource and the conditions of a statement."""


def statements_changed(before: JsonMapping, after: JsonMapping) -> str:
    """What a policy document allows now and did not before, and the reverse; empty if both allow the same."""
    old, new = set(_grants(before)), set(_grants(after))
    return ", ".join([*_worded("+", new - old), *_worded("-", old - new)])


def _grants(document: JsonMapping) -> Iterator[Grant]:
    for statement in _listed(document.get("Statement", [])):
        conditions = _conditions(statement.get("Condition") or {})
        for action in _listed(statement.get("Action", [])):
            for resource in _listed(statement.get("Resource", [])):
                yield statement.get("Effect", "Allow"), action, resource, conditions


def _worded(sign: str, grants: set[Grant]) -> Iterator[str]:
    """The grants, joined first by resources that have the same actions, and then by actions that have the same resources."""
    actions: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for effect, action, resource, conditions in grants:
        actions[effect, resource, conditions].add(action)
    resources: defaultdict[tuple[str, str, tuple[str, ...]], set[str]] = defaultdict(set)
    for (effect, resource, conditions), names in actions.items():
        resources[effect, conditions, tuple(sorted(names))].add(_short(resource))
    for (effect, conditions, joined), places in sorted(resources.items()):
        denied = "deny " if effect == "Deny" else ""
        yield f"{sign} {denied}{' '.join(joined)} on {' '.join(sorted(places))}{conditions}"


def _conditions(conditions: JsonMapping) -> str:
    texts = [
        f"{key} {operator} {' '.join(map(str, _listed(values)))}"
        for operator, keys in sorted(conditions.items())
        for key, values in sorted(keys.items())
    ]
    return f" if {' and '.join(texts)}" if texts else ""


def _short(arn: str) -> str:
    """The part of an ARN that names the resource: all behind the account."""
    parts = arn.split(":", 5)
    return parts[5] if len(parts) == 6 else arn


def _listed(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else [value] if isinstance(value, Mapping | str) or value else []
