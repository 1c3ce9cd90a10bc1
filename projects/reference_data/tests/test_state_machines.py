"""The two ASL files: they parse, lead somewhere, and name only what the project's deploy.py can fill in."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[1]
TEXTS = {name: (PROJECT / name).read_text() for name in ("refresh_codes.asl.json", "load_state.asl.yaml")}
PARENT, CHILD = json.loads(TEXTS["refresh_codes.asl.json"]), yaml.safe_load(TEXTS["load_state.asl.yaml"])


def machines(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """The definition and those of its Map states."""
    inner = [state["ItemProcessor"] for state in definition["States"].values() if "ItemProcessor" in state]
    return [definition, *(machine for processor in inner for machine in machines(processor))]


def targets(state: dict[str, Any]) -> set[str]:
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {way["Next"] for way in ways if "Next" in way} | ({state["Default"]} if "Default" in state else set())


@pytest.mark.parametrize("machine", [*machines(PARENT), *machines(CHILD)], ids=lambda machine: machine["StartAt"])
def test_every_state_is_reached_and_ends_or_goes_on(machine: dict[str, Any]) -> None:
    states = machine["States"]
    assert {machine["StartAt"]}.union(*(targets(state) for state in states.values())) == set(states)
    for state in states.values():
        assert targets(state) or state.get("End") or state["Type"] == "Fail"


def test_names_only_its_own_resources() -> None:
    assert set(re.findall(r"__\w+?__", TEXTS["refresh_codes.asl.json"])) == {"__LOAD_STATE_ARN__"}
    assert set(re.findall(r"\$\{([^}]*)\}", TEXTS["load_state.asl.yaml"])) == {
        "AWS::Partition",
        "NormalizeCodes.arn",
        "county_codes.name",
    }
    assert set(re.findall(r"\$\{([^}]*)\}", TEXTS["refresh_codes.asl.json"])) == {"AWS::Partition"}
    assert not re.search(r"__\w+__", TEXTS["load_state.asl.yaml"])


def test_the_parent_waits_for_its_children() -> None:
    task = PARENT["States"]["LoadStates"]["ItemProcessor"]["States"]["LoadState"]
    assert task["Resource"] == "arn:${AWS::Partition}:states:::states:startExecution.sync:2"
    assert task["Parameters"]["StateMachineArn"] == "__LOAD_STATE_ARN__"
