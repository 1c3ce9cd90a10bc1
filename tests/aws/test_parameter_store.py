"""Parameters from Parameter Store, and why secrets are refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from common.aws import parameter_store
from common.aws.session import AwsSession
from common.base.errors import ConfigError
from common.environment.config import Environment
from tests.support.repository import ACCOUNT, CONFIG


@pytest.fixture
def aws(moto: None) -> AwsSession:
    return AwsSession("eu-central-1", ACCOUNT)


def put(aws: AwsSession, kind: str = "String", /, **values: str) -> None:
    for name, value in values.items():
        aws.call("ssm", "PutParameter", Name=f"/acres/{name}", Value=value, Type=kind)


def env(**projects: Mapping[str, str]) -> Environment:
    return Environment.model_validate(
        {**CONFIG, "projects": {name: {"parameters": dict(parameters)} for name, parameters in projects.items()}}
    )


def test_values_are_read_and_everything_else_stays(aws: AwsSession) -> None:
    put(aws, level="DEBUG", zone="landing")
    configured = env(
        acres={"level": "ssm:/acres/level", "zone": "ssm:/acres/zone", "plain": "x"}, other={"zone": "ssm:/acres/zone"}
    )
    read = parameter_store.resolve_parameters(configured, aws, ["acres", "other"])
    assert read.project("acres").parameters == {"level": "DEBUG", "zone": "landing", "plain": "x"}
    assert read.project("other").parameters == {"zone": "landing"}
    assert read.model_copy(update={"projects": configured.projects}) == configured


def test_the_name_of_a_parameter_is_no_reference_to_it(aws: AwsSession) -> None:
    put(aws, host="db.internal")
    configured = env(acres={"host": "ssm:/acres/host", "host_parameter": "/acres/host"})
    read = parameter_store.resolve_parameters(configured, aws, ["acres"])
    assert read.project("acres").parameters == {"host": "db.internal", "host_parameter": "/acres/host"}


def test_only_the_parameters_of_the_selected_projects_are_read(aws: AwsSession) -> None:
    put(aws, level="DEBUG")
    configured = env(acres={"level": "ssm:/acres/level"}, other={"gone": "ssm:/other/gone"}, third={"x": "y"})
    read = parameter_store.resolve_parameters(configured, aws, ["acres"])
    assert read.project("other").parameters == {"gone": "ssm:/other/gone"}
    assert {name: parameter_store.has_references(configured, [name]) for name in ("other", "third", "unknown")} == {
        "other": True,
        "third": False,
        "unknown": False,
    }


def test_ten_parameters_are_read_in_one_call(aws: AwsSession) -> None:
    names = {f"p{number}": f"v{number}" for number in range(23)}
    put(aws, **names)
    configured = env(acres={name: f"ssm:/acres/{name}" for name in names}, other={"again": "ssm:/acres/p1"})
    aws.calls.clear()
    assert parameter_store.resolve_parameters(configured, aws, ["acres", "other"]).project("acres").parameters == names
    assert dict(aws.calls) == {"ssm:GetParameters": 3}


def test_every_missing_and_secret_one_is_told_with_its_place(aws: AwsSession) -> None:
    put(aws, "SecureString", password="hunter2")
    put(aws, level="DEBUG")
    values = {
        "password": "ssm:/acres/password",
        "level": "ssm:/acres/level",
        "zone": "ssm:/acres/zone",
        "size": "ssm:/acres/size",
    }
    with pytest.raises(ConfigError) as caught:
        parameter_store.resolve_parameters(env(acres=values), aws, ["acres"])
    where = "config/dev.json: $.projects.acres.parameters"
    assert str(caught.value).splitlines() == [
        f"{where}.password: /acres/password is a secret. Pass its name to the code that needs it instead.",
        f"{where}.size: Parameter Store has no /acres/size in eu-central-1. Create it, or correct the path.",
        f"{where}.zone: Parameter Store has no /acres/zone in eu-central-1. Create it, or correct the path.",
    ]
    assert "hunter2" not in str(caught.value)


class Answering:
    """Parameter Store as AWS answers, which names a version apart from the parameter."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        assert (service, operation, parameters) == ("ssm", "GetParameters", {"Names": ["/acres/level:3"]})
        return {"Parameters": [{"Name": "/acres/level", "Selector": ":3", "Type": "String", "Value": "INFO"}]}


def test_a_version_may_be_pinned() -> None:
    configured = env(acres={"level": "ssm:/acres/level:3"})
    read = parameter_store.resolve_parameters(configured, Answering(), ["acres"])  # type: ignore[arg-type]  # the only method that is called
    assert read.project("acres").parameters == {"level": "INFO"}
