"""A redriven execution continues with what failed, keeps what succeeded, and says that it was redriven.

As in https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common import local
from common.aws.session import AwsSession
from common.base.errors import UsageError
from common.execution.history import Left
from common.model.reference import Ref
from common.model.resource import Key
from tests.execution.test_machine_runs import runs
from tests.local.conftest import create_function, ended
from tests.local.fixtures import ROLE, Client
from tests.support.repository import Repository

COUNTING = """
import time
import boto3

def handler(event, context):
    table = boto3.resource("dynamodb").Table("calls")
    made = table.update_item(Key={"id": event["id"]}, UpdateExpression="ADD calls :one",
                             ExpressionAttributeValues={":one": 1}, ReturnValues="ALL_NEW")["Attributes"]
    time.sleep(event.get("seconds", 0))
    if event.get("needs") and "Item" not in table.get_item(Key={"id": event["needs"]}):
        raise ValueError(event["needs"] + " is missing")
    return {"id": event["id"], "calls": int(made["calls"])}
"""


@pytest.fixture(scope="module")
def calls(client: Client) -> Callable[[str], int]:
    """A function that counts its calls; how often it was called by an id. An item `mended` is what it may need."""
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    key = {"AttributeName": "id", "KeyType": "HASH"}
    client("dynamodb").create_table(
        TableName="calls", AttributeDefinitions=[attribute], KeySchema=[key], BillingMode="PAY_PER_REQUEST"
    )
    create_function(client, "counting", COUNTING)

    def count(identifier: str) -> int:
        item = client("dynamodb").get_item(TableName="calls", Key={"id": {"S": identifier}}).get("Item", {})
        return int(item.get("calls", {"N": "0"})["N"])

    return count


@pytest.fixture
def failed(client: Client) -> Callable[..., str]:
    """Runs a machine to its end, which must be a failure; the execution's ARN."""

    def run(name: str, states: dict[str, Any], data: Any = None, **more: Any) -> str:
        definition = json.dumps({"StartAt": next(iter(states)), "States": states, **more})
        machine = client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=ROLE)
        started = client("stepfunctions").start_execution(
            stateMachineArn=machine["stateMachineArn"], input=json.dumps(data or {})
        )
        arn = str(started["executionArn"])
        assert ended(lambda: client("stepfunctions").describe_execution(executionArn=arn), "status")["status"] == "FAILED"
        return arn

    return run


@pytest.fixture
def redriven(client: Client) -> Callable[[str], dict[str, Any]]:
    """Redrives an execution to its end; DescribeExecution's answer."""

    def redrive(arn: str) -> dict[str, Any]:
        client("stepfunctions").redrive_execution(executionArn=arn)
        return ended(lambda: client("stepfunctions").describe_execution(executionArn=arn), "status")

    return redrive


def mend(client: Client, name: str) -> None:
    client("dynamodb").put_item(TableName="calls", Item={"id": {"S": name}})


def task(payload: dict[str, Any], **fields: Any) -> dict[str, Any]:
    resource = "arn:aws:states:::lambda:invoke"
    parameters = {"FunctionName": "counting", "Payload": payload}
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, "OutputPath": "$.Payload", **fields}


def branch(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def test_it_continues_with_the_failed_state(client: Client, calls: Any, failed: Any, redriven: Any) -> None:
    needing = {"id": "second", "needs": "mended-1"}
    states = {"First": task({"id": "first"}, Next="Second"), "Second": task(needing, Next="Last"), "Last": {"Type": "Succeed"}}
    arn = failed("line", states)
    before = client("stepfunctions").describe_execution(executionArn=arn)
    assert (before["redriveCount"], before["redriveStatus"]) == (0, "REDRIVABLE")
    assert redriven(arn)["status"] == "FAILED", "nothing is mended yet"
    mend(client, "mended-1")
    after = redriven(arn)

    assert (after["status"], json.loads(after["output"])) == ("SUCCEEDED", {"id": "second", "calls": 3})
    assert (after["redriveCount"], after["redriveStatus"]) == (2, "NOT_REDRIVABLE")
    assert after["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert after["redriveDate"] > after["startDate"]
    assert (calls("first"), calls("second")) == (1, 3)
    events = client("stepfunctions").get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in events if "Task" not in event["type"]] == [
        *("ExecutionStarted", "ExecutionFailed", "ExecutionRedriven", "ExecutionFailed", "ExecutionRedriven"),
        *("SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"),
    ]
    counts = [event["executionRedrivenEventDetails"] for event in events if event["type"] == "ExecutionRedriven"]
    assert counts == [{"redriveCount": 1}, {"redriveCount": 2}]
    assert [event["id"] for event in events] == [*range(1, len(events) + 1)]
    listed = client("stepfunctions").list_executions(stateMachineArn=after["stateMachineArn"])["executions"]
    assert listed[0]["redriveCount"] == 2


def test_the_definition_and_the_input_are_those_of_the_start(client: Client, calls: Any, failed: Any, redriven: Any) -> None:
    needing = {"id.$": "$.id", "needs": "mended-2"}
    arn = failed("kept", {"Only": task(needing, ResultPath="$.made", OutputPath="$", End=True)}, {"id": "kept"})
    machine = client("stepfunctions").describe_execution(executionArn=arn)["stateMachineArn"]
    other = json.dumps({"StartAt": "New", "States": {"New": {"Type": "Fail"}}})
    client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=other)
    mend(client, "mended-2")
    output = json.loads(redriven(arn)["output"])
    assert (output["id"], output["made"]["Payload"]["calls"], calls("kept")) == ("kept", 2, 2)


