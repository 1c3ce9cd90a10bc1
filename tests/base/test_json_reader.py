"""JSON as people write it: each mistake is told with its line and with what to do, and no number becomes another one."""

import pytest

from common.base.json_reader import JsonError, load_json

NOT_JSON = [
    ("// a\n{}", "f.json:1:1: this is not JSON: Expecting value. JSON has no comments. Remove it."),
    ('{"a": 1, /* b */ "c": 2}', "f.json:1:10: .* JSON has no comments"),
    ('{"a": 1}\n# end', "f.json:2:1: .* there is more text after its end. JSON has no comments"),
    ('{\n"a": 1,\n}', "A comma must not stand before }. Remove it."),
    ('{"a": [1,]}', "A comma must not stand before ]. Remove it."),
    ("{'a': 1}", "f.json:1:2: .* Texts are in straight double quotes"),
    ('{"a": \u201cb\u201d}', "f.json:1:7: .* Texts are in straight double quotes"),
    ("{a: 1}", "Keys are in double quotes"),
    ('{"a": True}', "JSON has the words true, false and null."),
    ('{"a": no}', "JSON has the words true, false and null."),
    ('{"a": 0123}', "A number does not begin with 0. Quote it if it is a code."),
    ('{"a": 0x1F}', "A number does not begin with 0. Quote it if it is a code."),
    ('{"a": 12:30}', "Quote it if it is a text, as a code, a time or a date."),
    ('{"a": 2024-01-31}', "Quote it if it is a text"),
    ('{"a": 1_000}', "Quote it if it is a text"),
    ('{"a": .5}', "JSON does not have such numbers."),
    ('{"a": +1}', "JSON does not have such numbers."),
    ("", "f.json:1:1: this is not JSON: the file is empty."),
    ("\ufeff{}", "The file has a second byte-order mark here."),
    ('{\u00a0"a": 1}', "An invisible character is here."),
    ('{"a": 1}\0', "An invisible character is here."),
    ("<<<<<<< HEAD\n{}", "A merge has left its conflict here. Resolve it."),
    ('{"a": "x\ny"}', r"write a line end as \\n and a tab as \\t."),
    (r'{"a": "C:\x"}', r"write a backslash as \\\\."),
    ('{"a": 1', "The file ends too early."),
    ('{"a":\n{"b": 1,\n"b": 2}}', "f.json:2: the key 'b' is repeated in the object that begins here."),
    ('{"a": {"b": 1},\n"b": 2, "c": [{"b": 1,\n "b": 2}]}', "f.json:2: the key 'b' is repeated"),
    ('{\n"a": NaN}', "f.json:2: JSON does not have the number NaN."),
    ('{"a": 1e400}', "f.json:1: 1e400 would become a number that JSON does not have."),
    ('{"a": 1e-400}', "f.json:1: 1e-400 would become 0.0."),
    ('{"a": "0.1234567890123456789", "b":\n0.1234567890123456789}', "0.1234567890123456789 would become 0.12345678901234568."),
    ('{"a": 9007199254740993.0}', "9007199254740993.0 would become 9007199254740992.0. Quote it"),
    (f'{{"a": {"9" * 5000}}}', "a number of 5000 characters is too long."),
]
SPELLED_OTHERWISE = [("1.10", "1.1"), ("1e3", "1000.0"), ("-0", "0"), ("1.0e2", "100.0")]


@pytest.mark.parametrize(("text", "message"), NOT_JSON)
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(JsonError, match=message.replace("]. R", r"\]. R")):
        load_json(text, "f.json")


@pytest.mark.parametrize(("number", "becomes"), SPELLED_OTHERWISE)
def test_a_number_keeps_its_value_and_where_it_may_become_a_text_its_spelling(number: str, becomes: str) -> None:
    text = f'{{"a": {number}}}'
    assert load_json(text, "f.json") == {"a": float(number)}
    with pytest.raises(JsonError, match=rf'{number} would become {becomes}\. Quote it \("{number}"\) .* or write {becomes} if'):
        load_json(text, "f.json", as_written=True)


def test_numbers_are_read_exactly() -> None:
    numbers = [0, -1, 12345678901234567890, 0.1, 2.0, 1e-07, 123456.789]
    assert load_json(str(numbers), "f.json", as_written=True) == numbers
