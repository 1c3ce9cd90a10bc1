"""Expressions in JSONata, with what Step Functions adds.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from typing import Any

import pytest

from common.testing.errors import StateError
from common.testing.jsonata_values import evaluate_template
from common.testing.scope import Scope

SCOPE = Scope({"n": 2, "items": [{"x": 1}, {"x": 5}], "none": None}, {"State": {"Name": "A"}}, {"rate": 3})


def value(text: Any, **states: Any) -> Any:
    return evaluate_template(text, states, SCOPE, "Output")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% $states.input.n * $rate %}", 6),
        ("{% $states.context.State.Name & '!' %}", "A!"),
        ("{% $states.input.items[x > 1] %}", {"x": 5}),
        ("{% $states.input.items.x %}", [1, 5]),
        ("{% $states.input.none %}", None),
        ("{% $sum($states.input.items.x) / 4 %}", 1.5),
        ("{% 6 / 2 %}", 3),
        ("{% $partition([1..5], 2) %}", [[1, 2], [3, 4], [5]]),
        ("{% $range(0, 10, 5) %}", [0, 5, 10]),
        ("{% $hash('input data', 'SHA-1') %}", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("{% $parse('{\"a\": [1]}').a[0] %}", 1),
        ("{% $random(7) = $random(7) %}", True),
        ("{% ($double := function($v) {$v * 2}; $map([1, 2], $double)) %}", [2, 4]),
        ("no expression", "no expression"),
        ({"a": ["{% $rate %}", 1], "b": {"c": "{% 'x' %}"}}, {"a": [3, 1], "b": {"c": "x"}}),
    ],
)
def test_expressions_give_json(text: Any, expected: Any) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("{% $states.input.nothing %}", "{% $states.result %}", "{% 'a' + 1 %}", "{% $error('no') %}", "{% $partition(1, 2) %}"),
        *("{% 1 / 0 %}", "{% $eval('1') %}", "{% $hash('x') %}", "{% 'x' ~> /y/ %}"),
    ],
)
def test_what_fails_or_gives_nothing_is_a_query_error(text: str) -> None:
    with pytest.raises(StateError, match="specified for the field 'Output'") as raised:
        value(text)
    assert raised.value.error == "States.QueryEvaluationError"


def test_a_text_may_be_joined_from_many_parts() -> None:
    assert value(f"{{% {' & '.join(['$rate'] * 1500)} %}}") == "3" * 1500


def test_a_result_is_there_where_it_is_given() -> None:
    assert value("{% $states.result.Payload %}", result={"Payload": 4}) == 4
    assert len(value("{% $uuid() %}")) == 36
