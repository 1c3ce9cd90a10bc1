"""`invoke history`: who released what, when, from which commit, and how it ended."""

from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from common.base.errors import UsageError
from common.base.terminal import Screen
from common.commands import answering
from common.commands.invocation import Invocation
from common.engine.session import Choices, Session
from common.model.resource import PROJECT_NAME, SHARED
from common.report import cell_formats
from common.state import releases
from common.state.releases import Release

COLUMNS = ("released (UTC)", "project", "outcome", "changes", "by", "commit")


def report(
    root: Path, choices: Choices, invocation: Invocation, last: str, *, json: bool, stream: TextIO | None = None
) -> list[Release]:
    """Shows the last releases of the chosen projects, the newest first; of those that are gone, too.

    Raises:
        UsageError: `last` is no number.
    """
    if not (last.isascii() and last.isdecimal()) or not 1 <= int(last) <= 1000:
        raise UsageError(f"--last is {last!r}; it must be a whole number from 1 to 1000.")
    session, answer = answering.opened(Session, root, choices, invocation, json=json, stream=stream)
    _ = session.caller  # the account guard comes first
    names = [name.strip() for name in choices.project.split(",")] if choices.project else sorted(session.records.projects())
    wrong = [name for name in names if not PROJECT_NAME.fullmatch(name)]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is no project's name.")
    known = [releases.history(session.records, name, int(last), session.pool) for name in names]
    found = sorted((one for some in known for one in some), key=lambda one: (one.written, one.project != SHARED), reverse=True)
    if answer is not None:
        answer.found["releases"] = [asdict(one) for one in found]
    elif found:
        rows = [_row(one) for one in found]
        Screen(stream).table(COLUMNS, rows, whole=[0], folding=[4])
        for one in (one for one in found if "uncommitted" in one.about):
            when = cell_formats.minute(one.written)
            Screen(stream).text(f"{when} {one.project}: not as committed: {one.about['uncommitted']}\n")
    else:
        Screen(stream).text("Nothing was released yet.\n")
    return found


def _row(one: Release) -> list[str]:
    changes = ", ".join(f"{count} {name}" for name, count in one.counts().items()) or "none"
    return [
        cell_formats.minute(one.written),
        one.project,
        one.outcome,
        changes,
        cell_formats.author(one.about),
        cell_formats.commit(one.about),
    ]
