"""What is written in YAML arrives as it is written, or is refused: https://yaml.org/spec/1.2.2/#103-core-schema."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.base.errors import DeclarationError
from common.base.yaml_loader import YamlError, load_yaml
from common.declare.asl import definition


@pytest.mark.parametrize(
    "text",
    [
        *("NO", "no", "N", "n", "Yes", "yes", "Y", "y", "on", "On", "OFF", "off", "nil", "none", "None", "nULL"),
        *("12:30", "12:30:45", "190:20:30", "1_000", "1_000.5", "0b11", "-0b11", "0x_1F", "0o18", "08:00", "1,000", "1.2.3"),
        *(
            "2024-01-31",
            "2024-01-31T12:00:00Z",
            "2001-12-14 21:59:43.10 -05:00",
            "=",
            "inf",
            "nan",
            "1e",
            "e3",
            "0xZZ",
            "+",
            "..",
        ),
        *("$.path", "${wait}", "{% $x %}", "$$.Execution.Id", "States.Format('{}', $.a)"),
    ],
)
def test_text_stays_text(text: str) -> None:
    quoted = f'"{text}"' if text.startswith("{") else text
    assert load_yaml(f"a: {quoted}", "m.yaml") == {"a": text}
    assert load_yaml(f"- {quoted}", "m.yaml") == [text]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("Null", None), ("", None)),
        *(("0", 0), ("7", 7), ("-7", -7), ("111111111111", 111111111111), ("0.5", 0.5), ("1.0", 1.0), ("-2.25", -2.25)),
    ],
)
def test_what_is_no_text_is_what_json_has(text: str, value: object) -> None:
    loaded = load_yaml(f"a: {text}", "m.yaml")["a"]
    assert (loaded, type(loaded)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "would_be"),
    [
        *(
            ("01001", "1001"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("1e3", "1000.0"),
            ("017", "17"),
            ("08", "8"),
            ("+1", "1"),
            ("-0", "0"),
        ),
        *((".5", "0.5"), ("5.", "5.0"), ("1.10", "1.1"), ("1E5", "100000.0"), ("012345678901", "12345678901"), ("00", "0")),
        *((".inf", ""), ("-.INF", ""), (".NaN", ""), ("1e999", ""), ("0.12345678901234567890", "0.12345678901234568")),
    ],
)
def test_numbers_that_may_be_codes_are_refused_with_their_line(text: str, would_be: str) -> None:
    with pytest.raises(YamlError) as refused:
        load_yaml(f"# codes\nlist:\n  - {text}\n", "m.yaml")
    became = would_be or "a number that JSON does not have"
    message = str(refused.value)
    assert message.startswith(f"m.yaml:3: {text} would become {became}. Quote it ('{text}') if it is a text or a code")
    assert load_yaml(f"a: '{text}'", "m.yaml") == {"a": text}
    assert load_yaml(f"a: !!str {text}", "m.yaml") == {"a": text}


def test_keys_are_text() -> None:
    text = "Yes: 1\n404: 2\n01001: 3\nnull: 4\n1.10: 5\ntrue: 6\n2024-01-31: 7\n'': 8\n"
    assert list(load_yaml(text, "m.yaml")) == ["Yes", "404", "01001", "null", "1.10", "true", "2024-01-31", ""]


def test_what_is_aliased_as_a_key_and_as_a_value_is_both() -> None:
    assert load_yaml("a: &n 5\n*n : x\nb: *n\n", "m.yaml") == {"a": 5, "5": "x", "b": 5}


def test_merges_are_carried_out_and_may_be_overridden() -> None:
    text = "base: &base {a: 1, b: 2}\nmore: &more {c: 3}\nboth: {<<: [*base, *more], b: NO}\nquoted: {'<<': *base}\nvalue: <<\n"
    loaded = load_yaml(text, "m.yaml")
    assert loaded["both"] == {"a": 1, "b": "NO", "c": 3}
    assert loaded["quoted"] == {"<<": {"a": 1, "b": 2}}
    assert loaded["value"] == "<<"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "m.yaml:3: the key 'a' is repeated."),
        ("'1': x\n1: y\n", "m.yaml:2: the key '1' is repeated."),
        ("a:\n  ? [x, y]\n  : 1\n", "m.yaml:2: a key must be a text."),
        ("a: 1\nb: 'x\x01y'\n", "m.yaml:2: this is not YAML: it has the control character U+0001. Remove it."),
        ("a: 1\n\0", "m.yaml:2: this is not YAML: it has the control character U+0000. Remove it."),
        ("a: !!timestamp 2024-01-31", "m.yaml:1: the tag !!timestamp is not supported; quote it if it is a text."),
        ("a: !!binary aGVsbG8=", "m.yaml:1: the tag !!binary is not supported"),
        ("a: !!set {x, y}", "m.yaml:1: the tag !!set is not supported"),
        (
            "x: 1\na: !Sub '${Load}'",
            "m.yaml:2: the tag !Sub is not supported; write it as text, and ${Name.arn} for a resource.",
        ),
        ("a: !!bool NO", "m.yaml:1: NO is not a boolean; write true or false."),
        ("a: !!int 0b1", "m.yaml:1: 0b1 is not a number."),
        ("a: !!null x", "m.yaml:1: x is not a null value; write null."),
        ("a: {b\n", "m.yaml:2: this is not YAML: "),
        ("a: 1\n---\nb: 2\n", "m.yaml:2: this is not YAML: "),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused(text: str, message: str) -> None:
    with pytest.raises(YamlError) as refused:
        load_yaml(text, "m.yaml")
    assert str(refused.value).startswith(message)


@given(st.from_regex(r"[-+.0-9a-zA-Z_:~]{1,8}", fullmatch=True))
@example("01001")
@example("0e0")
def test_no_plain_text_becomes_another_one(text: str) -> None:
    try:
        value = load_yaml(f"[{text}, x]", "m.yaml")
    except YamlError:
        return
    if isinstance(value, list) and len(value) == 2 and value[0] is not None and not isinstance(value[0], bool | dict):
        assert str(value[0]) == text


def test_codes_in_a_definition_arrive_as_they_are(tmp_path: Path) -> None:
    def loaded(code: str) -> Any:
        states = f"Yes: {{Type: Pass, Result: {{county: {code}}}, Next: NO}}\n  NO: {{Type: Succeed}}\n"
        (tmp_path / "load.asl.yaml").write_text(f"StartAt: Yes\nStates:\n  {states}")
        return definition.load(tmp_path / "load.asl.yaml", "here")["States"]["Yes"]["Result"]["county"]

    assert [loaded(code) for code in ("NO", "12:30", "'01001'", "2024-01-31")] == ["NO", "12:30", "01001", "2024-01-31"]
    with pytest.raises(DeclarationError, match=r"^here: load\.asl\.yaml:3: 01001 would become 1001\. Quote it \('01001'\) if "):
        loaded("01001")


def test_keys_that_json_makes_one_of_are_told(tmp_path: Path) -> None:
    state = {"Type": "Pass", "Result": {1: "x", "1": "y"}, "End": True}
    with pytest.raises(DeclarationError, match=r"the key '1' is repeated"):
        definition.load({"StartAt": "A", "States": {"A": state}}, "here")
