"""Runs of a machine from one state on, redriven executions, and executions that somebody else has started."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from common.aws.protocol import Aws
from common.base.errors import UsageError
from common.declare.workspace import DeclaredPipelines
from common.execution.machine_runs import MachineRuns
from common.execution.named_execution import check_arn
from common.execution.partial import prepare
from common.execution.running import Runner
from common.model.reference import Ref
from common.model.resource import Key
from tests.resources.scripted import ScriptedAws, refused
from tests.support import histories
from tests.support.histories import EXECUTION
from tests.support.repository import Repository

ROLE = "arn:aws:iam::123456789012:role/r"
PASS = {"Type": "Pass", "End": True}
DEFINITION = {
    "QueryLanguage": "JSONata",
    "StartAt": "First",
    "TimeoutSeconds": 60,
    "States": {
        "First": {"Type": "Pass", "Assign": {"day": 1}, "Next": "Choose"},
        "Choose": {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "Work"}], "Default": "Other"},
        "Work": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "f", "Payload": "{% $states.context.Execution.Input %}"},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
            "Next": "Done",
        },
        "Other": {"Type": "Pass", "Output": "{% $day %}", "End": True},
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "Inner", "States": {"Inner": PASS}},
            "End": True,
        },
        "Many": {
            "Type": "Map",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Item",
                "States": {"Item": PASS},
            },
            "End": True,
        },
        "Failed": {"Type": "Fail"},
        "Done": {"Type": "Succeed"},
    },
}
MACHINE: dict[str, Any] = {
    "name": "t-dev-acres-main",
    "stateMachineArn": "arn:aws:states:eu-central-1:123456789012:stateMachine:t-dev-acres-main",
    "definition": json.dumps(DEFINITION),
    "roleArn": ROLE,
    "type": "STANDARD",
    "loggingConfiguration": {"level": "ERROR"},
    "status": "ACTIVE",
}
REF = Ref(Key("acres", "state-machine", "main"), MACHINE["name"], MACHINE["stateMachineArn"])
CREATED = f"{MACHINE['stateMachineArn']}-from-0123abcd"
TAGS = {"deployer:environment": "t-dev/dev"}


def test_a_temporary_machine_has_the_states_that_can_follow_and_all_settings() -> None:
    temporary = prepare(MACHINE, "state-machine/main", "Work", TAGS)
    definition = json.loads(temporary.parameters["definition"])
    assert (definition["StartAt"], [*definition["States"]]) == ("Work", ["Work", "Failed", "Done"])
    assert (definition["QueryLanguage"], definition["TimeoutSeconds"]) == ("JSONata", 60)
    assert (temporary.left_out, temporary.reads_input) == (5, True)
    sent = {name: temporary.parameters[name] for name in ("roleArn", "type", "loggingConfiguration", "tags")}
    assert sent == {
        **{name: MACHINE[name] for name in ("roleArn", "type", "loggingConfiguration")},
        "tags": [{"key": "deployer:environment", "value": "t-dev/dev"}],
    }
    assert temporary.parameters["name"].startswith("t-dev-acres-main-from-")
    long = prepare({**MACHINE, "name": "x" * 80}, "state-machine/main", "Work", TAGS)
    assert len(long.parameters["name"]) == 80


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("Wrok", "state-machine/main has no state 'Wrok'. Did you mean 'Work'?"),
        ("Inner", "Inner of state-machine/main is inside Each, and gets its input there. Add --from 'Each' instead."),
        (
            "Many",
            "Many is a distributed Map, which starts executions of its own machine, and the role allows that",
        ),
        ("Other", "cannot be run from Other, because states before it assign a variable"),
    ],
)
def test_a_state_that_an_execution_cannot_begin_with_is_refused(state: str, message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        prepare(MACHINE, "state-machine/main", state, TAGS)
    assert message in str(refusal.value)


class Stopped(ScriptedAws):
    """Somebody presses Ctrl-C at the first pause."""

    def sleep(self, seconds: float) -> None:
        raise KeyboardInterrupt


SCRIPT: dict[str, Any] = {
    "stepfunctions:DescribeStateMachine": MACHINE,
    "stepfunctions:CreateStateMachine": {"stateMachineArn": CREATED},
    "stepfunctions:StartExecution": {"executionArn": EXECUTION},
    "stepfunctions:StopExecution": {},
    "stepfunctions:DeleteStateMachine": {},
    "stepfunctions:GetExecutionHistory": {"events": histories.succeeding().events[::-1]},
}


def runs(repository: Repository, aws: Aws, events: list[Any]) -> MachineRuns:
    repository.project("acres", 'p.function("Validate")')
    declarations = DeclaredPipelines.of(repository.environment(), repository.declared("acres")[1:])
    return MachineRuns(Runner(repository.root, declarations, aws, ThreadPoolExecutor(1), events.append))


def test_a_temporary_machine_is_deleted_when_the_execution_has_ended(repository: Repository) -> None:
    aws, events = ScriptedAws(SCRIPT), list[Any]()
    outcome = runs(repository, aws, events).run_from(REF, "Work", '{"a": 1}')
    assert outcome.status == "SUCCEEDED"
    operations = [name.partition(":")[2] for name in aws.operations]
    expected = ["DescribeStateMachine", "CreateStateMachine", "StartExecution", "GetExecutionHistory", "DeleteStateMachine"]
    assert operations == expected
    assert aws.sent("stepfunctions:StartExecution")["stateMachineArn"] == CREATED
    tags = {tag["key"]: tag["value"] for tag in aws.sent("stepfunctions:CreateStateMachine")["tags"]}
    assert tags == {"deployer:environment": "t-dev/dev", "deployer:project": "acres", "deployer:temporary": "run"}
    assert aws.sent("stepfunctions:DeleteStateMachine") == {"stateMachineArn": CREATED}


def test_ctrl_c_stops_the_execution_and_deletes_the_machine(repository: Repository) -> None:
    running = {"stepfunctions:GetExecutionHistory": {"events": histories.succeeding().events[:3][::-1]}}
    aws, events = Stopped({**SCRIPT, **running}), list[Any]()
    with pytest.raises(KeyboardInterrupt):
        runs(repository, aws, events).run_from(REF, "Work", "{}")
    assert [name.partition(":")[2] for name in aws.operations][-2:] == ["StopExecution", "DeleteStateMachine"]
    assert not [event for event in events if "The execution continues" in getattr(event, "text", "")]


def test_what_does_not_exist_cannot_be_run(repository: Repository) -> None:
    absent = {"stepfunctions:DescribeStateMachine": refused("DescribeStateMachine", "StateMachineDoesNotExist")}
    with pytest.raises(UsageError, match="state-machine/main is not deployed to dev"):
        runs(repository, ScriptedAws(absent), []).run_from(REF, "Work", "{}")
    express = {"stepfunctions:DescribeStateMachine": {**MACHINE, "type": "EXPRESS"}}
    with pytest.raises(UsageError, match=r"EXPRESS state machine\. Its executions leave no history"):
        runs(repository, ScriptedAws(express), []).run_from(REF, "Work", "{}")


ARN = "arn:aws:states:eu-central-1:123456789012:"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "run-1",
            "--execution is 'run-1'; it must be the ARN of an execution, as in arn:aws:states:eu-central-1",
        ),
        (f"{ARN}express:t-p-main:run-1:0f", "is an execution of an EXPRESS state machine, which leaves no history. Read its log"),
        (f"{ARN}stateMachine:t-p-main", "is not the ARN of an execution"),
        (f"{ARN}execution:t-p-main", "is not the ARN of an execution"),
        (
            "arn:aws:states:eu-central-1:999999999999:execution:m:r",
            "is in account 999999999999, and the account of dev is 123456789012",
        ),
        ("arn:aws:states:us-east-1:123456789012:execution:m:r", "is in us-east-1, and dev is in eu-central-1"),
    ],
)
def test_what_is_no_execution_of_the_environment_is_refused(repository: Repository, text: str, message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        check_arn(repository.environment(), text)
    assert message in str(refusal.value)


def test_an_execution_of_somebody_else_is_explained_and_nothing_is_started(repository: Repository) -> None:
    script = {"stepfunctions:DescribeExecution": {"status": "SUCCEEDED"}, **SCRIPT}
    aws = ScriptedAws(script)
    outcome = runs(repository, aws, []).explain(EXECUTION)
    assert (outcome.project, outcome.status) == ("t-p-main", "SUCCEEDED")
    assert aws.operations == ["stepfunctions:DescribeExecution", "stepfunctions:GetExecutionHistory"]
    absent = {"stepfunctions:DescribeExecution": refused("DescribeExecution", "ExecutionDoesNotExist")}
    with pytest.raises(UsageError, match=r"There is no execution .* AWS deletes executions 90 days after their end"):
        runs(repository, ScriptedAws(absent), []).explain(EXECUTION)
