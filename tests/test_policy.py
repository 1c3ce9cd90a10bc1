"""The printed policy allows every call that the deployer makes, and nothing that is not held to the environment's names."""

import ast
import json
from pathlib import Path

import pytest

from common import config, policy, steps
from common.session import Choices, Session
from common.settings import FunctionSettings
from tests.repository import fresh_imports

ROOT = Path(__file__).resolve().parent.parent
READING = ("Get", "List", "Describe")


def allowed(document: dict[str, list[dict[str, list[str]]]]) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


@pytest.fixture
def actions() -> set[str]:
    return allowed(policy.deployer(config.load(ROOT, "dev")))


def named_calls() -> set[str]:
    """Every operation that the source names beside its service."""
    found = set()
    for path in (ROOT / "common").rglob("*.py"):
        if "local" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"call", "find", "pages"}
            ):
                words = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if len(words) == 2:
                    found.add(":".join(words))
    return found


def test_every_call_that_the_source_names_is_allowed(actions: set[str]) -> None:
    calls = named_calls()
    assert len(calls) > 60
    assert {call for call in calls if not set(policy.actions_of(call)) <= actions} == set()


def test_every_call_of_a_deploy_is_allowed(moto: None, actions: set[str]) -> None:
    with fresh_imports():
        session = Session(ROOT, Choices(env="dev", yes=True), steps.STEPS, print)
        session.configured = config.load(ROOT, "dev").model_copy(update={"account_id": "123456789012"})  # moto's
        for step in steps.STEPS:
            session.step(step)
        session.close()
    assert len(session.aws.calls) > 40
    assert {call for call in session.aws.calls if not set(policy.actions_of(call)) <= actions} == set()


def test_what_is_not_held_to_names_only_reads_or_delivers_logs() -> None:
    wide = [one for one in policy.deployer(config.load(ROOT, "dev"))["Statement"] if one["Resource"] == ["*"]]
    operations = [action.partition(":")[2] for statement in wide for action in statement["Action"]]
    assert {"DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"} < {*operations}, "Lambda asks these as the caller"
    assert all(one.startswith(READING) or "LogDelivery" in one or one == "PutResourcePolicy" for one in operations)


def test_no_action_is_a_pattern(actions: set[str]) -> None:
    assert not [action for action in actions if "*" in action]


def test_two_environments_of_one_account_cannot_touch_each_others(actions: set[str]) -> None:
    document = json.dumps(policy.deployer(config.load(ROOT, "prod")))
    assert "acres-prod" in document
    assert "acres-dev" not in document


def test_layers_of_others_may_be_used_where_configuration_names_them_and_nothing_else() -> None:
    env = config.load(ROOT, "dev")
    arn = "arn:aws:lambda:eu-central-1:111111111111:layer:theirs:3"
    project = config.Project(functions={"One": FunctionSettings(layers=(arn,))})
    given = env.model_copy(update={"projects": {"acres": project}})
    (statement,) = [one for one in policy.deployer(given)["Statement"] if arn in one["Resource"]]
    assert (statement["Action"], statement["Resource"]) == (["lambda:GetLayerVersion"], [arn])
    assert arn not in policy.text(env)


def test_configured_roles_may_be_passed_and_only_to_services_that_run_pipelines() -> None:
    env = config.load(ROOT, "dev")
    arn = "arn:aws:iam::111111111111:role/given"
    given = env.model_copy(update={"roles": config.Roles(arns={"lambda": arn})})
    (statement,) = [one for one in policy.deployer(given)["Statement"] if one["Action"] == ["iam:PassRole"]]
    assert arn in statement["Resource"]
    assert "lambda.amazonaws.com" in statement["Condition"]["StringEquals"]["iam:PassedToService"]
