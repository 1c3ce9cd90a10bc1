"""Roles that are made again, and what runs with them.

A role that was deleted and created again has its old name and ARN, but to AWS it is another one. What names it may go on to
mean the old one: the grant by which a function's role reads its variables does, so that "KMS access was denied" to a function
that is up to date by everything that can be read of it. It is granted anew when the function is given another role, and this
one again.

Follows https://github.com/serverless/examples/issues/279 and
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_function
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from common.aws.protocol import Aws
from common.base.errors import AwsError, OwnershipError
from common.environment.config import OWNER_TAG
from common.model.resource import CHANGING, Action, Change, Key, Resource
from common.model.tags import tag_map

ROLE = "role"
"""The kind of roles."""
ROLE_ID = "RoleId"
"""Among the changed fields: the role of this name is another one than before."""


def gone(resources: Collection[Resource], present: Collection[str]) -> set[Key]:
    """The declared roles that do not exist; `present` are the ARNs of those that do."""
    return {resource.key for resource in resources if resource.key.kind == ROLE and resource.arn not in present}


def listed(resources: Collection[Resource], ids: Mapping[str, str]) -> dict[Key, str]:
    """The ids of the declared roles that exist; `ids` are by ARN."""
    return {one.key: ids[one.arn] for one in resources if one.key.kind == ROLE and one.arn in ids}


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
    for key in [one.key for one in resources if one.key.kind == ROLE]:
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
    roles = {resource.key: resource.arn for resource in resources if resource.key.kind == ROLE}
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


@contextmanager
def stand_in(aws: Aws, role_arn: str) -> Iterator[str]:
    """Another role that is like this one, as long as it lasts.

    Yields:
        Its ARN.

    Raises:
        OwnershipError: there is a role of that name already, and it is not ours.
    """
    name = role_arn.rpartition("/")[2]
    other = f"{name[:58]}-again"
    role = aws.call("iam", "GetRole", RoleName=name)["Role"]
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    given: dict[str, Any] = {"PermissionsBoundary": boundary} if boundary else {}
    trust = json.dumps(role["AssumeRolePolicyDocument"])
    try:
        aws.call(
            "iam",
            "CreateRole",
            RoleName=other,
            Path=role["Path"],
            AssumeRolePolicyDocument=trust,
            Tags=role.get("Tags", []),
            **given,
        )
    except AwsError as error:
        if error.code != "EntityAlreadyExists":
            raise
        _check_ours(aws, other, role)  # of a deploy that has died
    inline, attached = _policies(aws, name)
    for policy, document in inline.items():
        aws.call("iam", "PutRolePolicy", RoleName=other, PolicyName=policy, PolicyDocument=json.dumps(document))
    for arn in attached:
        aws.call("iam", "AttachRolePolicy", RoleName=other, PolicyArn=arn)
    yield f"{role_arn.removesuffix(name)}{other}"
    inline, attached = _policies(aws, other)
    for policy in inline:
        aws.call("iam", "DeleteRolePolicy", RoleName=other, PolicyName=policy)
    for arn in attached:
        aws.call("iam", "DetachRolePolicy", RoleName=other, PolicyArn=arn)
    aws.call("iam", "DeleteRole", RoleName=other)


def _policies(aws: Aws, name: str) -> tuple[dict[str, Any], list[str]]:
    """The inline policies of a role, and the ARNs of those that are attached."""
    names = [one for page in aws.pages("iam", "ListRolePolicies", RoleName=name) for one in page["PolicyNames"]]
    inline = {one: aws.call("iam", "GetRolePolicy", RoleName=name, PolicyName=one)["PolicyDocument"] for one in names}
    pages = aws.pages("iam", "ListAttachedRolePolicies", RoleName=name)
    return inline, [one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]]


def _check_ours(aws: Aws, other: str, role: Mapping[str, Any]) -> None:
    live = tag_map(aws.call("iam", "GetRole", RoleName=other)["Role"].get("Tags", ()))
    if live.get(OWNER_TAG) != tag_map(role.get("Tags", ())).get(OWNER_TAG):
        raise OwnershipError(f"The role {other} exists and is not this environment's. Remove or rename it, then deploy again.")
