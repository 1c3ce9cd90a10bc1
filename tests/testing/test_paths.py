"""Paths, reference paths and intrinsic functions give what AWS documents.

https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html (whose examples these are)
"""

from typing import Any

import pytest

from common.testing import intrinsic_values, json_path_values
from common.testing.errors import StateError
from common.testing.scope import Scope

SCOPE = Scope({}, {"Execution": {"Name": "test"}}, {"rate": {"eur": 2}})
DATA = {
    "n": 1,
    "none": None,
    "list": [{"kind": "csv", "size": 3}, {"kind": "json", "size": 12}, {"kind": "csv", "size": 20}],
    "numbers": [1, 2, 3, 4],
    "deep": {"inner": {"size": 7}},
    "a b": {"c.d": 1},
    "flags": [{"is": True, "n": 1}, {"is": 1, "n": 2}],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DATA),
        ("$.n", 1),
        ("$.none", None),
        ("$.list[0].kind", "csv"),
        ("$.list[-1].size", 20),
        ("$['a b']['c.d']", 1),
        ("$.numbers[1:3]", [2, 3]),
        ("$.numbers[0,2]", [1, 3]),
        ("$.list[*].size", [3, 12, 20]),
        ("$..size", [3, 12, 20, 7]),
        ("$.list[?(@.kind == 'csv')].size", [3, 20]),
        ("$.list[?(@.kind == 'csv' && @.size > 3)].size", [20]),
        ("$.list[?(!(@.kind == 'csv') || @.size < 4)].size", [3, 12]),
        ("$.list[?(@.kind in ['json', 'xml'])].size", [12]),
        ("$.list[?(@.kind =~ /J.*/i)].size", [12]),
        ("$.list[?(@.kind =~ 'json')].size", []),
        ("$.list[?(@.kind contains 's')].size", [3, 12, 20]),
        ("$.list[?(@.kind contains 5)].size", []),
        ("$.list[?(@.kind contains @.missing)].size", []),
        ("$.flags[?(@.is in [1])].n", [2]),
        ("$.list[?(@.size > $.deep.inner.size)].size", [12, 20]),
        ("$.list[?(@.missing)]", []),
        ("$.nothing[*]", []),
        ("$.list.length()", 3),
        ("$.numbers.sum()", 10),
        ("$$.Execution.Name", "test"),
        ("$rate.eur", 2),
    ],
)
def test_a_path_to_one_value_gives_it_and_others_give_lists(path: str, value: Any) -> None:
    assert json_path_values.evaluate(path, DATA, SCOPE, "x.$") == value


@pytest.mark.parametrize("path", ["$.nothing", "$.list[9]", "$.n.inner", "$$.Execution.Other", "$other"])
def test_a_path_to_nothing_is_a_runtime_error(path: str) -> None:
    with pytest.raises(StateError, match=r"could not be found in the input") as raised:
        json_path_values.evaluate(path, DATA, SCOPE, "x.$")
    assert raised.value.error == "States.Runtime"


@pytest.mark.parametrize(
    ("path", "whole", "result"),
    [
        ("$", {"a": 1}, 5),
        ("$.b", {"a": 1}, {"a": 1, "b": 5}),
        ("$.a.b.c", {}, {"a": {"b": {"c": 5}}}),
        ("$.a[1]", {"a": [1, 2]}, {"a": [1, 5]}),
        ("$['x y']", {}, {"x y": 5}),
    ],
)
def test_a_result_is_put_where_a_reference_path_says(path: str, whole: Any, result: Any) -> None:
    before = repr(whole)
    assert json_path_values.put(path, whole, 5) == result
    assert repr(whole) == before


@pytest.mark.parametrize(
    ("path", "whole"), [("$.a.b", {"a": "text"}), ("$.a[5]", {"a": [1]}), ("$.b", "text"), ("$.a[0].b", {"a": [1]})]
)
def test_a_result_that_cannot_be_put_is_an_error(path: str, whole: Any) -> None:
    with pytest.raises(StateError) as raised:
        json_path_values.put(path, whole, 5)
    assert raised.value.error == "States.ResultPathMatchFailure"


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("States.Array($.n, 'b', 3)", [1, "b", 3]),
        ("States.ArrayPartition($.numbers, 3)", [[1, 2, 3], [4]]),
        ("States.ArrayContains($.numbers, 3)", True),
        ("States.ArrayContains($.numbers, '3')", False),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.numbers, 2)", 3),
        ("States.ArrayLength($.numbers)", 4),
        ("States.ArrayUnique(States.Array(1, 2, 2, 1))", [1, 2]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGVjb2RlZCBkYXRh')", "Decoded data"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.JsonMerge($.deep, States.StringToJson('{\"inner\": 1}'), false)", {"inner": 1}),
        ("States.JsonToString($.deep)", '{"inner":{"size":7}}'),
        ("States.MathAdd(111, -1)", 110),
        ("States.StringSplit('This.is+a,test=string', '.+,=')", ["This", "is", "a", "test", "string"]),
        ("States.Format('Hello, my name is {} and {}.', 'x', $.n)", "Hello, my name is x and 1."),
        (r"States.Format('\{{}\} \'{}\'', $.none, true)", "{null} 'true'"),
    ],
)
def test_intrinsic_functions_give_what_the_documentation_says(function: str, value: Any) -> None:
    assert intrinsic_values.evaluate(function, DATA, SCOPE, "x.$") == value


def test_random_numbers_lie_in_their_range_and_a_seed_repeats_them() -> None:
    numbers = {intrinsic_values.evaluate("States.MathRandom(1, 4)", DATA, SCOPE, "x.$") for _ in range(100)}
    assert numbers == {1, 2, 3}
    assert len({intrinsic_values.evaluate("States.MathRandom(1, 999, 7)", DATA, SCOPE, "x.$") for _ in range(5)}) == 1
    assert len({intrinsic_values.evaluate("States.UUID()", DATA, SCOPE, "x.$") for _ in range(5)}) == 5


@pytest.mark.parametrize(
    "function",
    [
        "States.ArrayGetItem($.numbers, 9)",
        "States.StringToJson('{')",
        "States.Format('{}', $.deep)",
        "States.ArrayLength($.n)",
        "States.MathAdd('a', 1)",
        "States.Base64Decode('*')",
        "States.ArrayPartition($.numbers, 0)",
        "States.ArrayRange(1, 9999, 1)",
        "States.JsonMerge($.deep, $.deep, true)",
        "States.Hash('x', 'MD4')",
        "States.ArrayLength($.nothing)",
    ],
)
def test_a_function_that_fails_is_an_intrinsic_failure(function: str) -> None:
    with pytest.raises(StateError) as raised:
        intrinsic_values.evaluate(function, DATA, SCOPE, "x.$")
    assert raised.value.error == "States.IntrinsicFailure"