def test_only_what_failed_of_branches_and_iterations_runs_again(client: Client, calls: Any, failed: Any, redriven: Any) -> None:
    item = {"id.$": "$.id", "needs.$": "$.needs", "seconds.$": "$.seconds"}
    inner = branch(
        Begin=task({"id": "begin"}, Next="End", ResultPath=None, OutputPath="$"),
        End=task(
            {"id": "end", "needs": "mended-3", "seconds": 1}, End=True
        ),  # the failure stops the others, which are done by then
    )
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": branch(One=task(item, End=True)), "End": True}
    both = {"Type": "Parallel", "Branches": [branch(Well=task({"id": "well"}, End=True)), inner, branch(Each=each)], "End": True}
    items = [{"id": f"item-{number}", "needs": None, "seconds": 0} for number in range(3)]
    items[1] |= {"needs": "mended-3", "seconds": 1}
    arn = failed("branches", {"Both": both}, {"items": items})
    first = {name: calls(name) for name in ("well", "begin", "end", "item-0", "item-1", "item-2")}
    mend(client, "mended-3")
    output = json.loads(redriven(arn)["output"])

    assert first == dict.fromkeys(first, 1)
    assert {name: calls(name) for name in first} == {**first, "end": 2, "item-1": 2}
    assert output == [
        {"id": "well", "calls": 1},
        {"id": "end", "calls": 2},
        [{"id": "item-0", "calls": 1}, {"id": "item-1", "calls": 2}, {"id": "item-2", "calls": 1}],
    ]


def test_a_retry_runs_all_branches_again_and_counts_anew(client: Client, calls: Any, failed: Any, redriven: Any) -> None:
    again = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    branches = [branch(A=task({"id": "a"}, End=True)), branch(B=task({"id": "b", "needs": "mended-4"}, End=True))]
    arn = failed("retried", {"Both": {"Type": "Parallel", "Branches": branches, "Retry": again, "End": True}})
    assert (calls("a"), calls("b")) == (2, 2)
    redriven(arn)
    assert (calls("a"), calls("b")) == (3, 4), "the first attempt repeats what failed, its retry everything"


def test_variables_are_known(client: Client, calls: Any, failed: Any, redriven: Any) -> None:
    wrong = "{% $exists($word) and $states.context.Execution.RedriveCount = 1 ? $word : $error('not redriven') %}"
    assign = {"Type": "Pass", "Assign": {"word": "kept"}, "Next": "Use"}
    arn = failed("variables", {"Assign": assign, "Use": {"Type": "Pass", "Output": wrong, "End": True}}, QueryLanguage="JSONata")
    assert json.loads(redriven(arn)["output"]) == "kept"


def test_what_cannot_be_redriven_is_refused(client: Client, calls: Any, failed: Any, redriven: Any) -> None:
    inner = {**branch(X={"Type": "Fail"}), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    arn = failed("distributed", {"Many": {"Type": "Map", "ItemsPath": "$.i", "ItemProcessor": inner, "End": True}}, {"i": [1]})
    assert refusal(client, arn) == (
        "ExecutionNotRedrivable",
        "The embedded AWS does not redrive the distributed Map in Many; AWS does",
    )
    shown = client("stepfunctions").describe_execution(executionArn=arn)
    assert shown["redriveStatus"] == "NOT_REDRIVABLE"
    arn = failed("ended", {"Stop": {"Type": "Fail", "Error": "Done"}})
    assert redriven(arn)["error"] == "Done", "a Fail state fails again"
    assert refusal(client, f"{arn}x")[0] == "ExecutionDoesNotExist"


def test_run_follows_a_redriven_execution(
    client: Client, embedded: local.Embedded, calls: Any, failed: Any, repository: Repository
) -> None:
    arn = failed("followed", {"A": task({"id": "a-5"}, Next="B"), "B": task({"id": "b-5", "needs": "mended-5"}, End=True)})
    mend(client, "mended-5")
    name = "followed"
    machine = Ref(Key("acres", "state-machine", name), name, arn.replace(":execution:", ":stateMachine:").rpartition(":")[0])
    aws = AwsSession(embedded.region, embedded.account_id, endpoints=embedded.endpoints)
    events: list[Any] = []
    outcome = runs(repository, aws, events).redrive(machine, None)
    assert (outcome.status, [visit.name for visit in outcome.visits]) == ("SUCCEEDED", ["A", "B"])
    assert [event.visit.name for event in events if isinstance(event, Left)] == ["B"]
    with pytest.raises(UsageError, match="succeeded, so there is nothing to redrive"):
        runs(repository, aws, events).redrive(machine, None)


def test_the_same_token_redrives_once(client: Client, calls: Any, failed: Any) -> None:
    arn, states = failed("token", {"Only": task({"id": "token", "needs": "never"}, End=True)}), client("stepfunctions")
    dates = {states.redrive_execution(executionArn=arn, clientToken="t" * 36)["redriveDate"] for _ in range(2)}
    assert len(dates) == 1
    ended(lambda: states.describe_execution(executionArn=arn), "status")
    assert calls("token") == 2


def refusal(client: Client, arn: str) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        client("stepfunctions").redrive_execution(executionArn=arn)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
