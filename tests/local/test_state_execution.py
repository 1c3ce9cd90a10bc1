"""Machines executed by `run_machine` end as the embedded AWS ends them; where the two differ, AWS's documentation decides."""

import json
import time
from functools import partial
from typing import Any

import pytest

from common.testing import Outcome, fails, ok, run_machine
from tests.local.conftest import create_function, ended
from tests.local.fixtures import ROLE, Client

ECHO = """
class Odd(Exception):
    pass

def handler(event, context):
    if event.get("fail"):
        raise Odd(event["fail"])
    return {"doubled": event["n"] * 2}
"""
INVOKE = "arn:aws:states:::lambda:invoke"
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Caught"}]
CAUGHT = {"Type": "Pass", "Parameters": {"error.$": "$.failure.Error"}, "End": True}


def called(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "echo", "Payload.$": "$"}, **fields}


def inner(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Inner", "States": {"Inner": {**state, "End": True}}}


SELECTED = {"ResultSelector": {"d.$": "$.Payload.doubled"}}
LARGE = {"Variable": "$.n", "NumericGreaterThan": 1}
MACHINES: dict[str, tuple[dict[str, Any], Any]] = {
    "flow": ({"A": called(**SELECTED, ResultPath="$.r", OutputPath="$.r", End=True)}, {"n": 4}),
    "discarded": ({"A": called(ResultPath=None, End=True)}, {"n": 4}),
    "caught": ({"A": called(Catch=CATCH, End=True), "Caught": CAUGHT}, {"fail": "no", "n": 1}),
    "failing": ({"A": called(End=True)}, {"fail": "no", "n": 1}),
    "retried": (
        {"A": called(Retry=[{"ErrorEquals": ["Odd"], "MaxAttempts": 2, "IntervalSeconds": 1}], End=True)},
        {"fail": "no", "n": 1},
    ),
    "mapped": (
        {
            "A": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "ItemProcessor": inner(called(**SELECTED)),
                "ResultPath": "$.r",
                "End": True,
            }
        },
        {"items": [{"n": 1}, {"n": 2}]},
    ),
    "selected": (
        {
            "A": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "ItemSelector": {"n.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index", "all.$": "$.all"},
                "ItemProcessor": inner({"Type": "Pass"}),
                "End": True,
            }
        },
        {"items": [5, 6], "all": "x"},
    ),
    "parallel": (
        {"A": {"Type": "Parallel", "Branches": [inner(called(**SELECTED)), inner({"Type": "Pass", "Result": 1})], "End": True}},
        {"n": 3},
    ),
    "chosen": (
        {
            "A": {
                "Type": "Choice",
                "Choices": [
                    {
                        "And": [{"Variable": "$.n", "NumericGreaterThan": 1}, {"Variable": "$.s", "StringMatches": "a*"}],
                        "Next": "Yes",
                    }
                ],
                "Default": "No",
            },
            "Yes": {"Type": "Pass", "Result": "yes", "End": True},
            "No": {"Type": "Fail", "Error": "No", "Cause": "not chosen"},
        },
        {"n": 2, "s": "abc"},
    ),
    "refused": ({"A": {"Type": "Fail", "Error": "Bad", "CausePath": "$.why"}}, {"why": "because"}),
    "functions": (
        {
            "A": {
                "Type": "Pass",
                "Parameters": {
                    "text.$": "States.Format('{}-{}', $.s, $.n)",
                    "parts.$": "States.ArrayPartition($.list, 2)",
                    "range.$": "States.ArrayRange(1, 7, 3)",
                    "sum.$": "States.MathAdd($.n, 3)",
                    "json.$": "States.JsonToString($.list)",
                    "split.$": "States.StringSplit('a-b+c', '-+')",
                    "merged.$": "States.JsonMerge($.o, States.StringToJson('{\"b\": 2}'), false)",
                    "code.$": "States.Base64Encode('abc')",
                    "hash.$": "States.Hash('abc', 'SHA-256')",
                    "all.$": "$.list[*]",
                },
                "End": True,
            }
        },
        {"s": "x", "n": 4, "list": [1, 2, 3], "o": {"a": 1}},
    ),
    "slice": ({"A": {"Type": "Pass", "Parameters": {"x.$": "$.list[1:3]"}, "End": True}}, {"list": [1, 2, 3]}),
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html: a path to nothing is States.Runtime
    "nothing": ({"A": {"Type": "Pass", "Parameters": {"x.$": "$.nothing"}, "End": True}}, {}),
    "jsonata": (
        {
            "A": {
                "Type": "Pass",
                "QueryLanguage": "JSONata",
                "Assign": {"n": "{% $states.input.n + 1 %}"},
                "Output": {"sum": "{% $sum($states.input.list) %}", "big": "{% $states.input.list[$ > 1] %}"},
                "Next": "B",
            },
            "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% {'n': $n, 'sum': $states.input.sum} %}", "End": True},
        },
        {"n": 4, "list": [1, 2, 3]},
    ),
    "undefined": (
        {"A": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.nothing %}", "End": True}},
        {"n": 1},
    ),
}
"""The states of each machine, the first one first, and its input."""
DIFFERING = {
    # https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html: `$.a[0:2]` gives a list
    "slice": ("SUCCEEDED", {"x": [2, 3]}, ""),
}
"""Where the embedded AWS does something else than AWS documents, with what AWS does: it refuses to take slices."""


def echo(arguments: Any) -> Outcome:
    event = arguments["Payload"]
    return fails("Odd", "no") if event.get("fail") else ok({"StatusCode": 200, "Payload": {"doubled": event["n"] * 2}})


def names_of(states: dict[str, Any]) -> set[str]:
    tasks = {name for name, state in states.items() if state["Type"] == "Task"}
    return tasks | ({"Inner"} if '"Inner": {"Type": "Task"' in json.dumps(states) else set())


@pytest.fixture(scope="module")
def executed(client: Client) -> dict[str, tuple[dict[str, Any], list[str]]]:
    """All machines, executed at once on the embedded AWS: the answer of DescribeExecution, and the states that were entered."""
    create_function(client, "echo", ECHO)
    steps, started = client("stepfunctions"), {}
    for name, (states, data) in MACHINES.items():
        definition = json.dumps({"StartAt": next(iter(states)), "States": states})
        arn = steps.create_state_machine(name=f"same-{name}", definition=definition, roleArn=ROLE)["stateMachineArn"]
        started[name] = steps.start_execution(stateMachineArn=arn, input=json.dumps(data))["executionArn"]
    result = {}
    for name, arn in started.items():
        answer = ended(partial(steps.describe_execution, executionArn=arn), "status")
        events = steps.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        entered = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
        result[name] = (answer, entered)
    return result


@pytest.mark.parametrize("name", MACHINES)
def test_both_end_in_the_same_way(
    name: str, executed: dict[str, tuple[dict[str, Any], list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    states, data = MACHINES[name]
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("no pause between two tries is waited for"))
    run = run_machine({"StartAt": next(iter(states)), "States": states}, data, dict.fromkeys(names_of(states), echo))
    answer, entered = executed[name]
    output = json.loads(answer["output"]) if "output" in answer else None
    there = (answer["status"], output, answer.get("error", ""))
    if name in DIFFERING:
        assert (run.status, run.output, run.error) == DIFFERING[name]
        assert there != DIFFERING[name], "the embedded AWS does the same now: compare it with the others"
    else:
        assert (run.status, run.output, run.error) == there
        assert list(run.states) == entered
