"""What a declaration accepts of the problems of its definition."""

import re
from typing import Any

import pytest

from common.commands.invocation import ROOT
from common.declare.asl.accepted import Accepted
from common.declare.asl.codes import CODES
from common.declare.asl.definition_check import DefinitionCheck, DefinitionError
from tests.declare.asl.test_definition import END, machine
from tests.support.repository import Repository

CIRCLE = machine(A={"Type": "Wait", "Seconds": 1, "Next": "A"})


def checked(definition: dict[str, Any], *accept: str) -> list[str]:
    """The warnings."""
    check = DefinitionCheck("here", "", accepted=Accepted.of(accept))
    check.look_at(definition)
    if error := check.error():
        raise error
    return [f"{located.problem.code} {located}" for located in check.located()]


def test_an_accepted_rule_is_silent_and_others_are_not() -> None:
    assert checked(CIRCLE, "ENDLESS_STATE: it runs until it is stopped") == []
    with pytest.raises(DefinitionError, match=r"A\.Commnt: states have no such field"):
        checked(machine(A={"Type": "Wait", "Seconds": 1, "Next": "A", "Commnt": ""}), "ENDLESS_STATE: it runs on")


def test_an_accept_that_silences_nothing_is_told() -> None:
    (warning,) = checked(machine(A=END), "ENDLESS_STATE: it runs until it is stopped")
    assert warning.startswith("UNUSED_ACCEPT here: warning: the top level: accept names ENDLESS_STATE, and nothing has it.")


@pytest.mark.parametrize(
    ("accept", "error", "message"),
    [
        ("ENDLESS_STATE: x", TypeError, "accept is a list of texts."),
        ([5], TypeError, "accept is a list of texts."),
        (["ENDLES_STATE: x"], ValueError, "accept names 'ENDLES_STATE', which is not a code. Did you mean 'ENDLESS_STATE'?"),
        (["ENDLESS_STATE"], ValueError, "accept names ENDLESS_STATE without a reason."),
        (["MISSING_STATE: x"], ValueError, "accept names MISSING_STATE, without which nothing else"),
    ],
)
def test_what_cannot_be_accepted_is_told(accept: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Accepted.of(accept)


def test_a_machine_accepts_in_its_declaration(repository: Repository) -> None:
    repository.project("acres", f'p.state_machine("main", {CIRCLE!r}, accept=["ENDLESS_STATE: it runs on", "EXPRESS: x"])')
    ended = repository.invoke("check")
    assert ended.code == 0, ended.err
    where = "projects/acres: state-machine/main: warning: the top level: accept names EXPRESS"
    assert ended.out.startswith(where)
    assert "checked 1 state machine in 1 project: 1 warning." in ended.out
    repository.project("acres", f'p.state_machine("main", {CIRCLE!r}, accept=["ENDLES: x"])')
    assert "projects/acres/deploy.py:" in repository.invoke("check").out


@pytest.mark.parametrize(
    ("configuration", "code", "text"),
    [
        ({"projects": {"acres": {"state_machines": {"main": {"accept": ["ENDLESS_STATE: it runs on"]}}}}}, 0, ""),
        ({"defaults": {"state_machine": {"accept": ["ENDLESS_STATE: it runs on", "EXPRESS: others may have it"]}}}, 0, ""),
        (
            {"projects": {"acres": {"state_machines": {"main": {"accept": ["ENDLESS_STATE: x", "EXPRESS: x"]}}}}},
            0,
            "accept names EXPRESS, and nothing has it",
        ),
        (
            {"projects": {"acres": {"state_machines": {"main": {"accept": ["ENDLESS: x"]}}}}},
            1,
            "config/dev.json: $.projects.acres.state_machines.main: accept names 'ENDLESS', which is not a code.",
        ),
    ],
)
def test_configuration_accepts_more(repository: Repository, configuration: dict[str, Any], code: int, text: str) -> None:
    repository.project("acres", f'p.state_machine("main", {CIRCLE!r})')
    repository.configure(**configuration)
    ended = repository.invoke("check")
    assert (ended.code, text in ended.out, "warning" in ended.out) == (code, True, code == 0 and text != ""), ended.out


def test_the_page_has_every_code_with_its_severity_and_link() -> None:
    rows = [line for line in (ROOT / "docs/state-machines.md").read_text().splitlines() if re.match(r"\| `[A-Z_]+` \|", line)]
    assert [(row.split("`")[1], row.split(" | ")[1], row.rpartition("](")[2].rstrip(") |")) for row in rows] == [
        (code, about.severity, about.url()) for code, about in CODES.items()
    ]
