"""Events in, text or JSON out.

On a terminal what is under way shows in one live line below what is done; elsewhere the same lines come plain. Text goes to
standard output, so that a pipe gets what a person saw; with `--json` standard output holds one object and nothing else.

Lines are written in rich's markup; what others have written is quoted in it (see `terminal`).
"""

import threading
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from common.base.command_text import typed
from common.base.folding import fold
from common.base.json_types import JsonObject
from common.base.markup import escape, strip_markup
from common.base.plural import counted
from common.base.terminal import Screen, quoted
from common.model.events import (
    Blocked,
    Building,
    Built,
    Closed,
    Event,
    Failed,
    Finished,
    Note,
    Opened,
    Planned,
    Skipped,
    Started,
    StepStarted,
    UnderWay,
)
from common.model.resource import CHANGING, Action, Change, Key, Plan
from common.report.change_lines import FAILED, PAST, ChangeLines, width_of_keys
from common.report.json_report import JsonReport
from common.report.outcome import CHANGING_ORDER, Ending, correcting
from common.report.step_events import ChangeEvent, StepEvents

COMMIT = 7
"""How many digits of the commit the header shows."""
WIDTH = 16
"""The width of a step's name."""


class TextReport:
    """One line a resource, for people.

    Args:
        planning: show what would be done instead of what is being done.
        stream: where to write; standard output, if it is not given.
        names: show in plans what each resource is called in AWS, and the address of its page in the console.
    """

    def __init__(self, *, planning: bool = False, stream: TextIO | None = None, names: bool = False) -> None:
        self._planning, self._names = planning, names
        self._screen = Screen(stream)
        self._lock = threading.Lock()
        self._running: dict[object, str] = {}
        self._building: list[Key] = []
        self._reading = "reading what is deployed" if planning else ""
        self._done: Counter[Action] = Counter()
        self._failures: list[tuple[Change, str]] = []
        self._opened: Opened | None = None
        self._planned: Planned | None = None
        self._lines, self._has_begun = ChangeLines(), False
        self._changes = StepEvents(self._show_change)
        self._live(self._reading)

    def __call__(self, event: Event) -> None:
        """Shows one event; from any thread."""
        with self._lock:
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case Building():
                self._show_building(event)
            case Opened() | Note() | UnderWay():
                self._tell(event)
            case Planned(plan, removal):
                self._planned, self._lines = event, ChangeLines.of(plan, removal=removal)
                if self._planning or removal:
                    self._show_plan(event)
            case StepStarted():
                self._has_begun = True
                self._step(event)
                self._changes.begin(event.keys)
            case Built():
                from common.report import package_lines  # a deploy does not need it

                for line in package_lines.lines(event, self._screen.width):
                    self._line(line)
            case Closed():
                self._changes.begin(None)
                self._close(event)
            case _:
                self._changes(event)

    def _tell(self, event: Opened | Note | UnderWay) -> None:
        match event:
            case Opened():
                self._open(event)
            case Note(text):
                self._note(text)
            case UnderWay(text):
                self._live(text or self._reading)

    def _note(self, text: str) -> None:
        for line in fold(self._screen, text, 2):
            self._line(f"[dim]{escape(line)}[/dim]")

    def _open(self, opened: Opened) -> None:
        self._opened = opened
        about = [opened.account_id, opened.region, opened.commit[:COMMIT], "protected" if opened.protected else ""]
        self._line(f"[bold]{quoted(opened.environment)}[/bold]   [dim]{quoted(' · '.join(filter(None, about)))}[/dim]")

    def _show_building(self, event: Building) -> None:
        (self._building.remove if event.ended else self._building.append)(event.key)
        packaging = ", ".join(dict.fromkeys(key.name for key in self._building))
        self._live(f"packaging {packaging}" if packaging else self._reading)

    def _show_change(self, event: ChangeEvent) -> None:
        lines = self._lines
        if isinstance(event, Started):
            self._running[event.change.key] = lines.name(event.change.key)
        elif isinstance(event, Finished | Failed | Skipped):
            self._running.pop(event.change.key, None)
        self._live(", ".join(self._running.values()))
        match event:
            case Finished(change, seconds):
                self._done[change.action] += 1
                self._line(lines.finished(change, seconds))
            case Failed(change, message):
                self._failures.append((change, message))
                self._show_failure(change, message)
            case Skipped(change, message):
                self._line(lines.skipped(change))
                self._line(f"    [yellow]{_indented(message)}[/yellow]")
            case Blocked(change, needed):
                self._line(lines.not_tried(change, f"{lines.name(needed)} failed" if needed else "the deploy was stopped"))

    def _show_failure(self, change: Change, message: str) -> None:
        self._line(self._lines.failed(change))
        self._line(f"    [red]{_indented(message)}[/red]")

    def _show_plan(self, planned: Planned) -> None:
        shown = [change for change in planned.plan.changes if change.action is not Action.NOOP]
        width = width_of_keys(shown)
        for project in dict.fromkeys(change.key.project for change in shown):
            self._line(f"[bold]{quoted(project)}[/bold]")
            for change in shown:
                if change.key.project == project:
                    self._line(self._lines.planned(change, width, planned.in_aws.get(change.key) if self._names else None))
                    for line in self._lines.fields(change):
                        self._line(line)

    def _step(self, started: StepStarted) -> None:
        counts, nothing = started.counts, "nothing chosen" if started.declared else "nothing declared"
        parts = [f"{counts[action]} to {action}" for action in CHANGING_ORDER if counts[action]]
        parts += [f"{counts[Action.NOOP]} {PAST[Action.NOOP]}"] if counts[Action.NOOP] else []
        style = "bold" if any(counts[action] for action in CHANGING) else "dim"
        self._line(f"[{style}]{started.step:<{WIDTH}}[/{style}] [dim]{', '.join(parts) or nothing}[/dim]")

    def _close(self, closed: Closed) -> None:
        self._live("")
        planned, calls = self._planned, sum(closed.calls.values())
        calls_text = counted(calls, "AWS call")
        if planned is None:
            if calls:
                self._line(f"[dim]{closed.seconds:.1f} s · {calls_text}[/dim]")
            if self._opened is not None and correcting(closed):
                self._tell_next(closed, f"{self._opened.command}  # once this is corrected")
            return
        if self._planning and not planned.plan.is_empty:
            lasting = f", {planned.cost.seconds:.0f} s or more" if planned.cost.seconds >= 1 else ""
            self._line(f"[dim]to apply: about {planned.cost.calls:,} AWS calls{lasting}[/dim]")
        self._repeat_failures()
        environment = self._opened.environment if self._opened else ""
        planning = self._planning or (planned.removal and not self._has_begun and closed.error is None)
        ending = Ending(planned, closed, self._done, environment, planning=planning)
        sentence = ending.sentence()
        if self._screen.room is None or len(strip_markup(sentence)) + 2 + len(calls_text) <= self._screen.room:
            self._line(f"{sentence}  [dim]{calls_text}[/dim]")
        else:
            lines = [sentence] if len(strip_markup(sentence)) <= self._screen.room else fold(self._screen, strip_markup(sentence))
            for line in (*lines, f"[dim]{calls_text}[/dim]"):
                self._line(line)
        if self._opened is not None and (command := ending.next_command(self._opened)):
            self._tell_next(closed, command)

    def _tell_next(self, closed: Closed, command: str) -> None:
        """Shows what to type next: below the error, if there is one, which is shown after everything else."""
        if closed.error is None:
            self._line(f"[dim]Next[/dim]   {quoted(typed(command))}")
        else:
            closed.error.add_note(typed(command))

    def _repeat_failures(self) -> None:
        """Shows the failures again: what was done since may have moved them out of sight."""
        if self._failures:
            self._line("[bold red]failed:[/bold red]")
        for change, message in self._failures:
            self._line(f"  [bold red]{FAILED}[/bold red] {quoted(self._lines.name(change.key))}: [red]{_indented(message)}[/red]")

    def _line(self, text: str) -> None:
        self._screen.line(text)

    def _live(self, text: str) -> None:
        self._screen.live(text)


