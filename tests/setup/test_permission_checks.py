"""What a deployer may do is simulated by IAM: each action of the printed policy on each of its resources."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest

from common.aws.protocol import Aws
from common.base.terminal import Screen
from common.declare.workspace import Workspace
from common.engine import deployer_policy
from common.engine.connection import Connection
from common.environment.config import Environment
from common.model.choices import Choices
from common.report import doctor_report
from common.setup import permission_checks, simulation
from common.setup.caller import principal_of
from common.setup.finding import Finding
from tests.support.repository import Repository, fresh_imports
from tests.support.simulated_iam import SimulatedIam

ACCOUNT = "arn:aws:iam::123456789012"
SESSION = "arn:aws:sts::123456789012:assumed-role/deployer/ana@example.com"
ROLE = f"{ACCOUNT}:role/ci/team/deployer"
ROLES = {"deployer": {"Arn": ROLE, "RoleName": "deployer", "Path": "/ci/team/"}}
EVERYTHING = {"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}
LINES = (
    'f = p.function("Validate")',
    'p.job("load")',
    'p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})',
)


@dataclass
class Connected:
    """What a check uses of a connection."""

    env: Environment
    aws: SimulatedIam
    caller: str


class Doctor:
    """Looks at what a simulated principal may do, as `doctor` does."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.policy = deployer_policy.of_workspace(workspace)

    def check(self, iam: SimulatedIam, caller: str = SESSION) -> dict[str, Finding]:
        connected = Connected(self.workspace.environment, iam, caller)
        findings = [*permission_checks.check_permissions(cast(Connection, connected), self.workspace)]
        assert len({finding.about for finding in findings}) == len(findings)
        return {finding.about: finding for finding in findings}

    def statements(self, finding: Finding) -> list[dict[str, Any]]:
        """The statements in the advice of a finding."""
        text, result, decoder = finding.advice.partition(":\n")[2], [], json.JSONDecoder()
        while text:
            statement, end = decoder.raw_decode(text)
            result.append(statement)
            text = text[end:].strip()
        return result


@pytest.fixture
def doctor(repository: Repository) -> Iterator[Doctor]:
    repository.project("acres", *LINES)
    workspace = Workspace(repository.root, Choices(env="dev"))
    with fresh_imports():
        yield Doctor(workspace)
    workspace.close()


def test_the_printed_policy_is_all_that_is_asked_about(doctor: Doctor) -> None:
    """Whoever has the policy that is printed, conditions and all, lacks nothing; and every action of it was asked about."""
    iam = SimulatedIam(ROLES, policies=doctor.policy["Statement"])
    findings = doctor.check(iam)
    assert [*findings] == ["permissions"]
    assert (findings["permissions"].state, "role/ci/team/deployer is allowed" in findings["permissions"].text) == ("fine", True)
    simulated = {action for operation, sent in iam.calls if operation.startswith("Simulate") for action in sent["ActionNames"]}
    assert simulated == {action for statement in doctor.policy["Statement"] for action in statement["Action"]}
    assert {sent["PolicySourceArn"] for operation, sent in iam.calls if operation.startswith("Simulate")} == {ROLE}


def test_an_action_is_asked_about_on_what_it_can_be_about(doctor: Doctor) -> None:
    """A policy by hand that allows each action on its own type of resources alone is enough."""
    environment = doctor.workspace.environment
    questions = simulation.questions(environment, doctor.policy)
    pairs = {(action, arn) for question in questions for action in question.actions for arn in question.resources}
    assert not [arn for action, arn in pairs if action == "glue:CreateJob" and ":job/" not in arn]
    assert not [arn for action, arn in pairs if action == "s3:CreateBucket" and "/" in arn]
    assert not [arn for action, arn in pairs if action == "s3:GetObject" and "/" not in arn]
    services = {dict(question.context).get("iam:PassedToService") for question in questions if "iam:PassRole" in question.actions}
    assert services >= {"glue.amazonaws.com", "lambda.amazonaws.com", "states.amazonaws.com"}, "one at a time"
    regions = {dict(question.context)["aws:RequestedRegion"] for question in questions if "iam:CreateRole" in question.actions}
    assert regions == {"us-east-1"}, "requests to IAM itself are made there"


