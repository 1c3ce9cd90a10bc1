"""Executions keep their time, end as a whole, and have the history that AWS writes; tasks wait for their token as in AWS.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from common.execution.history import History
from tests.local.conftest import create_function, ended
from tests.local.fixtures import ROLE, Client
from tests.support.waiting import until

TELLING = """
import time
import boto3

def handler(event, context):
    steps = boto3.client("stepfunctions")
    tell = lambda output: steps.send_task_success(taskToken=event["token"], output=output)
    match event["mode"]:
        case "told":
            tell('{"answer": 42}')
        case "twice":
            tell("1")
            tell("2")
        case "wrong":
            tell("no JSON")
        case "raises":
            raise ValueError("not today")
        case "beats":
            for _ in range(3):
                time.sleep(1.5)
                steps.send_task_heartbeat(taskToken=event["token"])
            tell("3")
"""
Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def telling(client: Client) -> str:
    create_function(client, "telling", TELLING)
    return "telling"


@pytest.fixture
def started(client: Client) -> Callable[..., str]:
    """Starts an execution of a new machine; its ARN."""

    def start(name: str, states: dict[str, Any], data: Any = None, **fields: Any) -> str:
        definition = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
        machine = client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=ROLE)
        began = client("stepfunctions").start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(data or {}))
        return str(began["executionArn"])

    return start


@pytest.fixture
def run(client: Client, started: Callable[..., str]) -> Run:
    """Runs a new machine to its end; DescribeExecution's answer."""

    def to_its_end(*args: Any, **fields: Any) -> dict[str, Any]:
        arn = started(*args, **fields)
        return ended(lambda: client("stepfunctions").describe_execution(executionArn=arn), "status")

    return to_its_end


def told(mode: str, **fields: Any) -> dict[str, Any]:
    parameters = {"FunctionName": "telling", "Payload": {"token.$": "$$.Task.Token", "mode": mode}}
    resource = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **fields}


def wait(seconds: int, **fields: Any) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, **(fields or {"End": True})}


def branch(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ({"A": wait(60)}, "TIMED_OUT"),
        ({"A": wait(2, Next="B"), "B": wait(2)}, "TIMED_OUT"),
        ({"A": wait(2)}, "SUCCEEDED"),
        ({"A": {"Type": "Parallel", "Branches": [branch(B=wait(2)), branch(C=wait(2))], "End": True}}, "SUCCEEDED"),
        ({"A": {"Type": "Parallel", "Branches": [branch(B=wait(2)), branch(C=wait(9))], "End": True}}, "TIMED_OUT"),
    ],
    ids=["one wait", "the sum of waits", "in time", "waits side by side", "a wait within a state"],
)
def test_a_machine_has_a_time_of_which_waits_count_in_full(run: Run, states: Any, status: str, request: Any) -> None:
    began = time.monotonic()
    answer = run(f"timed-{request.node.callspec.id.replace(' ', '-')}", states, TimeoutSeconds=3)
    assert (answer["status"], answer.get("error")) == (status, "States.Timeout" if status == "TIMED_OUT" else None)
    assert time.monotonic() - began < 3, "waits are shortened"


def test_a_task_that_hangs_is_ended_with_its_machine_which_can_be_redriven(client: Client, run: Run, telling: str) -> None:
    states = {"A": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": branch(Ask=told("silent")), "End": True}}
    arn = run("hanging", states, {"items": [1]}, TimeoutSeconds=1)["executionArn"]
    steps = client("stepfunctions")
    until(lambda: steps.describe_execution(executionArn=arn)["redriveStatus"] == "REDRIVABLE")
    steps.redrive_execution(executionArn=arn)
    answer = ended(lambda: steps.describe_execution(executionArn=arn), "status")
    assert (answer["status"], answer["redriveCount"]) == ("TIMED_OUT", 1)
    events = steps.get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in events if event["type"].startswith("Execution")] == [
        *("ExecutionStarted", "ExecutionTimedOut", "ExecutionRedriven", "ExecutionTimedOut"),
    ]
    assert events[-1]["executionTimedOutEventDetails"]["error"] == "States.Timeout"


@pytest.mark.parametrize(
    ("mode", "fields", "result"),
    [
        ("told", {}, {"answer": 42}),
        ("twice", {}, 1),
        ("beats", {"HeartbeatSeconds": 4}, 3),
        ("wrong", {}, "InvalidOutput"),
        ("raises", {}, "ValueError"),
        ("silent", {"HeartbeatSeconds": 1, "TimeoutSeconds": 9}, "States.HeartbeatTimeout"),
        ("silent", {"TimeoutSecondsPath": "$.seconds"}, "States.Timeout"),
        ("silent", {"HeartbeatSecondsPath": "$.seconds"}, "States.HeartbeatTimeout"),
        ("silent", {"HeartbeatSeconds": 1, "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Z"}]}, "caught"),
    ],
)
def test_a_task_waits_for_its_token(run: Run, telling: str, mode: str, fields: Any, result: Any, request: Any) -> None:
    states = {"A": told(mode, **fields), "Z": {"Type": "Pass", "Result": "caught", "End": True}}
    name = "".join(letter for letter in request.node.callspec.id if letter.isalnum())
    answer = run(f"token-{name}", states, {"seconds": 1})
    assert (json.loads(answer["output"]) if "output" in answer else answer["error"]) == result


