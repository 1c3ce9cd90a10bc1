"""What a command has found as one JSON object on standard output, at the end: for programs."""

import threading
from typing import TextIO

from common.base.json_types import JsonObject
from common.base.terminal import Screen
from common.model.events import Closed, Planned
from common.report.outcome import Tally, ending


class JsonReport:
    """One object: what was found, how the command ended, and what it cost.

    Args:
        environment: its name.
        stream: where to write; standard output, if it is not given.
        indent: how far nested values are indented; all stands in one line without.

    Attributes:
        contents: what was found; the command fills it.
    """

    def __init__(self, environment: str | None, stream: TextIO | None = None, indent: int | None = 2) -> None:
        self.contents: JsonObject = {"environment": environment or ""}
        self._screen, self._indent = Screen(stream), indent
        self._lock = threading.Lock()
        self._tally = Tally()
        self._changes = False
        """Whether the command changes something, so that it tells what was not changed."""

    def __call__(self, event: object) -> None:
        """Takes one event; from any thread."""
        with self._lock:
            self.take(event)

    def take(self, event: object) -> None:
        """Takes one event; nobody else takes one meanwhile."""
        self._tally.take(event)
        self._changes = self._changes or isinstance(event, Planned)
        if isinstance(event, Planned) and event.in_aws:
            names = {f"{key.project}:{key}": aws_name.as_object() for key, aws_name in event.in_aws.items()}
            self.contents["in_aws"] = names
        if isinstance(event, Closed):
            unchanged = self._tally.unchanged(event) if self._changes else {}
            self._screen.object({**self.contents, **unchanged, **ending(event)}, self._indent)
