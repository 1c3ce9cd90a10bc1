"""Carries out one change of a resource.

If a field cannot be changed in place, the old resource must be deleted before a new one of its name can be created, and AWS may
then refuse the new one. The plan has checked what can be checked before. If the creation fails nevertheless, the old resource is
created again from what was read of it, so that one of the two always exists.
"""

from collections.abc import Callable, Collection

from common.aws import regions
from common.aws.protocol import Aws
from common.base.errors import DeployError, LockedError, OvertakenError, SkippedError
from common.environment import owner_tags
from common.model.orphan import Orphan, Type
from common.model.resource import Action, Change, Key, Live, Outputs, Resource
from common.state.records import Records


def read_live(aws: Aws, resource: Resource) -> Live | None:
    """Reads a resource in its region."""
    return resource.read(regions.at(aws, resource.arn))


def _update(aws: Aws, resource: Resource, change: Change) -> Outputs:
    return resource.update(aws, change)


def act(aws: Aws, resource: Resource, change: Change, update: Callable[[Aws, Resource, Change], Outputs] = _update) -> Outputs:
    """Creates, updates or replaces a resource; `update` may be one that uses what was read for it before."""
    aws = regions.at(aws, resource.arn)
    match change.action:
        case Action.CREATE:
            return resource.create(aws, change.desired)
        case Action.UPDATE:
            return update(aws, resource, change)
        case Action.REPLACE:
            return _replace(aws, resource, change)
        case _:
            return {}


def remove(aws: Aws, records: Records, kind: Type | None, orphan: Orphan, change: Change, skipped: Collection[Key]) -> Outputs:
    """Deletes an orphan, takes our tags away from it, or does nothing if only its record is to be removed.

    What is unbound is noted first: once its record is gone, nothing else says which artifacts and which role it still needs.

    Raises:
        SkippedError: a resource that may still use it was not changed.
    """
    aws = regions.at(aws, orphan.arn)
    for key in orphan.awaits:
        if key in skipped:
            raise SkippedError(f"{key} was left as it is, and may still use it. Deploy again.")
    if change.action is Action.DELETE and kind is not None:
        kind.erase(aws, orphan)
    if change.action is Action.UNBIND and kind is not None:
        records.unbound.write(orphan)
        if keys := owner_tags.keys_of(kind.live_tags(aws, orphan) or {}, orphan.owner):
            kind.untag(aws, orphan, keys)
    return {}


def _replace(aws: Aws, resource: Resource, change: Change) -> Outputs:
    """Deletes the resource and creates it as the change wants it.

    Raises:
        DeployError: AWS refused to create it; the message says what happened to the old one.
    """
    resource.delete(aws)
    try:
        return resource.create(aws, change.desired)
    except (LockedError, OvertakenError):
        raise
    except DeployError as error:
        raise DeployError(f"{error}\n{_put_back(aws, resource, change)}") from error


def _put_back(aws: Aws, resource: Resource, change: Change) -> str:
    """Creates the old resource again, from what was read of it before, and returns a sentence about the result."""
    if change.live is None:
        return f"{resource.name} was deleted before, and nothing is known of it."
    kept = {name: value for name, value in change.live.undeclared.get("Tags", {}).items() if isinstance(value, str)}
    state = {**change.live.state, "Tags": {**kept, **change.live.state.get("Tags", {})}}
    try:
        resource.create(aws, state)
    except DeployError as error:
        return f"The old {resource.name} was deleted before, and could not be put back: {error}"
    empty = ", without what it held," if resource.data else ""
    return f"The old {resource.name} was put back as it was{empty} and is in use until the next deploy."
