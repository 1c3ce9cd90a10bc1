"""Where a resource has to be made anew under its name: what AWS would refuse is found out before, or the old one is put back."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import ValidationException
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.responses import StepFunctionResponse

from common.aws.protocol import Aws
from common.base.errors import AwsError, DeployError, LockedError
from common.engine.apply_change import act
from common.model.declared import Identity
from common.model.resource import Action, Change, Key, Live, Outputs, State
from tests.resources.builders import Place, final
from tests.resources.scripted import ScriptedAws
from tests.support.deploying import deploy, things
from tests.support.fake_aws import FakeAws, Thing, World
from tests.support.repository import Repository
from tests.support.terminal import squeezed

ARN = "arn:aws:fake:eu-central-1:123456789012:p/"
X, Y = {"b": {"Size": 1, "Kind": "x"}}, {"b": {"Size": 2, "Kind": "y"}}
EXPRESS = '__import__("common").StateMachineSettings(type="EXPRESS")'
INVOKE = 'step = {"Type": "Task", "Resource": "${Validate.arn}", "End": True}'


def machine(settings: str = "None") -> tuple[str, ...]:
    return INVOKE, f'p.state_machine("main", {{"StartAt": "A", "States": {{"A": step}}}}, settings={settings})'


def test_what_was_read_is_put_back_when_the_new_one_is_refused(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(X), tmp_path)
    before = dict(world.live[f"{ARN}b"])

    def refuse(_number: int, when: str, operation: str) -> None:
        if when == "after" and operation == "Delete":
            refused.append(operation)
        if when == "before" and operation == "Put" and refused:
            refused.clear()
            raise AwsError("fake", "Put", "InvalidDefinition", "no such kind")

    refused: list[str] = []
    failed = deploy(world, things(Y), tmp_path, fault=refuse)
    assert failed.failed == {Key("p", "thing", "b")}
    assert world.live[f"{ARN}b"] == before
    (message,) = [event.message for event in failed.events if hasattr(event, "message")]
    assert message.startswith("fake:Put was refused: InvalidDefinition: no such kind")
    assert "The old b was put back as it was and is in use until the next deploy." in message
    assert deploy(world, things(Y), tmp_path).actions() == {"thing/b": "replace"}
    assert world.live[f"{ARN}b"]["Kind"] == "y"


class Refused(Thing):
    """Can be deleted, and not be made again."""

    def create(self, aws: Aws, desired: State) -> Outputs:
        del aws
        raise AwsError("fake", "Put", "Denied", f"not {desired['Kind']}")


def replaced(made: type[Thing], live: Live | None) -> str:
    identity = Identity(key=Key("p", "thing", "b"), name="b", arn=f"{ARN}b", tags={})
    resource = made(identity=identity, fields=X["b"])
    change = Change(resource.key, Action.REPLACE, "", {"Kind": "y", "Tags": {}}, live)
    with pytest.raises(DeployError) as error:
        act(FakeAws(World()), resource, change)
    return str(error.value)


def test_what_cannot_be_put_back_is_said() -> None:
    reported = replaced(Refused, Live({"Kind": "x", "Tags": {}}))
    assert "not y" in reported
    assert "The old b was deleted before, and could not be put back: fake:Put was refused: Denied: not x" in reported


class Locked(Thing):
    """Is made when the lease is lost."""

    def create(self, aws: Aws, desired: State) -> Outputs:
        del aws, desired
        raise LockedError("another deploy has taken the lease")


def test_nothing_is_put_back_by_a_deploy_that_has_lost_its_lease() -> None:
    assert replaced(Locked, Live({"Kind": "x", "Tags": {}})) == "another deploy has taken the lease"


def test_a_role_is_put_back_under_its_old_path() -> None:
    role = Place().role()
    exists = {"Role": {"Path": role.path, "AssumeRolePolicyDocument": {}}}
    aws = ScriptedAws(
        {
            "iam:GetRole": exists,
            "iam:ListRolePolicies": {"PolicyNames": []},
            "iam:ListAttachedRolePolicies": {"AttachedPolicies": []},
            "iam:DeleteRole": {},
            "iam:CreateRole": [AwsError("iam", "CreateRole", "LimitExceeded", "too many roles"), {"Role": {"RoleId": "AROA1"}}],
            "iam:PutRolePolicy": {},
            "iam:AttachRolePolicy": {},
        }
    )
    old = Live({**final(role), "Path": "/before/"})
    with pytest.raises(DeployError, match=r"too many roles.*\nThe old .* was put back as it was"):
        act(aws, role, Change(role.key, Action.REPLACE, "", final(role), old, frozenset({"Path"})))
    made = [parameters["Path"] for operation, parameters in aws.calls if operation == "iam:CreateRole"]
    assert made == [role.path, "/before/"]


@pytest.fixture
def standard(repository: Repository, moto_dates: None) -> Repository:
    repository.project("acres", *machine())
    assert repository.invoke("deploy", "--env", "dev").code == 0
    return repository


def live_machine() -> dict[str, Any]:
    client = boto3.client("stepfunctions", region_name="eu-central-1")
    (result,) = client.list_state_machines()["stateMachines"]
    described: dict[str, Any] = client.describe_state_machine(stateMachineArn=result["stateMachineArn"])
    return described


def test_a_standard_machine_becomes_an_express_one(standard: Repository) -> None:
    standard.project("acres", *machine(EXPRESS))
    planned = standard.invoke("plan", "--env", "dev")
    assert "± state-machine/main replace type cannot be changed in place" in squeezed(planned.out)
    assert standard.invoke("deploy", "--env", "dev").code == 0
    assert live_machine()["type"] == "EXPRESS"
    assert standard.invoke("plan", "--env", "dev").code == 0


def test_a_definition_that_aws_refuses_deletes_nothing(standard: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_response: Any) -> Any:
        wrong = {"severity": "ERROR", "code": "X", "message": "not so", "location": "/States/A"}
        return ActionResult({"result": "FAIL", "diagnostics": [wrong], "truncated": False})

    monkeypatch.setattr(StepFunctionResponse, "validate_state_machine_definition", refuse)
    standard.project("acres", *machine(EXPRESS))
    before = live_machine()
    for task in ("plan", "deploy"):
        ended = standard.invoke(task, "--env", "dev")
        assert ended.code == 1
        assert "AWS would not create it as EXPRESS, and the old one stays" in ended.err
        assert "/States/A: not so" in ended.err
    assert live_machine()["creationDate"] == before["creationDate"]


def test_a_plan_warns_of_the_machines_that_it_changes(standard: Repository) -> None:
    step, call = machine()
    call = call.replace("settings=None", 'accept=["EXPRESS: it was one"]')
    standard.project("acres", step, call)
    assert "accept names EXPRESS" not in standard.invoke("plan", "--env", "dev").out, "the definition is as it was"
    standard.project("acres", step.replace('"End": True', '"End": True, "Comment": "new"'), call)
    planned = standard.invoke("plan", "--env", "dev")
    assert planned.code == 2
    assert "projects/acres: state-machine/main: warning: the top level: accept names EXPRESS" in planned.out


def test_a_plan_asks_aws_of_what_changes_when_it_is_told_to(standard: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    types: list[str] = []

    def warn(response: StepFunctionResponse) -> ActionResult:
        types.append(response._get_param("type"))
        diagnostic = {"severity": "WARNING", "code": "ODD", "message": "may be left out", "location": "/States/A"}
        return ActionResult({"result": "OK", "diagnostics": [diagnostic], "truncated": False})

    monkeypatch.setattr(StepFunctionResponse, "validate_state_machine_definition", warn, raising=False)
    assert standard.invoke("plan", "--env", "dev", "--validate").code == 0
    standard.project("acres", *(line.replace('"End": True', '"End": True, "Comment": "new"') for line in machine()))
    assert standard.invoke("plan", "--env", "dev").code == 2
    assert types == []
    ended = standard.invoke("plan", "--env", "dev", "--validate")
    assert (ended.code, types) == (2, ["STANDARD"])
    assert "AWS warns of state-machine/main: /States/A: may be left out [ODD]" in ended.out


def test_a_machine_that_is_refused_all_the_same_leaves_the_old_one(standard: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    create, before = StepFunctionBackend.create_state_machine, live_machine()

    def refuse(backend: Any, **parameters: Any) -> Any:
        if parameters.get("sm_type") == "EXPRESS":
            raise ValidationException("no")
        return create(backend, **parameters)

    with monkeypatch.context() as patched:
        patched.setattr(StepFunctionBackend, "create_state_machine", refuse)
        standard.project("acres", *machine(EXPRESS))
        ended = standard.invoke("deploy", "--env", "dev")
    assert ended.code == 1
    assert "t-dev-acres-main was put back as it was and is in use until the next deploy" in ended.out
    now = live_machine()
    assert [now[name] for name in ("definition", "roleArn", "type")] == [
        before[name] for name in ("definition", "roleArn", "type")
    ]
    assert standard.invoke("deploy", "--env", "dev").code == 0
    assert live_machine()["type"] == "EXPRESS"
