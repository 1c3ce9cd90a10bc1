"""Creates a temporary copy of a role, with which a function is updated so that AWS grants its real role again.

A role that was deleted and created again has its old name and ARN, but AWS treats it as another role. Grants to the old role do
not apply to it. One such grant lets a function's role decrypt its variables: without it the function fails with "KMS access was
denied", although everything that can be read of it is right. AWS makes the grant again when the function gets another role and
then this one.

Follows https://github.com/serverless/examples/issues/279 and
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_function
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from common.aws.protocol import Aws
from common.base.errors import AwsError, OwnershipError
from common.base.json_types import JsonMapping, JsonObject
from common.environment import owner_tags
from common.model.tags import tag_map

LAMBDA = "lambda.amazonaws.com"
"""The principal of the roles that functions run with."""


def stand_in_arn(role_arn: str) -> str:
    """The ARN of the role that takes the place of this one while it is made again."""
    name = role_arn.rpartition("/")[2]
    return f"{role_arn.removesuffix(name)}{name[:58]}-again"


@contextmanager
def stand_in(aws: Aws, role_arn: str) -> Iterator[str]:
    """Creates a copy of a role and deletes it at the end.

    Yields:
        The ARN of the copy.

    Raises:
        OwnershipError: a role with the name of the copy exists and is not ours.
    """
    name = role_arn.rpartition("/")[2]
    other = stand_in_arn(role_arn).rpartition("/")[2]
    role = aws.call("iam", "GetRole", RoleName=name)["Role"]
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    options: JsonObject = {"PermissionsBoundary": boundary} if boundary else {}
    trust = json.dumps(role["AssumeRolePolicyDocument"])
    try:
        aws.call(
            "iam",
            "CreateRole",
            RoleName=other,
            Path=role["Path"],
            AssumeRolePolicyDocument=trust,
            Tags=role.get("Tags", []),
            **options,
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
    yield stand_in_arn(role_arn)  # if the update fails, the copy stays, because the function may run with it
    _erase(aws, other)


def erase_stand_in(aws: Aws, role: JsonMapping) -> None:
    """Deletes the copy of a role that a failed update has left behind. A role of somebody else stays.

    Args:
        aws: AWS.
        role: the role that is about to be deleted, as GetRole describes it.
    """
    if LAMBDA not in json.dumps(role["AssumeRolePolicyDocument"]):
        return  # only functions get stand-ins
    other = stand_in_arn(role["Arn"]).rpartition("/")[2]
    copy = aws.find("iam", "GetRole", "NoSuchEntity", RoleName=other)
    if copy is not None and _owner(role) and _owner(copy["Role"]) == _owner(role):
        _erase(aws, other)


def _erase(aws: Aws, name: str) -> None:
    inline, attached = _policies(aws, name)
    for policy in inline:
        aws.call("iam", "DeleteRolePolicy", RoleName=name, PolicyName=policy)
    for arn in attached:
        aws.call("iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn)
    aws.call("iam", "DeleteRole", RoleName=name)


def _policies(aws: Aws, name: str) -> tuple[JsonObject, list[str]]:
    """The inline policies of a role, and the ARNs of its attached policies."""
    names = [policy for page in aws.pages("iam", "ListRolePolicies", RoleName=name) for policy in page["PolicyNames"]]
    inline = {policy: aws.call("iam", "GetRolePolicy", RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in names}
    pages = aws.pages("iam", "ListAttachedRolePolicies", RoleName=name)
    return inline, [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]


def _check_ours(aws: Aws, other: str, role: JsonMapping) -> None:
    if _owner(aws.call("iam", "GetRole", RoleName=other)["Role"]) != _owner(role):
        raise OwnershipError(f"The role {other} exists and is not this environment's. Remove or rename it, then deploy again.")


def _owner(role: JsonMapping) -> str:
    """The owner in the tags of a role, as GetRole describes it; empty if it has none."""
    owner, _ = owner_tags.read_owner(tag_map(role.get("Tags", ())))
    return owner or ""
