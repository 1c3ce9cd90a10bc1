"""What is particular to roles: who may assume them, and that nothing else grants."""

import json
from typing import Any, cast

import pytest

from common.aws.protocol import Aws
from common.aws.session import AwsSession
from common.base.errors import AwsError, DeclarationError, OwnershipError
from tests.resources.builders import Place, brought, final, live_state, prepare, updated
from tests.resources.cases import ALLOW
from tests.resources.scripted import ScriptedAws


def test_policies_that_nobody_declared_stay(moto_aws: AwsSession, place: Place) -> None:
    role = place.role(statements=(ALLOW,), managed_policies=(place.policy_arn("reader"),))
    prepare(moto_aws)
    role.create(moto_aws, final(role))
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Resource": "*"}]})
    moto_aws.call("iam", "PutRolePolicy", RoleName=role.name, PolicyName="by-hand", PolicyDocument=document)
    moto_aws.call("iam", "AttachRolePolicy", RoleName=role.name, PolicyArn=place.policy_arn("writer"))
    trust = role.desired()["AssumeRolePolicyDocument"]
    others = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    unnamed = {name: value for name, value in trust["Statement"][0].items() if name != "Sid"}
    document = json.dumps({**trust, "Statement": [unnamed, others]})
    moto_aws.call("iam", "UpdateAssumeRolePolicy", RoleName=role.name, PolicyDocument=document)
    boundary = place.policy_arn("reader")
    moto_aws.call("iam", "PutRolePermissionsBoundary", RoleName=role.name, PermissionsBoundary=boundary)
    assert live_state(moto_aws, role) == final(role)
    updated(moto_aws, role, final(role), role.read(moto_aws))
    live = role.read(moto_aws)
    assert live is not None
    assert live.state == final(role)
    assert live.undeclared == {
        "AssumeRolePolicyDocument": {"statement 1": others},
        "Policies": {"by-hand": "by-hand"},
        "AttachedPolicies": {place.policy_arn("writer"): place.policy_arn("writer")},
        "PermissionsBoundary": boundary,
        "MaxSessionDuration": 3600,
    }


def test_what_was_declared_and_is_no_longer_is_taken_away(moto_aws: AwsSession, place: Place) -> None:
    reader, writer = place.policy_arn("reader"), place.policy_arn("writer")
    before = place.role(managed_policies=(reader, writer), boundary=reader)
    prepare(moto_aws)
    before.create(moto_aws, final(before))
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Resource": "*"}]})
    for name in ("permissions", "by-hand"):  # what we put was called the former once
        moto_aws.call("iam", "PutRolePolicy", RoleName=before.name, PolicyName=name, PolicyDocument=document)
    after = place.role(statements=(ALLOW,), managed_policies=(reader,))
    applied = {**final(before), "Policies": {"permissions": json.loads(document)}}
    assert brought(moto_aws, after, applied) == {"Policies", "AttachedPolicies", "PermissionsBoundary"}
    live = after.read(moto_aws)
    assert live is not None
    assert live.undeclared == {"Policies": {"by-hand": "by-hand"}, "MaxSessionDuration": 3600}


@pytest.mark.parametrize(
    ("service", "condition"),
    [
        ("lambda.amazonaws.com", None),
        ("glue.amazonaws.com", None),
        ("states.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "123456789012"}}),
        ("events.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "123456789012"}}),
        ("scheduler.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "123456789012"}}),
    ],
)
def test_a_service_that_says_for_whom_it_acts_must_act_for_this_account(service: str, condition: object, place: Place) -> None:
    (statement,) = place.role(service=service).desired()["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": service}
    assert statement.get("Condition") == condition


def test_a_policy_longer_than_iam_accepts(place: Place) -> None:
    statement = {**ALLOW, "Resource": [f"arn:aws:s3:::t-landing/{number:05}" for number in range(400)]}
    with pytest.raises(DeclarationError, match=r"role/t-worker: its policy has \d+ characters; IAM accepts 10240"):
        place.role(statements=(statement,)).desired()


def test_a_new_role_is_not_asked_for_policies_to_take_away(moto_aws: AwsSession, place: Place) -> None:
    role = place.role(statements=(ALLOW,), managed_policies=(place.policy_arn("reader"),))
    prepare(moto_aws)
    moto_aws.calls.clear()
    role.create(moto_aws, final(role))
    assert moto_aws.calls == {"iam:CreateRole": 1, "iam:PutRolePolicy": 1, "iam:AttachRolePolicy": 1}
    assert live_state(moto_aws, role) == final(role)


def test_plans_tell_each_statement_and_each_policy_that_comes_or_goes(place: Place) -> None:
    role = place.role(statements=(ALLOW,))
    before, after = final(role)["Policies"], final(place.role())["Policies"]
    worded = f"{ALLOW['Action']} on {ALLOW['Resource'].rpartition(':')[2]}"
    assert role.describe_change("Policies", before, after) == f"- {worded}"
    assert role.describe_change("Policies", after, before) == f"+ {worded}"
    policies = [place.policy_arn("reader")], [place.policy_arn("writer")]
    assert role.describe_change("AttachedPolicies", *policies) == "- policy reader, + policy writer"
    assert role.describe_change("Tags", {}, {"team": "a"}) == ""


class Waiting(ScriptedAws):
    """IAM has a role of the name, and a wait for it ends like this."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__({"iam:CreateRole": AwsError("iam", "CreateRole", "EntityAlreadyExists", "it exists")})
        self.end = AwsError("iam", "GetRole", code, reason)

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        raise self.end


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        ("WaiterError", "Waiter RoleExists failed: Max attempts exceeded. Previously accepted state: …", OwnershipError),
        ("WaiterError", "Waiter RoleExists failed: An error occurred (AccessDenied): no", AwsError),
        ("EndpointConnectionError", "Could not connect to the endpoint URL", AwsError),
    ],
)
def test_only_a_role_that_is_never_shown_has_other_capital_letters(
    code: str, reason: str, expected: type[Exception], place: Place
) -> None:
    role = place.role()
    with pytest.raises(expected):
        role.create(cast(Aws, Waiting(code, reason)), final(role))
