"""How a command ended and what became of each change of its plan, for programs: as much as people get to read.

What was not tried is what was planned and never heard of again: after a failure, a signal, a lease that somebody else holds.
"""

from common.base.errors import StoppedError
from common.base.json_types import JsonObject
from common.model.events import Closed, Event, Failed, Finished, Planned, Skipped
from common.model.resource import CHANGING, REMOVING, Action, Change

DONE = CHANGING | REMOVING | {Action.RECORD}
"""What a deploy carries out."""


class Tally:
    """Counts off the changes of the last plan."""

    def __init__(self) -> None:
        self._left: set[str] = set()
        self._failed: dict[str, str] = {}
        self._skipped: dict[str, str] = {}

    def take(self, event: Event) -> None:
        """Takes one event."""
        match event:
            case Planned(plan):
                self._left = {_name(change) for change in plan.changes if change.action in DONE}
            case Finished(change):
                self._left.discard(_name(change))
            case Failed(change, message):
                self._left.discard(_name(change))
                self._failed[_name(change)] = message
            case Skipped(change, message):
                self._left.discard(_name(change))
                self._skipped[_name(change)] = message

    def unchanged(self, closed: Closed) -> JsonObject:
        """The changes that were not made."""
        not_tried = [] if closed.error is None else sorted(self._left)
        return {"failed": self._failed, "not_tried": not_tried, "skipped": self._skipped}


def ending(closed: Closed) -> JsonObject:
    """What the object of every command ends with.

    That is the outcome (``succeeded``, ``failed`` or ``stopped``), the error if there is one, the calls and the seconds.
    """
    outcome, error = "succeeded", None
    if closed.error is not None:
        outcome = "stopped" if isinstance(closed.error, StoppedError | KeyboardInterrupt) else "failed"
        error = str(closed.error) or "Stopped."
    calls = {"total": sum(closed.calls.values()), "by_operation": dict(sorted(closed.calls.items()))}
    return {"outcome": outcome, "error": error, "api_calls": calls, "seconds": round(closed.seconds, 3)}


def _name(change: Change) -> str:
    return f"{change.key.project}:{change.key}"
