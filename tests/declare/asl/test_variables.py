"""Variables: their names, and that a state uses only what some state on the way to it has assigned.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from typing import Any

import pytest

from tests.declare.asl.test_definition import machine
from tests.declare.asl.test_expressions import messages_of

JSONATA = {"QueryLanguage": "JSONata"}


def state(following: str | None = None, assign: Any = None, output: Any = None, **fields: Any) -> dict[str, Any]:
    """A Pass in JSONata that assigns and uses variables."""
    uses = {"Output": f"{{% [{output}] %}}"} if output else {}
    moves = {"Next": following} if following else {"End": True}
    return {"Type": "Pass", **JSONATA, **({"Assign": assign} if assign else {}), **uses, **moves, **fields}


def within(kind: str, inner: dict[str, Any], following: str | None = None, **fields: Any) -> dict[str, Any]:
    """A Parallel or a Map, inline or distributed, with these states in it."""
    parts: dict[str, Any] = {"Branches": [inner]}
    if kind != "Parallel":
        parts = {"ItemProcessor": {**inner, "ProcessorConfig": {"Mode": kind, "ExecutionType": "STANDARD"}}}
    return {**state(following, **fields), "Type": "Parallel" if kind == "Parallel" else "Map", **parts}


def caught(following: str, catch: str, catch_assign: Any, assign: Any = None) -> dict[str, Any]:
    handler = {"ErrorEquals": ["States.ALL"], "Next": catch, "Assign": catch_assign}
    return {**state(following, assign), "Type": "Task", "Resource": "x", "Catch": [handler]}


def chosen(rule: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Choice", **JSONATA, "Choices": [{"Condition": True, **rule}], **fields}


@pytest.mark.parametrize(
    "right",
    [
        machine(A=state("B", {"x": 1}), B=state(output="$x")),
        machine(A=state("B", {"x": 1}), B=state("C"), C=state(output="$x + $length('a')")),
        machine(A=state("B", {"x": 1}), B=state("C", {"x": "{% $x + 1 %}", "y": "{% $x %}"}), C=state(output="$y")),
        machine(A=state("B", {"größe_2": 1}), B=state(output="$größe_2")),
        machine(A=state("B", {"x.$": "$.a"}, QueryLanguage="JSONPath"), B=state(QueryLanguage="JSONPath", InputPath="$x.b[0]")),
        machine(
            A=state("B", {"x": 1}), B={"Type": "Pass", "Parameters": {"a": [{"b.$": "States.Format('{}', $x)"}]}, "End": True}
        ),
        machine(A=caught("B", "C", {"why": 1}, {"x": 1}), B=state(output="$x"), C=state(output="$why")),
        machine(
            A=chosen({"Next": "B", "Assign": {"x": 1}}, Default="C", Assign={"y": 1}), B=state(output="$x"), C=state(output="$y")
        ),
        # only one of two ways assigns it: AWS sees that at run time
        machine(A=chosen({"Next": "B"}, Default="C"), B=state("C", {"x": 1}), C=state(output="$exists($x)")),
        # in a loop, from the second time on
        machine(A=state("B", output="$exists($x)"), B=chosen({"Next": "A", "Assign": {"x": 1}}, Default="C"), C=state()),
        machine(
            A=state("B", {"x": 1}), B=within("Parallel", machine("C", C=state("D", {"y": 1}, "$x"), D=state(output="$x + $y")))
        ),
        machine(A=state("B", {"x": 1}), B=within("INLINE", machine("C", C=state(output="$x")), MaxConcurrency="{% $x %}")),
        machine(
            A=within("Parallel", machine("C", C=state(assign={"y": 1})), "B"),
            B=within("Parallel", machine("D", D=state(assign={"y": 1}))),
        ),
        machine(A=state("B", {"x": 1}), B=within("DISTRIBUTED", machine("C", C=state("D", {"x": 2}), D=state(output="$x")))),
        machine(A=state("B", {"x": 1}), B=within("DISTRIBUTED", machine("C", C=state()), ItemSelector="{% $x %}")),
        machine(
            A=within("DISTRIBUTED", machine("B", B=state("C", {"y": 1}), C=within("INLINE", machine("D", D=state(output="$y"))))),
        ),
        machine(A=state(output="$exists($error) ? $error : 'none'")),
        machine(A=state("B", output="$exists($later) ? $later : 0"), B=state(assign={"later": 1})),
        machine(A=state("B", {"count": 42}), B=state(output="$count")),
        machine(A=state("B", {"x": 1}), B=state(output="$__NAME__")),
    ],
)
def test_what_aws_accepts_is_accepted(right: dict[str, Any]) -> None:
    assert messages_of(right) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (machine(A=state(output="$exists($x.y)")), "A.Output: no state assigns the variable $x."),
        (
            machine(A=state("B", {"total": 1}), B=state(output="$exists($totla) ? $total : 0")),
            "B.Output: no state assigns the variable $totla. Did you mean $total?",
        ),
        (
            machine(A=state(assign={"total": 1}, output="$totla")),
            "A.Output: no state assigns the variable $totla. Did you mean $total?",
        ),
        (machine(A=state(output="($total := 1; $exists($totla))")), "A.Output: no state assigns the variable $totla."),
        (machine(A=state(output="$x")), "A.Output: no state assigns the variable $x."),
        (
            machine(A=state("B", {"total": 1}), B=state(output="$totla")),
            "B.Output: no state assigns the variable $totla. Did you mean $total?",
        ),
        (
            machine(A=state(output="$map([1], $uppercas)")),
            "A.Output: no state assigns the variable $uppercas. Did you mean $uppercase?",
        ),
        (
            machine(A=state(QueryLanguage="JSONPath", InputPath="$order.id")),
            "A.InputPath: no state assigns the variable $order. The field 'order' of the input is $.order.",
        ),
        (
            machine(A=state(QueryLanguage="JSONPath", Parameters={"a.$": "States.Array($sum)"})),
            "A.Parameters.a.$: no state assigns the variable $sum. The field 'sum' of the input is $.sum.",
        ),
        (
            machine(A=state("B", {"x": 1}, "$x"), B=state(output="$x")),
            "A.Output: $x has a value only from the next state on, and no state before this one assigns it.",
        ),
        (
            machine(A=state("B", output="$x"), B=state(assign={"x": 1})),
            "A.Output: $x has no value yet: no state before this one assigns it, only B.",
        ),
        (
            machine(A=caught("B", "C", {"why": 1}), B=state(output="$why"), C=state()),
            "B.Output: $why has no value yet: no state before this one assigns it, only A.",
        ),
        (
            machine(A=caught("B", "C", {}, {"x": 1}), B=state(), C=state(output="$x")),
            "C.Output: $x has no value yet: no state before this one assigns it, only A.",
        ),
        (
            machine(A=chosen({"Next": "B", "Assign": {"x": 1}}, Default="C"), B=state(), C=state(output="$x")),
            "C.Output: $x has no value yet: no state before this one assigns it, only A.",
        ),
        (
            machine(A=within("Parallel", machine("C", C=state(assign={"y": 1})), "B"), B=state(output="$y")),
            "B.Output: $y is a variable of other states (A > C). Hand its value out in their output.",
        ),
        (
            machine(A=within("INLINE", machine("C", C=state(output="$x")), "B", assign={"x": 1}), B=state()),
            "A > C.Output: $x has no value yet: no state before this one assigns it, only A.",
        ),
        (
            machine(A=state("B", {"x": 1}), B=within("INLINE", machine("C", C=state(assign={"x": 2})))),
            "B > C.Assign.x: $x is a variable of the states around this one (A), which cannot be assigned here.",
        ),
        (
            machine(A=within("Parallel", machine("C", C=caught("D", "D", {"x": 1}), D=state()), "B"), B=state(assign={"x": 1})),
            "A > C.Catch[0].Assign.x: $x is a variable of the states around this one (B), which cannot be assigned here.",
        ),
        (
            machine(A=state("B", {"x": 1}), B=within("DISTRIBUTED", machine("C", C=state(output="$x")))),
            "B > C.Output: a distributed Map cannot use $x of the states around it. Hand its value over in ItemSelector.",
        ),
        (
            machine(
                A=state("B", {"x": 1}),
                B=within("DISTRIBUTED", machine("C", C=within("Parallel", machine("D", D=state(output="$x"))))),
            ),
            "B > C > D.Output: a distributed Map cannot use $x of the states around it. Hand its value over in ItemSelector.",
        ),
        (
            machine(
                A=within(
                    "DISTRIBUTED",
                    machine("B", B=state("C", {"y": 1}), C=within("INLINE", machine("D", D=state(assign={"y": 2})))),
                ),
            ),
            "A > C > D.Assign.y: $y is a variable of the states around this one (A > B), which cannot be assigned here.",
        ),
        (machine(A=state(assign={"states": 1})), "A.Assign.states: $states is reserved; a variable needs another name."),
        (machine(A=state(assign={"x.y": 1})), "A.Assign.x.y: a part of a variable cannot be assigned, only the whole variable."),
        (
            machine(A=state(assign={"x[2]": 1})),
            "A.Assign.x[2]: a part of a variable cannot be assigned, only the whole variable.",
        ),
        (
            machine(A=state(assign={"1st": 1})),
            "A.Assign.1st: '1st' is not a name for a variable: it must be letters, digits and _, beginning with a letter.",
        ),
        (machine(A=state(assign={"x" * 81: 1})), f"A.Assign.{'x' * 81}: the name has 81 characters; AWS allows 80."),
    ],
)
def test_what_has_no_value_is_told(wrong: dict[str, Any], message: str) -> None:
    problems = messages_of(wrong)
    assert len(problems) == 1
    assert problems[0].startswith(message)
