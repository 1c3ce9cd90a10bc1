"""The lines of problems in the files of definitions, as JSON and as YAML."""

import json
from pathlib import Path

import pytest
import yaml

from common.declare.asl import definition
from common.declare.asl.definition_check import DefinitionError
from common.declare.asl.source_lines import line_of, lines_of
from common.declare.asl.walk import Place

JSON_TEXT = """{
  "Comment": "a \\"quoted\\" {text}, with [signs]: and so on",
  "StartAt": "A", "States": {
    "A": {"Type": "Choice", "Choices": [
      {"Variable": "$.a",
       "IsNull": true, "Next": "B"},
      [], 5,
      "six"
    ]},
    "B \\u00e9": {"Type": "Pass",
      "End":
        true}
  }
}
"""
YAML_TEXT = """
StartAt: A
States:
  A: &a
    Type: Pass
    Comment: first
    Next: B
  B:
    <<: *a
    Next: C
  Yes: {Type: Pass,
    End: true}
"""


@pytest.mark.parametrize(
    ("text", "keys", "line"),
    [
        (JSON_TEXT, ("StartAt",), 3),
        (JSON_TEXT, ("States", "A", "Choices", 0), 5),
        (JSON_TEXT, ("States", "A", "Choices", 0, "Next"), 6),
        (JSON_TEXT, ("States", "A", "Choices", 1), 7),
        (JSON_TEXT, ("States", "A", "Choices", 2), 7),
        (JSON_TEXT, ("States", "A", "Choices", 3), 8),
        (JSON_TEXT, ("States", "B é", "End"), 11),
        (JSON_TEXT, ("States", "B é", "Missing", 5), 10),
        (JSON_TEXT, ("Nothing",), 1),
        (YAML_TEXT, ("States", "A"), 4),
        (YAML_TEXT, ("States", "B"), 8),
        (YAML_TEXT, ("States", "B", "Comment"), 6),
        (YAML_TEXT, ("States", "B", "Next"), 10),
        (YAML_TEXT, ("States", "Yes", "End"), 12),
    ],
)
def test_a_place_has_its_line_or_that_of_what_is_around_it(text: str, keys: tuple[str | int, ...], line: int) -> None:
    assert line_of(lines_of(text, is_yaml=text is YAML_TEXT), Place(keys)) == line


@pytest.mark.parametrize("indent", [None, 1, "\t"])
def test_lines_are_found_however_json_is_indented(indent: int | str | None) -> None:
    value = {"a": [{"b": [1, [], {}]}, None], "c": {"d": "e"}}
    lines = lines_of(json.dumps(value, indent=indent), is_yaml=False)
    assert set(lines) == {
        *(("a",), ("a", 0), ("a", 0, "b"), ("a", 0, "b", 0), ("a", 0, "b", 1), ("a", 0, "b", 2), ("a", 1), ("c",), ("c", "d")),
    }
    same = lines_of(yaml.safe_dump(value, default_flow_style=False, sort_keys=False), is_yaml=True)
    assert lines.keys() == same.keys()


def test_problems_come_in_the_order_of_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "main.asl.json"
    states = ['"A": {', '"Type": "Pass",', '"Comment": 5,', '"Nxt": "B",', '"End": true},', '"B": {"Type": "Pas"}}}']
    path.write_text("\n".join(['{"StartAt": "A",', '"States": {', *states]))
    with pytest.raises(DefinitionError) as refused:
        definition.load(path, "here")
    types = "Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait"
    assert str(refused.value).splitlines() == [
        "here has 3 problems:",
        "  main.asl.json:5: A.Comment: it must be a text, not 5. [WRONG_VALUE]",
        "  main.asl.json:6: A.Nxt: states have no such field. Did you mean 'Next'? [UNKNOWN_FIELD]",
        f"  main.asl.json:8: B: Type must be one of {types}. Did you mean 'Pass'? [STRUCTURE]",
        "  https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html (WRONG_VALUE, UNKNOWN_FIELD)",
        "  https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html (STRUCTURE)",
    ]
