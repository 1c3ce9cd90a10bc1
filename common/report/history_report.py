"""Releases as a table, the newest first."""

from collections.abc import Sequence
from typing import TextIO

from common.base.terminal import Screen
from common.report import cell_formats
from common.state.releases import Release, adopted, unbound

COLUMNS = ("released (UTC)", "project", "outcome", "changes", "by", "commit")


def show(releases: Sequence[Release], stream: TextIO | None = None) -> None:
    """Prints one line a release, and below which files were not as they were committed, and what was taken over."""
    screen = Screen(stream)
    if not releases:
        screen.text("Nothing was released yet.\n")
        return
    screen.table(COLUMNS, [_row(release) for release in releases], whole=[0], folding=[4])
    for release in releases:
        if files := release.about.get("uncommitted"):
            screen.text(f"{cell_formats.minute(release.written)} {release.project}: not as committed: {files}\n")
        if keys := adopted(release):
            screen.text(f"{cell_formats.minute(release.written)} {release.project}: taken over: {', '.join(keys)}\n")
        if keys := unbound(release):
            screen.text(f"{cell_formats.minute(release.written)} {release.project}: unbound: {', '.join(keys)}\n")


def _row(release: Release) -> list[str]:
    return [
        cell_formats.minute(release.written),
        release.project,
        release.outcome,
        ", ".join(f"{count} {name}" for name, count in release.counts().items()) or "none",
        cell_formats.author(release.about),
        cell_formats.commit(release.about),
    ]
