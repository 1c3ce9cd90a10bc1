"""Roles that are made again, and what runs with them.

A role that was deleted and created again has its old name and ARN, but to AWS it is another one, and what runs with it may go on
to mean the old one. So what runs with a role is changed whenever the role is another one than before.

Follows https://github.com/serverless/examples/issues/279
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace

from common.model.resource import CHANGING, ROLE_ID, Action, Change, Key, Resource
from common.resources import kinds


def is_assumed(key: Key) -> bool:
    """Whether it is of a kind that others run with."""
    return key.kind in kinds() and kinds()[key.kind].is_assumed


def gone(resources: Collection[Resource], present: Collection[str]) -> set[Key]:
    """The declared roles that do not exist; `present` are the ARNs of those that do."""
    return {resource.key for resource in resources if is_assumed(resource.key) and resource.arn not in present}


def listed(resources: Collection[Resource], ids: Mapping[str, str]) -> dict[Key, str]:
    """The ids of the declared roles that exist; `ids` are by ARN."""
    return {one.key: ids[one.arn] for one in resources if is_assumed(one.key) and one.arn in ids}


def replaced(ids: Mapping[Key, str], released: Mapping[str, Mapping[str, str]]) -> set[Key]:
    """The roles that are others than those with which the last release runs: somebody has deleted them and made them again.

    Args:
        ids: of the declared roles that exist.
        released: of those of the last release, by project and ``role/name``, as far as they are known.
    """
    return {key for key, now in ids.items() if released.get(key.project, {}).get(str(key), now) != now}


def ids_after(
    resources: Collection[Resource],
    before: Mapping[str, str],
    now: Mapping[Key, str],
    again: Collection[Key],
    settled: Collection[Key],
) -> dict[str, str]:
    """The ids of roles that a release root may say, by ``role/name``: a new one only once all that runs with the role has it.

    Args:
        resources: what the project declares.
        before: what its root said.
        now: the ids of its roles, also of those that were just made.
        again: those of them that were made again, although they had been deployed before.
        settled: what is as it should be.
    """
    found = {}
    for key in [one.key for one in resources if is_assumed(one.key)]:
        old = before.get(str(key))
        another = key in again or (old is not None and old != now.get(key))
        left = another and any(key in one.needs and one.key not in settled for one in resources)
        if (role_id := (old or "") if left else now.get(key)) is not None:
            found[str(key)] = role_id
    return found


def renewed(changes: Mapping[Key, Change], resources: Collection[Resource], others: Collection[Key]) -> dict[Key, Change]:
    """The changes, and the updates of what runs with a role that is made again.

    Args:
        changes: by key, as they were decided.
        resources: what is declared.
        others: the roles that were made again already, by somebody else or by a deploy that did not come to who runs with them.
    """
    roles = {resource.key: resource.arn for resource in resources if is_assumed(resource.key)}
    made = {key for key in roles if key in changes and changes[key].action in {Action.CREATE, Action.REPLACE}}
    found = dict(changes)
    for resource in resources:
        change = changes.get(resource.key)
        if change is None or change.live is None or change.action in CHANGING - {Action.UPDATE}:
            continue
        again = {key for key in resource.needs if key in made or key in others}
        arns = [roles[key] for key in again]
        fields = {name for name, value in change.desired.items() if any(arn in json.dumps(value, default=str) for arn in arns)}
        if fields:
            before = f"{change.reason}; " if change.action is Action.UPDATE else ""
            why = "its role is made again" if again.isdisjoint(others) else "its role was deleted and made again"
            changed = change.changed | fields | {ROLE_ID}
            found[resource.key] = replace(change, action=Action.UPDATE, reason=f"{before}{why}", changed=changed)
    return found
