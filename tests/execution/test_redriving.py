"""Redriven executions, and the input that a state had in the last execution."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.base.errors import UsageError
from common.execution.follower import Outcome
from common.execution.history import History, Retried, Status
from common.execution.named_execution import check_redrivable
from common.model.events import Note
from tests.execution.test_machine_runs import REF, runs
from tests.resources.scripted import ScriptedAws, refused
from tests.support.histories import EXECUTION, Script
from tests.support.repository import Repository

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("execution", "message"),
    [
        ({"status": "SUCCEEDED"}, "succeeded, so there is nothing to redrive"),
        ({"status": "RUNNING"}, "is running. To follow it"),
        ({"status": "FAILED", "stopDate": NOW - timedelta(days=15)}, "ended 15 days ago, and AWS redrives for 14 days"),
        (
            {"status": "FAILED", "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "too many events"},
            "The execution e cannot be redriven: too many events",
        ),
    ],
)
def test_an_execution_that_cannot_be_redriven_is_refused(execution: dict[str, Any], message: str) -> None:
    """As in https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html."""
    with pytest.raises(UsageError) as refusal:
        check_redrivable({"executionArn": "e", **execution}, "state-machine/main", NOW)
    assert message in str(refusal.value)


def failed_then_redriven() -> tuple[list[Any], list[Any]]:
    """AWS continues the history of a redriven execution, and schedules the failed task again without entering its state."""
    script = Script()
    script.enter("Validate")
    script.schedule(FunctionName="f")
    failed = script.fail("ValueError", "no rows")
    script.add("ExecutionFailed", error="ValueError")
    before = [*script.events]
    script.add("ExecutionRedriven", redriveCount=1)
    script.schedule(FunctionName="f", before=failed)
    script.add("TaskSucceeded", output="{}")
    script.leave("Validate")
    script.end()
    return before, script.events


def test_a_redriven_execution_continues_where_it_failed(repository: Repository) -> None:
    before, after = failed_then_redriven()
    listed = {"executions": [{"executionArn": EXECUTION, "status": "FAILED", "startDate": NOW}]}
    script: dict[str, Any] = {
        "stepfunctions:ListExecutions": listed,
        "stepfunctions:DescribeExecution": {"executionArn": EXECUTION, "status": "FAILED", "redriveStatus": "REDRIVABLE"},
        "stepfunctions:RedriveExecution": {},
        "stepfunctions:GetExecutionHistory": [{"events": before}, {"events": before[::-1]}, {"events": after[::-1]}],
    }
    aws, events = ScriptedAws(script), list[Any]()
    outcome = runs(repository, aws, events).redrive(REF, None)
    assert aws.sent("stepfunctions:RedriveExecution")["executionArn"] == EXECUTION
    assert (outcome.status, [visit.status for visit in outcome.visits]) == ("SUCCEEDED", [Status.SUCCEEDED])
    assert [event.error for event in events if isinstance(event, Retried)] == ["ValueError"]
    assert isinstance(events[-1], Outcome)
    history = History()
    list(history.read(after))
    assert (history.end, history.error, len(history.visits)) == ("SUCCEEDED", None, 1)


def test_a_redrive_of_a_fail_state_says_that_it_is_only_entered_again(repository: Repository) -> None:
    script = Script()
    script.enter("Failed", kind="Fail")
    script.add("ExecutionFailed", error="Bad")
    before = [*script.events]
    script.add("ExecutionRedriven", redriveCount=1)
    script.add("ExecutionFailed", error="Bad")
    aws = ScriptedAws(
        {
            "stepfunctions:DescribeExecution": {"executionArn": EXECUTION, "status": "FAILED"},
            "stepfunctions:RedriveExecution": {},
            "stepfunctions:GetExecutionHistory": [{"events": before}, {"events": before[::-1]}, {"events": script.events[::-1]}],
            "stepfunctions:DescribeStateMachineForExecution": {"definition": '{"StartAt": "Failed", "States": {}}'},
        }
    )
    events = list[Any]()
    runs(repository, aws, events).redrive(None, EXECUTION)
    notes = [event.text for event in events if isinstance(event, Note)]
    assert "Failed is a Fail state, and a redrive enters it again." in notes[0]
    assert "--from STATE --input last" in notes[0]


def test_the_last_input_of_a_state_is_in_the_history(repository: Repository) -> None:
    def answers(*events: dict[str, Any]) -> ScriptedAws:
        listed = {"executions": [{"executionArn": EXECUTION, "status": "FAILED", "startDate": NOW}]}
        return ScriptedAws({"stepfunctions:ListExecutions": listed, "stepfunctions:GetExecutionHistory": {"events": [*events]}})

    def entered(name: str, **details: Any) -> dict[str, Any]:
        return {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": name, **details}}

    other, newest, oldest = entered("Other", input="1"), entered("Work", input='{"a": 2}'), entered("Work", input='{"a": 1}')
    aws, events = answers(other, newest, oldest), list[Any]()
    assert runs(repository, aws, events).last_input(REF, "Work") == '{"a": 2}'
    assert aws.sent("stepfunctions:GetExecutionHistory")["reverseOrder"] is True
    assert [event.text for event in events] == [f"The input of Work is that of the execution {EXECUTION}."]
    with pytest.raises(UsageError, match="Work was not entered in the last execution"):
        runs(repository, answers(other), []).last_input(REF, "Work")
    cut = entered("Work", input="{", inputDetails={"truncated": True})
    with pytest.raises(UsageError, match="does not have the whole input of Work"):
        runs(repository, answers(cut), []).last_input(REF, "Work")
    with pytest.raises(UsageError, match="has no execution yet, so Work had no input"):
        runs(repository, ScriptedAws({"stepfunctions:ListExecutions": {"executions": []}}), []).last_input(REF, "Work")


def test_a_machine_without_executions_or_of_express_type_cannot_be_redriven(repository: Repository) -> None:
    none = ScriptedAws({"stepfunctions:ListExecutions": {"executions": []}})
    with pytest.raises(UsageError, match="has no execution yet"):
        runs(repository, none, []).redrive(REF, None)
    express = ScriptedAws({"stepfunctions:ListExecutions": refused("ListExecutions", "StateMachineTypeNotSupported")})
    with pytest.raises(UsageError, match="is an EXPRESS state machine, whose executions leave no history"):
        runs(repository, express, []).redrive(REF, None)
