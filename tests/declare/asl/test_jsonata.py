"""Expressions in JSONata: what they use, and what is wrong with them, with the place in long ones.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html, https://states-language.net/spec.html#jsonata-restrictions
and https://docs.jsonata.org/overview.html
"""

import contextlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.declare.asl.jsonata import content_of, parse_jsonata
from common.declare.asl.jsonata_functions import ADDED, FUNCTIONS, FunctionCall, call_problem
from common.declare.asl.scanner import ScanError

ITEMS = "$states.input.items"


def messages_of(content: str) -> list[str]:
    """The problems of an expression and of the calls in it."""
    try:
        expression = parse_jsonata(content)
    except ScanError as error:
        return [f"{error}.{error.suggestion}"]
    calls = [problem for call in expression.calls if (problem := call_problem(call))]
    return [message + suggestion for message, suggestion in [*expression.problems, *calls]]


@pytest.mark.parametrize(
    ("content", "variables"),
    [
        ("$states.input.title", []),
        (" $year & ' ' & $make ", ["year", "make"]),
        ("($product := function($x, $y) {$x * $y}; $reduce([1..5], $product))", []),
        ("($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f($n0))", ["n0"]),
        ("$contains($lowercase($states.errorOutput.Error), /.*fatal.*/)", []),
        ("$merge([ $states.input, {'error-info': $states.errorOutput} ])", []),
        ("$exists($states.input.more) ? $states.input.more : {}", []),
        ("$order[$.total > 10]", ["order"]),
        ("$order[total > 10].{'a': total, 'b': $.b}", ["order"]),
        ("$order.items{name: $sum(price)}", ["order"]),
        (f"{ITEMS}^(>price, name)[0]", []),
        (f"{ITEMS}[calories=0]", []),
        (f"{ITEMS}@$i.parts#$n[$n=1].{{'item': $i.name}}", []),
        (f"{ITEMS} ~> |parts|{{'price': price * 2}}, ['old']|", []),
        (f"{ITEMS}.parts.%.name", []),
        (f"$sort({ITEMS}, function($l, $r) {{ $l.a > $r.a }})", []),
        (f"$map({ITEMS}, $uppercase)", ["uppercase"]),
        (f"{ITEMS} ~> $filter(function($v) {{ $v > $least }}) ~> $sum", ["least", "sum"]),
        ("{ 'avg': $average($student.course.grade), 'num': $count($student.course) } ", ["student", "student"]),
        ("$partition([1,2,3,4], $states.input.chunkSize)", []),
        ("[$range(0, 10, 2), $hash($x, 'MD5'), $random(), $random($seed), $uuid(), $parse($text)]", ["x", "seed", "text"]),
        ("$now('[Y0001]-[M01]-[D01]') & $fromMillis($millis(), '[H01]')", []),
        ("$substring(?, 0, 3)", []),
        ("$match($x, /(?<year>[0-9]{4})/)", ["x"]),
        ("$x.`a name`.'another'.\"third\"", ["x"]),
        ("/* why */ $x in ['a', 'b'] and $not($y)", ["x", "y"]),
        ("$states.input.a.($b := c; $b + d)", []),
        ("true", []),
        ("$states.context.Execution.Input.`x-y`", []),
        ("$states.input.list.$string($)", []),
        ("$zip([1], [2], [3])", []),
        ("($a := ($states.context.**._datadog)[0]; $b := ($parse($parse(($states.context.**.body)[0]).**.Value))[0])", []),
        ("$lookup($states.input, 'detail-type')", []),
        ("$match($states.result.Description, /at=([^&]+)(.+)$/).groups[0]", []),
    ],
)
def test_what_aws_accepts_is_accepted(content: str, variables: list[str]) -> None:
    assert messages_of(content) == []
    assert sorted(parse_jsonata(content).variables) == sorted(variables)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "at its beginning: Unexpected end of expression."),
        ("$sum($x", "near its end, '$sum($x': Expected ) before end of expression."),
        ("$sum $x)", "after '$sum $x': Syntax error: x."),
        ("$x.a.", "near its end, '$x.a.': Unexpected end of expression."),
        ("$x[0", "near its end, '$x[0': Expected ] before end of expression."),
        ("'a' & 'b", """near its end, "'a' & 'b": String literal must be terminated by a matching quote."""),
        ("{'a': 1,}", """near its end, "{'a': 1,}": The symbol } cannot be used as a unary operator."""),
        ("{'a' 1}", """after "{'a' 1": Expected :, got 1."""),
        ("$x == 1", "after '$x ==': The symbol = cannot be used as a unary operator. JSONata compares with one =."),
        ("$x && $y", "after '$x &&': The symbol & cannot be used as a unary operator. Write and."),
        ("/* open", "near its end, '/* open': something is missing."),
        ("$match($x, /a(/)", "near its end, '$match($x, /a(/)': No terminating / in regular expression."),
        ("$x ?? 1", "JSONata 2.0.6, which Step Functions has, does not know ??. Write … ? … : … instead."),
        ("$x ?: 1", "JSONata 2.0.6, which Step Functions has, does not know ?:. Write … ? … : … instead."),
        (
            "total",
            "'total' is not in a path, and an expression has no data but its variables. Write $states.input.total or a variable.",
        ),
        (
            "$sum(total)",
            "'total' is not in a path, and an expression has no data but its variables. Write $states.input.total or a variable.",
        ),
        (
            "$map($x, function($v) { $v.a & b })",
            "'b' is not in a path, and an expression has no data but its variables. Write $states.input.b or a variable.",
        ),
        (
            "States.UUID()",
            (
                "'States' is not in a path, and an expression has no data but its variables. "
                "Intrinsic functions are for JSONPath; JSONata has functions of its own."
            ),
        ),
        ("$.total", "$ means nothing at the outermost level. The input of the state is $states.input."),
        ("$order[$$.total > a]", "$$ means nothing in Step Functions. The input of the state is $states.input."),
        ("**.a", "'**' is not in a path, and an expression has no data but its variables."),
        ("$states.input.a'", """the quotes of "a'" do not belong together."""),
        ("$summ([1])", "there is no function $summ. Did you mean $sum?"),
        ("$upper($x)", "there is no function $upper. Did you mean $uppercase?"),
        ("$eval('1')", "Step Functions does not allow $eval. $parse reads a text as JSON."),
        ("$uuid(1)", "$uuid takes no arguments, not 1."),
        ("$range(1, 2)", "$range takes 3 arguments, not 2."),
        ("$append([1])", "$append takes 2 arguments, not 1."),
        ("$string($x, true, 1)", "$string takes 0 to 2 arguments, not 3."),
        ("$x ~> $uuid()", "$uuid takes no arguments, not 1."),
        ("$x ~> $map()", "$map takes 2 arguments, not 1."),
    ],
)
def test_what_aws_refuses_is_refused(content: str, message: str) -> None:
    assert messages_of(content) == [message]


