"""Commands that answer a question or remove something: what they share of opening a session and telling what they found."""

from pathlib import Path
from typing import Any, TextIO, TypeVar

from common.base.terminal import Screen, asking
from common.commands.invocation import Invocation
from common.engine.session import Choices, Session
from common.model.events import Closed, Event, Planned
from common.report.deploy_report import TextReport
from common.report.outcome import Tally, ending

S = TypeVar("S", bound=Session)


class JsonAnswer:
    """One object on standard output, at the end: what was found, and what that cost.

    Args:
        environment: its name.
        stream: where to write.

    Attributes:
        found: what is to be told; filled by the command.
    """

    def __init__(self, environment: str, stream: TextIO | None) -> None:
        self.found: dict[str, Any] = {"environment": environment}
        self._screen = Screen(stream)
        self._tally: Tally | None = None
        """Of what changes something."""

    def __call__(self, event: Event) -> None:
        """Takes one event; from any thread."""
        if isinstance(event, Planned):
            self._tally = Tally()
        if self._tally is not None:
            self._tally.take(event)
        if isinstance(event, Closed):
            changes = self._tally.told(event) if self._tally is not None else {}
            told = {**self.found, **changes, **ending(event)}
            self._screen.object(told, indent=2)


def opened(
    kind: type[S], root: Path, choices: Choices, invocation: Invocation, *, json: bool, stream: TextIO | None = None
) -> tuple[S, JsonAnswer | None]:
    """A session that is closed when the invocation ends, and the answer to fill if one object is to be printed."""
    answer = JsonAnswer(choices.env or "", stream) if json else None

    def make() -> S:
        report = answer or TextReport(stream=stream)
        return kind(root, choices, (), report, asking(json=json), began=invocation.began)

    return invocation.keep((kind, choices), make, kind.close), answer
