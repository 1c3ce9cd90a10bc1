"""A command chooses its screen: by project on a terminal, else and where lines cannot be overwritten one line a resource."""

import os
import re
import sys

import pytest

from common.base import error_screen
from common.engine.status import Execution, Status
from common.execution.query_result import QueryResult
from common.report import history_report, query_report, status_report
from common.state.releases import Release
from tests.support import pseudo_terminal
from tests.support.repository import ROOT
from tests.support.terminal import on_screen

PROGRAM = """
import sys
from common.base import terminal
from common.report.choice import text_report
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


@pytest.mark.parametrize("columns", [60, 80])
def test_a_terminal_that_is_too_narrow_has_the_status_of_a_project_below_its_name(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    stream = on_screen(monkeypatch, columns)
    about = {"since": "2026-11-26T11:22:00+00:00", "commit": "5fb2c6a0", "holder": "ana", "host": "build", "clean": "no"}
    execution = Execution("arn", "SUCCEEDED", "2026-11-26T11:30:00+00:00", None)
    status_report.show([Status("fpac_pipeline", "clean", about, 21, last_execution=execution)], stream)
    assert stream.text().splitlines() == [
        "fpac_pipeline",
        "  clean · 21 resources",
        "  released 2026-11-26 11:22 · ana@build · 5fb2c6a0 + changes",
        "  last execution SUCCEEDED 2026-11-26 11:30",
    ]


def test_a_release_that_did_not_change_all_is_not_told_as_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_screen(monkeypatch, 100)
    status_report.show([Status("acres", "clean", {"commit": "5fb2c6a0"}, 20, pending=("role/load",))], stream)
    assert re.search(r"^acres +incomplete +20 ", stream.text(), re.MULTILINE)
    assert "acres: not finished: role/load" in stream.text()


def test_a_history_tells_what_was_done_in_the_words_of_a_deploy(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [("upload", "done"), ("create", "failed"), *[("update", "done")] * 2, ("create", "not tried")]
    changes = tuple({"key": f"lambda/{at}", "action": action, "outcome": end} for at, (action, end) in enumerate(outcomes))
    about = {"holder": "ana", "host": "build", "commit": "5fb2c6a0", "clean": "no", "uncommitted": "config/dev.json, a.py"}
    release = Release("acres", "2026-11-26T11:22:00+00:00", "failed", about, changes)
    wide = on_screen(monkeypatch, 140)
    history_report.show([release], wide)
    assert "  2 updated, 1 uploaded, 1 failed, 1 not tried  ana@build  5fb2c6a0 + changes" in wide.text()
    narrow = on_screen(monkeypatch, 60)
    history_report.show([release], narrow)
    assert narrow.text().splitlines() == [
        "2026-11-26 11:22  acres  failed",
        "    2 updated, 1 uploaded, 1 failed, 1 not tried · ana@build",
        "      · 5fb2c6a0 + changes",
        "    not as committed: config/dev.json, a.py",
    ]


def test_rows_of_a_query_that_are_too_wide_are_blocks_with_every_column(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = QueryResult(("name", "acres"), (("a" * 30, 1.5), ("b" * 30, 20)))
    wide, narrow = on_screen(monkeypatch, 80), on_screen(monkeypatch, 30)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", wide)
    query_report.write(result, "table")
    assert wide.text().splitlines()[2:] == [f"{'a' * 30}    1.5", f"{'b' * 30}     20"], "numbers are aligned to the right"
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys, "stdout", narrow)
    query_report.write(result, "table")
    rows = ["row 1", f"  name   {'a' * 30}", "  acres  1.5", "row 2", f"  name   {'b' * 30}", "  acres  20"]
    assert narrow.text().splitlines() == rows
    assert capsys.readouterr().err == "2 rows\n" * 2


def test_an_error_is_folded_between_words_and_what_to_type_next_stands_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_screen(monkeypatch, 40)
    monkeypatch.setattr(sys, "stderr", stream)
    error_screen.show(
        "There is no environment 'locl'. `invoke doctor --env local` shows\n  what is there", ["invoke deploy --env local"]
    )
    assert stream.text().splitlines() == [
        "error: There is no environment 'locl'.",
        "  `invoke doctor --env local` shows",
        "  what is there",
        "Next   invoke deploy --env local",
    ]


def test_elsewhere_an_error_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    error_screen.show("word " * 40)
    assert capsys.readouterr().err.count("\n") == 1