def test_what_is_missing_is_told_by_service_with_the_statement_to_add(doctor: Doctor) -> None:
    kept = [
        {**statement, "Action": [action for action in statement["Action"] if action not in {"glue:CreateJob", "iam:PassRole"}]}
        for statement in doctor.policy["Statement"]
    ]
    findings = doctor.check(SimulatedIam(ROLES, policies=kept, page_size=2))
    assert {about for about, finding in findings.items() if finding.state == "problem"} == {"glue permissions", "iam permissions"}
    assert findings["glue permissions"].text == "no policy allows glue:CreateJob"
    added = [statement for name in ("glue", "iam") for statement in doctor.statements(findings[f"{name} permissions"])]
    assert {action for statement in added for action in statement["Action"]} == {"glue:CreateJob", "iam:PassRole"}
    assert [*doctor.check(SimulatedIam(ROLES, policies=[*kept, *added]))] == ["permissions"], (
        "with these statements nothing is missing"
    )


def test_what_denies_is_told_apart(doctor: Doctor) -> None:
    denying = {"Sid": "NoDeletion", "Effect": "Deny", "Action": ["lambda:DeleteFunction"], "Resource": ["*"]}
    without = {"Effect": "Deny", "Action": ["states:*"], "Resource": ["*"]}
    no_roles = {"Effect": "Deny", "Action": ["iam:CreateRole"], "Resource": ["*"]}
    roles = {"deployer": {**ROLES["deployer"], "PermissionsBoundary": {"PermissionsBoundaryArn": f"{ACCOUNT}:policy/limit"}}}
    iam = SimulatedIam(roles, [EVERYTHING, denying], boundary=[EVERYTHING, without], organization=[EVERYTHING, no_roles])
    findings = doctor.check(iam)
    denied, limited, organization = (findings[f"{service} permissions"] for service in ("lambda", "states", "iam"))
    assert denied.text == "a policy denies lambda:DeleteFunction"
    assert "A Deny in NoDeletion covers this, so no other policy can allow it." in denied.advice
    assert limited.text.startswith("the permissions boundary does not allow states:CreateStateMachine")
    assert f"Add to {ACCOUNT}:policy/limit:\n{{" in limited.advice
    assert organization.text == "a policy of the organization does not allow iam:CreateRole"
    assert "service control policies" in organization.advice
    lines = [*doctor_report.lines([*findings.values()], "dev", Screen())]
    assert all("\n" not in line for line in lines)


def test_a_condition_on_what_nobody_knows_yet_is_a_note(doctor: Doctor) -> None:
    findings = doctor.check(SimulatedIam(ROLES, policies=[], unknown=["aws:SourceIp"]))
    assert {finding.state for finding in findings.values()} == {"note"}
    assert "may depend on aws:SourceIp, which IAM does not know in a simulation" in findings["glue permissions"].text


def test_what_another_account_must_allow_is_a_note(doctor: Doctor) -> None:
    """See `EvalDecisionDetails`: across accounts the policies of the resource decide, too, and nobody sent them."""
    layer = "arn:aws:lambda:eu-central-1:999999999999:layer:deps:1"
    question = simulation.Question(("lambda:GetLayerVersion",), (layer,), (), "")
    (refusal,) = simulation.ask(cast(Aws, SimulatedIam(ROLES)), ROLE, question).refusals
    assert refusal.unknown == ("the policies of account 999999999999",)


