"""Finds roles that were deleted and created again, and updates the resources that run with them.

Such a role has its old name and ARN, but AWS treats it as another role, and resources that run with it may still refer to the old
one. So the resources that run with a role are updated whenever its id has changed.

Follows https://github.com/serverless/examples/issues/279
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace

from common.model.resource import CHANGING, MAKING, ROLE_ID, Action, Change, Key, Resource
from common.resources import kinds


def is_assumed(key: Key) -> bool:
    """Whether other resources run with a resource of this kind."""
    return key.kind in kinds() and kinds()[key.kind].is_assumed


def gone(resources: Collection[Resource], present: Collection[str]) -> set[Key]:
    """The declared roles that do not exist; `present` are the ARNs of the existing ones."""
    return {resource.key for resource in resources if is_assumed(resource.key) and resource.arn not in present}


def listed(resources: Collection[Resource], ids: Mapping[str, str]) -> dict[Key, str]:
    """The ids of the declared roles that exist, by key; `ids` are by ARN."""
    return {resource.key: ids[resource.arn] for resource in resources if is_assumed(resource.key) and resource.arn in ids}


def replaced(ids: Mapping[Key, str], released: Mapping[str, Mapping[str, str]]) -> set[Key]:
    """The roles whose ids differ from those of the last release: somebody has deleted them and created them again.

    Args:
        ids: the ids of the declared roles that exist.
        released: the ids of the last release, by project and ``role/name``, as far as they are known.
    """
    return {key for key, now in ids.items() if released.get(key.project, {}).get(str(key), now) != now}


def ids_after(
    resources: Collection[Resource],
    before: Mapping[str, str],
    now: Mapping[Key, str],
    again: Collection[Key],
    settled: Collection[Key],
) -> dict[str, str]:
    """The role ids of the next release root, by ``role/name``: a new id only once all resources that run with the role have it.

    Args:
        resources: the declared resources of the project.
        before: the ids in its last root.
        now: the ids of its roles, including those that were just created.
        again: the roles that this deploy has created although they had been deployed before.
        settled: the resources that are up to date.
    """
    result = {}
    for key in [role.key for role in resources if is_assumed(role.key)]:
        old = before.get(str(key))
        another = key in again or (old is not None and old != now.get(key))
        left = another and any(key in resource.needs and resource.key not in settled for resource in resources)
        if (role_id := (old or "") if left else now.get(key)) is not None:
            result[str(key)] = role_id
    return result


def renewed(changes: Mapping[Key, Change], resources: Collection[Resource], others: Collection[Key]) -> dict[Key, Change]:
    """The changes, with an update of every resource that runs with a role that is created again.

    Args:
        changes: the changes that were decided, by key.
        resources: the declared resources.
        others: the roles that were created again already, by somebody else or by a deploy that stopped before it updated these.
    """
    roles = {resource.key: resource.arn for resource in resources if is_assumed(resource.key)}
    created = {key for key in roles if key in changes and changes[key].action in MAKING}
    result = dict(changes)
    for resource in resources:
        change = changes.get(resource.key)
        if change is None or change.live is None or change.action in CHANGING - {Action.UPDATE}:
            continue
        again = {key for key in resource.needs if key in created or key in others}
        arns = [roles[key] for key in again]
        fields = {name for name, value in change.desired.items() if any(arn in json.dumps(value, default=str) for arn in arns)}
        if fields:
            before = f"{change.reason}; " if change.action is Action.UPDATE else ""
            why = "its role is made again" if again.isdisjoint(others) else "its role was deleted and made again"
            changed = change.changed | fields | {ROLE_ID}
            result[resource.key] = replace(change, action=Action.UPDATE, reason=f"{before}{why}", changed=changed)
    return result
