"""Paths of JSONPath: what Step Functions accepts is parsed, and what breaks off or is not a path is refused with the place.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html, the examples of
https://states-language.net/spec.html#ref-paths and the dialect of https://github.com/json-path/JsonPath
"""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.declare.asl.json_filters import Comparison, Condition, Constant, Joined, Listed, Negation, Pattern
from common.declare.asl.json_paths import FUNCTIONS, parse_path
from common.declare.asl.path_steps import JsonPath, Step
from common.declare.asl.scanner import ScanError


def joined(operator: str, *parts: Condition) -> Condition:
    """Joins conditions as they are parsed: those that the same operator joins already stand side by side."""
    flat = [part.parts if isinstance(part, Joined) and part.operator == operator else (part,) for part in parts]
    return Joined(operator, tuple(part for group in flat for part in group))


NAMES = st.text(st.sampled_from("abcXYZ019_- Ж中'\"\\.[]()@?"), min_size=1, max_size=6)
VALUES = st.builds(Constant, st.booleans() | st.none() | st.integers(-9, 9) | NAMES | st.sampled_from([0.5, -1.25, 1e30]))
ITEMS = st.just(JsonPath("@", (Step("names", ("a",)), Step("indices", (0,)))))
COMPARISONS = st.builds(Comparison, ITEMS) | st.builds(
    Comparison,
    ITEMS,
    st.sampled_from(["==", "<=", "=~", "in"]),
    VALUES | ITEMS | st.builds(Listed, st.lists(VALUES, max_size=2).map(tuple)) | st.just(Pattern("a\\/[b]", "i")),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds(Negation, inner)
        | st.tuples(inner, inner, st.booleans()).map(
            lambda parts: joined("&&" if parts[2] else "||", parts[0], parts[1]),
        )
    ),
    max_leaves=4,
)
STEPS = st.one_of(
    st.builds(Step, st.just("names"), st.lists(NAMES, min_size=1, max_size=2).map(tuple), st.booleans()),
    st.builds(Step, st.just("indices"), st.lists(st.integers(-3, 9), min_size=1, max_size=2).map(tuple), st.booleans()),
    st.builds(Step, st.just("slice"), st.tuples(*[st.none() | st.integers(-3, 9)] * 3), st.booleans()),
    st.builds(Step, st.just("all"), st.none(), st.booleans()),
    st.builds(Step, st.just("filter"), CONDITIONS),
)
PATHS = st.builds(JsonPath, st.sampled_from(["$", "$$", "x", "größe2"]), st.lists(STEPS, max_size=4).map(tuple))


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        ("$", "$"),
        ("$.store.book", '$["store"]["book"]'),
        (r"$.store\.book", '$["store.book"]'),
        (r"$.\stor\e.boo\k", '$["store"]["book"]'),
        (r"$.foo.\.bar", '$["foo"][".bar"]'),
        (r"$.foo\@bar.baz\[\[.\?pretty", '$["foo@bar"]["baz[["]["?pretty"]'),
        ("$.&Ж中", '$["&Ж中"]'),
        ("$.ledgers[0][22][315].foo", '$["ledgers"][0][22][315]["foo"]'),
        ("$['store'][0]['book']", '$["store"][0]["book"]'),
        ('$["store"].book', '$["store"]["book"]'),
        ("$.abc.['def ghi']", '$["abc"]["def ghi"]'),
        ("$.[0]", "$[0]"),
        ("$.detail-type", '$["detail-type"]'),
        ("$.123abc.@type.a/b", '$["123abc"]["@type"]["a/b"]'),
        ("$.a[ -1 ] ", '$["a"][-1]'),
        ("$[(@.length-1)].bar", '$[-1]["bar"]'),
        ("$$", "$$"),
        ("$$.Execution.Id", '$$["Execution"]["Id"]'),
        ("$order", "$order"),
        ("$order.items[0]", '$order["items"][0]'),
    ],
)
def test_a_path_to_one_value(text: str, standard: str) -> None:
    path = parse_path(text)
    assert str(path) == standard
    assert path.is_definite


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        ("$.a[-3:]", '$["a"][-3:]'),
        ("$.a[0:9:2]", '$["a"][0:9:2]'),
        ("$.a[0,1,-2]", '$["a"][0,1,-2]'),
        ("$['a', 'b']", '$["a","b"]'),
        ("$[*][*]", "$[*][*]"),
        ("$.a.*", '$["a"][*]'),
        ("$..director", '$..["director"]'),
        ("$.a..[0]", '$["a"]..[0]'),
        ("$.a[?(@.genre)]", '$["a"][?@["genre"]]'),
        ("$.a[?(!@.genre || @['x y']=='b')].c", '$["a"][?!@["genre"] || @["x y"] == "b"]["c"]'),
        ("$.a[?(@.price < -10.5 && (@.n >= $.least))]", '$["a"][?@["price"] < -10.5 && @["n"] >= $["least"]]'),
        ("$.a[?(@.Key==Name)].Value", '$["a"][?@["Key"] == "Name"]["Value"]'),
        ("$.a[?(@.k in ['a', 1, true])]", '$["a"][?@["k"] in ["a", 1, true]]'),
        ("$.a[?(@.k nin [])]", '$["a"][?@["k"] nin []]'),
        ("$.a[?(@.author =~ /.*REES/i)]", '$["a"][?@["author"] =~ /.*REES/i]'),
        ("$.a[?(@.tags.size() > 1)]", '$["a"][?@["tags"].size() > 1]'),
        ("$.a[?(@.x || @.y && (@.z || !(@.n != 007)))]", '$["a"][?@["x"] || (@["y"] && (@["z"] || !(@["n"] != 7)))]'),
        ("$.a[?(@ == null)]", '$["a"][?@ == null]'),
        ("$.list.length()", '$["list"].length()'),
    ],
)
def test_a_path_to_several_values(text: str, standard: str) -> None:
    path = parse_path(text)
    assert str(path) == standard
    assert not path.is_definite


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at its end, a path is expected"),
        ("a.b", "at 'a.b', a path is expected, which begins with $"),
        ("@.a", "at '@.a', a path is expected"),
        ("$a b", "at ' b', '.' or '[' is expected"),
        ("$$$.a", "at '$.a', '.' or '[' is expected"),
        ("$$Execution.Id", "at 'Execution.Id', '.' or '[' is expected"),
        ("$.", "at its end, a name is expected"),
        ("$..", "at its end, a name is expected"),
        ("$.a.", "at its end, a name is expected"),
        ("$.a...b", "at '.b', a name is expected"),
        ("$. a", "at ' a', a name is expected"),
        ("$.a b", "at ' b', '.' or '[' is expected"),
        ("$.a]", "at ']', '.' or '[' is expected"),
        ("$.a[", "at its end, a number, a range"),
        ("$.a[]", "at ']', a number, a range"),
        ("$.a[b]", "or a quoted name is expected in brackets"),
        ("$.a[0", "at its end, ']' is expected"),
        ("$.a[0]b", "at 'b', '.' or '[' is expected"),
        ("$.a['b'", "at its end, ']' is expected"),
        ("$.a['b]", "a name between quotes is expected"),
        ("$.a['b',]", "a name between quotes is expected"),
        ("$.a[1:2:3:4]", "at ':2:3:4]', ']' is expected"),
        ("$.a[?(@.x == )]", "at ')]', a value is expected"),
        ("$.a[?(@.x = 1)]", "an operator such as == is expected"),
        ("$.a[?(x == 1)]", "at 'x == 1)]', a value is expected, or a path that begins with @"),
        ("$.a[?(@.x == 'y']", "at ']', ')' is expected at the end of the condition"),
        ("$.a[?(@.x == 'y')", "at its end, ']' is expected"),
        ("$.a[?(@.x in ['y')]", "']' is expected at the end of the list"),
        ("$.a.lenght()", "a path has no function 'lenght'"),
        ("$.a.length(", "at its end, ')' is expected"),
        pytest.param(f"$[?{'(' * 5000}@.a{')' * 5000}]", "it is nested too deep", id="deep"),
    ],
)
def test_what_is_no_path_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScanError, match=re.escape(message)):
        parse_path(text)


@given(PATHS)
def test_the_standard_form_of_a_path_is_the_same_path(path: JsonPath) -> None:
    assert parse_path(str(path)) == path


@given(st.text(st.sampled_from("$.@[]()?*'\"ab0-:,=&! \\") | st.characters(), max_size=25))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    with contextlib.suppress(ScanError):
        assert parse_path(str(parse_path(f"${text}"))).is_definite == parse_path(f"${text}").is_definite


@given(PATHS.map(str), st.data())
def test_a_path_without_one_of_its_brackets_is_refused(text: str, data: st.DataObject) -> None:
    brackets = [match.start() for match in re.finditer(r"[\[\]](?=[^\"]*(?:\"[^\"]*\"[^\"]*)*$)", text)]
    if not brackets or "\\" in text or "'" in text:
        return
    at = data.draw(st.sampled_from(brackets))
    with pytest.raises(ScanError):
        parse_path(text[:at] + text[at + 1 :])


def test_functions_are_suggested() -> None:
    with pytest.raises(ScanError) as refused:
        parse_path("$.a.lenght()")
    assert refused.value.suggestion == " Did you mean 'length'?"
    assert all(parse_path(f"$.a.{name}()").steps[-1] == Step("function", name) for name in FUNCTIONS)
