"""What `run` shows: each state as it is entered and left, why an execution failed, and the table that it has made.

A state that is left within one poll gets one line; one that lasts gets a line when that is seen, so that a log without live line
tells what is waited for.
"""

import time
from decimal import Decimal
from typing import TextIO

from common.base import text_table
from common.base.folding import fold
from common.base.json_types import Json, JsonObject
from common.base.markup import escape
from common.base.plural import counted
from common.base.terminal import Screen, quoted
from common.execution.calls import Called, CallEvent, Logged, Returned, Working
from common.execution.failure import Failure
from common.execution.follower import Began, Outcome, Put, RunEvent, Shown, Waiting
from common.execution.history import VERBS, Entered, Left, Nested, Retried, Status, Visit
from common.execution.messages import Delivering, MessageEvent, Refused, Sent
from common.execution.preview import Preview
from common.model.events import Closed, Note, UnderWay
from common.report import call_report
from common.report.deploy_report import TextReport
from common.report.json_report import JsonReport

SHOWN = {
    Status.SUCCEEDED: ("green", "succeeded", "in"),
    Status.CAUGHT: ("yellow", "failed and was caught", "after"),
    Status.FAILED: ("bold red", "failed", "after"),
    Status.ABORTED: ("red", "was aborted", "after"),
}
"""For each status of a state that was left: the style, what is said of the state, and the word before its seconds."""
INSTANT = frozenset({"Choice", "Pass", "Succeed"})
"""Types of states that take no time: shown once, so that a loop does not fill the screen with them."""
WIDEST = 40
"""Characters of one value that are shown."""
MOST_BODIES, LONGEST_BODY = 10, 160
"""How many of the refused messages are shown at most, and how many characters of each."""


