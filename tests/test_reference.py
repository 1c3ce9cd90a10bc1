"""References and the substitution of tokens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import DeclarationError, ParameterError
from common.reference import Names, Ref, in_strings, spelled_out
from common.resource import Key

WITHOUT_TOKENS = st.text(st.characters(exclude_characters="$_"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WITHOUT_TOKENS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WITHOUT_TOKENS, inner, max_size=3),
    max_leaves=8,
)


def ref(name: str, kind: str = "lambda") -> Ref:
    return Ref(Key("acres", kind, name), f"t-dev-acres-{name}", f"arn:aws:{kind}:{name}")


@pytest.fixture
def names() -> Names:
    made = Names({"level": "INFO", "zone": "s3://landing"})
    for name in ("Validate", "load_job"):
        made.add(ref(name))
    return made


def test_tokens_are_replaced_wherever_they_stand(names: Names) -> None:
    value = {"a ${level}": ["${Validate.arn}:${level}", 3, None, {"n": "${load_job.name}"}], "c": "$.path", "d": "{}"}
    replaced, refs = names.substitute(value, "here")
    assert replaced == {
        "a INFO": ["arn:aws:lambda:Validate:INFO", 3, None, {"n": "t-dev-acres-load_job"}],
        "c": "$.path",
        "d": "{}",
    }
    assert refs == (ref("Validate"), ref("load_job"))
    assert names.used == {"level"}


@given(VALUES)
def test_text_without_tokens_stays(value: Any) -> None:
    assert Names({}).substitute(value, "here") == (value, ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("${Validate}", "here: ${Validate} is no parameter of this project. Did you mean ${Validate.arn}?"),
        ("${Validat.arn}", "here: ${Validat.arn} refers to nothing. Did you mean ${Validate.arn}?"),
        ("${Validate.ARN}", "here: ${Validate.ARN} refers to nothing. Did you mean ${Validate."),
        ("${Validate.Arn}", "here: ${Validate.Arn} refers to nothing. Did you mean ${Validate.arn}?"),
        ("${Validate.url}", "here: ${Validate.url} refers to nothing. Did you mean ${Validate."),
        ("${level.arn}", "here: ${level.arn} refers to nothing."),
        ("${ level }", "here: ${ level } is no parameter of this project."),
        ("${a.b.c}", "here: ${a.b.c} refers to nothing."),
        ("${}", "here: ${} is no parameter of this project."),
        ("${${Validate.arn}}", "here: ${${Validate.arn} refers to nothing."),
    ],
)
def test_a_reference_to_nothing_is_an_error(names: Names, text: str, told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        names.substitute({"deep": [text]}, "here")
    assert str(caught.value).startswith(told)


def test_what_is_known_is_told_if_nothing_is_near() -> None:
    with pytest.raises(DeclarationError, match="Known: nothing"):
        Names({}).substitute("${X}", "here")
    (names := Names({"level": ""})).add(ref("Validate"))
    with pytest.raises(DeclarationError, match=r"Known: Validate.arn, Validate.name, level\.$"):
        names.substitute("${QQQ}", "here")


def test_all_parameters_without_a_value_are_told_at_once(names: Names) -> None:
    with pytest.raises(ParameterError) as caught:
        names.substitute({"deep": ["${levl} ${level}", "${most}"]}, "here")
    assert caught.value.places == {"levl": "here; did you mean ${level}?", "most": "here"}


def test_one_name_means_one_resource(names: Names) -> None:
    assert names.add(ref("Validate")) == ref("Validate")
    with pytest.raises(DeclarationError, match="acres: lambda/Validate and glue-job/Validate have one name"):
        names.add(ref("Validate", "glue-job"))


def test_a_location_is_a_folder_in_a_bucket() -> None:
    bucket = ref("landing", "bucket")
    assert (
        (bucket / "raw" / "fpac" / "2024").uri == ((bucket / "raw/") / "/fpac/2024/").uri == f"{(bucket / 'raw').uri}/fpac/2024"
    )
    assert (bucket / "" / "fpac").uri == (bucket / "fpac" / "").uri == (bucket / "fpac").uri
    assert (bucket / "fpac").uri == (bucket / "/fpac/").uri == "s3://t-dev-acres-landing/fpac"


def test_other_spellings_of_tokens() -> None:
    definition = {"FunctionName": "__VALIDATE_ARN__", "x": ["__A____B__", "__init__", "a__b"]}
    tokens = {"__VALIDATE_ARN__": "Validate.arn", "__A__": "a", "__B__": "b"}
    assert spelled_out(definition, tokens, "here") == {"FunctionName": "${Validate.arn}", "x": ["${a}${b}", "__init__", "a__b"]}


def test_a_token_without_meaning_and_a_meaning_without_token() -> None:
    with pytest.raises(DeclarationError, match=r"here: __LOAD_ARN__ refers to nothing. Say in `tokens`"):
        spelled_out(["__LOAD_ARN__"], {}, "here")
    with pytest.raises(DeclarationError, match="here: the definition does not use __A__, __B__ of `tokens`"):
        spelled_out(["x"], {"__B__": "b", "__A__": "a"}, "here")


@given(VALUES)
def test_every_string_and_key_is_visited_once(value: Any) -> None:
    seen: list[str] = []

    def noted(text: str) -> str:
        seen.append(text)
        return text

    in_strings(value, noted)

    def strings(node: Any) -> list[str]:
        if isinstance(node, dict):
            return [text for key, inner in node.items() for text in (key, *strings(inner))]
        return [text for inner in node for text in strings(inner)] if isinstance(node, list) else [node] * isinstance(node, str)

    assert sorted(seen) == sorted(strings(value))
