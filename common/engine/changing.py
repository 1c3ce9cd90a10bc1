"""Carrying out one change of a resource.

Where a field cannot be changed in place, the old resource has to go before there can be a new one of its name, and AWS may refuse
the new one then. What can be found out before was found out by the plan; for the rest, what was read of the old one is put back,
so that there is always one of the two.
"""

from collections.abc import Collection

from common.aws.protocol import Aws
from common.base.errors import DeployError, LockedError, OvertakenError, SkippedError
from common.model.orphan import Orphan, Type
from common.model.resource import Action, Change, Key, Outputs, Resource


def act(aws: Aws, resource: Resource, change: Change) -> Outputs:
    """Creates, updates or replaces a resource."""
    match change.action:
        case Action.CREATE:
            return resource.create(aws, change.desired)
        case Action.UPDATE:
            return resource.update(aws, change)
        case Action.REPLACE:
            return _replace(aws, resource, change)
        case _:
            return {}


def remove(aws: Aws, kind: Type | None, remains: Orphan, change: Change, skipped: Collection[Key]) -> Outputs:
    """Deletes what a record names, or only forgets it.

    Raises:
        SkippedError: what may still use it was left as it is.
    """
    for key in remains.awaits:
        if key in skipped:
            raise SkippedError(f"{key} was left as it is, and may still use it. Deploy again.")
    if change.action is Action.DELETE and kind is not None:
        kind.erase(aws, remains)
    return {}


def _replace(aws: Aws, resource: Resource, change: Change) -> Outputs:
    """Deletes the resource and creates it as the change wants it.

    Raises:
        DeployError: AWS refused to create it; the message says what has become of the old one.
    """
    resource.delete(aws)
    try:
        return resource.create(aws, change.desired)
    except (LockedError, OvertakenError):
        raise
    except DeployError as error:
        raise DeployError(f"{error}\n{_put_back(aws, resource, change)}") from error


def _put_back(aws: Aws, resource: Resource, change: Change) -> str:
    """Makes the old one again, from what was read of it before; what became of it, in words."""
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
