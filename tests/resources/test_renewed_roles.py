"""A role that was deleted and made again: what runs with it is given it anew, and works.

See https://github.com/serverless/examples/issues/279 .
"""

from typing import Any

import boto3
import pytest
from botocore import handlers
from moto.awslambda.models import lambda_backends

from common.aws.session import AwsSession
from common.base.errors import OwnershipError
from common.resources.stand_in_role import stand_in
from tests.commands.test_operations import MACHINE, PLACE, command
from tests.resources.scripted import answered
from tests.support.repository import Repository
from tests.support.strict_lambda import role_id

ACCOUNT = "123456789012"


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    """Two functions, one of them with variables, a job, a machine and a schedule."""
    declared = ('p.function("Validate", environment={"ZONE": "landing"})', 'p.job("load")', MACHINE)
    repository.project("acres", *declared, 'p.schedule("daily", m, "rate(1 day)")')
    first = repository.invoke("deploy", "--env", "dev")
    assert (first.code, first.err) == (0, ""), first
    return repository


def delete_role(name: str) -> None:
    iam = boto3.client("iam")
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def roles() -> set[str]:
    return {role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]}


def works(name: str) -> bool:
    """Whether the function's role is one that may read its variables."""
    function: Any = lambda_backends[ACCOUNT]["eu-central-1"].get_function(name)
    return bool(function.granted_to == (function.role, role_id(ACCOUNT, function.role)))


def changes(items: dict[str, Any]) -> dict[str, str]:
    return {change["key"]: f"{change['action']}: {change['reason']}" for change in items["changes"] if change["action"] != "noop"}


def test_what_runs_with_a_role_that_is_made_again_is_given_it_anew(deployed: Repository) -> None:
    before, name = roles(), "t-dev-acres-Validate"
    assert works(name)
    for role in before:
        delete_role(role)
    planned = changes(command(deployed, "plan", code=2))
    assert planned["role/Validate-lambda"] == "create: is gone from AWS"
    again = "update: its role is made again"
    assert {key: reason for key, reason in planned.items() if not key.startswith("role/")} == dict.fromkeys(
        ("lambda/Validate", "glue-job/load", "state-machine/main", "rule/daily"), again
    )
    done = deployed.invoke("deploy", "--env", "dev")
    assert (done.code, done.err) == (0, "")
    assert works(name)
    assert roles() == before
    assert command(deployed, "plan")["counts"]["update"] == 0
    assert command(deployed, "drift")["drifted"] == []


def test_only_what_runs_with_it_is_updated(deployed: Repository) -> None:
    delete_role("t-dev-acres-load-glue-job")
    assert changes(command(deployed, "plan", code=2)).keys() == {"role/load-glue-job", "glue-job/load"}


def test_forcing_gives_no_function_another_role(deployed: Repository) -> None:
    result = command(deployed, "deploy", "--force", "--only", "lambda/Validate")
    assert "iam:CreateRole" not in result["api_calls"]["by_operation"]


def test_a_role_of_somebody_else_does_not_stand_in(deployed: Repository) -> None:
    iam, aws = boto3.client("iam", **PLACE), AwsSession("eu-central-1", ACCOUNT)
    role = iam.get_role(RoleName="t-dev-acres-Validate-lambda")["Role"]
    iam.create_role(RoleName="t-dev-acres-Validate-lambda-again", AssumeRolePolicyDocument="{}")
    with pytest.raises(OwnershipError, match="is not this environment's"), stand_in(aws, role["Arn"]):
        pass
    assert "t-dev-acres-Validate-lambda-again" in roles()


def test_what_stood_in_for_a_role_goes_with_it_if_an_update_has_failed(
    deployed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(request: Any, **_: Any) -> Any:
        return answered(request, "AccessDeniedException", "The update is denied") if b"-again" not in request.body else None

    refused = ("before-send.lambda.UpdateFunctionConfiguration", refusing)
    delete_role("t-dev-acres-Validate-lambda")
    with monkeypatch.context() as failing:
        failing.setattr(handlers, "BUILTIN_HANDLERS", [refused, *handlers.BUILTIN_HANDLERS])
        assert deployed.invoke("deploy", "--env", "dev").code == 1
    assert "t-dev-acres-Validate-lambda-again" in roles()
    boto3.client("iam").create_role(RoleName="t-dev-acres-load-glue-job-again", AssumeRolePolicyDocument="{}")
    command(deployed, "destroy", "--yes", "dev")
    assert roles() == {"t-dev-acres-load-glue-job-again"}, "what somebody else has made stays"


def test_a_stand_in_of_somebody_else_stays(deployed: Repository) -> None:
    boto3.client("iam").create_role(RoleName="t-dev-acres-Validate-lambda-again", AssumeRolePolicyDocument="{}")
    command(deployed, "destroy", "--yes", "dev")
    assert roles() == {"t-dev-acres-Validate-lambda-again"}


@pytest.mark.parametrize("words", [("deploy-roles",), ("deploy", "--only", "role/*")])
def test_a_role_that_is_made_again_alone_is_given_to_what_runs_with_it_later(
    deployed: Repository, words: tuple[str, ...]
) -> None:
    delete_role("t-dev-acres-Validate-lambda")
    for _ in range(2):
        assert deployed.invoke(*words, "--env", "dev").code == 0
        assert not works("t-dev-acres-Validate")
    again = "update: its role was deleted and made again"
    assert changes(command(deployed, "plan", code=2)) == {"lambda/Validate": again}
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    assert works("t-dev-acres-Validate")
    command(deployed, "plan")


def test_roles_alone_are_deployed_where_nothing_runs_with_them_yet(repository: Repository, moto_dates: None) -> None:
    repository.project("acres", 'p.function("Validate", environment={"ZONE": "landing"})')
    assert repository.invoke("deploy-roles", "--env", "dev").code == 0
    assert repository.invoke("deploy", "--env", "dev").code == 0
    assert works("t-dev-acres-Validate")
