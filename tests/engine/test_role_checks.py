"""Roles that exist: what runs with one needs something of it, which is told once, and compared with what the role allows."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore import handlers
from botocore.exceptions import ClientError

from tests.engine.test_budgets import Deployed, whole_pages
from tests.support.repository import Repository
from tests.support.terminal import squeezed

__all__ = ["whole_pages"]
ROLE = "arn:aws:iam::123456789012:role/pipelines"
TRUST: dict[str, Any] = {
    "Statement": {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
}
ALL: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ARTIFACTS: dict[str, Any] = {"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "arn:aws:s3:::t-dev-artifacts/*"}
LOGS: dict[str, Any] = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:putlogevents"],
    "Resource": "arn:aws:logs:eu-central-1:123456789012:log-group:/t-dev/*",
}
CATALOG: dict[str, Any] = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:glue:*"}
NEEDED: list[dict[str, Any]] = [ARTIFACTS, LOGS, CATALOG]


def role(*statements: Mapping[str, Any], trust: Mapping[str, Any] = TRUST, boundary: Mapping[str, Any] | None = None) -> None:
    client = boto3.client("iam")
    bounded = {}
    if boundary is not None:
        made = client.create_policy(
            PolicyName="bound", PolicyDocument=json.dumps({"Statement": boundary, "Version": "2012-10-17"})
        )
        bounded = {"PermissionsBoundary": made["Policy"]["Arn"]}
    client.create_role(RoleName="pipelines", AssumeRolePolicyDocument=json.dumps(trust), **bounded)
    for number, statement in enumerate(statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        if number == 0:
            arn = client.create_policy(PolicyName="first", PolicyDocument=document)["Policy"]["Arn"]
            client.attach_role_policy(RoleName="pipelines", PolicyArn=arn)
        else:
            client.put_role_policy(RoleName="pipelines", PolicyName=f"p{number}", PolicyDocument=document)


@pytest.fixture
def acres(repository: Repository, moto_dates: None) -> Repository:
    repository.project("acres", 'p.job("load")')
    repository.configure(projects={"acres": {"jobs": {"load": {"role": ROLE}}}})
    return repository


def planned(repository: Repository, *words: str) -> str:
    return squeezed(repository.invoke("plan", "--env", "dev", *words).out)


def test_a_role_that_has_everything_is_said_to_have_it_once(acres: Repository) -> None:
    role(*NEEDED)
    sentence = f"{ROLE} allows what glue-job/load needs; `invoke policy --role pipelines` prints all of it."
    assert sentence in planned(acres)
    Deployed(acres.root)
    again = Deployed(acres.root)
    assert not [call for call in again.calls if call.startswith("iam:") and call != "iam:ListRoles"]
    assert ROLE not in planned(acres), "it was told, and nothing has changed"
    assert sentence in planned(acres, "--verify")


LACKING: dict[str, tuple[list[dict[str, Any]], str]] = {
    "the artifact bucket": (
        [LOGS, CATALOG],
        "s3:GetObject on arn:aws:s3:::t-dev-artifacts/dev/acres/artifacts/load.*, arn:aws:s3:::t-dev-artifacts/dev/acres/",
    ),
    "its log groups": (
        [ARTIFACTS, CATALOG],
        "logs:CreateLogStream, logs:PutLogEvents on arn:aws:logs:eu-central-1:123456789012:",
    ),
    "what is denied": ([*NEEDED, {**ARTIFACTS, "Effect": "Deny"}], "s3:GetObject on arn:aws:s3:::t-dev-artifacts/dev/acres/"),
    "a narrow resource": (
        [{**ARTIFACTS, "Resource": "arn:aws:s3:::t-dev-artifacts/dev/acres/artifacts/load/?"}, LOGS, CATALOG],
        "s3:GetObject on arn:aws:s3:::t-dev-artifacts/dev/acres/artifacts/load.*",
    ),
}


@pytest.mark.parametrize("what", LACKING)
def test_what_a_role_lacks_is_told_and_refuses_nothing(acres: Repository, what: str) -> None:
    statements, lacking = LACKING[what]
    role(*statements)
    screen = planned(acres)
    assert f"{ROLE} lacks what glue-job/load needs: {lacking}" in screen
    assert acres.invoke("deploy", "--env", "dev").code == 0


def test_a_boundary_bounds_what_a_role_allows(acres: Repository) -> None:
    role(ALL, boundary={**LOGS})
    assert f"{ROLE} lacks what glue-job/load needs: s3:GetObject on" in planned(acres)


def test_who_may_assume_it_and_a_role_that_is_not_there_are_told(acres: Repository) -> None:
    assert f"{ROLE}, with which glue-job/load is to run, does not exist. It must allow s3:GetObject on" in planned(acres)
    theirs = {"Service": ["lambda.amazonaws.com", "events.amazonaws.com"]}
    role(ALL, trust={"Statement": [{"Effect": "Allow", "Principal": theirs, "Action": "sts:AssumeRole"}]})
    assert f"{ROLE}: its trust policy must let glue.amazonaws.com assume it." in planned(acres)


def test_a_role_that_may_not_be_read_is_no_reason_to_fail(acres: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(params: Any, **_: Any) -> None:
        if params["body"]["RoleName"] == "pipelines":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized to perform iam:GetRole"}}, "GetRole")

    role(ALL)
    with monkeypatch.context() as patched:
        patched.setattr(handlers, "BUILTIN_HANDLERS", [("before-call.iam.GetRole", refuse), *handlers.BUILTIN_HANDLERS])
        screen = squeezed(str(acres.invoke("plan", "--env", "dev")))
    assert (
        f"{ROLE}, with which glue-job/load is to run, cannot be read by these credentials. It must allow s3:GetObject" in screen
    )


def test_a_policy_that_is_gone_when_it_is_read_is_no_reason_to_fail(acres: Repository) -> None:
    """Somebody may delete it between two calls; the embedded AWS lacks most of the policies that AWS manages."""
    role(ALL, boundary={**LOGS})
    boto3.client("iam").delete_policy(PolicyArn="arn:aws:iam::123456789012:policy/bound")
    screen = planned(acres)
    assert (
        f"{ROLE}, with which glue-job/load is to run, has a policy that cannot be read (arn:aws:iam::123456789012:policy"
        in screen
    )


def test_what_is_needed_anew_is_told_although_nothing_else_changes(acres: Repository) -> None:
    role(*NEEDED)
    Deployed(acres.root)
    shared = acres.root / "deploy.py"
    shared.write_text(shared.read_text().replace("    return shared", '    shared.bucket("landing")\n    return shared'))
    acres.project("acres", 'p.job("load", reads=[p.shared.bucket("landing") / "in"])')
    screen = planned(acres, "--only", "glue-job/load")
    assert "= glue-job/load record is as declared" in screen
    assert "lacks what glue-job/load needs: s3:GetObject on arn:aws:s3:::t-dev-landing-123456789012/in" in screen
    Deployed(acres.root)
    assert ROLE not in planned(acres)


def test_the_statements_of_a_role_are_printed_exactly(acres: Repository) -> None:
    printed = acres.invoke("policy", "--env", "dev", "--role", "glue-job/load")
    document = json.loads(printed.out)
    assert "its trust policy must let glue.amazonaws.com assume it." in printed.err
    acres.configure()
    managed = acres.resources()["role/load-glue-job"].desired()["Policies"]["deployer-permissions"]
    assert document == managed, "the same that a role of the deployer's own has"
    assert json.loads(acres.invoke("policy", "--env", "dev", "--role", "glue-job/load").out) == managed
    acres.configure(projects={"acres": {"jobs": {"load": {"role": ROLE}}}})
    for word in ("pipelines", ROLE):
        assert json.loads(acres.invoke("policy", "--env", "dev", "--role", word).out) == document
    refused = acres.invoke("policy", "--env", "dev", "--role", "glue-job/lod")
    assert refused.code == 1
    assert "runs with a role 'glue-job/lod'. Did you mean 'glue-job/load'?" in refused.err


def test_a_call_of_a_machine_that_nobody_can_tell_is_told_and_the_machine_is_deployed(acres: Repository) -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName.$": "$.f"}, "End": True}
    body = {"StartAt": "Crawl", "States": {"Crawl": state}}
    acres.project("acres", f"p.state_machine('main', {body!r})")
    assert "Crawl.FunctionName.$: which function it is, is known only when" in acres.invoke("plan", "--env", "dev").err
    acres.configure(roles={"arns": {"state-machine": ROLE}})
    role(ALL, trust={"Statement": [{**TRUST["Statement"], "Principal": {"Service": "states.amazonaws.com"}}]})
    assert "Crawl.FunctionName.$: which function it is, is known only when" in planned(acres)
    assert acres.invoke("deploy", "--env", "dev").code == 0