class TextRunReport(TextReport):
    """One line a state, for people."""

    def __init__(self, *, stream: TextIO | None = None) -> None:
        super().__init__(stream=stream)
        self._begun = time.monotonic()
        self._told: set[Visit] = set()
        self._seen: set[str] = set()

    def __call__(self, event: RunEvent) -> None:
        """Shows one event."""
        with self._lock:
            match event:
                case Put(path, uri):
                    self._line(f"  [dim]{quoted(path.name)} was copied to[/dim] {quoted(uri)}")
                case Sent() | Delivering() | Refused():
                    self._message(event)
                case Called() | Logged() | Working() | Returned():
                    self._called(event)
                case Began(project, _, execution):
                    self._begun, self._told, self._seen = time.monotonic(), set(), set()
                    self._line(f"[bold]{quoted(project)}[/bold] [dim]{quoted(execution)}[/dim]")
                case Waiting(running):
                    self._wait(running)
                case Entered() | Left() | Retried() | Nested():
                    self._happened(event)
                case Outcome():
                    self._ended(event)
                case Shown(_, preview):
                    self._live("")
                    show_preview(self._screen, preview)
                case Note() | UnderWay() | Closed():
                    self._show(event)

    def _message(self, event: MessageEvent) -> None:
        match event:
            case Sent(messages):
                count = counted(len(messages.bodies), "message")
                self._line(f"  [dim]{quoted(messages.path.name)} was sent to[/dim] {quoted(messages.queue)}[dim]: {count}[/dim]")
            case Delivering(queue, left):
                self._live(f"{queue} has {left} left")
            case Refused(queue, bodies):
                self._live("")
                self._line(f"  [yellow]{len(bodies)} of them ended in the dead letter queue[/yellow] {quoted(queue)}")
                for body in bodies[:MOST_BODIES]:
                    self._line(f"    [dim]{quoted(_cell(body, LONGEST_BODY))}[/dim]")

    def _called(self, event: CallEvent) -> None:
        match event:
            case Called(_, key, name):
                self._line(f"[bold]{quoted(key)}[/bold] [dim]{quoted(name)}[/dim]")
            case Logged(lines):
                for text in call_report.line_texts(lines):
                    self._line(text)
            case Working(text):
                self._live(text)
            case Returned():
                self._live("")
                for text in call_report.returned_lines(event):
                    self._line(text)

    def _wait(self, running: tuple[Visit, ...]) -> None:
        for visit in running:
            self._entered(visit)
        names = ", ".join(visit.title for visit in running if not any(other.parent is visit for other in running))
        self._live(f"{f'running {names}' if names else 'waiting'} · {time.monotonic() - self._begun:.0f} s")

    def _entered(self, visit: Visit) -> None:
        if visit not in self._told:
            self._told.add(visit)
            if not self._screen.is_live:
                self._state(visit, "dim", "entered")

    def _happened(self, event: Entered | Left | Retried | Nested) -> None:
        visit = event.visit
        match event:
            case Left():
                again = visit.type in INSTANT and visit.name in self._seen
                self._seen.add(visit.name)
                if not again:
                    why = f": {visit.error}" if visit.error and visit.status is not Status.SUCCEEDED else ""
                    style, words, preposition = SHOWN[visit.status]
                    self._state(visit, style, words, f" {preposition} {visit.seconds or 0:.1f} s{quoted(why)}")
            case Retried(_, error):
                self._state(visit, "yellow", "is retried", f": attempt {visit.attempts}, after {quoted(error)}")
            case Nested(_, execution):
                machine, _, name = execution.partition(":execution:")[2].partition(":")
                self._state(visit, "cyan", "started", f" an execution of {quoted(machine)}: [dim]{quoted(name)}[/dim]")

    def _state(self, visit: Visit, style: str, words: str, more: str = "") -> None:
        for outer in visit.around:
            self._entered(outer)
        self._line(f"  {'  ' * len(visit.around)}{quoted(visit.title)} [{style}]{words}[/{style}]{more}")

    def _ended(self, outcome: Outcome) -> None:
        self._live("")
        if outcome.failure is not None:
            self._failed(outcome.status, outcome.failure)
        style = "green" if outcome.status == "SUCCEEDED" else "bold red"
        preposition = "in" if outcome.status == "SUCCEEDED" else "after"
        self._line(f"{outcome.project} [{style}]{VERBS[outcome.status]}[/{style}] {preposition} {outcome.seconds:.1f} s")

    def _failed(self, status: str, failure: Failure) -> None:
        state, ended = quoted(" > ".join(failure.states)), f"The execution {VERBS[status]}"
        where = f"The state {state} failed" if status == "FAILED" else f"{ended} in the state {state}"
        self._line(f"\n[bold red]{where if state else ended}[/bold red]: [red]{quoted(failure.error)}[/red]")
        for line in failure.message.splitlines():
            self._line(f"  {quoted(line.expandtabs())}")
        if failure.advice:
            self._line(f"[bold]{quoted(failure.advice)}[/bold]")
        if failure.lines:
            self._line(f"[dim]The last lines of the log {quoted(failure.log)}:[/dim]")
        for line in failure.lines:
            self._line(f"  [dim]│[/dim] {quoted(line.expandtabs())}")
        self._line("")


def show_preview(screen: Screen, preview: Preview) -> None:
    """Prints the table: as many columns as a terminal has room for, all of them elsewhere."""
    if preview.removed is not None:
        written = f"{preview.files:,} {'file was' if preview.files == 1 else 'files were'} written, {preview.removed:,} removed"
        screen.line(f"\n{quoted(preview.uri)}{_beside(screen, preview.uri, written)}")
    count = len(preview.rows)
    total = f"of {preview.total:,} rows" if preview.total is not None else f"rows; its {preview.files:,} files were not counted"
    shown_rows = f"the first {count} {total}" if count != preview.total else counted(count, "row")
    if preview.removed is None:
        screen.line(f"\n{quoted(preview.uri)}{_beside(screen, preview.uri, shown_rows)}")
    elif preview.files:
        screen.line(f"[dim]{shown_rows}[/dim]")
    rows = [[_cell(value) for value in row] for row in preview.rows]
    shown = text_table.count_fitting_columns(preview.columns, rows, screen.room)
    right = [at for at in range(shown) if all(isinstance(row[at], int | float | Decimal | None) for row in preview.rows)]
    if rows:
        screen.table(preview.columns[:shown], [row[:shown] for row in rows], right=right)
    if hidden := preview.columns[shown:]:
        for line in fold(screen, f"Columns that are not shown: {', '.join(hidden)}"):
            screen.line(f"[dim]{escape(line)}[/dim]")
    screen.line("")


