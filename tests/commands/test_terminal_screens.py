"""A command chooses its screen: by project on a terminal, else and where lines cannot be overwritten one line a resource."""

import os
import sys

import pytest

from common.engine.status import Status
from common.report import status_report
from tests.support import pseudo_terminal
from tests.support.repository import ROOT
from tests.support.terminal import on_screen

PROGRAM = """
import sys
from common.base import terminal
from common.commands.deployment_command import text_report
from tests.report.test_project_report import CREATED, OPENED, deployed, Closed
with terminal.prepared_streams():
    report = text_report(verbose="--verbose" in sys.argv)
    for event in (OPENED, *deployed(CREATED), Closed(1.0, {"s3:PutObject": 3}, 10, 0, 0)):
        report(event)
"""


@pytest.mark.parametrize(
    ("words", "variables", "is_by_project"),
    [
        ((), {"NO_COLOR": "1", "COLUMNS": "60", "PYTHONIOENCODING": "ascii"}, True),
        ((), {"TERM": "dumb"}, False),
        (("--verbose",), {}, False),
    ],
)
def test_a_terminal_shows_projects_unless_it_cannot_or_shall_not(
    words: tuple[str, ...], variables: dict[str, str], is_by_project: bool
) -> None:
    environment = {
        name: text for name, text in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"}
    }
    command = [sys.executable, "-c", PROGRAM, *words]
    shown = pseudo_terminal.run(command, ROOT, {**environment, "PYTHONPATH": str(ROOT), **variables})
    assert shown.code == 0, shown.written
    assert any(line.startswith("+ shared  10 created") for line in shown.lines) == is_by_project
    assert any(line.startswith("  + shared: bucket/a") and "created" in line for line in shown.lines) != is_by_project
    assert shown.lines[-1].startswith("Deployed to dev: 10 created, 0 updated, ") or shown.lines[-1].startswith("Next")
    if "COLUMNS" in variables:
        assert "\x1b[3" not in shown.written, "no colour"
        assert max(map(len, shown.lines[:-2])) <= 60
        assert "".join(shown.lines).isascii()


def test_a_narrow_terminal_has_the_status_of_a_project_below_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_screen(monkeypatch, 60)
    status_report.show([Status("acres", "clean", {"since": "2026-11-26T11:22:00+00:00", "commit": "5fb2c6a0"}, 21)], stream)
    assert stream.text() == "acres\n  clean  21 resources  2026-11-26 11:22  5fb2c6a0\n"
