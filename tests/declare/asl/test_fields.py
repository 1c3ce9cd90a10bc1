"""The fields of states, of Retry, Catch and Choice rules: what AWS refuses is told, with what was probably meant."""

from typing import Any

import pytest

from common.aws import published
from common.declare.asl.choice_rules import OPERATORS
from common.declare.asl.fields import OF_TYPE
from tests.declare.asl.test_definition import DISTRIBUTED, END, MAP, TASK, machine, problems

JSONATA = {"QueryLanguage": "JSONata"}
CALL = {"Type": "Task", "Resource": "${Load.arn}", "End": True}


def retried(**retrier: Any) -> dict[str, Any]:
    return machine(A={**CALL, "Retry": [{"ErrorEquals": ["Odd"], **retrier}]})


def chosen(**rule: Any) -> dict[str, Any]:
    return machine(A={"Type": "Choice", "Choices": [{**rule, "Next": "B"}]}, B=END)


@pytest.mark.parametrize(
    "right",
    [
        {**machine(A={**CALL, "TimeoutSeconds": "{% $states.input.t %}", "Output": None, "Assign": {"x": 1}}), **JSONATA},
        {**machine(A={**MAP, "Items": [1], "MaxConcurrency": "{% 1 %}"}), **JSONATA},
        {**chosen(Condition="{% true %}", Assign={"a": 1}, Output="x", Comment="c"), **JSONATA},
        {**machine(A=END), "TimeoutSeconds": 5, "Version": "1.0", "x-ray": 1},
        machine(A={**CALL, **JSONATA, "Arguments": "{% $states.input %}"}),
        machine(A={**CALL, "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$$.Execution.Input.x", "ResultPath": None}),
        machine(A={"Type": "Fail", "ErrorPath": "States.Format('{}', $.e)", "CausePath": "$.c"}),
        machine(A={**DISTRIBUTED, "ItemReader": {"Resource": "${x}", "ReaderConfig": {"Newer": 1}}, "ResultSelector": {}}),
        retried(IntervalSeconds=1, MaxAttempts=0, BackoffRate=1.0, MaxDelaySeconds=2, JitterStrategy="FULL", Comment="c"),
        machine(A={**CALL, "Retry": [{"ErrorEquals": ["States.Http.StatusCode.429", "${error}", "Mine"]}]}),
        chosen(And=[{"Variable": "$.a", "IsPresent": True}, {"Not": {"Variable": "$.b", "StringEqualsPath": "$.c"}}]),
    ],
)
def test_what_aws_accepts_is_accepted(right: dict[str, Any]) -> None:
    assert problems(right) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (machine(A={**CALL, "TimeoutSecond": 1}), "A.TimeoutSecond: states have no such field. Did you mean 'TimeoutSeconds'?"),
        (machine(A={**END, "Resource": "x"}), "A.Resource: a Pass has no such field."),
        (machine(A={"Type": "Succeed", "Zzz": 1}), "A.Zzz: states have no such field. Known: Comment, End, InputPath"),
        ({**machine(A=END), "StratAt": "A"}, "StratAt: there is no such field. Did you mean 'StartAt'?"),
        ({**machine(A={**CALL, "TimeoutSecondsPath": "$.t"}), **JSONATA}, "A.TimeoutSecondsPath: JSONata does not know it."),
        (machine(A={"Type": "Fail", "Error": "a", "ErrorPath": "$.b"}), "A.ErrorPath: Error and ErrorPath exclude each other."),
        (machine(A={"Type": "Fail", "Cause": "a", "CausePath": "$.b"}), "A.CausePath: Cause and CausePath exclude each other."),
        (machine(A={"Type": "Fail", "Error": 5}), "A.Error: it must be a text, not 5."),
        (machine(A={**CALL, "InputPath": "a"}), "A.InputPath: 'a' is not a valid path"),
        (
            machine(A={**CALL, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}),
            "A.HeartbeatSeconds: it must be less than TimeoutSeconds (5), not 5.",
        ),
        (
            machine(A={**DISTRIBUTED, "ItemBatcher": {"MaxItemPerBatch": 1}}),
            "A.ItemBatcher.MaxItemPerBatch: there is no such field. Did you mean 'MaxItemsPerBatch'?",
        ),
        (
            machine(A={**CALL, "Retry": [{"ErrorEquals": ["States.Timeuot"]}]}),
            "A.Retry[0].ErrorEquals[0]: Step Functions has no error 'States.Timeuot'. Did you mean 'States.Timeout'?",
        ),
        (
            machine(A={**CALL, "Retry": [{"ErrorEquals": ["States.ALL", "Mine"]}]}),
            "A.Retry[0].ErrorEquals: States.ALL must stand alone.",
        ),
        (
            machine(A={**CALL, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["Mine"]}]}),
            "A.Retry[0].ErrorEquals: States.ALL must come last, for no handler after it is ever reached.",
        ),
        (retried(MaxAttempt=1), "A.Retry[0].MaxAttempt: Retry has no such field. Did you mean 'MaxAttempts'?"),
        (retried(JitterStrategy="FUL"), "A.Retry[0].JitterStrategy: it must be FULL or NONE, not 'FUL'. Did you mean 'FULL'?"),
        (
            retried(IntervalSeconds=5, MaxDelaySeconds=4),
            "A.Retry[0].MaxDelaySeconds: it must be more than IntervalSeconds (5), not 4.",
        ),
        (
            chosen(Variable="$.a", StringEqual="x"),
            "A.Choices[0].StringEqual: there is no such operator. Did you mean 'StringEquals'?",
        ),
        (
            chosen(Not={"Variable": "$.a", "IsPresnt": True}),
            "A.Choices[0].Not.IsPresnt: there is no such operator. Did you mean 'IsPresent'?",
        ),
        (chosen(StringEquals="x"), "A.Choices[0]: StringEquals needs a Variable, which is a path."),
        (chosen(Variable="$.a"), "A.Choices[0]: there is no operator for its Variable."),
        (
            chosen(Variable="$.a", IsNull=True, IsPresent=True),
            "A.Choices[0]: it has 2 operators (IsNull, IsPresent), and a rule has one. Join two rules with And.",
        ),
        (
            chosen(And=[{"Variable": "$.a", "IsNull": True, "Next": "B"}]),
            "A.Choices[0].And[0].Next: only an outermost rule can have it, not one within And, Or or Not.",
        ),
        (chosen(Or=[]), "A.Choices[0].Or: it must be a list of rules."),
        (
            chosen(Variable="$.a", NumericEqualsPath=5),
            "A.Choices[0].NumericEqualsPath: it must be a path, which begins with $, not 5.",
        ),
        (chosen(Condition="{% true %}"), "A.Choices[0].Condition: JSONPath does not know it."),
        (
            {**chosen(Condition=5), **JSONATA},
            "A.Choices[0].Condition: it must be an expression, {% … %}, or true or false, not 5.",
        ),
        (
            {**chosen(Conditon="{% true %}"), **JSONATA},
            "A.Choices[0].Conditon: a rule has no such field. Did you mean 'Condition'?",
        ),
        (
            machine(A={**MAP, "Iterator": MAP["ItemProcessor"]}),
            "A.Iterator: ItemProcessor and Iterator exclude each other; Iterator is the older name.",
        ),
    ],
)
def test_what_aws_refuses_is_told_with_what_was_meant(wrong: dict[str, Any], message: str) -> None:
    assert any(problem.startswith(message) for problem in problems(wrong)), problems(wrong)


def test_all_problems_of_states_are_told_at_once() -> None:
    states = {"A": {**CALL, "Cmment": "x", "Catch": [{"ErrorEquals": ["States.Al"], "Next": "B", "Resultpath": "$"}]}, "B": END}
    assert [problem.partition(": ")[0] for problem in problems(machine(**states))] == [
        "A.Cmment",
        "A.Catch[0].ErrorEquals[0]",
        "A.Catch[0].Resultpath",
    ]


def test_no_field_that_cfn_lint_publishes_is_missing() -> None:
    """Of version 1.58.0, which lists a subset of what AWS has; this test fails when an update of it has a new field."""
    published_fields = published.read_data("schemas/other/step_functions/statemachine.json")["definitions"]
    for kind, names in OF_TYPE.items():
        assert published_fields[kind.lower()]["properties"].keys() - names == set(), kind
    operators = published_fields["choice"]["definitions"]["Operator"]["properties"].keys()
    assert operators - OPERATORS == {"And", "Or", "Not", "Next", "Variable"}


def test_a_task_is_as_it_was() -> None:
    assert problems(machine(A=TASK)) == []