def test_times_of_a_task_may_be_expressions(run: Run, telling: str) -> None:
    arguments = {"FunctionName": "telling", "Payload": {"token": "none", "mode": "beats"}}
    resource = "arn:aws:states:::lambda:invoke"
    task = {"Type": "Task", "Resource": resource, "Arguments": arguments, "TimeoutSeconds": "{% $states.input.s %}", "End": True}
    assert run("expression", {"A": task}, {"s": 0.2}, QueryLanguage="JSONata")["error"] == "States.Timeout"
    wrong = run("expression-wrong", {"A": task}, {"s": -1}, QueryLanguage="JSONata")
    assert (wrong["error"], wrong["cause"]) == (
        "States.Runtime",
        "TimeoutSeconds must be a positive number of seconds, and is -1",
    )


def test_one_failed_branch_stops_the_others_and_the_history_tells_all(client: Client, run: Run) -> None:
    fails = {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "Bad"}], "Default": "Long"}
    item = branch(Pick=fails, Bad={"Type": "Fail", "Error": "Odd", "Cause": "one"}, Long=wait(60, Next="Never"), Never=wait(1))
    states = {"Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": item, "End": True}}
    began = time.monotonic()
    answer = run("stopping", {"Both": {"Type": "Parallel", "Branches": [branch(**states)], "End": True}}, {"items": [0, 1]})
    assert (answer["error"], answer["cause"], "output" in answer) == ("Odd", "one", False)
    assert time.monotonic() - began < 6, "the other iteration is not waited for"
    events = client("stepfunctions").get_execution_history(executionArn=answer["executionArn"])["events"]
    kinds = [event["type"] for event in events]
    assert [kinds.count(kind) for kind in ("MapIterationFailed", "MapIterationAborted", "WaitStateEntered")] == [1, 1, 1]
    assert kinds[-3:] == ["MapStateFailed", "ParallelStateFailed", "ExecutionFailed"]
    assert [event["id"] for event in events] == [*range(1, len(events) + 1)]
    history = History()
    list(history.read(events))
    culprit = history.culprit()
    assert culprit is not None
    assert [visit.title for visit in (*culprit.around, culprit)] == ["Both", "Each", "Bad[1]"]


def test_what_was_stopped_does_nothing_more(client: Client, started: Callable[..., str], telling: str) -> None:
    again = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    child = started(
        "stopped-child", {"A": told("silent", Retry=again, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}]), "B": wait(1)}
    )
    machine = client("stepfunctions").describe_execution(executionArn=child)["stateMachineArn"]
    client("stepfunctions").stop_execution(executionArn=child)
    nested = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": machine},
    }
    parent = started("stopped-parent", {"A": {**nested, "End": True}})

    def list_running() -> list[Any]:
        listed = client("stepfunctions").list_executions(stateMachineArn=machine, statusFilter="RUNNING")
        return list(listed["executions"])

    until(lambda: bool(list_running()))
    client("stepfunctions").stop_execution(executionArn=parent, error="Enough")
    until(lambda: not list_running())
    for arn in (child, parent):
        events = client("stepfunctions").get_execution_history(executionArn=arn)["events"]
        assert events[-1]["type"] == "ExecutionAborted"
        assert client("stepfunctions").describe_execution(executionArn=arn)["status"] == "ABORTED"


def test_a_nested_execution_that_fails_is_a_failed_task(client: Client, run: Run) -> None:
    child = run("failing-child", {"A": {"Type": "Fail", "Error": "Odd", "Cause": "one"}})
    parameters = {"StateMachineArn": child["stateMachineArn"]}
    nested = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": parameters, "End": True}
    answer = run("failing-parent", {"A": {**nested, "Catch": [{"ErrorEquals": ["Odd"], "Next": "B"}]}, "B": {"Type": "Succeed"}})
    cause = json.loads(answer["cause"])
    assert answer["error"] == "States.TaskFailed", "Catch does not see the error of the other machine"
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "Odd", "one")
    events = client("stepfunctions").get_execution_history(executionArn=answer["executionArn"])["events"]
    submitted = next(event for event in events if event["type"] == "TaskSubmitted")["taskSubmittedEventDetails"]
    assert json.loads(submitted["output"])["ExecutionArn"] == cause["ExecutionArn"]
