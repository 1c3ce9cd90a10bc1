"""The last executions of a state machine: how each ended, how long its states took, and what was logged."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from common.base.command_text import typed
from common.base.plural import counted
from common.declare.asl.walk import distributed_maps
from common.execution.history import Status, Visit
from common.execution.recent import DAYS, Execution, Executions
from common.report.elements import Content, element
from common.report.page import parts
from common.report.picture.machine import Mark
from common.resources.state_machine import StateMachine

TONES = {Status.SUCCEEDED: "good", Status.FAILED: "bad", Status.ABORTED: "bad", Status.CAUGHT: "warn", Status.RUNNING: "warn"}
WORST = (Status.FAILED, Status.ABORTED, Status.RUNNING, Status.CAUGHT, Status.SUCCEEDED)
"""The statuses of several visits of a state: the first one of these that any of them has is shown."""
MOST_VISITS = 200
"""Of so many visits of states the bars are drawn."""


def marks(executions: Executions) -> dict[str, Mark]:
    """How each state went in the last execution."""
    if not executions.last:
        return {}
    visits: dict[str, list[Visit]] = {}
    for visit in executions.last[0].visits:
        visits.setdefault(visit.name, []).append(visit)
    return {name: _mark(of_state) for name, of_state in visits.items()}


def shown(executions: Executions | str, machine: StateMachine, env: str) -> Iterator[Content]:
    """The executions of one state machine, and what of them is not on the page."""
    if machine.settings.type == "EXPRESS":
        logs = parts.code(typed(f"logs state-machine/{machine.key.name} --env {env}"))
        words = "Its executions are not on this page: it is an express machine, of which AWS keeps no history. "
        yield element("p", words, logs, " shows its log.", class_="note")
        return
    if maps := distributed_maps(machine.definition):
        items = f"The items of {', '.join(maps)} are not on this page: a distributed Map runs each as an execution of its own"
        yield parts.note(f"{items}, with its own history and logs.")
    if isinstance(executions, str):
        yield parts.message(f"The executions could not be read: {executions}", tone="warn")
    elif not executions.kept:
        yield parts.note("No executions: it is not deployed.")
    elif not executions.last:
        yield parts.note(f"No execution in the last {DAYS} days." if executions.complete else "No execution.")
    else:
        yield _list(executions)
        for number, execution in enumerate(executions.last):
            if execution.visits:
                yield _details(execution, is_open=number == 0)


def _list(executions: Executions) -> Element:
    longest = max((execution.seconds or 0.0 for execution in executions.last), default=0.0) or 1.0
    rows = [
        (
            parts.code(execution.name),
            parts.badge(execution.status),
            parts.moment(execution.started),
            _track(0.0, (execution.seconds or 0.0) / longest, parts.STATUSES.get(execution.status, "plain")),
            parts.seconds(execution.seconds),
        )
        for execution in executions.last
    ]
    counted = ", ".join(f"{count:,} {status.lower().replace('_', ' ')}" for status, count in executions.statuses.items())
    many = "" if executions.complete else "at least "
    caption = f"The last {len(executions.last)} executions; in the last {DAYS} days: {many}{counted or 'none'}"
    if len(executions.last) == 1:
        caption = f"The last execution; in the last {DAYS} days: {many}{counted or 'none'}"
    columns = ("execution", "status", "started (UTC)", "how long", "duration")
    return _laned(parts.table(caption, columns, rows, right=(4,), tight=(1, 2), class_="bars runs"), 3)


def _details(execution: Execution, *, is_open: bool) -> Element:
    summary: list[Content] = [
        f"States of {execution.name} ",
        element("span", f"{execution.status.lower().replace('_', ' ')}, {parts.seconds(execution.seconds)}", class_="rest"),
    ]
    inner: list[Content] = []
    if execution.error or execution.cause:
        where = f" in the state {execution.states}" if execution.states else ""
        inner.append(parts.message(element("strong", f"{execution.error or 'Failed'}{where}: "), execution.cause))
    inner.append(_states(execution))
    if execution.tails:
        inner.append(element("h4", "What was logged last"))
        inner += [_tail(tail.state, tail.source, tail.lines) for tail in execution.tails]
    return parts.details(summary, *inner, is_open=is_open)


def _tail(state: str, source: str, lines: tuple[str, ...]) -> Element:
    summary: list[Content] = [f"{state} ", element("span", f"{source}, {counted(len(lines), 'line')}", class_="rest")]
    return parts.details(summary, element("pre", "\n".join(lines), tabindex=0, aria_label=f"Log of {state}"))


def _states(execution: Execution) -> Element:
    visits = execution.visits[:MOST_VISITS]
    ends = [visit.left for visit in execution.visits if visit.left]
    whole = max([execution.seconds or 0.0, *((end - execution.started).total_seconds() for end in ends)]) or 1.0
    rows = [
        (
            element("span", visit.title, class_=f"d{min(len(visit.around), 3)}" if visit.around else None),
            parts.badge(str(visit.status)),
            _track(
                (visit.entered - execution.started).total_seconds() / whole,
                (visit.seconds if visit.seconds is not None else whole) / whole,
                TONES[visit.status],
            ),
            parts.seconds(visit.seconds),
        )
        for visit in visits
    ]
    more = f"; {len(execution.visits) - len(visits):,} more visits are left out" if len(execution.visits) > len(visits) else ""
    caption = f"Each state from its start to its end{more}"
    return _laned(parts.table(caption, ("state", "status", "when", "duration"), rows, right=(3,), tight=(1,), class_="bars"), 2)


def _laned(made: Element, column: int) -> Element:
    """A table whose column of bars is wide."""
    for row in made.iter("tr"):
        row[column].set("class", "lane")
    return made


def _track(start: float, share: float, tone: str) -> Element:
    """A bar in its place between the begin and the end of the whole, which the cell beside it tells as a number."""
    left = min(max(start, 0.0), 0.995) * 100
    width = min(max(share, 0.0) * 100, 100 - left)
    bar = element("div", class_=f"bar {tone}", style=f"left:min({left:.2f}%,100% - 3px);width:{width:.2f}%")
    return element("div", bar, class_="track", aria_hidden="true")


def _mark(visits: list[Visit]) -> Mark:
    status = next(status for status in WORST if any(visit.status is status for visit in visits))
    spent = sum(visit.seconds or 0.0 for visit in visits)
    times = f"{len(visits)} visits, {parts.seconds(spent)}" if len(visits) > 1 else parts.seconds(spent)
    return Mark(str(status), times if status is Status.SUCCEEDED else f"{status}, {times}")
