"""A role in the place of another one, for as long as what runs with that one is given it anew.

A role that was deleted and created again has its old name and ARN, but to AWS it is another one. What names it may go on to
mean the old one: the grant by which a function's role reads its variables does, so that "KMS access was denied" to a function
that is up to date by everything that can be read of it. It is granted anew when the function is given another role, and this
one again.

Follows https://github.com/serverless/examples/issues/279 and
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_function
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from common.aws.protocol import Aws
from common.base.errors import AwsError, OwnershipError
from common.environment.config import OWNER_TAG
from common.model.tags import tag_map


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
