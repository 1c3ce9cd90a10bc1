"""How a command ended and what became of each change of its plan: for programs as objects, for people in a sentence.

What was not tried is what was planned and never heard of again: after a failure, a signal, a lease that somebody else holds.
"""

from collections.abc import Iterator, Mapping

from common.base.errors import ArtifactError, DeclarationError, FailedError, StoppedError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.model.events import Closed, Failed, Finished, Opened, Planned, Skipped
from common.model.resource import CHANGING, REMOVING, SHARED, Action, Change
from common.report.change_lines import PAST

DONE = CHANGING | REMOVING | {Action.RECORD}
"""What a deploy carries out."""

CHANGING_ORDER = (
    *(Action.CREATE, Action.UPDATE, Action.REPLACE, Action.UPLOAD, Action.DELETE, Action.UNBIND),
    *(Action.RECORD, Action.FORGET),
)
"""The order in which actions are counted."""
VERBS = {Action.DELETE: ("Destroy", "Destroyed"), Action.UNBIND: ("Unbind", "Unbound")}
"""What a command is called that removes everything with an action, and what it has done."""
RUNNABLE = "state-machine"
"""A project with a resource of this kind can be run."""


class Tally:
    """Counts off the changes of the last plan."""

    def __init__(self) -> None:
        self._left: set[str] = set()
        self._failed: dict[str, str] = {}
        self._skipped: dict[str, str] = {}

    def take(self, event: object) -> None:
        """Takes one event; one that tells nothing of changes is ignored."""
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


def correcting(closed: Closed) -> bool:
    """Whether a file of the repository must be corrected before the command can do anything."""
    return isinstance(closed.error, ArtifactError | DeclarationError)


def _name(change: Change) -> str:
    return f"{change.key.project}:{change.key}"


@dataclass(frozen=True)
class Ending:
    """The end of a command with a plan.

    Args:
        planned: the plan.
        closed: how the command ended.
        done: how many changes were carried out, by action.
        environment: its name; empty if it is not known.
        planning: the plan was only made: nothing of it was begun.
    """

    planned: Planned
    closed: Closed
    done: Mapping[Action, int]
    environment: str = ""
    planning: bool = False

    def sentence(self) -> str:
        """The sentence, as markup: what was done where, how many of each, and how long it took."""
        parts = [*self._counted(), *self._uncounted(), f"{self.closed.seconds:.1f} s"]
        style = "red" if self.closed.failed else "bold"
        return f"[{style}]{self._subject()}[/{style}]: {', '.join(parts)}."

    def next_command(self, opened: Opened) -> str:
        """What to type next, without ``invoke``; empty if nothing follows from how the command ended."""
        if self.closed.error is not None:
            unfinished = isinstance(self.closed.error, FailedError | StoppedError)
            return opened.command if unfinished else ""
        task, _, options = opened.command.partition(" ")
        if self.planning and not self.planned.removal:
            is_deploy = task == "plan" or task.startswith(("deploy", "upload"))
            return f"{'deploy' if task == 'plan' else task} {options}" if is_deploy and not self.planned.plan.is_empty else ""
        if self.planned.removal or opened.protected or not self.closed.done:
            return ""
        changes = self.planned.plan.changes
        changed = dict.fromkeys(change.key.project for change in changes if change.action not in {Action.NOOP, Action.ORPHAN})
        runnable = {change.key.project for change in changes if change.key.kind == RUNNABLE} - {SHARED}
        project = next((name for name in changed if name in runnable), None)
        return f"run --env {opened.environment} --project {project}" if project else ""

    def _subject(self) -> str:
        removed = self._removed()
        if self.planning:
            what = "Plan" if removed is None else f"{VERBS[removed][0]} plan"
            return f"{what} for {self.environment}" if self.environment else what
        verb, past = ("Deploy", "Deployed") if removed is None else VERBS[removed]
        preposition = "in" if removed else "to"
        where = f" {preposition} {self.environment}" if self.environment else ""
        error = self.closed.error
        if error is None:
            return f"{past}{where}"
        if isinstance(error, StoppedError | KeyboardInterrupt):
            return f"{verb}{where} stopped"
        return f"{verb}{where} failed"

    def _removed(self) -> Action | None:
        """What a command that takes away does; None for others."""
        counts = self.planned.plan.counts()
        if not self.planned.removal:
            return None
        return Action.DELETE if counts[Action.DELETE] or not counts[Action.UNBIND] else Action.UNBIND

    def _counted(self) -> Iterator[str]:
        """What is to be done, or was done, by action."""
        if self.planning:
            counts = self.planned.plan.counts()
            yield from [f"{counts[action]} to {action}" for action in CHANGING_ORDER if counts[action]] or ["nothing to do"]
            return
        removed = self._removed()
        always = {removed} if removed else {Action.CREATE, Action.UPDATE}
        for action in CHANGING_ORDER:
            if action in always or self.done.get(action):
                yield f"{self.done.get(action, 0)} {PAST[action]}"

    def _uncounted(self) -> Iterator[str]:
        """What nothing was done to, and why."""
        counts = self.planned.plan.counts()
        parts = [
            (counts.get(Action.NOOP, 0), PAST[Action.NOOP], ""),
            (counts.get(Action.ORPHAN, 0), "kept" if self.planned.removal else PAST[Action.ORPHAN], ""),
            (self.closed.skipped, "skipped", "yellow"),
            (self.closed.failed, "failed", "red"),
            (self.closed.blocked, "not tried", "red"),
        ]
        yield from (f"[{style}]{count} {what}[/{style}]" if style else f"{count} {what}" for count, what, style in parts if count)
