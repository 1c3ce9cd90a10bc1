"""Reads a feed once, or until somebody stops it, and reports lines that a person wants to see."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from common.base.lean_dataclass import dataclass
from common.execution.calls import Logged
from common.execution.log_feeds import Feed
from common.execution.repository_paths import by_log_group
from common.model.events import Note
from common.model.resource import Resource

POLL_SECONDS = 2.0
"""How often a followed feed is read, in seconds."""


@dataclass(frozen=True)
class Following:
    """Shows the lines of one resource.

    Args:
        root: the repository.
        resource: the resource.
        resources: the declared resources; for a state machine those that it may call.
        feed: its lines.
        report: receives the lines, and a note if there are none.
        text: only lines with this text; None for all.
    """

    root: Path
    resource: Resource
    resources: Sequence[Resource]
    feed: Feed
    report: Callable[[Logged | Note], None]
    text: str | None = None

    def run(self, sleep: Callable[[float], None], *, follow: bool) -> None:
        """Reports the lines; with `follow` for ever.

        Raises:
            AwsError: AWS refused to return lines.
        """
        has_lines = self._show()
        if not has_lines:
            some = "" if self.text is None else f" with {self.text!r}"
            hint = (
                "It is followed." if follow else "Older ones, if there are any: --since with an earlier time. New ones: --follow."
            )
            self.report(Note(f"{self.resource.key} has no lines{some}. {hint}"))
        while follow:
            sleep(POLL_SECONDS)
            self._show()

    def _show(self) -> bool:
        lines = self.feed.poll()
        if lines:
            paths = by_log_group(self.root, self.resources)
            lines = [replace(line, text=paths(line.group, line.text)) for line in lines]
        shown = tuple(line for line in lines if self.text is None or self.text in line.text)
        if shown:
            self.report(Logged(shown))
        return bool(shown)
