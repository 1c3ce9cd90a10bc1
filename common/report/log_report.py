"""What `logs` shows: each line with its time in UTC and, for a state machine, its state."""

from datetime import date
from typing import TextIO

from common.base.json_types import JsonObject
from common.base.terminal import quoted
from common.execution.calls import Logged
from common.execution.logs import LogLine
from common.model.events import Closed, Note
from common.report.call_report import line_object, spaced
from common.report.deploy_report import TextReport
from common.report.json_report import JsonReport


class TextLogReport(TextReport):
    """One line of text for each line of a log."""

    def __init__(self, *, stream: TextIO | None = None) -> None:
        super().__init__(stream=stream)
        self._day: date | None = None

    def __call__(self, event: object) -> None:
        """Shows one event."""
        with self._lock:
            match event:
                case Logged(lines):
                    widest = max((len(line.state) for line in lines), default=0)
                    for line in lines:
                        self._log_line(line, widest)
                case Note() | Closed():
                    self._show(event)

    def _log_line(self, line: LogLine, widest: int) -> None:
        if line.at.date() != self._day:
            self._day = line.at.date()
            self._line(f"[dim]{self._day} (UTC)[/dim]")
        time = f"{line.at:%H:%M:%S}.{line.at.microsecond // 1000:03d}"
        state = f"[cyan]{quoted(line.state.ljust(widest))}[/cyan]  " if line.state else ""
        first, *rest = line.text.splitlines() or [""]
        self._line(f"[dim]{time}[/dim]  {state}{quoted(spaced(first))}")
        indent = " " * (len(time) + 2 + (widest + 2 if line.state else 0))
        for text in rest:
            self._line(f"{indent}{quoted(spaced(text))}")


class JsonLogReport(JsonReport):
    """All lines in one object."""

    def __init__(self, environment: str | None, stream: TextIO | None = None) -> None:
        super().__init__(environment, stream)
        self._lines: list[JsonObject] = []
        self.contents["lines"] = self._lines

    def take(self, event: object) -> None:
        """See `JsonReport`."""
        if isinstance(event, Logged):
            self._lines += [line_object(line) for line in event.lines]
        super().take(event)