def _beside(screen: Screen, place: str, text: str) -> str:
    """What is told of a place, behind it or, where there is no room, below it."""
    is_beside = screen.room is None or len(place) + 1 + len(text) <= screen.room
    between = " " if is_beside else "\n"
    return f"{between}[dim]{text}[/dim]"


def _cell(value: Json, widest: int = WIDEST) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= widest else f"{text[: widest - 1]}…"


class JsonRunReport(JsonReport):
    """The executions, their states, and what they made."""

    def __init__(self, environment: str | None, stream: TextIO | None = None) -> None:
        super().__init__(environment, stream)
        self._runs: list[JsonObject] = []
        self._messages: list[JsonObject] = []

    def take(self, event: object) -> None:
        """See `JsonReport`."""
        match event:
            case Sent(messages):
                self._messages.append({"queue": messages.queue, "sent": len(messages.bodies), "dead_letters": []})
            case Refused(_, bodies):
                self._messages[-1]["dead_letters"] = [call_report.parsed(body) for body in bodies]
            case Began(project, machine, execution):
                run: JsonObject = {"project": project, "machine": machine, "execution": execution, "status": "RUNNING"}
                self._runs.append({**run, "messages": self._messages})
                self._messages = []
            case Called(project, key, name):
                self._runs.append({"project": project, "key": key, "name": name, "status": "RUNNING", "lines": []})
            case Logged(lines):
                self._runs[-1]["lines"] += [call_report.line_object(line) for line in lines]
            case Returned():
                self._runs[-1] |= {**call_report.as_object(event), "preview": None}
            case Outcome():
                self._runs[-1] |= _ended(event)
            case Shown(_, preview):
                self._runs[-1]["preview"] = _previewed(preview)
            case Closed():
                statuses = [run["status"] for run in self._runs]
                worst = next((status for status in statuses if status != "SUCCEEDED"), "SUCCEEDED" if statuses else None)
                self.contents |= {"projects": [run["project"] for run in self._runs], "status": worst, "runs": self._runs}
        super().take(event)


def _ended(outcome: Outcome) -> JsonObject:
    failure = outcome.failure
    return {
        "status": outcome.status,
        "error": failure.error if failure else None,
        "cause": failure.message if failure else None,
        **({"advice": failure.advice} if failure and failure.advice else {}),
        "failed_in": list(failure.states) if failure else [],
        "log": {"source": failure.log, "lines": list(failure.lines)} if failure and failure.lines else None,
        "states": [_state(visit) for visit in outcome.visits],
        "seconds": round(outcome.seconds, 3),
        "output": call_report.parsed(outcome.output),
        "preview": None,
    }


def _state(visit: Visit) -> JsonObject:
    seconds = None if visit.seconds is None else round(visit.seconds, 3)
    return {"name": visit.title, "status": str(visit.status), "seconds": seconds, "attempts": visit.attempts}


def _previewed(preview: Preview) -> JsonObject:
    rows = [dict(zip(preview.columns, row, strict=True)) for row in preview.rows]
    changed = {} if preview.removed is None else {"removed_files": preview.removed}
    return {"uri": preview.uri, "rows": rows, "total": preview.total, "files": preview.files, **changed}
