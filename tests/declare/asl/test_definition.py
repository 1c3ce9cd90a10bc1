"""State machine definitions: each structural error is told before AWS sees it."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from common.base.errors import DeclarationError
from common.declare.asl import definition
from common.declare.asl.definition_check import DefinitionError

END = {"Type": "Pass", "End": True}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
JSONATA = {"QueryLanguage": "JSONata"}
MAP: dict[str, Any] = {"Type": "Map", "ItemProcessor": {"StartAt": "Each", "States": {"Each": END}}, "End": True}
DISTRIBUTED = {
    **MAP,
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Each",
        "States": {"Each": END},
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["A", "B", "Task", "Choice", "Map", "Parallel", "Pass"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["A", "B", "StartAt", "States", "Type", "Next", "End", "Choices", "Catch", "Branches"]), inner
        )
    ),
    max_leaves=20,
)


def machine(start: Any = "A", /, **states: Any) -> dict[str, Any]:
    return {"StartAt": start, "States": states}


def problems(source: Any) -> list[str]:
    """What is told about a definition; nothing if it is right."""
    try:
        definition.load(source, "here")
    except DefinitionError as error:
        return [str(located.problem) for located in error.problems]
    return []


RULE = {"Variable": "$.x", "IsNull": True, "Next": "B"}
CHOICE = {"Type": "Choice", "Choices": [RULE], "Default": "C"}


@pytest.mark.parametrize(
    "right",
    [
        machine(A=END),
        machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Succeed"}),
        machine(A=CHOICE, B=END, C={"Type": "Fail"}),
        machine(A={**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}]}, B={"Type": "Fail"}),
        machine(A={"Type": "Wait", "Seconds": 1, "Next": "B"}, B={**CHOICE, "Choices": [{**RULE, "Next": "A"}]}, C=END),
        machine(A={"Type": "Parallel", "Branches": [machine("C", C=END), machine("B", B=TASK)], "End": True}),
        machine(A={"Type": "Map", "ItemProcessor": machine("C", C=END), "End": True}),
        machine(A={"Type": "Map", "Iterator": machine("C", C=END), "Next": "B"}, B=END),
        machine(A={**TASK, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}], "ResultPath": None}),
        machine(A={**TASK, "QueryLanguage": "JSONata", "Output": {}}),
        {**machine(A={**TASK, "Arguments": {"FunctionName": "f"}}), "QueryLanguage": "JSONata"},
        machine(A={"Type": "Wait", "TimestampPath": "$.at", "End": True}),
        machine("A" * 80, **{"A" * 80: {**END, "End": True}}),
        machine(
            A={
                **DISTRIBUTED,
                "ItemReader": {"Resource": "${x}"},
                "ResultWriter": {"WriterConfig": {"OutputType": "JSON", "Transformation": "NONE"}},
            }
        ),
    ],
)
def test_what_is_right_is_loaded_as_it_is(right: dict[str, Any], tmp_path: Path) -> None:
    assert problems(right) == []
    (tmp_path / "m.asl.json").write_text(json.dumps(right))
    (tmp_path / "m.asl.yaml").write_text(yaml.safe_dump(right))
    assert [definition.load(source, "") for source in (right, lambda: right)] == [right, right]
    assert [definition.load(tmp_path / f"m.asl.{ending}", "") for ending in ("json", "yaml")] == [right, right]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "the top level: States is missing or empty."),
        ({"StartAt": "A", "States": {}}, "the top level: States is missing or empty."),
        ({"StartAt": "A", "States": ["A"]}, "the top level: States is missing or empty."),
        ({"States": {"A": END}}, "the top level: StartAt is missing."),
        (machine(A={**DISTRIBUTED, "ItemReader": "x"}), "A.ItemReader: it must be an object, not 'x'."),
        (machine(A={**DISTRIBUTED, "ResultWriter": None}), "A.ResultWriter: it must be an object, not None."),
        (machine("Strat", Start=END), "StartAt: there is no state 'Strat'. Did you mean 'Start'?"),
        (machine(["A"], A=END), "StartAt: there is no state ['A']."),
        (machine(A={"Type": "Pass", "Next": "Lod"}, Load=END), "A.Next: there is no state 'Lod'. Did you mean 'Load'?"),
        (machine(A={"Type": "Pass", "Next": {}}), "A.Next: there is no state {}."),
        (machine(A={**CHOICE, "Default": "D"}, B=END, C=END), "A.Default: there is no state 'D'."),
        (machine(A={**CHOICE, "Choices": [{**RULE, "Next": "Q"}]}, B=END, C=END), "A.Choices[0].Next: there is no state 'Q'."),
        (machine(A={**CHOICE, "Choices": []}, C=END), "A: a Choice needs Choices."),
        (machine(A={**CHOICE, "Choices": [{"Variable": "$.x", "IsNull": True}]}, C=END), "A.Choices[0]: Next is missing."),
        (machine(A={**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "X"}]}), "A.Catch[0].Next: there is no state 'X'."),
        (machine(A={"Type": "Task", "End": True}), "A: a Task needs a Resource."),
        (machine(A={"Type": "Pass"}), "A: exactly one of Next and End is needed."),
        (machine(A={**END, "Next": "A"}), "A: exactly one of Next and End is needed."),
        (machine(A={"End": True}), "A: Type must be one of Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait."),
        (machine(A={**END, "Type": ["Pass"]}), "A: Type must be one of Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait."),
        (machine(A=None), "A: Type must be one of Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait."),
        (machine(A=END, B=END), "B: no path leads here from StartAt."),
        (machine(A=END, B={"Type": "Pass", "Next": "B"}), "B: no path leads here from StartAt."),
        (machine(A={"Type": "Parallel", "End": True}), "A: a Parallel needs Branches."),
        (machine(A={"Type": "Map", "End": True}), "A: a Map needs an ItemProcessor."),
        (machine(A={"Type": "Parallel", "Branches": 5, "End": True}), "A: a Parallel needs Branches."),
        (machine(A={"Type": "Parallel", "Branches": [5], "End": True}), "A.Branches[0]: States is missing or empty."),
        (
            machine(A={"Type": "Map", "ItemProcessor": {"States": {"B": END}}, "End": True}),
            "A.ItemProcessor: StartAt is missing.",
        ),
        (
            machine(A={"Type": "Map", "ItemProcessor": machine("B", B={"Type": "Pass", "Next": "A"}), "End": True}),
            "A > B.Next: there is no state 'A'.",
        ),
    ],
)
def test_each_structural_error_is_told(wrong: dict[str, Any], message: str) -> None:
    assert problems(wrong) == [message]


WAIT = "A: a Wait needs one of Seconds, SecondsPath, Timestamp, TimestampPath."


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            machine(A={"Type": "Parallel", "Branches": [machine("B", B=END), machine("B", B=END)], "End": True}),
            None,
        ),
        (
            machine(A={"Type": "Map", "ItemProcessor": machine(A=END), "End": True}),
            "A > A: A has the same name; a name is given once in the whole definition.",
        ),
        (machine("A" * 81, **{"A" * 81: END}), f"{'A' * 81}: the name has 81 characters; AWS allows 80."),
        (machine(A={**END, "End": "true"}), "A.End: it must be true, not 'true'."),
        (
            machine(A={**CHOICE, "Next": "B"}, B=END, C=END),
            "A: a Choice has no Next or End of its own; Default says where it goes when no choice is met.",
        ),
        (machine(A={**TASK, "Catch": [{"ErrorEquals": ["States.ALL"]}]}), "A.Catch[0]: Next is missing."),
        (machine(A={**TASK, "Catch": [{"Next": "B"}]}, B=END), None),
        (machine(A={**TASK, "Retry": {"ErrorEquals": ["States.ALL"]}}), "A.Retry: it must be a list."),
        (machine(A={**TASK, "Retry": [{"ErrorEquals": "States.ALL"}]}), "A.Retry[0]: ErrorEquals must be a list of errors."),
        (machine(A={**END, "Retry": []}), "A.Retry: a Pass state cannot have Retry."),
        (machine(A={"Type": "Wait", "End": True}), WAIT),
        (machine(A={"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "End": True}), WAIT),
        (machine(A={**TASK, "Arguments": "x"}), "A.Arguments: JSONPath does not know it. Use Parameters."),
        (
            {**machine(A={**TASK, "Parameters": "x"}), "QueryLanguage": "JSONata"},
            "A.Parameters: JSONata does not know it. Use Arguments.",
        ),
        (
            machine(A={**TASK, "QueryLanguage": "jq"}),
            "A.QueryLanguage: it must be JSONPath or JSONata, not 'jq'.",
        ),
    ],
)
def test_what_aws_refuses_of_a_state_is_told(wrong: dict[str, Any], message: str | None) -> None:
    assert problems(wrong) == [message] if message else len(problems(wrong)) == 1


def test_states_that_lead_nowhere_are_told() -> None:
    circle = machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Wait", "Seconds": 1, "Next": "A"})
    advice = "no path leads from here to an end. Or let the TimeoutSeconds of the definition end it."
    assert problems(circle) == [f"A: {advice}", f"B: {advice}"]
    assert problems({**circle, "TimeoutSeconds": 60}) == []


def test_all_errors_are_told_at_once() -> None:
    assert len(problems(machine("X", A={"Type": "Task", "Next": "Y"}, B={"Type": "Pass"}))) == 4


@pytest.mark.parametrize("comment", [float("nan"), object(), "\ud800"])
def test_what_json_cannot_hold_is_told(comment: object) -> None:
    with pytest.raises(DeclarationError, match=r"^here: the definition holds something that JSON cannot: "):
        definition.load({"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}, "here")


@given(JSON, JSON)
def test_whatever_it_is_it_is_loaded_or_refused(start: Any, states: Any) -> None:
    for source in ({"StartAt": start, "States": states}, {"StartAt": "A", "States": {"A": states}}, start):
        with contextlib.suppress(DeclarationError):
            assert definition.load(source, "here") == source


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.json", '{"StartAt": "A",\n  "States": }', "m.json:2:13: this is not JSON"),
        (
            "m.json",
            '{"StartAt": "A", "States": {"A": 1, "A": 2}}',
            "m.json:1: the key 'A' is repeated in the object that begins here.",
        ),
        ("m.yaml", "StartAt: A\nStates:\n  A: {Type: Pass\n", "m.yaml:4: this is not YAML: "),
        ("M.YAML", "StartAt: A\nStates:\n  A: {}\n  A: {}\n", "M.YAML:4: the key 'A' is repeated."),
        ("m.yml", "StartAt: A\nStates:\n  A: {}\n  A: {}\n", "m.yml:4: the key 'A' is repeated."),
        ("m.yaml", "a: !!python/object/apply:os.getcwd []", "m.yaml:1: the tag !!python/object/apply:os.getcwd is not supported"),
        ("m.yaml", "- StartAt", "the definition must be an object with StartAt and States"),
        ("m.yaml", "", "the definition must be an object with StartAt and States"),
    ],
)
def test_malformed_files_are_told(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DeclarationError) as caught:
        definition.load(tmp_path / name, "here")
    assert str(caught.value).startswith("here: ")
    assert message in str(caught.value)


def test_merged_keys_of_yaml_may_be_overridden(tmp_path: Path) -> None:
    text = """
StartAt: A
States:
  A: &a
    <<: &base {Type: Pass, Comment: base}
    Comment: a
    Next: B
  B:
    <<: [*a, *base]
    Next: C
  C: {<<: *a, Next: D}
  D: {<<: *base, End: true}
"""
    (tmp_path / "m.yaml").write_text(text)
    states = definition.load(tmp_path / "m.yaml", "here")["States"]
    assert [(state["Comment"], state.get("Next")) for state in states.values()] == [
        ("a", "B"),
        ("a", "C"),
        ("a", "D"),
        ("base", None),
    ]


def test_a_missing_or_binary_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
    for name in ("missing.json", "binary.json"):
        with pytest.raises(DeclarationError, match=f"here: .*{name} cannot be read"):
            definition.load(tmp_path / name, "here")
