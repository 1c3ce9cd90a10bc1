"""The types of states, their fields, and variables, in both query languages.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-states.html
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.base.errors import DeclarationError
from common.testing import MockError, fails, ok, payload, run_machine, run_state
from tests.testing.test_errors import DONE, TASK, machine


def test_input_and_output_pass_through_the_fields_in_order() -> None:
    """The flow of https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html."""
    state = {
        **TASK,
        "InputPath": "$.order",
        "Parameters": {"id.$": "$.id", "who.$": "$$.Execution.Name", "fixed": {"n.$": "States.MathAdd($.id, 1)"}},
        "ResultSelector": {"state.$": "$.JobRunState"},
        "ResultPath": "$.job",
        "OutputPath": "$.job",
    }
    run = run_machine(machine(A=state), {"order": {"id": 7}}, {"A": ok({"JobRunState": "SUCCEEDED", "Id": "x"})})
    assert run.visits[0].arguments == {"id": 7, "who": "test", "fixed": {"n": 8}}
    assert run.output == {"state": "SUCCEEDED"}
    nothing = {**TASK, "InputPath": None, "ResultPath": None, "OutputPath": None}
    run = run_machine(machine(A=nothing), {"x": 1}, {"A": ok(5)})
    assert (run.visits[0].arguments, run.output) == ({}, {})
    assert run_machine(machine(A={**TASK, "ResultPath": None}), {"x": 1}, {"A": ok(5)}).output == {"x": 1}


def test_a_pass_gives_its_result_its_parameters_or_its_input() -> None:
    assert run_machine(machine(A={"Type": "Pass", "Result": [1], "ResultPath": "$.r", "End": True}), {}).output == {"r": [1]}
    assert run_machine(machine(A={"Type": "Pass", "Parameters": {"y.$": "$.x"}, "End": True}), {"x": 3}).output == {"y": 3}
    assert run_machine(machine(A={"Type": "Pass", "End": True}), {"x": 3}).output == {"x": 3}


def choice(rule: dict[str, Any], data: Any) -> bool:
    definition = machine(A={"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}, Yes=DONE, No=DONE)
    run = run_machine(definition, data)
    assert run.status == "SUCCEEDED", run
    return run.states[1] == "Yes"


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        ({"StringEquals": "a"}, "a", 1),
        ({"StringLessThan": "b"}, "a", "c"),
        ({"StringMatches": "log-*.txt"}, "log-1.txt", "log-1.csv"),
        ({"StringMatches": r"a\\*"}, r"a\x", "ax"),
        ({"NumericGreaterThanEquals": 3}, 3, "3"),
        ({"NumericEquals": 1}, 1.0, True),
        ({"BooleanEquals": True}, True, 1),
        ({"TimestampLessThan": "2026-01-01T00:00:00Z"}, "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
        ({"TimestampEquals": "2026-01-01T01:00:00+01:00"}, "2026-01-01T00:00:00Z", "today"),
        ({"IsNull": True}, None, 0),
        ({"IsNumeric": True}, 1, "1"),
        ({"IsBoolean": False}, 1, True),
        ({"IsString": True}, "1", 1),
        ({"IsTimestamp": True}, "2026-01-01T00:00:00Z", "2026-01-01"),
        ({"IsTimestamp": False}, "2026-02-30T00:00:00Z", "2026-02-28T00:00:00.5+01:00"),
        ({"NumericLessThanPath": "$.limit"}, 4, 5),
    ],
)
def test_operators_hold_for_values_of_their_kind(rule: dict[str, Any], yes: Any, no: Any) -> None:
    assert choice({"Variable": "$.v", **rule}, {"v": yes, "limit": 5})
    assert not choice({"Variable": "$.v", **rule}, {"v": no, "limit": 5})


def test_rules_are_joined_and_missing_values_are_errors_unless_asked_for() -> None:
    present, equal = {"Variable": "$.v", "IsPresent": True}, {"Variable": "$.v", "NumericEquals": 1}
    assert choice({"And": [present, equal]}, {"v": 1})
    assert not choice({"And": [present, equal]}, {}), "the second is not looked at"
    assert choice({"Or": [{"Not": present}, equal]}, {})
    run = run_machine(machine(A={"Type": "Choice", "Choices": [{**equal, "Next": "B"}], "Default": "B"}, B=DONE), {})
    assert (run.error, "references an invalid value" in run.cause) == ("States.Runtime", True)
    run = run_machine(machine(A={"Type": "Choice", "Choices": [{**equal, "Next": "B"}]}, B=DONE), {"v": 2})
    assert run.error == "States.NoChoiceMatched"


def test_conditions_in_jsonata_assign_and_give_output() -> None:
    rule = {
        "Condition": "{% $states.input.n > 1 %}",
        "Assign": {"big": True},
        "Output": {"n": "{% $states.input.n %}"},
        "Next": "B",
    }
    definition = {
        **machine(A={"Type": "Choice", "Choices": [rule], "Default": "B", "Assign": {"big": False}}, B=DONE),
        "QueryLanguage": "JSONata",
    }
    large, small = run_machine(definition, {"n": 2, "x": 1}), run_machine(definition, {"n": 1})
    assert (large.output, large.variables) == ({"n": 2}, {"big": True})
    assert (small.output, small.variables) == ({"n": 1}, {"big": False})
    wrong = {
        **definition,
        "States": {**definition["States"], "A": {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "B"}]}},
    }
    assert run_machine(wrong).error == "States.QueryEvaluationError"


def test_waits_are_counted() -> None:
    times = {"Type": "Wait", "Timestamp": "2026-01-01T01:00:00Z", "Next": "B"}
    definition = machine(
        A=times, B={"Type": "Wait", "SecondsPath": "$.s", "Next": "C"}, C={"Type": "Wait", "Seconds": 5, "End": True}
    )
    run = run_machine(definition, {"s": 30}, start=datetime(2026, 1, 1, 0, 59, tzinfo=UTC))
    assert [(wait.state, wait.seconds) for wait in run.waits] == [("A", 60), ("B", 30), ("C", 5)]
    assert (run.seconds, run.output) == (95, {"s": 30})


def test_a_fail_says_why() -> None:
    run = run_machine(machine(A={"Type": "Fail", "Error": "Bad", "Cause": "no rows"}))
    assert (run.status, run.error, run.cause, run.output) == ("FAILED", "Bad", "no rows", None)
    state = {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{} rows', $.n)"}
    run = run_machine(machine(A=state), {"e": "X", "n": 0})
    assert (run.error, run.cause) == ("X", "0 rows")
    jsonata = {**machine(A={"Type": "Fail", "Error": "{% $states.input.e %}"}), "QueryLanguage": "JSONata"}
    assert run_machine(jsonata, {"e": "Y"}).error == "Y"


def test_variables_live_on_and_are_read_as_they_were_on_entry() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html: all see the values on entry."""
    assigning = {"Type": "Pass", "Assign": {"x": 1, "from.$": "$.n"}, "Next": "B"}
    changing = {"Type": "Pass", "Assign": {"x.$": "$from", "y.$": "$x"}, "Next": "C"}
    reading = {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y"}, "End": True}
    run = run_machine(machine(A=assigning, B=changing, C=reading), {"n": 9})
    assert (run.output, run.variables) == ({"x": 9, "y": 1}, {"x": 9, "from": 9, "y": 1})


def test_a_task_in_jsonata_has_arguments_a_result_and_an_output() -> None:
    state = {
        **TASK,
        "Arguments": {"JobName": "x", "Arguments": {"--n": "{% $string($states.input.n) %}"}},
        "Assign": {"run": "{% $states.result.Id %}"},
        "Output": {"state": "{% $states.result.JobRunState %}", "n": "{% $states.input.n %}"},
        "Retry": [{"ErrorEquals": ["E"]}],
    }
    definition = {**machine(A=state), "QueryLanguage": "JSONata"}
    run = run_machine(definition, {"n": 4}, {"A": [fails("E"), ok({"JobRunState": "SUCCEEDED", "Id": "jr"})]})
    assert run.visits[0].arguments == {"JobName": "x", "Arguments": {"--n": "4"}}
    assert (run.output, run.variables) == ({"state": "SUCCEEDED", "n": 4}, {"run": "jr"})
    assert run_machine({**machine(A=TASK), "QueryLanguage": "JSONata"}, {"n": 4}, {"A": ok([1])}).output == [1]


def test_the_time_of_an_expression_is_the_counted_one() -> None:
    wait = {"Type": "Wait", "Seconds": 90, "Next": "B"}
    output = {
        "now": "{% $now() %}",
        "day": "{% $now('[D01].[M01]') %}",
        "millis": "{% $millis() %}",
        "any": "{% $random() < 1 %}",
    }
    definition = {**machine(A=wait, B={"Type": "Pass", "Output": output, "End": True}), "QueryLanguage": "JSONata"}
    run = run_machine(definition, start=datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    assert run.output == {"now": "2026-03-04T05:07:30.000Z", "day": "04.03", "millis": 1772600850000, "any": True}


def test_a_catch_in_jsonata_sees_the_error() -> None:
    catch = {"ErrorEquals": ["States.ALL"], "Assign": {"e": "{% $states.errorOutput.Error %}"}, "Next": "Done"}
    definition = {**machine(A={**TASK, "Catch": [catch]}, Done=DONE), "QueryLanguage": "JSONata"}
    run = run_machine(definition, {"n": 4}, {"A": fails("E", "why")})
    assert (run.output, run.variables) == ({"Error": "E", "Cause": "why"}, {"e": "E"})
    with_output = {**catch, "Output": {"n": "{% $states.input.n %}", "why": "{% $states.errorOutput.Cause %}"}}
    definition["States"]["A"]["Catch"] = [with_output]
    assert run_machine(definition, {"n": 4}, {"A": fails("E", "why")}).output == {"n": 4, "why": "why"}


def test_the_context_object_tells_of_state_retry_and_token() -> None:
    state = {
        **TASK,
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {
            "token.$": "$$.Task.Token",
            "state.$": "$$.State.Name",
            "retry.$": "$$.State.RetryCount",
            "at.$": "$$.State.EnteredTime",
        },
        "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 60}],
    }
    run = run_machine(machine(A=state), mocks={"A": [fails("E"), ok()]}, context={"Execution": {"Name": "mine"}})
    token = run.visits[0].arguments.pop("token")
    assert token.startswith("token")
    assert run.visits[0].arguments == {"state": "A", "retry": 1, "at": "2026-01-01T00:00:00.000Z"}


def test_a_mock_may_be_a_function_of_the_arguments() -> None:
    state = {**TASK, "Parameters": {"n.$": "$.n"}}
    assert run_machine(machine(A=state), {"n": 3}, {"A": lambda arguments: arguments["n"] * 2}).output == 6
    assert run_machine(machine(A=state), {"n": 3}, {"A": payload}).output["Payload"] == {"n": 3}
    assert run_machine(machine(A=state), {"n": 3}, {"A": lambda _: fails("E")}).error == "E"


def test_what_a_test_leaves_out_is_said() -> None:
    definition = machine(Load={**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}]})
    with pytest.raises(MockError, match=r'Load calls something, and has no mock\. Add mocks=\{"Load": ok\(…\)\}\.'):
        run_machine(definition)
    with pytest.raises(MockError, match=r"there is no state 'Laod'\. Did you mean 'Load'\?"):
        run_machine(definition, mocks={"Laod": ok()})
    with pytest.raises(MockError, match=r"Load is called 2 times, and its mock has 1 outcome\."):
        run_machine(definition, mocks={"Load": [fails("E")]})
    with pytest.raises(MockError, match=r"There is no state 'Lod'\. Did you mean 'Load'\?"):
        run_state(definition, "Lod")


def test_a_definition_comes_from_a_file_a_function_or_an_object(tmp_path: Path) -> None:
    path = tmp_path / "load.asl.yaml"
    path.write_text(
        "StartAt: A\nStates:\n  A: {Type: Pass, Result: {arn: '${Validate.arn}', p: '${AWS::Partition}'}, End: true}\n"
    )
    for source in (
        path,
        lambda: {
            "StartAt": "A",
            "States": {"A": {"Type": "Pass", "Result": {"arn": "${Validate.arn}", "p": "aws"}, "End": True}},
        },
    ):
        assert run_machine(source).output == {"arn": "${Validate.arn}", "p": "aws"}
    with pytest.raises(DeclarationError, match="there is no state 'B'"):
        run_machine({"StartAt": "B", "States": {"A": DONE}})
