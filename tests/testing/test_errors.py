"""Retries with counted waits, catches, and timeouts.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from typing import Any

import pytest

from common.testing import Run, Wait, fails, ok, run_machine, run_state

TASK = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "End": True}
DONE = {"Type": "Succeed"}


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def retried(retriers: list[dict[str, Any]], *errors: str) -> Run:
    return run_machine(machine(A={**TASK, "Retry": retriers}), mocks={"A": [*map(fails, errors), ok("done")]})


def test_waits_grow_by_the_rate_up_to_the_longest() -> None:
    retrier = {"ErrorEquals": ["E"], "IntervalSeconds": 3, "BackoffRate": 2.5, "MaxAttempts": 4, "MaxDelaySeconds": 20}
    run = retried([retrier], "E", "E", "E", "E")
    assert [wait.seconds for wait in run.waits] == [3, 7.5, 18.75, 20]
    assert run.waits[0] == Wait("A", 3, "E", jitter=False)
    assert (run.status, run.output, run.visits[0].attempts, run.seconds) == ("SUCCEEDED", "done", 5, 49.25)


def test_what_is_left_out_has_the_values_of_aws() -> None:
    run = retried([{"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL"}], "E", "E", "E")
    assert [(wait.seconds, wait.jitter) for wait in run.waits] == [(1, True), (2, True), (4, True)]
    failed = retried([{"ErrorEquals": ["States.ALL"]}], "E", "E", "E", "Last")
    assert (failed.status, failed.error, failed.visits[0].attempts) == ("FAILED", "Last", 4)


def test_each_retrier_counts_by_itself() -> None:
    retriers = [{"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 9}]
    assert [wait.seconds for wait in retried(retriers, "A", "B").waits] == [1, 9]
    assert retried(retriers, "A", "B", "A").error == "A", "the first retrier that matches decides, and has been used"
    assert retried([{"ErrorEquals": ["A"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}], "A").error == "A"


@pytest.mark.parametrize(
    ("name", "error", "is_retried"),
    [
        ("States.ALL", "Anything", True),
        ("States.ALL", "States.Timeout", True),
        ("States.ALL", "States.DataLimitExceeded", False),
        ("States.ALL", "States.Runtime", False),
        ("States.Runtime", "States.Runtime", False),
        ("States.TaskFailed", "Glue.X", True),
        ("States.TaskFailed", "States.Timeout", False),
        ("States.TaskFailed", "States.HeartbeatTimeout", False),
        ("States.Timeout", "States.HeartbeatTimeout", True),
        ("Glue.X", "Glue.XY", False),
    ],
)
def test_names_match_as_in_aws(name: str, error: str, is_retried: bool) -> None:
    assert (retried([{"ErrorEquals": [name]}], error).status == "SUCCEEDED") == is_retried


def test_an_error_that_no_retry_cures_is_caught_with_its_cause() -> None:
    catch = [
        {"ErrorEquals": ["Other"], "Next": "Done"},
        {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Done"},
    ]
    state = {**TASK, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}], "Catch": catch}
    definition = machine(A=state, Done=DONE)
    run = run_machine(definition, {"x": 1}, {"A": fails("E", "why")})
    assert (run.status, run.output) == ("SUCCEEDED", {"x": 1, "failure": {"Error": "E", "Cause": "why"}})
    assert [visit.error for visit in run.visits] == ["E", ""]
    single = run_state(definition, "A", {"x": 1}, {"A": fails("E", "why")})
    assert (single.status, single.next_state, single.error, single.cause) == ("CAUGHT_ERROR", "Done", "E", "why")
    assert [wait.seconds for wait in single.waits] == [1]


def test_a_call_that_lasts_too_long_is_a_timeout_that_can_be_retried() -> None:
    state = {**TASK, "TimeoutSeconds": 60, "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 5}]}
    run = run_machine(machine(A=state), mocks={"A": [ok(seconds=61), ok("late", seconds=60)]})
    assert (run.output, run.seconds) == ("late", 60 + 5 + 60)
    path = {**TASK, "TimeoutSecondsPath": "$.limit"}
    assert run_machine(machine(A=path), {"limit": 2}, {"A": ok(seconds=3)}).error == "States.Timeout"


def test_a_machine_that_lasts_too_long_is_timed_out_and_nothing_is_caught() -> None:
    state = {**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]}
    definition = {**machine(A=state, Done=DONE), "TimeoutSeconds": 100}
    run = run_machine(definition, mocks={"A": ok(seconds=500)})
    assert (run.status, run.error, run.states, run.seconds) == ("TIMED_OUT", "States.Timeout", ["A"], 100)


def test_a_timeout_that_is_a_parameter_ends_nothing_as_tests_do_not_know_it() -> None:
    definition = {**machine(A={**TASK, "TimeoutSeconds": "${longest_call}"}), "TimeoutSeconds": "${longest}"}
    run = run_machine(definition, mocks={"A": ok("done", seconds=500)})
    assert (run.status, run.output, run.seconds) == ("SUCCEEDED", "done", 500)


def test_numbers_that_are_parameters_count_as_left_out() -> None:
    retrier = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": "${pause}", "MaxAttempts": "${tries}", "BackoffRate": "${rate}"}
    each = {"StartAt": "Each", "States": {"Each": {"Type": "Pass", "End": True}}}
    items = {"Type": "Map", "MaxConcurrency": "${lanes}", "ItemProcessor": each, "Next": "A"}
    definition = machine(Items=items, A={**TASK, "Retry": [retrier]})
    run = run_machine(definition, [1], {"A": [fails("Busy"), fails("Busy"), ok({"MaxItems": "${kept}"})]})
    assert (run.output, [wait.seconds for wait in run.waits]) == ({"MaxItems": "${kept}"}, [1, 2])


def test_an_error_in_the_output_of_a_task_is_caught_but_a_runtime_error_is_not() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
    jsonata = {**TASK, "QueryLanguage": "JSONata", "Output": "{% $states.result.nothing %}", "Catch": catch}
    assert run_machine(machine(A=jsonata, Done=DONE), mocks={"A": ok({})}).output["Error"] == "States.QueryEvaluationError"
    selecting = {**TASK, "ResultSelector": {"x.$": "$.nothing"}, "Catch": catch}
    assert run_machine(machine(A=selecting, Done=DONE), mocks={"A": ok({})}).error == "States.Runtime"
    formatting = {**TASK, "ResultSelector": {"x.$": "States.ArrayLength($.n)"}, "Catch": catch}
    assert run_machine(machine(A=formatting, Done=DONE), mocks={"A": ok({"n": 1})}).output["Error"] == "States.IntrinsicFailure"


def test_data_that_is_too_large_fails() -> None:
    run = run_machine(machine(A=TASK), mocks={"A": ok("x" * 300_000)})
    assert (run.status, run.error) == ("FAILED", "States.DataLimitExceeded")


def test_a_loop_without_end_fails_as_its_history_does() -> None:
    again = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "C"}], "Default": "A"}
    run = run_machine(machine(A={"Type": "Pass", "Next": "B"}, B=again, C=DONE))
    assert (run.status, run.error) == ("FAILED", "States.Runtime")
