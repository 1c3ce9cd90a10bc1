"""Events in, text or JSON out.

On a terminal what is under way shows in one live line below what is done; elsewhere the same lines come plain. Text goes to
standard output, so that a pipe gets what a person saw; with `--json` standard output holds one object and nothing else.

Lines are written in rich's markup; what others have written is quoted in it (see `screen`).
"""

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any, TextIO

from common.base.markup import escape
from common.base.terminal import Screen, quoted
from common.engine.prediction import predict
from common.model.choices import JOBS
from common.model.events import (
    Blocked,
    Building,
    Built,
    Closed,
    Event,
    Failed,
    Finished,
    Note,
    Planned,
    Skipped,
    Started,
    StepStarted,
)
from common.model.resource import CHANGING, Action, Change, Key, Plan
from common.report.json_report import JsonReport

STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.UPLOAD: "cyan",
    Action.DELETE: "red",
    Action.RECORD: "blue",
    Action.ORPHAN: "red",
    Action.FORGET: "blue",
    Action.NOOP: "dim",
}
PAST = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.UPLOAD: "uploaded",
    Action.DELETE: "deleted",
    Action.RECORD: "recorded",
    Action.ORPHAN: "no longer declared",
    Action.FORGET: "forgotten",
    Action.NOOP: "up to date",
}
LEFT = frozenset({Action.NOOP, Action.ORPHAN})
"""Actions that do nothing."""
WIDTH = 16
"""Of the first column: the longest step's name."""


class TextReport:
    """One line a resource, for people.

    Args:
        planning: show what would be done instead of what is being done.
        stream: where to write.
        jobs: how many calls may be under way at once.
    """

    def __init__(self, *, planning: bool = False, stream: TextIO | None = None, jobs: int = JOBS) -> None:
        self._planning, self._jobs = planning, jobs
        self._screen = Screen(stream)
        self._lock = threading.Lock()
        self._running: dict[object, str] = {}
        self._building: list[Key] = []
        self._reading = "reading what is deployed" if planning else ""
        self._done: Counter[Action] = Counter()
        self._plan: Plan | None = None
        self._removal = False
        self._projects: set[str] = set()
        self._live(self._reading)

    def __call__(self, event: Event) -> None:
        """Shows one event; from any thread."""
        with self._lock:
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case Note(text):
                self._line(f"  [dim]{escape(text)}[/dim]")
            case Building():
                self._show_building(event)
            case Planned(plan, removal):
                self._plan, self._removal = plan, removal
                self._projects = {change.key.project for change in plan.changes if change.action not in LEFT}
                if self._planning or removal:
                    self._show_plan(plan)
            case StepStarted():
                self._step(event)
            case Built():
                self._show_built(event)
            case Closed():
                self._close(event)
            case _:
                self._show_change(event)

    def _show_built(self, event: Built) -> None:
        self._line(_packed(event))
        for what, names in (("package", event.holds), ("file", [*event.files])):
            if names:
                self._line(f"    [dim]{quoted(_some(what, names, self._screen.width - 4))}[/dim]")
        if event.accepts:
            self._line(f"    [yellow]accepts a secret: {quoted(event.accepts)}[/yellow]")

    def _show_building(self, event: Building) -> None:
        (self._building.remove if event.ended else self._building.append)(event.key)
        packaging = ", ".join(dict.fromkeys(key.name for key in self._building))
        self._live(f"packaging {packaging}" if packaging else self._reading)

    def _show_change(self, event: Event) -> None:
        if isinstance(event, Started):
            self._running[event.change.key] = self._name(event.change.key)
        elif isinstance(event, Finished | Failed | Skipped):
            self._running.pop(event.change.key, None)
        self._live(", ".join(self._running.values()))
        match event:
            case Finished(change, seconds):
                self._done[change.action] += 1
                self._line(f"  {self._line_of(change)} [dim]{seconds:.1f} s[/dim]")
            case Failed(change, message):
                self._line(f"  [bold red]failed[/bold red] {self._line_of(change)}")
                self._line(f"    [red]{_indented(message)}[/red]")
            case Skipped(change, message):
                self._line(f"  [yellow]skipped[/yellow] {self._line_of(change)}")
                self._line(f"    [yellow]{_indented(message)}[/yellow]")
            case Blocked(change, needed):
                because = f"{self._name(needed)} failed" if needed else "the deploy was stopped"
                self._line(f"  [red]not tried[/red] {self._line_of(change)} [red]({quoted(because)})[/red]")

    def _name(self, key: Key) -> str:
        """The key, and whose it is where several projects are at work: each may have a function of that name."""
        return f"{key.project}: {key}" if len(self._projects) > 1 else str(key)

    def _line_of(self, change: Change) -> str:
        return self._described(change, self._name(change.key))

    def _described(self, change: Change, name: str) -> str:
        style, word = STYLES[change.action], str(change.action)
        if self._removal and change.action is Action.ORPHAN:
            style, word = "green", "keep"
        return f"[{style}]{word}[/{style}] {quoted(name)}: {quoted(change.reason)}"

    def _show_plan(self, plan: Plan) -> None:
        shown = [change for change in plan.changes if change.action is not Action.NOOP]
        for project in dict.fromkeys(change.key.project for change in shown):
            self._line(f"[bold]{quoted(project)}[/bold]")
            for change in shown:
                if change.key.project == project:
                    self._line(f"  {self._described(change, str(change.key))}")

    def _step(self, started: StepStarted) -> None:
        counts, none = started.counts, "nothing chosen" if started.declared else "nothing declared"
        told = [f"{counts[action]} to {action}" for action in CHANGING_ORDER if counts[action]]
        told += [f"{counts[Action.NOOP]} up to date"] if counts[Action.NOOP] else []
        style = "bold" if any(counts[action] for action in CHANGING) else "dim"
        self._line(f"[{style}]{started.step:<{WIDTH}}[/{style}] [dim]{', '.join(told) or none}[/dim]")

    def _close(self, closed: Closed) -> None:
        self._live("")
        counts = self._plan.counts() if self._plan else {}
        if self._plan is None and not closed.calls:
            return
        told = self._counted(self._plan) if self._plan is not None else []
        told += [f"{counts[Action.NOOP]} up to date"] if counts.get(Action.NOOP) else []
        told += (
            [f"{counts[Action.ORPHAN]} {'kept' if self._removal else 'no longer declared'}"] if counts.get(Action.ORPHAN) else []
        )
        told += [f"[yellow]{closed.skipped} skipped[/yellow]"] if closed.skipped else []
        told += [f"[red]{closed.failed} failed[/red]"] if closed.failed else []
        told += [f"[red]{closed.blocked} not tried[/red]"] if closed.blocked else []
        if self._planning and self._plan is not None and not self._plan.is_empty:
            foretold = predict(self._plan, self._jobs)
            lasting = f", {foretold.seconds:.0f} s or more" if foretold.seconds >= 1 else ""
            self._line(f"[dim]to apply: about {foretold.calls:,} AWS calls{lasting}[/dim]")
        calls, summary = sum(closed.calls.values()), ", ".join(told)
        cost = f"{closed.seconds:.1f} s · {calls} AWS {'call' if calls == 1 else 'calls'}"
        self._line(f"{summary}{' · ' if summary else ''}[dim]{cost}[/dim]")

    def _counted(self, plan: Plan) -> list[str]:
        """What is to be done, or was done, by action."""
        if self._planning:
            counts = plan.counts()
            return [f"{counts[action]} to {action}" for action in CHANGING_ORDER if counts[action]] or ["nothing to do"]
        always = {Action.DELETE} if self._removal else {Action.CREATE, Action.UPDATE, Action.UPLOAD}
        return [f"{self._done[action]} {PAST[action]}" for action in DONE_ORDER if action in always or self._done[action]]

    def _line(self, text: str) -> None:
        self._screen.line(text)

    def _live(self, text: str) -> None:
        self._screen.live(text)


