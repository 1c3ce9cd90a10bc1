r"""Intrinsic functions: their names, the number and the kinds of their arguments, and templates.

Follows the examples of https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.declare.asl.intrinsic_functions import FUNCTIONS, Call, Literal, intrinsic_problems, parse_intrinsic, paths_in
from common.declare.asl.scanner import ScanError

NESTED = "States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.Arn, '/'), 2), '.'), {})"


def messages_of(text: str) -> list[str]:
    try:
        return [message + suggestion for message, suggestion in intrinsic_problems(parse_intrinsic(text))]
    except ScanError as error:
        return [f"{error}"]


@pytest.mark.parametrize(
    "text",
    [
        "States.Array()",
        "States.Array('Foo', 2020, $.someJson, null, true)",
        "States.ArrayPartition($.inputArray,4)",
        "States.ArrayContains($.inputArray, $.lookingFor)",
        "States.ArrayRange(1, 9, 2)",
        "States.ArrayRange(9, 1, -2)",
        "States.ArrayGetItem($.out[?(@.OutputKey == FooBar)].OutputValue, 0)",
        "States.ArrayLength($.inputArray)",
        "States.ArrayUnique($items[*].name)",
        "States.Base64Encode($.input)",
        "States.Base64Decode('RGF0YQ==')",
        "States.Hash($.Data, $.Algorithm)",
        "States.Hash('input data', 'SHA-1')",
        "States.JsonMerge($.json1, States.StringToJson($.json2), false)",
        r"""States.StringToJson(States.Format('\{"a": {}\}', $.a))""",
        "States.JsonToString($)",
        "States.MathRandom(1, 999)",
        "States.MathRandom($.start, $.end, 42)",
        "States.MathAdd(States.ArrayLength($$.Execution.Input.machines), -1)",
        "States.MathAdd($.a, 1.5e1)",
        "States.StringSplit('This.is+a,test=string', '.+,=')",
        "States.StringSplit('Hello\nWorld', '\n')",
        """States.JsonMerge(States.StringToJson('{"constant": "false"}'), $$.Execution.Input.field, false)""",
        "States.UUID()",
        "States.UUID( ) ",
        r"States.Format('Welcome to {} {}\'s playlist.', $.firstName, $.lastName)",
        "States.Format($.template, $.name)",
        "States.Format('{}_{}',$$.Execution.Name,$['test-batch']['batch_id'])",
        r"States.Format('no \{\} placeholder')",
        "States.Format('{}', __BUCKET__)",
        f"States.Format('{{}}.{{}}', {NESTED.format(0)}, {NESTED.format(1)})",
    ],
)
def test_what_aws_accepts_is_accepted(text: str) -> None:
    assert messages_of(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "at 'hello', a path, which begins with $, or a function such as States.Format(…) is expected"),
        ("", "at its end, the name of a function is expected, such as States.Format"),
        ("States.Fromat('x')", "there is no intrinsic function 'States.Fromat'. Did you mean 'States.Format'?"),
        ("States.format('x')", "there is no intrinsic function 'States.format'. Did you mean 'States.Format'?"),
        ("States.Array(States.Uuid())", "there is no intrinsic function 'States.Uuid'. Did you mean 'States.UUID'?"),
        ("States.Format('a {} {}', $.x)", "the template of States.Format has 2 placeholders {} for 1 value."),
        ("States.Format('a', $.x)", "the template of States.Format has 0 placeholders {} for 1 value."),
        ("States.Format()", "States.Format takes 1 or more arguments, not 0."),
        ("States.Format(5)", "argument 1 of States.Format must be a text, not a number."),
        ("States.UUID(1)", "States.UUID takes no arguments, not 1."),
        ("States.ArrayLength($.a, $.b)", "States.ArrayLength takes 1 argument, not 2."),
        ("States.MathRandom(1)", "States.MathRandom takes 2 to 3 arguments, not 1."),
        ("States.MathAdd('1', 2)", "argument 1 of States.MathAdd must be a number, not a text."),
        ("States.MathAdd(1, null)", "argument 2 of States.MathAdd must be a number, not null."),
        ("States.ArrayLength(States.UUID())", "argument 1 of States.ArrayLength must be an array, not a text."),
        ("States.StringSplit($.a, 1)", "argument 2 of States.StringSplit must be a text, not a number."),
        ("States.JsonMerge($.a, $.b)", "States.JsonMerge takes 3 arguments, not 2."),
        ("States.JsonMerge($.a, $.b, 'false')", "argument 3 of States.JsonMerge must be true or false, not a text."),
        (
            "States.JsonMerge($.a, $.b, true)",
            "States.JsonMerge merges only the outermost level, so its third argument must be false.",
        ),
        ("States.Hash($.a, 'SHA256')", "States.Hash has no algorithm 'SHA256'. Did you mean 'SHA-256'?"),
        ("States.ArrayRange(1, 9, 0)", "the increment of States.ArrayRange must not be 0."),
        ("States.ArrayPartition($.a, 0)", "the size of the parts of States.ArrayPartition must be at least 1."),
        (
            f"States.Format('{{}}{{}}', {NESTED.format(0)}, States.JsonToString({NESTED.format('States.UUID()')}))",
            "11 functions are nested; AWS allows 10 in a field.",
        ),
        ("States.Format('a {}' $.x)", "at '$.x)', ',' or ')' is expected"),
        ("States.Format('a {}', $.x", "at its end, ',' or ')' is expected"),
        ("States.Format('a {}, $.x)", "the quote before 'a {}, $.x)' is not closed"),
        (
            'States.Format("a {}", $.x)',
            """at '"a {}", $.x)', an argument is expected: a text in single quotes, a number, a path or a function""",
        ),
        ("States.Format('a {}', $.x[)", "at ')', a number, a range, *, a filter ?(…) or a quoted name is expected in brackets"),
        (
            "States.Format('a {}', $.)",
            "at ')', a name is expected; one with other characters than letters, digits, - and _ is written ['name']",
        ),
        (
            r"""States.StringToJson('{"text": "a \"quote\""}')""",
            r"""a text has the escape \", and only \' \{ \} and \\ are allowed""",
        ),
        (r"States.Format('a\n{}', $.x)", r"a text has the escape \n, and only \' \{ \} and \\ are allowed"),
        ("States.Format('a', )", "at ')', an argument is expected: a text in single quotes, a number, a path or a function"),
        pytest.param(f"{'States.Array(' * 5000}{')' * 5000}", "it is nested too deep", id="deep"),
        ("States.UUID() x", "at 'x', the end is expected"),
        ("States.UUID", "at 'States.UUID', a path, which begins with $, or a function such as States.Format(…) is expected"),
    ],
)
def test_what_fails_in_aws_is_refused(text: str, message: str) -> None:
    assert messages_of(text)[0] == message


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=1, max_size=4))
def test_a_template_has_a_place_for_each_value(parts: list[str]) -> None:
    raw = "{}".join("".join(f"\\{character}" if character in "'{}\\" else character for character in part) for part in parts)
    values = ", ".join(["$.x"] * (len(parts) - 1))
    call = parse_intrinsic(f"States.Format('{raw}'{', ' if values else ''}{values})")
    assert isinstance(call.arguments[0], Literal)
    assert call.arguments[0].template == parts
    assert [*intrinsic_problems(call)] == []
    assert len([*paths_in(Call("States.Array", (call, call)))]) == 2 * (len(parts) - 1)


@given(st.text(st.sampled_from("States.FormatUID()'{}\\$, 01") | st.characters(), max_size=30))
def test_any_text_is_a_function_or_refused(text: str) -> None:
    with contextlib.suppress(ScanError):
        call = parse_intrinsic(text)
        assert call.name in FUNCTIONS or [*intrinsic_problems(call)]
