"""The status of projects as a table, and below it what people have to know."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from common.base import text_table
from common.base.command_text import typed
from common.base.folding import fold
from common.base.terminal import Screen, quoted
from common.engine.status import NEVER, UNREADABLE, Status
from common.importing.unmanaged import Unmanaged
from common.model.events import Note
from common.report import cell_formats
from common.report.deploy_report import TextReport
from common.state.lease import who
from common.state.release_root import CLEAN

COLUMNS = ("project", "state", "resources", "released (UTC)", "by", "commit", "last execution (UTC)")

INCOMPLETE = "incomplete"
"""What is told of a release that has ended and did not change all that it was to change."""
MOST_NAMES = 10
"""So many names in AWS are told of a project."""
NOTHING_LEFT = "nothing of it is deployed any more, and gc deletes its artifacts once they are old enough"
"""What is told of a project that was deployed, and of which records and resources are gone."""


def show(statuses: Sequence[Status], stream: TextIO | None = None, *, names: bool = False, verbose: bool = False) -> None:
    """Prints one line a project, and below what is unfinished.

    Args:
        statuses: the projects.
        stream: where to write; standard output, if it is not given.
        names: also print one line for each resource, with its name in AWS.
        verbose: print these lines with the addresses of pages in the console.
    """
    screen, rows = Screen(stream), [_row(status) for status in statuses]
    columns = COLUMNS if any(row[-1] for row in rows) else COLUMNS[:-1]
    cells = [row[: len(columns)] for row in rows]
    if text_table.count_fitting_columns(columns, cells, screen.room) < len(columns):
        for row in rows:
            _show_below_name(screen, *row)
    else:
        screen.table(columns, cells, right=[2])
    report = TextReport(stream=stream)
    for status in statuses:
        for note in _notes(status):
            report(Note(f"{status.project}: {note}"))
    if verbose or names:
        for status in statuses:
            _show_names(screen, status, verbose=verbose)
    elif any(status.in_aws for status in statuses):
        report(Note("--verbose, or --project with a name, shows what resources are called in AWS."))


def _show_below_name(screen: Screen, project: str, state: str, count: str, when: str, by: str, commit: str, last: str) -> None:
    """Prints what is told of a project below its name, where a terminal has no room for a table."""
    screen.line(f"[bold]{quoted(project)}[/bold]")
    released = " · ".join(filter(None, (when, by, commit)))
    texts = [" · ".join(filter(None, (state, f"{count} resources" if count else "")))]
    texts += [f"released {released}"] if released else []
    texts += [f"last execution {last}"] if last else []
    for line in (line for text in texts for line in fold(screen, text, 2)):
        screen.line(quoted(line))


def _show_names(screen: Screen, status: Status, *, verbose: bool) -> None:
    """Prints the resources of a project, on a terminal as links to their pages in the console, or these beside them."""
    width = max((len(key) for key in status.in_aws), default=0)
    if status.in_aws:
        screen.line(f"[bold]{quoted(status.project)}[/bold]")
    for key, about in status.in_aws.items():
        name, page = quoted(str(about["name"])), str(about["console"] or "")
        shown = f"[link={page}]{name}[/link]" if page and screen.is_live and not verbose else name
        beside = f"  [dim]{quoted(page)}[/dim]" if page and verbose else ""
        room = screen.room or 10_000
        break_before = "\n    "
        name_at = "  " if width + 4 + len(name) <= room else break_before
        page_at = "" if width + 6 + len(name) + len(page) <= room else break_before
        screen.line(f"  {quoted(key):<{width}}{name_at}{shown}{page_at}{beside}")


def show_unmanaged(resources: Sequence[Unmanaged], stream: TextIO | None = None) -> None:
    """Prints one line for each resource that nobody owns, and below how it is brought under management."""
    screen, report = Screen(stream), TextReport(stream=stream)
    if not resources:
        report(Note("Every function, job, crawler and state machine of the account and region carries an owner's tag."))
        return
    rows = [[resource.kind, resource.name, cell_formats.minute(resource.changed), resource.declared] for resource in resources]
    screen.table(("kind", "name in AWS", "changed (UTC)", "declared here as"), rows, whole=[0, 2], folding=[1])
    report(Note(f"`{typed('import')} --project NAME --match PATTERN` writes a project from what the pattern matches."))
    if any(resource.declared for resource in resources):
        report(Note(f"`{typed('plan --adopt')}` shows what taking over those that are declared here would change."))


def _row(status: Status) -> list[str]:
    about, execution = status.released, status.last_execution
    return [
        status.project,
        INCOMPLETE if status.pending and status.state == CLEAN else status.state,
        str(status.resources or ""),
        cell_formats.minute(about.get("since", "")),
        cell_formats.author(about),
        cell_formats.commit(about),
        f"{execution.status} {cell_formats.minute(execution.started)}" if execution else "",
    ]


def _notes(status: Status) -> Iterator[str]:
    if status.pending:
        yield f"not finished: {', '.join(status.pending)}"
    if status.state == UNREADABLE:
        repair = f"`{typed('deploy --verify')}` looks at everything and writes it"
        yield f"its release.json is lost, cannot be read, or is of another project; {repair}"
    if status.problem:
        yield f"its declaration cannot be used, so its executions are not told: {status.problem}"
    if not status.declared:
        left = "--prune deletes what it left, and --prune --data what holds data"
        yield f"{status.undeclared}: {left if status.state != NEVER else NOTHING_LEFT}"
    if status.former:
        yield f"kept under earlier names: {', '.join(status.former)}"
    if status.unrecorded:
        lost = ", ".join(status.unrecorded)
        yield f"records that are missing or have lost their tag: {lost}; `{typed('deploy --verify')}` writes them again"
    if status.unconfirmed:
        again = f"`{typed('deploy --verify')}` asks again for those that are gone, which AWS deletes after two days"
        yield f"subscriptions that nobody has confirmed: {', '.join(status.unconfirmed)}; {again}"
    if status.names:
        shown = [f"{key} is {name}" for key, name in status.names.items()][:MOST_NAMES]
        more = len(status.names) - len(shown)
        yield f"names in AWS, as declared: {', '.join(shown)}{f', and {more} more that --json shows' if more else ''}"
    if status.lock is not None:
        yield f"being deployed by {who(status.lock)}"
