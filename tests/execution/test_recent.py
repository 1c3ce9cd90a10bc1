"""The last executions of a machine: states with times, why one failed, and what was logged."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from common.execution import recent
from tests.resources.scripted import Answer, ScriptedAws, refused
from tests.support import histories
from tests.support.histories import EXECUTION, START

MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:t-p-main"
NOW = START + timedelta(days=2)


def listed(number: int, status: str = "FAILED", days: float = 0.0) -> dict[str, object]:
    start = START - timedelta(days=days)
    return {
        "executionArn": EXECUTION,
        "name": f"run-{number}",
        "status": status,
        "startDate": start,
        "stopDate": start + timedelta(seconds=9),
    }


def read(script: dict[str, Answer | list[Answer]]) -> tuple[recent.Executions, ScriptedAws]:
    aws = ScriptedAws(script)
    with ThreadPoolExecutor(1) as pool:
        return recent.read(aws, "main", MACHINE, NOW, pool), aws


def test_what_failed_is_read_with_its_states_and_its_log() -> None:
    """Two calls for the executions and two for each log; its input and output are not kept."""
    executions, aws = read(
        {
            "stepfunctions:ListExecutions": {"executions": [listed(1)]},
            "stepfunctions:GetExecutionHistory": {"events": histories.failing_function().events},
            "lambda:GetFunction": refused("GetFunction", "ResourceNotFoundException"),
            "logs:FilterLogEvents": {"events": [{"timestamp": 1, "message": "[ERROR] InputInvalid: empty\n"}]},
        }
    )
    (execution,) = executions.last
    assert (execution.states, execution.error, execution.cause) == ("Validate", "InputInvalid", "s3://b/k is empty")
    assert (execution.visits[0].name, execution.visits[0].error) == ("Validate", "InputInvalid")
    assert execution.tails[0] == recent.Tail(
        "Validate", "/aws/lambda/t-p-Validate", ("[ERROR] InputInvalid: empty",), "t-p-Validate"
    )
    assert (execution.seconds, execution.transitions, executions.count) == (9.0, len(execution.visits), 1)
    assert len(aws.calls) == 2 + 2 * len(execution.tails)
    assert aws.slept == []


def test_only_the_newest_are_read_in_detail_and_those_of_30_days_are_counted() -> None:
    some = [listed(number, "SUCCEEDED", days=number * 3) for number in range(20)]
    executions, aws = read(
        {"stepfunctions:ListExecutions": {"executions": some}, "stepfunctions:GetExecutionHistory": {"events": []}}
    )
    assert len(executions.last) == recent.LISTED
    assert aws.operations.count("stepfunctions:GetExecutionHistory") == recent.DETAILED
    assert (executions.count, executions.statuses, executions.complete) == (10, {"SUCCEEDED": 10}, True)


@pytest.mark.parametrize("code", ["StateMachineDoesNotExist", "StateMachineTypeNotSupported"])
def test_a_machine_without_executions_to_list_has_none(code: str) -> None:
    executions, _ = read({"stepfunctions:ListExecutions": refused("ListExecutions", code)})
    assert not executions.kept


def test_logs_that_may_not_be_read_are_left_out() -> None:
    executions, _ = read(
        {
            "stepfunctions:ListExecutions": {"executions": [listed(1)]},
            "stepfunctions:GetExecutionHistory": {"events": histories.failing_function().events},
            "lambda:GetFunction": refused("GetFunction", "AccessDeniedException"),
            "logs:FilterLogEvents": refused("FilterLogEvents", "AccessDeniedException"),
        }
    )
    assert executions.last[0].tails == ()