@pytest.mark.parametrize("apart", [{"s3:PutReplicationConfiguration"}, {"s3:PutReplicationConfiguration", "s3:CreateBucket"}])
def test_actions_that_iam_simulates_apart_are_asked_about_apart(doctor: Doctor, apart: set[str]) -> None:
    """As in https://github.com/aws/aws-sdk-java-v2/issues/1751 and its like: 'require different authorization information'."""
    iam = SimulatedIam(ROLES, policies=doctor.policy["Statement"], apart=frozenset(apart))
    assert doctor.check(iam)["permissions"].state == "fine"
    sent = [parameters["ActionNames"] for operation, parameters in iam.calls if operation.startswith("Simulate")]
    assert [names for names in sent if names == ["s3:PutReplicationConfiguration"]] == [["s3:PutReplicationConfiguration"]]


def test_without_the_right_to_ask_dry_runs_are_what_is_left(doctor: Doctor) -> None:
    iam = SimulatedIam(ROLES, denied=frozenset({"SimulatePrincipalPolicy", "Invoke"}))
    findings = doctor.check(iam)
    assert (findings["permissions"].state, findings["lambda:InvokeFunction"].state) == ("note", "problem")
    assert findings["lambda:UpdateFunctionCode"].state == "fine"
    assert (
        "Allow iam:SimulatePrincipalPolicy to whoever deploys: `invoke policy --env dev --doctor`"
        in findings["permissions"].advice
    )
    assert [operation for operation, _ in iam.calls].count("SimulatePrincipalPolicy") == 1, "one refusal is enough"


@pytest.mark.parametrize(
    ("caller", "words"),
    [
        (f"{ACCOUNT}:root", "the root user"),
        ("arn:aws:sts::123456789012:federated-user/ana", "federated users"),
        ("arn:aws:sts::123456789012:something/else", "is neither"),
    ],
)
def test_who_cannot_be_simulated_is_told(doctor: Doctor, caller: str, words: str) -> None:
    finding = doctor.check(SimulatedIam(), caller)["permissions"]
    assert (finding.state, words in finding.text) == ("note", True)


def test_the_role_behind_a_session_is_found_with_its_path() -> None:
    """The ARN of a session has no path: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html."""
    sso = {"RoleName": "AWSReservedSSO_Admin_0f", "Path": "/aws-reserved/sso.amazonaws.com/eu-central-1/"}
    sso["Arn"] = f"{ACCOUNT}:role{sso['Path']}{sso['RoleName']}"
    no_get = frozenset({"GetRole"})
    name = "arn:aws-cn:sts::123456789012:assumed-role/other/x"

    def arn(iam: SimulatedIam, caller: str) -> str:
        principal = principal_of(cast(Aws, iam), caller)
        assert not isinstance(principal, str)
        return principal.arn

    assert arn(SimulatedIam(ROLES), SESSION) == ROLE
    assert arn(SimulatedIam(ROLES, denied=no_get), SESSION) == ROLE
    caller = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0f/ana"
    assert arn(SimulatedIam({**ROLES, sso["RoleName"]: sso}, denied=no_get), caller) == sso["Arn"]
    assert arn(SimulatedIam(ROLES, denied=no_get | {"ListRoles"}), name) == "arn:aws-cn:iam::123456789012:role/other", "a guess"
    assert arn(SimulatedIam(), f"{ACCOUNT}:user/people/ana") == f"{ACCOUNT}:user/people/ana"


def test_a_role_whose_path_nobody_may_read_is_told(doctor: Doctor) -> None:
    iam = SimulatedIam(ROLES, denied=frozenset({"GetRole", "ListRoles"}))
    finding = doctor.check(iam)["permissions"]
    assert (finding.state, "allow iam:GetRole on it" in finding.advice) == ("note", True)


def test_the_policy_has_the_right_to_ask_only_for_doctor(repository: Repository) -> None:
    repository.project("acres")
    assert "Simulate" not in repository.invoke("policy", "--env", "dev").out
    printed = json.loads(repository.invoke("policy", "--env", "dev", "--doctor").out)
    asking = [statement for statement in printed["Statement"] if "iam:SimulatePrincipalPolicy" in statement["Action"]]
    assert [statement["Resource"] for statement in asking] == [[f"{ACCOUNT}:role/*", f"{ACCOUNT}:user/*"]]
