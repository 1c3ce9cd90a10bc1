"""State machines and projects as Mermaid text; seen to be accepted by mermaid 11 (`mermaid.parse`)."""

import re
from itertools import pairwise
from typing import Any

import pytest

from common.declare.flows import Flow, Node
from common.report.mermaid import condition, label, machine, project

END = {"Type": "Pass", "End": True}
NAMES = [
    *('Say "hi"', "end", "a|b", "x[1]{2}(3)", "1. First", "- dash", "%% note", "`code`", "Ünï → 你好"),
    *("a;b#35;", "<b>&amp;", "\\", "subgraph", "$$x^2$$", "a direction  TB"),
]


def test_each_type_of_state_has_its_shape_and_errors_are_dashed() -> None:
    definition = {
        "StartAt": "Load",
        "States": {
            "Load": {
                "Type": "Task",
                "Resource": "arn:aws:states:::glue:startJobRun.sync",
                "Catch": [{"ErrorEquals": ["Glue.X", "States.ALL"], "Next": "Bad"}],
                "Next": "Wait",
            },
            "Wait": {"Type": "Wait", "Seconds": 15, "Next": "Many"},
            "Many": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericGreaterThan": 3, "Next": "Good"}],
                "Default": "Bad",
            },
            "Good": {"Type": "Succeed"},
            "Bad": {"Type": "Fail"},
        },
    }
    assert machine(definition).splitlines() == [
        "flowchart TD",
        '  start(["Start"])',
        '  s1["Load<br/>glue:startJobRun.sync"]',
        '  s2(["Wait<br/>wait: Seconds 15"])',
        '  s3{"Many"}',
        '  s4(("Good"))',
        '  s5((("Bad")))',
        "  s1 --> s2",
        '  s1 -.->|"Glue.X, States.ALL"| s5',
        "  s2 --> s3",
        '  s3 -->|"$.n #62; 3"| s4',
        '  s3 -->|"otherwise"| s5',
        "  start --> s1",
    ]


def test_states_within_others_stand_in_frames() -> None:
    inner = {"StartAt": "One", "States": {"One": END}}
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": {"Type": "Map", "ItemProcessor": {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}, "Next": "Both"},
            "Both": {"Type": "Parallel", "Branches": [inner, inner], "End": True},
        },
    }
    lines = machine(definition).splitlines()
    assert '  subgraph s1 ["Each: distributed map"]' in lines
    assert [line for line in lines if "branch" in line] == ['    subgraph b5 ["branch 1"]', '    subgraph b8 ["branch 2"]']
    assert sum(line.strip().startswith("subgraph") for line in lines) == lines.count("  end") + lines.count("    end") == 4
    assert lines[-3:] == ["  start --> s1", '  done(["End"])', "  s2 --> done"]
    assert sum(line.strip().endswith('((" "))') for line in lines) == 3, "each inner machine begins somewhere"


def test_any_name_can_be_drawn() -> None:
    """Identifiers are numbers, and labels have no character that Mermaid could take for syntax."""
    states: dict[str, Any] = {name: {"Type": "Pass", "Next": after} for name, after in pairwise(NAMES)}
    text = machine({"StartAt": NAMES[0], "States": {**states, NAMES[-1]: {"Type": "Succeed"}}})
    for line in text.splitlines()[1:]:
        assert re.fullmatch(r'  \w+(\(|\(\[|\(\()"[\w #;\-.,:/=@$()]+"(\)|\]\)|\)\))|  \w+ --> \w+', line), line
    assert label("1. First") == '"1#46; First"'
    assert label("- dash") == '"#45; dash"'
    assert label("$$x$$ $.n") == '"$#8203;$x$#8203;$ $.n"', "two of them begin a formula"
    assert label("in direction  TB") == '"in direction#32; TB"', "a command, wherever it stands"


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"Variable": "$.n", "NumericGreaterThanEquals": 3}, "$.n >= 3"),
        ({"Variable": "$.n", "NumericLessThanPath": "$.m"}, "$.n < $.m"),
        ({"Variable": "$.s", "StringMatches": "a*"}, '$.s matches "a*"'),
        ({"Variable": "$.s", "IsPresent": False}, "$.s is not present"),
        ({"Not": {"Variable": "$.s", "StringEquals": "x"}}, 'not ($.s = "x")'),
        (
            {"And": [{"Variable": "$.a", "IsNull": True}, {"Or": [{"Variable": "$.b", "BooleanEquals": True}]}]},
            "$.a is null and ($.b = true)",
        ),
        ({"Condition": "{% $states.input.n > 3 %}"}, "$states.input.n > 3"),
    ],
)
def test_conditions_are_short(rule: dict[str, Any], text: str) -> None:
    assert condition({**rule, "Next": "X"}) == text


def test_a_project_shows_who_starts_reads_and_writes_what() -> None:
    load, landing, rule = Node("glue-job", "load"), Node("bucket", "landing/in"), Node("rule", "new_file")
    mapping = Node("resource", "orders")
    flows = [Flow(landing, load), Flow(rule, load, is_start=True), Flow(mapping, load, is_start=True)]
    assert project(flows, {mapping: "event source mapping", load: "Glue job"}).splitlines() == [
        "flowchart LR",
        '  n0[("landing/in")]',
        '  n1["load<br/>glue-job"]',
        '  n2(["new_file<br/>rule"])',
        '  n3["orders<br/>event source mapping"]',
        "  n0 --> n1",
        "  n2 ==> n1",
        "  n3 ==> n1",
    ]
