"""TestState is asked as its page says, attempt by attempt; its answers make the run.

https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import botocore.session
import pytest
from botocore.stub import Stubber

from common.aws.protocol import Aws
from common.base.errors import DeployError
from common.testing import fails, ok, payload, run_machine
from common.testing.aws_states import AwsStepper
from common.testing.execution import _Execution
from common.testing.scope import START, Scope
from tests.testing.test_errors import DONE, TASK, machine

DEFINITION = machine(
    Validate={
        "Type": "Task",
        "Resource": "${Validate.arn}",
        "Retry": [{"ErrorEquals": ["Busy"], "JitterStrategy": "FULL"}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
        "Next": "Done",
    },
    Done=DONE,
)


class Answers:
    """Answers calls of TestState from a list, each checked against AWS's model, and keeps what was asked."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self._client = botocore.session.get_session().create_client(
            "stepfunctions", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self._answers: Iterator[dict[str, Any]] = iter(answers)
        self.asked: list[dict[str, Any]] = []

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        assert (service, operation) == ("stepfunctions", "TestState")
        self.asked.append(parameters)
        with Stubber(self._client) as stubber:
            stubber.add_response("test_state", next(self._answers))
            return self._client.test_state(**parameters)


def executed(aws: Answers, definition: dict[str, Any], **mocks: Any) -> _Execution:
    execution = _Execution.of(definition, mocks, {}, START)
    execution.stepper = AwsStepper(cast("Aws", aws), definition)
    output, _ = execution.level(definition, Scope({"x": 1}, {"Execution": {"Name": "test"}}, {"v": 2}), "JSONPath")
    execution.run.output = output
    return execution


def test_each_attempt_is_one_question_with_the_mock_and_the_retries_so_far() -> None:
    about = {"errorDetails": {"retryIndex": 0, "retryBackoffIntervalSeconds": 1}}
    busy = {"status": "RETRIABLE", "error": "Busy", "cause": "", "inspectionData": about}
    done = {"status": "SUCCEEDED", "output": '{"y": 2}', "nextState": "Done", "inspectionData": {"variables": '{"v": 3}'}}
    aws = Answers(busy, done, {"status": "SUCCEEDED", "output": '{"y": 2}'})
    run = executed(aws, DEFINITION, Validate=[fails("Busy", "why"), payload(5)]).run
    assert (run.states, run.output, [wait.seconds for wait in run.waits]) == (["Validate", "Done"], {"y": 2}, [1])
    assert run.waits[0].jitter
    first, second, last = aws.asked
    assert first["mock"] == {"errorOutput": {"error": "Busy", "cause": "why"}}
    assert first["stateConfiguration"] == {"retrierRetryCount": 0}
    assert json.loads(first["definition"])["States"]["Validate"]["Resource"] == (
        "arn:aws:lambda:us-east-1:123456789012:function:Validate"
    )
    assert json.loads(second["mock"]["result"])["Payload"] == 5
    assert second["mock"]["fieldValidationMode"] == "PRESENT"
    assert json.loads(second["context"])["State"]["RetryCount"] == 1
    assert (second["stateName"], json.loads(second["variables"])) == ("Validate", {"v": 2})
    assert last.keys() & {"mock", "context", "stateConfiguration"} == set(), "AWS refuses them for other types of states"
    assert json.loads(last["variables"]) == {"v": 3}


def test_what_aws_catches_is_caught() -> None:
    caught = {"status": "CAUGHT_ERROR", "error": "Bad", "cause": "", "output": '{"Error": "Bad"}', "nextState": "Done"}
    aws = Answers(caught, {"status": "SUCCEEDED", "output": '{"Error": "Bad"}'})
    run = executed(aws, DEFINITION, Validate=fails("Bad")).run
    assert (run.states, run.visits[0].error, run.output) == (["Validate", "Done"], "Bad", {"Error": "Bad"})


def test_a_map_is_asked_about_with_the_results_of_its_iterations() -> None:
    definition = machine(Each={"Type": "Map", "ItemsPath": "$.none", "ItemProcessor": machine(Load=TASK), "End": True})
    definition["States"]["Each"]["ItemsPath"] = "$$.Execution.Items"
    aws = Answers(*({"status": "SUCCEEDED", "output": text} for text in ("1", "2", "[1, 2]")))
    execution = _Execution.of(definition, {"Load": [ok(1), ok(2)]}, {}, START)
    execution.stepper = AwsStepper(cast("Aws", aws), definition)
    output, _ = execution.level(definition, Scope({}, {"Execution": {"Items": ["a", "b"]}}), "JSONPath")
    assert output == [1, 2]
    assert [question["stateName"] for question in aws.asked] == ["Load", "Load", "Each"]
    assert json.loads(aws.asked[2]["mock"]["result"]) == [1, 2]


def test_the_environment_variable_names_the_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEST_STATES_ON_AWS", "nowhere")
    with pytest.raises(DeployError, match="nowhere"):
        run_machine(machine(A=DONE))
    monkeypatch.setenv("TEST_STATES_ON_AWS", "")
    assert run_machine(machine(A=DONE)).status == "SUCCEEDED"
