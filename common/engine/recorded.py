"""Gives resources and changes what is recorded: identifiers and attributes that AWS has given."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from common.base.errors import DeployError
from common.base.json_types import JsonMapping
from common.model.generated import IDENTIFIER, TOKEN, filled_in, marked_keys
from common.model.resource import CHANGING, Change, Key, Outputs, Resource
from common.state.records import Records


def recalled(record: Callable[[], JsonMapping], resource: Resource) -> Resource:
    """The resource, knowing its record if it needs it; `record` reads that."""
    return resource.recall(record()) if resource.needs_record else resource


def with_request(resource: Resource, change: Change, tokens: Mapping[Key, str]) -> Resource:
    """The resource, knowing the token of the request that may create it, and the identifier of the one that was read."""
    if not resource.needs_record:
        return resource
    identifier = change.live.revision if change.live is not None else None
    return resource.recall({TOKEN: tokens[change.key], "outputs": {IDENTIFIER: identifier} if identifier else {}})


def attributes(records: Records, key: Key, done: Mapping[Key, Outputs]) -> Mapping[str, str] | None:
    """The attributes of a resource: from this deploy, or else from its record; None if there is none."""
    outputs = done.get(key) or records.read(key).get("outputs")
    return outputs if isinstance(outputs, Mapping) else None


def completed(change: Change, records: Records, done: Mapping[Key, Outputs]) -> Change:
    """The change with the attributes that AWS has given to what it refers to.

    Raises:
        DeployError: an attribute is not known.
    """
    if not marked_keys(change.desired):
        return change
    desired = filled_in(change.desired, lambda key: attributes(records, key, done))
    if change.action in CHANGING and (unknown := marked_keys(desired)):
        key = min(unknown)
        raise DeployError(
            f"{change.key.project}: {change.key} needs what AWS gives to {key.project}: {key}, and that is not recorded. "
            f"Deploy {key} first."
        )
    return replace(change, desired=desired)
