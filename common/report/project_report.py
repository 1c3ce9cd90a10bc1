"""A deploy or a removal on a terminal: one live line for each project while it works, and in the end what became of each.

What is drawn again and again is made from a tuple that events replace: it is drawn on a thread that must not wait for them.
"""

import time
from collections.abc import Callable, Sequence
from typing import TextIO

from common.base import text_fit
from common.base.terminal import quoted, visible
from common.model.events import Blocked, Closed, Event, Failed, Finished, Opened, Planned, Skipped, Started, StepStarted
from common.model.resource import CHANGING, REMOVING, Action, Change
from common.report import change_parts
from common.report.change_lines import FAILED, SIGNS, STYLES
from common.report.deploy_report import TextReport
from common.report.outcome import CHANGING_ORDER
from common.report.step_events import ChangeEvent
from common.report.summary_lines import ORDER, Progress, SummaryLines

CARRIED_OUT = CHANGING | REMOVING | {Action.RECORD}
WIDEST_KEY = 44
"""A longer key is shortened in the middle."""
LEAST_NAME = 12
"""A name in AWS is shown if it has room for this many characters."""


class ProjectReport(TextReport):
    """The events of a deploy by project, for people at a terminal.

    Args:
        planning: show what would be done instead of what is being done.
        stream: where to write; standard output, if it is not given.
        clock: returns seconds.
    """

    def __init__(
        self, *, planning: bool = False, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._projects: dict[str, Progress] = {}
        self._rows: tuple[tuple[str, Progress, tuple[str, ...], str], ...] = ()
        self._drawing = False
        super().__init__(planning=planning, stream=stream)

    def _show(self, event: Event) -> None:
        match event:
            case Opened():
                super()._show(event)
                self._reading = "reading what is deployed"
                self._live(self._reading)
            case Planned():
                self._projects, self._reading = _by_project(event), ""
                self._live("")
                super()._show(event)
            case StepStarted():
                self._has_begun = self._drawing = not self._planning
                self._draw()
            case Closed() if self._drawing:
                self._drawing = False
                self._screen.live_lines(None)
                self._summarize()
                super()._show(event)
            case _:
                super()._show(event)

    def _show_change(self, event: ChangeEvent) -> None:
        change = event.change
        progress = self._projects.setdefault(change.key.project, Progress(change.key.project))
        progress.running.pop(change.key, None)
        progress.ended = self._clock()
        match event:
            case Started():
                progress.running[change.key] = change
                progress.began = progress.ended if progress.began is None else progress.began
            case Finished():
                self._done[change.action] += 1
                progress.done.append(change)
            case Failed(_, message):
                progress.failed.append((change, message))
                self._show_failure(change, message)
            case Skipped(_, message):
                progress.skipped.append((change, message))
            case Blocked(_, needed):
                name = (
                    str(needed) if needed and needed.project == change.key.project else self._lines.name(needed) if needed else ""
                )
                progress.blocked.append((change, f"{name} failed" if needed else "the deploy was stopped"))
        self._drawing = True
        self._draw()

    def _show_failure(self, change: Change, message: str) -> None:
        """One line at once; the whole message is in the summary."""
        first = message.partition("\n")[0]
        text = self._screen.spelled(
            f"{FAILED} {visible(self._lines.name(change.key), lines=False)}  {visible(first, lines=False)}"
        )
        self._line(f"[red]{quoted(text_fit.cut(text, self._screen.width, self._screen.spelled('…')))}[/red]")

    def _repeat_failures(self) -> None:
        """The summary has shown them."""

    # Live ----------------------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        self._rows = tuple(
            (name, progress, tuple(change_parts.at_work(change) for change in progress.running.values()), _sign(progress))
            for name, progress in self._projects.items()
            if progress.total
        )
        if self._drawing and self._rows:
            self._screen.live_lines(self._frame)

    def _frame(self, width: int, spinner: str) -> Sequence[str]:
        rows = self._rows
        names = text_fit.widest([name for name, *_ in rows], max(width // 4, 8))
        digits = max(len(str(progress.total)) for _, progress, *_ in rows)
        lines = []
        for name, progress, running, ended in rows:
            settled, is_over = progress.settled, progress.settled >= progress.total
            sign = spinner if running else ended
            label = text_fit.padded(text_fit.shortened(visible(name, lines=False), names), names)
            begin = f"{label}  {settled:>{digits}} of {progress.total:<{digits}}"
            at_work = text_fit.cut(visible(", ".join(running), lines=False), max(width - text_fit.width_of(begin) - 6, 0))
            style = "red" if progress.failed else "green" if is_over else "cyan" if running else "dim"
            spelled = self._screen.spelled(f"{begin}  {at_work}")
            lines.append(f"[{style}]{quoted(self._screen.spelled(sign))}[/{style}] {quoted(spelled)}")
        return lines

    # Summary and plan ----------------------------------------------------------------------------------------------------------

    def _summarize(self) -> None:
        removal = self._planned is not None and self._planned.removal
        projects = [*self._projects.values()]
        order = {change.key: position for position, change in enumerate(self._planned.plan.changes if self._planned else ())}
        for progress in projects:  # in the order of the plan, whatever ended first
            progress.done.sort(key=lambda change: order.get(change.key, len(order)))
        layout = SummaryLines(projects, self._screen.width, self._screen.spelled, "kept" if removal else "no longer declared")
        for line in layout.unchanged():
            self._line(line)
        for progress in sorted(projects, key=lambda progress: bool(progress.failed or progress.blocked)):
            for line in layout.lines(progress):
                self._line(line)

    def _show_plan(self, planned: Planned) -> None:
        shown = [change for change in planned.plan.changes if change.action is not Action.NOOP]
        room = self._screen.width - 4
        widths = text_fit.widest([self._key(change) for change in shown], min(WIDEST_KEY, max(room // 2, 16)))
        for project in dict.fromkeys(change.key.project for change in shown):
            changes = [change for change in shown if change.key.project == project]
            counts = {action: sum(change.action is action for change in changes) for action in (*CHANGING_ORDER, Action.ORPHAN)}
            keep = "keep" if planned.removal else "leave"
            parts = [f"{count} to {keep if action is Action.ORPHAN else action}" for action, count in counts.items() if count]
            self._line(f"[bold]{quoted(project)}[/bold]  [dim]{', '.join(parts)}[/dim]")
            for change in changes:
                self._show_planned(change, planned, widths, room)

    def _show_planned(self, change: Change, planned: Planned, width: int, room: int) -> None:
        style, sign = STYLES[change.action], self._screen.spelled(SIGNS[change.action])
        style = "green" if planned.removal and change.action is Action.ORPHAN else style
        ellipsis = self._screen.spelled("…")
        key = text_fit.padded(text_fit.shortened(self._key(change), width, ellipsis), width)
        aws_name = planned.in_aws.get(change.key)
        left, name = room - width - 2, ""
        if aws_name is not None and left >= LEAST_NAME:
            name = quoted(text_fit.shortened(visible(aws_name.name, lines=False), left, ellipsis))
            name = f"  [dim]{f'[link={aws_name.console}]{name}[/link]' if aws_name.console else name}[/dim]"
        parts = [self._screen.spelled(part) for part in change_parts.parts(change)]
        if planned.removal and change.action is not Action.ORPHAN:
            parts = []
        beside = len(parts) == 1 and not name and text_fit.width_of(parts[0]) <= left
        self._line(f"  [{style}]{sign}[/{style}] {quoted(key)}{name}" + (f"  {quoted(parts[0])}" if beside else ""))
        for part in parts if not beside else ():
            for line in text_fit.paragraphs(part, room - 4, indent=" " * 6):
                self._line(quoted(line))

    def _key(self, change: Change) -> str:
        return visible(str(change.key), lines=False)


def _sign(progress: Progress) -> str:
    """The sign of a project at which nothing is at work: that of its first line in the summary, once it is over."""
    if progress.failed:
        return FAILED
    done = {change.action for change in progress.done}
    return SIGNS[min(done, key=ORDER.index)] if done and progress.settled >= progress.total else " "


def _by_project(planned: Planned) -> dict[str, Progress]:
    """What is to be done in each project, those with changes first."""
    projects: dict[str, Progress] = {}
    for change in planned.plan.changes:
        progress = projects.setdefault(change.key.project, Progress(change.key.project))
        progress.total += change.action in CARRIED_OUT
        progress.unchanged += change.action is Action.NOOP
        if change.action is Action.ORPHAN:
            progress.orphans.append(change)
    return projects