CHANGING_ORDER = (
    *(Action.CREATE, Action.UPDATE, Action.REPLACE, Action.UPLOAD, Action.DELETE),
    *(Action.RECORD, Action.FORGET),
)
DONE_ORDER = (
    *(Action.CREATE, Action.UPDATE, Action.UPLOAD, Action.REPLACE, Action.DELETE),
    *(Action.RECORD, Action.FORGET),
)


def _indented(message: str) -> str:
    """A message of several lines, each of them below the change that it is about."""
    return escape(message).replace("\n", "\n    ")


def _packed(built: Built) -> str:
    word = "[green]built[/green]" if built.because else "[dim]unchanged[/dim]"
    size = f"{built.size / 2**20:.1f} MiB" if built.size >= 2**20 else f"{built.size / 2**10:.1f} KiB"
    why = f": {built.because}" if built.because else ""
    return f"  {word} {quoted(f'{built.key.project}/{built.key.name}')} [dim]{size}[/dim]{quoted(why)}"


def _some(what: str, names: Sequence[str], width: int) -> str:
    """As many of the names as a line has room for."""
    begin = f"{len(names)} {what}{'' if len(names) == 1 else 's'}: "
    left = width - len(begin) - len(f", and {len(names)} more")
    shown = 1
    while shown < len(names) and len(", ".join(names[: shown + 1])) <= left:
        shown += 1
    more = [f"and {len(names) - shown} more"] if shown < len(names) else []
    return begin + ", ".join([*names[:shown], *more])


class JsonDeployReport(JsonReport):
    """The plan and what became of it, in one line: it grows with the repository, and programs read it.

    Args:
        environment: its name.
        projects: those that the command is about.
        stream: where to write; standard output, if it is not given.
        jobs: how many calls may be under way at once.
    """

    def __init__(self, environment: str | None, projects: Sequence[str], stream: TextIO | None = None, jobs: int = JOBS) -> None:
        super().__init__(environment, stream, indent=None)
        self.contents |= {"projects": list(projects), "counts": Plan(()).counts(), "changes": []}
        self.contents["predicted"] = {"calls": 0, "seconds": 0.0}
        self._changes, self._jobs = True, jobs

    def take(self, event: Any) -> None:
        """See `JsonReport`."""
        match event:
            case Planned(plan, projects=projects):
                self.contents["projects"] = self.contents["projects"] if projects is None else [*projects]
                self.contents |= {"counts": plan.counts(), "changes": [as_object(change) for change in plan.changes]}
                predicted = predict(plan, self._jobs)
                self.contents["predicted"] = {"calls": predicted.calls, "seconds": round(predicted.seconds, 1)}
            case Built(key, files, size, holds, because, accepts):
                package = {"project": key.project, "name": key.name, "files": files, "bytes": size, "built": bool(because)}
                package |= {"holds": list(holds), "reason": because, "accepts_secret": accepts}
                self.contents.setdefault("packages", []).append(package)
        super().take(event)


def as_object(change: Change) -> dict[str, Any]:
    """A change as programs read it."""
    return {
        "project": change.key.project,
        "key": str(change.key),
        "action": str(change.action),
        "reason": change.reason,
        "changed": sorted(change.changed),
    }