def test_fields_of_states_are_found_as_far_as_they_are_written_out() -> None:
    assert parse_jsonata("$states").states == [()]
    assert parse_jsonata("$states.*").states == [()]
    assert parse_jsonata("$states.input.a.b[0].c & $states.'context'.Execution").states == [
        ("input", "a", "b"),
        ("context", "Execution"),
    ]


def test_functions_are_those_of_the_parser_and_of_step_functions() -> None:
    from jsonata import Jsonata

    assert {*FUNCTIONS} - {*ADDED} == {*Jsonata.static_frame.bindings} - {"eval", *ADDED}
    assert {"random"} == {*ADDED} & {*Jsonata.static_frame.bindings}


def test_a_partial_call_gets_the_rest_later() -> None:
    assert call_problem(FunctionCall("append", 1, partial=True)) is None


def test_a_text_may_be_joined_from_many_parts() -> None:
    assert messages_of(" & ".join(["'a'", *["$x"] * 1500])) == []
    assert parse_jsonata(" & ".join(["'a'", *["$x"] * 1500])).variables == ["x"] * 1500


def test_the_parser_leaves_the_limit_of_recursion_alone() -> None:
    before = sys.getrecursionlimit()
    assert messages_of("(" * 9000 + ")" * 9000) == ["it is nested too deep."]
    assert sys.getrecursionlimit() == before < 10_000


@pytest.mark.parametrize(
    ("text", "content"), [("{% $x %}", " $x "), ("{%%}", ""), ("{%}", None), ("{% x", None), ("x %}", None), ("", None)]
)
def test_an_expression_stands_between_its_marks(text: str, content: str | None) -> None:
    assert content_of(text) == content


@given(st.text(st.sampled_from("$abx.()[]{}'\"`~>|?:;,@#%^&*+-/\\= 01_λ\n") | st.characters(), max_size=25))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    with contextlib.suppress(ScanError):
        parse_jsonata(text)


@given(
    st.sampled_from(["$sum({})", "[{}]", "({})", "{{'k': {}}}", "$map($x, function($v) {{ {} }})"]), st.integers(1, 3), st.data()
)
def test_an_expression_without_one_of_its_brackets_is_refused(form: str, depth: int, data: st.DataObject) -> None:
    content = "$states.input.a"
    for _ in range(depth):
        content = form.format(content)
    assert messages_of(content) == []
    at = data.draw(st.sampled_from([place for place, character in enumerate(content) if character in "()[]{}"]))
    assert messages_of(content[:at] + content[at + 1 :])