def _indented(message: str) -> str:
    """A message of several lines, each of them below the change that it is about."""
    return escape(message).replace("\n", "\n    ")


class JsonDeployReport(JsonReport):
    """The plan and what became of it, in one line: it grows with the repository, and programs read it.

    Args:
        environment: its name.
        projects: those that the command is about.
        stream: where to write; standard output, if it is not given.
    """

    def __init__(self, environment: str | None, projects: Sequence[str], stream: TextIO | None = None) -> None:
        super().__init__(environment, stream, indent=None)
        self.contents |= {"projects": list(projects), "counts": Plan(()).counts(), "changes": []}
        self.contents["predicted"] = {"calls": 0, "seconds": 0.0}
        self._changes = True

    def take(self, event: object) -> None:
        """See `JsonReport`."""
        match event:
            case Opened():
                self.contents |= {"account_id": event.account_id, "region": event.region, "commit": event.commit or None}
            case Planned(plan, projects=projects, cost=cost):
                self.contents["projects"] = self.contents["projects"] if projects is None else [*projects]
                self.contents |= {"counts": plan.counts(), "changes": [as_object(change) for change in plan.changes]}
                self.contents["predicted"] = {"calls": cost.calls, "seconds": round(cost.seconds, 1)}
            case Built(key, files, size, holds, because, accepts):
                package = {"project": key.project, "name": key.name, "files": files, "bytes": size, "built": bool(because)}
                package |= {"holds": list(holds), "reason": because, "accepts_secret": accepts}
                self.contents.setdefault("packages", []).append(package)
        super().take(event)


def as_object(change: Change) -> JsonObject:
    """A change as programs read it."""
    return {
        "project": change.key.project,
        "key": str(change.key),
        "action": str(change.action),
        "reason": change.reason,
        "changed": sorted(change.changed),
        **({"name": change.name} if change.name else {}),
        **({"adopted": change.taken_over} if change.taken_over else {}),
        **({"fields": [field.as_object() for field in change.fields]} if change.taken_over or change.fields else {}),
    }
