"""The copy of a role that takes its place while a function is given it again: made as the role is, and gone if it is ours."""

from typing import Any

import pytest

from common.base.errors import AwsError, OwnershipError
from common.resources.stand_in_role import erase_stand_in, stand_in
from tests.resources.builders import TAGS, Place
from tests.resources.scripted import ScriptedAws, refused

ARN = Place().role_arn("worker")
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
ROLE: dict[str, Any] = {
    "Arn": ARN,
    "Path": "/t/test/p/",
    "AssumeRolePolicyDocument": TRUST,
    "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
}
THEIRS = {**ROLE, "Tags": [{"Key": "deployer:environment", "Value": "t/other"}]}
REMOVED = ["iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:DeleteRole"]


def iam(**answers: Any) -> ScriptedAws:
    script = {
        "GetRole": {"Role": ROLE},
        "CreateRole": {},
        "ListRolePolicies": {"PolicyNames": ["own"]},
        "GetRolePolicy": {"PolicyDocument": {"Statement": []}},
        "ListAttachedRolePolicies": {"AttachedPolicies": [{"PolicyArn": "arn:reader"}]},
        **{name: {} for name in ("PutRolePolicy", "AttachRolePolicy", "DeleteRolePolicy", "DetachRolePolicy", "DeleteRole")},
        **answers,
    }
    return ScriptedAws({f"iam:{name}": answer for name, answer in script.items()})


def test_it_has_the_policies_of_the_role_and_goes_with_them() -> None:
    aws = iam(GetRole={"Role": {**ROLE, "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:limit"}}})
    with stand_in(aws, ARN) as copy:
        assert copy == f"{ARN}-again"
    created = aws.sent("iam:CreateRole")
    assert (created["Path"], created["Tags"], created["PermissionsBoundary"]) == (ROLE["Path"], ROLE["Tags"], "arn:limit")
    assert aws.sent("iam:PutRolePolicy")["PolicyName"] == "own"
    assert aws.sent("iam:AttachRolePolicy") == {"RoleName": "worker-again", "PolicyArn": "arn:reader"}
    assert [name for name in aws.operations if name in REMOVED] == REMOVED
    assert {aws.sent(name)["RoleName"] for name in REMOVED} == {"worker-again"}


@pytest.mark.parametrize("is_ours", [True, False])
def test_one_that_exists_is_taken_if_a_deploy_which_died_has_left_it_and_else_refused(*, is_ours: bool) -> None:
    aws = iam(
        CreateRole=refused("CreateRole", "EntityAlreadyExists"), GetRole=[{"Role": ROLE}, {"Role": ROLE if is_ours else THEIRS}]
    )
    if is_ours:
        with stand_in(aws, ARN):
            pass
        assert "iam:DeleteRole" in aws.operations
    else:
        with pytest.raises(OwnershipError, match="role worker-again exists and is not this environment's"), stand_in(aws, ARN):
            pass
        assert aws.operations[-1] == "iam:GetRole"


def test_any_other_refusal_is_loud() -> None:
    with pytest.raises(AwsError, match="AccessDenied"), stand_in(iam(CreateRole=refused("CreateRole", "AccessDenied")), ARN):
        pass


@pytest.mark.parametrize(("copy", "goes"), [(ROLE, True), (THEIRS, False), ({**ROLE, "Tags": []}, False)])
def test_one_that_was_left_goes_with_its_role_if_it_has_the_same_owner(copy: dict[str, Any], goes: bool) -> None:
    aws = iam(GetRole={"Role": copy})
    erase_stand_in(aws, ROLE)
    assert ("iam:DeleteRole" in aws.operations) is goes


def test_without_an_owner_nothing_of_nobody_goes() -> None:
    nobodys = {**ROLE, "Tags": []}
    aws = iam(GetRole={"Role": nobodys})
    erase_stand_in(aws, nobodys)
    assert "iam:DeleteRole" not in aws.operations
