"""Releases as a table, the newest first; where a terminal has no room for it, a line for each and what it did below."""

from collections.abc import Iterator, Sequence
from typing import TextIO

from common.base import text_table
from common.base.folding import fold
from common.base.terminal import Screen, quoted
from common.report import cell_formats
from common.state.releases import Release, adopted, unbound

COLUMNS = ("released (UTC)", "project", "outcome", "changes", "by", "commit")


def show(releases: Sequence[Release], stream: TextIO | None = None) -> None:
    """Prints one line a release, and below which files were not as they were committed, and what was taken over."""
    screen, rows = Screen(stream), [_row(release) for release in releases]
    if not releases:
        screen.text("Nothing was released yet.\n")
        return
    if text_table.count_fitting_columns(COLUMNS, rows, screen.room) < len(COLUMNS):
        for release, (when, project, outcome, *about) in zip(releases, rows, strict=True):
            screen.line(f"[bold]{quoted(when)}  {quoted(project)}[/bold]  {quoted(outcome)}")
            _show_below(screen, [" · ".join(filter(None, about)), *_notes(release)])
        return
    screen.table(COLUMNS, rows)
    for release in releases:
        for note in _notes(release):
            for line in fold(screen, f"{cell_formats.minute(release.written)} {release.project}: {note}"):
                screen.text(f"{line}\n")


def _show_below(screen: Screen, texts: Sequence[str]) -> None:
    for text in texts:
        for line in fold(screen, text, 4):
            screen.text(f"{line}\n")


def _notes(release: Release) -> Iterator[str]:
    if files := release.about.get("uncommitted"):
        yield f"not as committed: {files}"
    if keys := adopted(release):
        yield f"taken over: {', '.join(keys)}"
    if keys := unbound(release):
        yield f"unbound: {', '.join(keys)}"


def _row(release: Release) -> list[str]:
    return [
        cell_formats.minute(release.written),
        release.project,
        release.outcome,
        cell_formats.changes(release.counts()) or "none",
        cell_formats.author(release.about),
        cell_formats.commit(release.about),
    ]
