"""Tells the change of a policy by statements: ``+ sns:Publish on alerts, - s3:GetObject on landing/in/*``."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping, JsonObject
from common.model.comparison import FieldChange
from common.model.generated import shown

Grant = tuple[str, str, str, str, str]
"""The effect, the principal, an action, a resource and the conditions of a statement."""


def statements_changed(before: JsonMapping, after: JsonMapping) -> str:
    """What a policy document allows now and did not before, and the reverse; empty if both allow the same."""
    return ", ".join(f"{change.sign} {change.label}" for change in grants_changed("", before, after))


def is_policy(value: Json) -> bool:
    """Whether a JSON value is a policy document."""
    return isinstance(value, Mapping) and "Statement" in value


def grants_changed(field: str, before: JsonMapping, after: JsonMapping) -> Iterator[FieldChange]:
    """The same as `statements_changed`, one change for each statement; `field` is the field that holds the policy."""
    old, new = set(_grants(before)), set(_grants(after))
    for label, statement in _statements(new - old):
        yield FieldChange(f"{field}.{label}", None, statement, sign="+", label=label, text=" ")
    for label, statement in _statements(old - new):
        yield FieldChange(f"{field}.{label}", statement, None, sign="-", label=label, text=" ")


def _grants(document: JsonMapping) -> Iterator[Grant]:
    for statement in _listed(document.get("Statement", [])):
        conditions, principal = _conditions(statement.get("Condition") or {}), _principal(statement.get("Principal"))
        for action in _listed(statement.get("Action", [])):
            for resource in _listed(statement.get("Resource", [])) or [""]:
                yield statement.get("Effect", "Allow"), principal, action, resource, conditions


def _principal(value: Json) -> str:
    """Who is allowed, as one text; empty in the policy of a role, which says so of the role alone."""
    if isinstance(value, Mapping):
        return " ".join(f"{name} {' '.join(sorted(map(str, _listed(names))))}" for name, names in sorted(value.items()))
    return str(value or "")


def _statements(grants: set[Grant]) -> Iterator[tuple[str, JsonObject]]:
    """The grants as statements with their words, joined first by resources with the same actions, and then by actions."""
    actions: defaultdict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for effect, principal, action, resource, conditions in grants:
        actions[effect, principal, resource, conditions].add(action)
    resources: defaultdict[tuple[str, str, str, tuple[str, ...]], set[str]] = defaultdict(set)
    for (effect, principal, resource, conditions), names in actions.items():
        resources[effect, principal, conditions, tuple(sorted(names))].add(resource)
    for (effect, principal, conditions, joined), places in sorted(resources.items()):
        denied, whose = "deny " if effect == "Deny" else "", f" by {principal}" if principal else ""
        on = f" on {', '.join(sorted({*map(_short, places)}))}" if places != {""} else ""
        statement = {"Effect": effect, "Action": [*joined], "Resource": sorted(places), "Condition": conditions.strip()}
        statement = {name: value for name, value in {**statement, "Principal": principal}.items() if value not in ("", [""])}
        yield f"{denied}{', '.join(joined)}{on}{whose}{conditions}", statement


def _conditions(conditions: JsonMapping) -> str:
    texts = [
        f"{key} {operator} {', '.join(map(str, _listed(values)))}"
        for operator, keys in sorted(conditions.items())
        for key, values in sorted(keys.items())
    ]
    return f" if {' and '.join(texts)}" if texts else ""


def _short(arn: str) -> str:
    """The part of an ARN that names the resource: all behind the account."""
    parts = arn.split(":", 5) if arn.startswith("arn:") else []
    return shown(parts[5] if len(parts) == 6 else arn)


def _listed(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else [value] if isinstance(value, Mapping | str) or value else []
