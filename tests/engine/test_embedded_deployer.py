"""What a command may do where IAM is enforced: exactly what is printed, and while that cannot be told, what it was last."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.engine import embedded_deployer
from common.environment.config import Environment
from common.environment.endpoints import Endpoints
from tests.support.repository import CONFIG

ACCOUNT = Endpoints({}, "secret")
PROBLEM = "projects/acres/deploy.py:3: NameError: name 'x' is not defined."


@pytest.fixture
def env() -> Iterator[Environment]:
    with mock_aws():
        yield Environment.model_validate({**CONFIG, "name": "here"})


def printed(action: str) -> Callable[[], JsonMapping]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return lambda: {"Version": "2012-10-17", "Statement": [statement]}


def broken() -> JsonMapping:
    raise DeclarationError(f"{PROBLEM}\nprojects/codes/deploy.py:1: …")


def allowed() -> Any:
    iam = boto3.client("iam", region_name="us-east-1")
    policy: Any = iam.get_role_policy(RoleName="embedded-deployer-of-here", PolicyName="printed")["PolicyDocument"]
    return (json.loads(policy) if isinstance(policy, str) else policy)["Statement"][0]["Action"]


def test_a_command_has_what_is_printed_now(env: Environment) -> None:
    for action in ("s3:GetObject", "glue:GetJob"):
        there, note = embedded_deployer.endpoints(env, ACCOUNT, printed(action))
        assert (allowed(), bool(there.token)) == (action, True)
        assert "has the permissions that `invoke policy --env here` prints, and" in note


def test_a_broken_declaration_leaves_the_permissions_of_before(env: Environment) -> None:
    embedded_deployer.endpoints(env, ACCOUNT, printed("s3:GetObject"))
    there, note = embedded_deployer.endpoints(env, ACCOUNT, broken)
    assert (allowed(), bool(there.token)) == ("s3:GetObject", True)
    assert f"printed when all declarations could be used the last time ({PROBLEM})" in note


def test_before_any_permissions_a_broken_declaration_stops_nothing_and_that_is_told(env: Environment) -> None:
    there, note = embedded_deployer.endpoints(env, ACCOUNT, broken)
    assert there == ACCOUNT
    assert note.startswith("IAM is not enforced for this command: ")
    assert PROBLEM in note
