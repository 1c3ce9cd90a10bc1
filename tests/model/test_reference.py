"""References and the substitution of tokens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.base.errors import DeclarationError, ParameterError
from common.base.json_texts import in_strings
from common.model.reference import Names, Ref, spelled_out
from common.model.resource import Key
from common.resources import kinds

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
    made = Names({"level": "INFO", "zone": "s3://landing"}, kinds())
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
    assert Names({}, kinds()).substitute(value, "here") == (value, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${Validate}", "here: ${Validate} is not a parameter of this project. Did you mean ${Validate.arn}?"),
        ("${Validat.arn}", "here: ${Validat.arn} refers to nothing. Did you mean ${Validate.arn}?"),
        ("${Validate.ARN}", "here: ${Validate.ARN} refers to nothing. Did you mean ${Validate."),
        ("${Validate.Arn}", "here: ${Validate.Arn} refers to nothing. Did you mean ${Validate.arn}?"),
        ("${Validate.url}", "here: ${Validate.url} refers to nothing. Did you mean ${Validate."),
        ("${level.arn}", "here: ${level.arn} refers to nothing."),
        ("${ level }", "here: ${ level } is not a parameter of this project."),
        ("${a.b.c}", "here: ${a.b.c} refers to nothing."),
        ("${${Validate.arn}}", "here: a reference is within a reference: ${${Validate.arn}}."),
        ("${AWS::Partion}", "here: ${AWS::Partion} is not a parameter of this project."),
        ("${1}", "here: ${1} is not a parameter of this project."),
    ],
)
def test_a_reference_to_nothing_is_an_error(names: Names, text: str, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        names.substitute({"deep": [text]}, "here")
    assert str(caught.value).startswith(message)


def test_what_is_known_is_told_if_nothing_is_near() -> None:
    with pytest.raises(DeclarationError, match="Known: nothing"):
        Names({}, kinds()).substitute("${X}", "here")
    (names := Names({"level": ""}, kinds())).add(ref("Validate"))
    with pytest.raises(DeclarationError, match=r"Known: Validate.arn, Validate.live, Validate.name, level\. Write \$\${…} if"):
        names.substitute("${QQQ}", "here")


def test_all_parameters_without_a_value_are_told_at_once(names: Names) -> None:
    with pytest.raises(ParameterError) as caught:
        names.substitute({"deep": ["${levl} ${level}", "${most}"]}, "here")
    assert caught.value.places == {"levl": "here; did you mean ${level}?", "most": "here"}


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("$${Validate.arn} ${level}", "${Validate.arn} INFO"),
        ("$${level}", "${level}"),
        ("$$${level}", "$${level}"),
        ("$${", "${"),
        ("$$.Execution.Id", "$$.Execution.Id"),
        ("States.Format('${}', $.a)", "States.Format('${}', $.a)"),
        ("States.Format('$${{}}', $.a)", "States.Format('${{}}', $.a)"),
        ("{% $rows${state: $sum(acres)} %}", "{% $rows${state: $sum(acres)} %}"),
        ("{% $rows$${state: $sum(acres)} %}", "{% $rows${state: $sum(acres)} %}"),
        ('{% rows${"${level}": {"a": 1}} %}', '{% rows${"INFO": {"a": 1}} %}'),
        ("{% rows${k:v} %}", "{% rows${k:v} %}"),
        ("s3://x/state=__HIVE_DEFAULT_PARTITION__", "s3://x/state=__HIVE_DEFAULT_PARTITION__"),
        ("$${AWS::Region}", "${AWS::Region}"),
    ],
)
def test_braces_that_are_text(names: Names, text: str, literal: str) -> None:
    assert names.substitute({text: [text]}, "here")[0] == {literal: [literal]}


def test_one_name_may_serve_several_kinds(names: Names) -> None:
    assert names.add(ref("Validate")) == ref("Validate")
    names.add(ref("Validate", "state-machine"))
    names.add(ref("job", "glue-job"))
    text = "${function.Validate.name} ${state_machine.Validate.arn} ${job.name} ${job.job.name} ${function.load_job.arn}"
    replaced, refs = names.substitute(text, "here")
    assert (
        replaced == "t-dev-acres-Validate arn:aws:state-machine:Validate t-dev-acres-job t-dev-acres-job arn:aws:lambda:load_job"
    )
    assert [ref.key.kind for ref in refs] == ["lambda", "state-machine", "glue-job", "lambda"]
    for wrong, message in (
        (
            "${Validate.arn}",
            "may be lambda/Validate or state-machine/Validate. Write ${function.Validate.arn} or ${state_machine.V",
        ),
        ("${job.Validate.arn}", "refers to nothing. Did you mean ${function.Validate.arn}?"),
        ("${stat_machine.Validate.arn}", "refers to nothing. Did you mean ${state_machine.Validate.arn}?"),
    ):
        with pytest.raises(DeclarationError) as caught:
            names.substitute(wrong, "here")
        assert str(caught.value).startswith(f"here: {wrong} {message}")


@pytest.mark.parametrize("kind", ["glue-job", "layer"])
def test_what_is_packaged_has_a_name_of_its_own(names: Names, kind: str) -> None:
    with pytest.raises(DeclarationError, match=f"acres: lambda/Validate and {kind}/Validate have one name"):
        names.add(ref("Validate", kind))


def test_parameters_are_what_they_are_where_they_stand_alone() -> None:
    names = Names({"wait": 60, "share": 0.5, "on": True, "codes": ["01", 2, False], "text": "60"}, kinds())
    value = {"a": "${wait}", "b": ["${share}", "${on}", "${codes}", "${text}"], "c": "${wait}s ${on} ${codes}", "${wait}": 1}
    alone = {"a": 60, "b": [0.5, True, ["01", 2, False], "60"], "c": "60s true 01,2,false", "60": 1}
    assert names.substitute(value, "here")[0] == alone
    assert names.substitute({"a.$": "${wait}"}, "here")[0] == {"a.$": "60"}
    texts = {"a": "60", "b": ["0.5", "true", "01,2,false", "60"], "c": "60s true 01,2,false", "60": 1}
    assert names.substitute(value, "here", texts=True)[0] == texts
    assert names.used == {"wait", "share", "on", "codes", "text"}


def test_a_list_that_could_not_be_told_from_another_is_no_text() -> None:
    names = Names({"names": ["a,b", "c"]}, kinds())
    assert names.substitute("${names}", "here")[0] == ["a,b", "c"]
    with pytest.raises(
        DeclarationError, match="here: the parameter names is a list, and within a text its items are separated by"
    ):
        names.substitute("x ${names}", "here")


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
    assert spelled_out(definition, tokens) == {"FunctionName": "${Validate.arn}", "x": ["${a}${b}", "__init__", "a__b"]}


def test_what_no_token_names_is_text_and_a_map_may_be_larger_than_one_definition_needs() -> None:
    tokens = {"__LOAD_ARN__": "Load.arn", "__LOAD_ARN_2__": "Other.arn", "": "x"}
    texts = ["state=__HIVE_DEFAULT_PARTITION__", "__LOAD_ARN_2__/__LOAD_ARN__", "__load_arn__"]
    assert spelled_out(texts, tokens) == ["state=__HIVE_DEFAULT_PARTITION__", "${Other.arn}/${Load.arn}", "__load_arn__"]
    assert spelled_out(texts, {}) == texts


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


def test_what_stands_for_an_attribute_is_a_reference_too(names: Names) -> None:
    """So that whoever takes it, as from ``queue.attribute("QueueUrl")``, is deployed after the resource."""
    text = "«acres: resource/work#QueueUrl»"
    value, refs = names.substitute({"QUEUE": [text], text: 1}, "here")
    assert value == {"QUEUE": [text], text: 1}
    assert [ref.key for ref in refs] == [Key("acres", "resource", "work")]
