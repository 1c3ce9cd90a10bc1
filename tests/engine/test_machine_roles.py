"""`plan` and `invoke policy --role` show what a state machine may do, and what cannot be told stops a plan."""

import json
from typing import Any

import boto3
import pytest

from tests.support.repository import Repository
from tests.support.terminal import squeezed

HERE = "eu-central-1:123456789012"
PASS: dict[str, Any] = {"Work": {"Type": "Pass", "End": True}}
RUN: dict[str, Any] = {
    "Work": {
        "Type": "Task",
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Parameters": {
            "Cluster": "jobs",
            "TaskDefinition": "resize:3",
            "Overrides": {"TaskRoleArn": "arn:aws:iam::123456789012:role/r"},
        },
        "Next": "Stop",
    },
    "Stop": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:rds:stopDBInstance", "Next": "Any"}
    | {"Parameters": {"DbInstanceIdentifier": "reports"}},
    "Any": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName.$": "$.f"}, "End": True},
}


def declare(repository: Repository, states: object, arguments: str = "") -> None:
    repository.write("projects/acres/main.asl.json", {"StartAt": "Work", "States": states})
    repository.project("acres", f'p.state_machine("main", "main.asl.json"{arguments})')


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    declare(repository, PASS)
    assert repository.invoke("deploy", "--env", "dev").code == 0
    return repository


def test_a_plan_and_the_policy_of_the_role_show_what_the_machine_may_do(deployed: Repository) -> None:
    theirs = "arn:aws:lambda:eu-central-1:999999999999:function:theirs"
    declare(deployed, RUN, f', may_call=["{theirs}"]')
    plan = squeezed(deployed.invoke("plan", "--env", "dev").out)
    for statement in (
        "+ ecs:RunTask on task-definition/resize:3",
        "+ ecs:DescribeTasks, ecs:StopTask on task/jobs/*",
        "+ iam:PassRole on role/r if iam:PassedToService StringEquals ecs-tasks.amazonaws.com",
        "+ rds:StopDBInstance on db:reports",
        "+ lambda:InvokeFunction on function:theirs, function:theirs:*",
        "rule/StepFunctionsGetEventsForECSTaskRule",
    ):
        assert statement in plan
    document = json.loads(deployed.invoke("policy", "--env", "dev", "--role", "state-machine/main").out)
    allowed = {action: statement["Resource"] for statement in document["Statement"] for action in statement["Action"]}
    assert allowed["ecs:RunTask"] == [f"arn:aws:ecs:{HERE}:task-definition/resize:3"]
    assert allowed["lambda:InvokeFunction"] == [theirs, f"{theirs}:*"]


def test_what_cannot_be_told_stops_a_plan_and_a_deploy_before_anything_is_written(deployed: Repository) -> None:
    declare(deployed, RUN)
    for command in ("plan", "deploy"):
        refused = deployed.invoke(command, "--env", "dev")
        assert refused.code == 1
        assert "state-machine/main: Any.FunctionName.$: which function it is, is known only when the machine runs." in squeezed(
            refused.err
        )
        assert f'may_call=["arn:aws:lambda:{HERE}:function:NAME"]' in squeezed(refused.err)
        assert "Traceback" not in refused.err
    machine = boto3.client("stepfunctions", region_name="eu-central-1").describe_state_machine(
        stateMachineArn=f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-main"
    )
    assert json.loads(machine["definition"])["States"] == PASS, "nothing was deployed"
    checked = deployed.invoke("check")
    assert checked.code == 1
    assert "Any.FunctionName.$: which function it is" in squeezed(checked.out + checked.err)
