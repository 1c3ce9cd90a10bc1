"""Whatever others have written, a terminal gets nothing that moves its cursor, hides text or is taken for markup."""

import io
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from common.base.terminal import Screen, code_prompt, prepared_streams, prompt, visible
from common.execution.failure import Failure
from common.execution.follower import Began, Outcome, Shown
from common.execution.history import Left, Status, Visit
from common.execution.preview import Preview
from common.model.events import Blocked, Built, Closed, Event, Failed, Finished, Note, Planned, Skipped, Started
from common.model.resource import Action, Change, Key, Plan
from common.report.deploy_report import JsonDeployReport, TextReport
from common.report.run_report import JsonRunReport, TextRunReport
from tests.support.repository import ROOT, Repository
from tests.support.terminal import Terminal, on_screen

UNSEEN = [*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u00ad", "\u061c", "\u200b", "\u200d", "\u200e", "\u200f"]
UNSEEN += [
    "\u2028",
    "\u2029",
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    "\ufeff",
    "\U000e0041",
    "\udc1b",
]
HOSTILE = "a\x1b]0;owned\x07\x1b[2J\x9b31m\u202eb\u200b[red]c[/red] :bomb: [link=x]d\\[/dim]\ud800\x7f\re"
READ = r"a\x1b]0;owned\x07\x1b[2J\x9b31m\u202eb\u200b[red]c[/red] :bomb: [link=x]d\[/dim]\ud800\x7f\re"
KEY = Key("p" + HOSTILE, "artifact", HOSTILE)
NOW = datetime(2026, 1, 15, tzinfo=UTC)
CHANGE = Change(KEY, Action.UPDATE, HOSTILE)


@pytest.mark.parametrize("char", UNSEEN, ids=[f"U+{ord(char):04X}" for char in UNSEEN])
def test_what_does_not_print_itself_is_spelled(char: str) -> None:
    kept = char in "\n\t"
    assert (char in visible(f"a{char}b")) is kept
    assert visible(f"a{char}b", lines=False) == "a" + char.encode("unicode_escape").decode() + "b"


def test_what_prints_itself_is_left_as_it_is() -> None:
    text = "Añejo, 東京, Ελλάδα, ✓ → · │ 🎉 \\n"
    assert visible(text) is text


EVENTS: list[Event] = [
    Planned(Plan((CHANGE, Change(Key("q", "lambda", "x"), Action.CREATE, "")))),
    Note(HOSTILE),
    Started(CHANGE),
    Finished(CHANGE, 1.0),
    Failed(CHANGE, HOSTILE),
    Skipped(CHANGE, HOSTILE),
    Blocked(CHANGE, KEY),
    Built(KEY, {HOSTILE: "0"}, 1, (HOSTILE,), HOSTILE),
    Closed(1.0, {"s3:PutObject": 1}, 0, 1, 1),
]


def written(report: Callable[..., None], *events: object) -> None:
    for event in events:
        report(event)


def on_paper(_: pytest.MonkeyPatch) -> io.StringIO:
    return io.StringIO()


@pytest.mark.parametrize("stream_of", [on_paper, lambda monkeypatch: on_screen(monkeypatch, 300)], ids=["file", "terminal"])
@pytest.mark.parametrize("planning", [True, False])
def test_events_are_shown_as_they_were_written(
    monkeypatch: pytest.MonkeyPatch, stream_of: Callable[[pytest.MonkeyPatch], io.StringIO], planning: bool
) -> None:
    stream = stream_of(monkeypatch)
    written(TextReport(planning=planning, stream=stream), *EVENTS)
    text = stream.text() if isinstance(stream, Terminal) else stream.getvalue()
    assert all(char.isprintable() or char in "\n\r" for char in text)
    assert "\x1b]" not in stream.getvalue()
    assert text.count(READ) >= 13, "markup is text, too"


@pytest.mark.parametrize("stream_of", [on_paper, lambda monkeypatch: on_screen(monkeypatch, 400)], ids=["file", "terminal"])
def test_a_run_is_shown_as_it_was_written(
    monkeypatch: pytest.MonkeyPatch, stream_of: Callable[[pytest.MonkeyPatch], io.StringIO]
) -> None:
    stream = stream_of(monkeypatch)
    failure = Failure((HOSTILE,), HOSTILE, HOSTILE, HOSTILE, (HOSTILE,))
    left = Visit(HOSTILE, "Task", NOW, status=Status.FAILED, left=NOW, error=HOSTILE)
    shown = Shown("p", Preview(HOSTILE, (HOSTILE, "n"), ((HOSTILE[:9], 1),), 1, 1))
    outcome = Outcome("p", "arn", "FAILED", 1.0, (), None, failure)
    written(TextRunReport(stream=stream), Began(HOSTILE, "m", HOSTILE), Left(left), outcome, shown)
    text = stream.text() if isinstance(stream, Terminal) else stream.getvalue()
    assert all(char.isprintable() or char in "\n\r" for char in text)
    assert text.count(READ) >= 9


def test_a_line_break_does_not_make_a_line_of_its_own() -> None:
    stream = io.StringIO()
    forged = "x\n  created lambda/Pay 1.0 s"
    written(
        TextReport(stream=stream), Finished(Change(Key("p", "lambda", "f"), Action.UPDATE, forged), 1.0), Failed(CHANGE, forged)
    )
    assert not [line for line in stream.getvalue().splitlines() if line.startswith("  created")]


def test_json_is_json_whatever_is_in_it() -> None:
    stream = io.StringIO()
    written(JsonDeployReport("dev", ["p"], stream), Planned(Plan((CHANGE,))), Failed(CHANGE, HOSTILE), *EVENTS[-1:])
    output = json.loads(stream.getvalue())
    assert list(output["failed"].values()) == [HOSTILE]
    written(JsonRunReport("dev", stream), Began(HOSTILE, "m", "a"), Closed(1.0, {}, 0, 0, 0))
    assert all(0x20 <= ord(char) < 0x7F or char == "\n" for char in stream.getvalue())


def test_tables_are_as_wide_as_what_they_show() -> None:
    stream = io.StringIO()
    Screen(stream).table([HOSTILE, "b"], [[HOSTILE, "second"], ["x", HOSTILE]])
    assert stream.getvalue().count(READ) == 3
    assert not any(unicodedata.category(char)[0] == "C" for char in stream.getvalue().replace("\n", ""))


PROGRAM = r"""
import sys, threading
from common.base import terminal
with terminal.prepared_streams():
    terminal.show("\x1b[2J \u2192 \xb7 \xe9 \ud800")
    terminal.Screen().table(["a \u2192 b"], [["\x1b[2J \xe9"]])
    terminal.say("\x1b[2J \xe9")
    thread = threading.Thread(target=lambda: (_ for _ in ()).throw(ValueError("in a thread \x1b[2J \xe9")))
    thread.start(); thread.join()
raise ValueError("\x1b[2J \xe9 \u202e")
"""


@pytest.mark.parametrize(
    "variables", [{"PYTHONIOENCODING": "ascii"}, {"LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}]
)
def test_output_works_with_every_encoding_of_the_terminal(variables: dict[str, str]) -> None:
    """Nothing ends in an error, tracebacks included, which Python writes where nobody has caught something."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    for name in ("LC_ALL", "LC_CTYPE"):
        environment.pop(name, None)
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, env=environment, check=False)
    output = (done.stdout + done.stderr).decode("ascii")
    assert "\x1b" not in output
    assert r"in a thread \x1b[2J \xe9" in output
    assert output.count(r"\x1b[2J") >= 5
    assert r"\x1b[2J -> - \xe9 \ud800" in output
    assert "UnicodeEncodeError" not in output
    assert r"ValueError: \x1b[2J \xe9 \u202e" in output


def test_names_of_files_and_errors_reach_the_terminal_in_print(repository: Repository, moto_dates: None) -> None:
    """Through whole commands: a plan's reason, what a package holds, Python's words about a file, a name on the command line."""
    repository.project("acres")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.write("projects/acres/lambda/Validate/a\x1b[2J\u202eb.txt", "new")
    planned, packaged = repository.invoke("plan", "--env", "dev"), repository.invoke("package-lambdas")
    assert (planned.code, packaged.code) == (2, 0)
    assert r"a\x1b[2J\u202eb.txt added" in planned.out
    assert r"a\x1b[2J\u202eb.txt" in packaged.out
    repository.write("projects/acres/lambda/Validate/c\x1b[2Jd.py", "def (")
    refused = repository.invoke("package-lambdas")
    assert r"c\x1b[2Jd.py" in refused.err
    unknown = repository.invoke("plan", "--env", "dev\x1b[2J", "--project", "x\x1b[2J")
    for ended in (planned, packaged, refused, unknown):
        assert all(char.isprintable() or char == "\n" for char in ended.out + ended.err)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_stream_that_is_closed_is_no_error_of_its_own(repository: Repository, number: int) -> None:
    """But what nobody would see is not done: with standard output closed the command ends before it begins."""
    repository.project("acres")
    start = f"import os, sys; os.close({number}); os.execv(sys.executable, [sys.executable, '-m', 'invoke', 'package-lambdas'])"
    ended = repository.shell("python", "-c", start)
    assert (ended.code, ended.err) == ((1, "error: [Errno 9] standard output is closed\n") if number == 1 else (0, ""))
    assert (repository.root / "build" / "artifacts").exists() == (number != 1)


def test_nobody_is_asked_where_standard_input_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with prepared_streams():
        assert prompt(json=False) is None
        assert code_prompt() is None
    sys.stdin.close()
