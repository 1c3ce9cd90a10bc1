"""The walk over the states of a definition: where each is, and in which query language."""

from typing import Any

import pytest

from common.declare.asl.walk import Place, every_state, is_distributed
from tests.declare.asl.test_definition import END, machine


def test_every_state_is_met_with_its_place_and_its_language() -> None:
    load = {"Type": "Map", "ItemProcessor": machine(Load={**END, "QueryLanguage": "JSONata"}), "End": True}
    definition = machine(All={"Type": "Parallel", "Branches": [machine(B=END), machine(**{"Load all": load})], "End": True})
    assert [(str(state.place), state.name, state.language) for state in every_state(definition)] == [
        ("All", "All", "JSONPath"),
        ("All > B", "B", "JSONPath"),
        ("All > Load all", "Load all", "JSONPath"),
        ("All > Load all > Load", "Load", "JSONata"),
    ]
    assert {state.language for state in every_state({**machine(A=END), "QueryLanguage": "JSONata"})} == {"JSONata"}


def test_a_place_leads_to_what_it_is_of() -> None:
    definition = machine(A={"Type": "Map", "Iterator": machine(B={**END, "Comment": "this"}), "End": True})
    *_, inner = every_state(definition)
    value: Any = definition
    for key in (inner.place / "Comment").keys:
        value = value[key]
    assert value == "this"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ((), "the top level"),
        (("StartAt",), "StartAt"),
        (("States", "A", "Retry", 0, "ErrorEquals", 1), "A.Retry[0].ErrorEquals[1]"),
        (("States", "A", "Branches", 1, "StartAt"), "A.Branches[1].StartAt"),
        (("States", "A", "ItemProcessor", "ProcessorConfig", "Mode"), "A.ItemProcessor.ProcessorConfig.Mode"),
        (("States", "A", "Iterator", "States", "B", "Branches", 0, "States", "C", "Next"), "A > B > C.Next"),
        (("States", "A", "Parameters", "Branches", 0, "States", "C"), "A.Parameters.Branches[0].States.C"),
    ],
)
def test_a_place_is_short_to_read(keys: tuple[str | int, ...], text: str) -> None:
    assert str(Place(keys)) == text


@pytest.mark.parametrize(
    ("state", "distributed"),
    [
        ({"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}}, True),
        ({"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}}}, False),
        ({"Type": "Map", "ItemProcessor": {"ProcessorConfig": "DISTRIBUTED"}}, False),
        ({"Type": "Map", "ItemProcessor": {}}, False),
        ({"Type": "Map", "Iterator": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}}, False),
        ({"Type": "Pass", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}}, False),
    ],
)
def test_a_map_is_distributed_where_it_says_so(state: dict[str, Any], distributed: bool) -> None:
    assert is_distributed(state) == distributed
