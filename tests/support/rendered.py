"""What tests look at in rendered resources: rules, and what roles are allowed."""

from collections.abc import Mapping

from common.model.resource import Resource
from common.resources.role import Role
from common.resources.rule import Rule


def rule_of(resources: Mapping[str, Resource], name: str) -> Rule:
    """The rule of this name."""
    rule = resources[f"rule/{name}"]
    assert isinstance(rule, Rule)
    return rule


def allowed(resources: Mapping[str, Resource], name: str) -> list[tuple[str, str]]:
    """Each action that the role of this name is allowed, with the resource on which it is."""
    role = resources[f"role/{name}"]
    assert isinstance(role, Role)
    return [(action, arn) for statement in role.statements for action in statement["Action"] for arn in statement["Resource"]]
