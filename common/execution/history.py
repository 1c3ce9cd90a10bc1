"""An execution's history as visits of states: what was entered and left when, what was tried again, and what failed.

An event does not say to which state it belongs. It names the event before it in the same branch, and that chain leads back to
where the state was entered; so branches and iterations that run side by side are told apart. Where an event names none, it
belongs with the one before it.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from common.base.json_types import Json, JsonMapping

ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
"""The last event of an execution, and the status that it means."""
CONTAINERS = ("Map", "Parallel")
"""Types of states that hold states. Tasks belong to the states in them, never to themselves."""
_FAILURES = ("Failed", "TimedOut")
_PHASES = ("Started", "Succeeded", "Failed", "Aborted")


class Status(StrEnum):
    """How a visit stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    CAUGHT = "caught"
    """It failed, and the state machine went on as its Catch says."""
    FAILED = "failed"
    ABORTED = "aborted"


@dataclass(eq=False)
class Visit:
    """One visit of a state.

    Attributes:
        name, type: the state's.
        entered, left: when.
        parent: the visit of the Map or Parallel state around it.
        index: of the Map iteration that it belongs to.
        attempts: how often its task was started; 1 for a state that starts none.
        error, cause: of the last attempt, if that failed.
        task: what the last attempt called: ``resourceType``, ``resource``, and ``parameters`` where the history tells them.
        submitted: what the called service answered at once, such as a run id.
    """

    name: str
    type: str
    entered: datetime
    parent: "Visit | None" = None
    index: int | None = None
    status: Status = Status.RUNNING
    left: datetime | None = None
    attempts: int = 1
    error: str | None = None
    cause: str = ""
    failed_at: datetime | None = None
    task: JsonMapping = field(default_factory=dict)
    submitted: JsonMapping = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """How long the visit took; None while it lasts."""
        return None if self.left is None else (self.left - self.entered).total_seconds()

    @property
    def depth(self) -> int:
        """How many Map and Parallel states are around it."""
        return 0 if self.parent is None else self.parent.depth + 1

    @property
    def title(self) -> str:
        """Its name, with the index of its iteration, counted from 0 as Step Functions does."""
        return self.name if self.index is None else f"{self.name}[{self.index}]"


@dataclass(frozen=True)
class Entered:
    """A state was entered."""

    visit: Visit


@dataclass(frozen=True)
class Left:
    """A state was left, or ended the execution; the visit says how."""

    visit: Visit


@dataclass(frozen=True)
class Retried:
    """A task that failed was started again; `error` is what it failed with."""

    visit: Visit
    error: str


@dataclass(frozen=True)
class Nested:
    """A state has started an execution of another state machine."""

    visit: Visit
    execution: str


Happening = Entered | Left | Retried | Nested


class History:
    """The visits of one execution, made from its events as they come.

    Attributes:
        visits: in the order in which they began.
        last: the id of the last event that was read.
        end: the execution's final status, once it has one.
        error, cause, output: what it ended with.
        started, ended: when.
    """

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.last = 0
        self.end: str | None = None
        self.error: str | None = None
        self.cause = ""
        self.output: str | None = None
        self.started: datetime | None = None
        self.ended: datetime | None = None
        self._owners: dict[int, Visit | None] = {}
        self._index: dict[int, int] = {}

    @property
    def seconds(self) -> float:
        """How long the execution has taken, by its own events."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else 0.0

    @property
    def running(self) -> list[Visit]:
        """The visits that last, outer ones first."""
        return [visit for visit in self.visits if visit.status is Status.RUNNING]

    def read(self, events: Iterable[JsonMapping]) -> Iterator[Happening]:
        """Takes events in any order, and tells what they mean; those that were read before are left out."""
        for event in sorted(events, key=lambda event: int(event["id"])):
            if event["id"] > self.last:
                self.started = self.started or event["timestamp"]
                yield from self._read(event)
                self.last = event["id"]

    def culprit(self) -> Visit | None:
        """The visit in which the failure began that ended the execution; None if no state failed.

        A failure that was caught is often told on by a Fail state, so a visit that failed with the execution's own error counts
        more than the state that came last.
        """
        failed = [visit for visit in self.visits if visit.error is not None and visit.type not in CONTAINERS]
        same = [visit for visit in failed if visit.error == self.error]
        ended = [visit for visit in self.visits if visit.status in {Status.FAILED, Status.ABORTED}]
        return next((visits[-1] for visits in (same, failed, ended) if visits), None)

    def _read(self, event: JsonMapping) -> Iterator[Happening]:
        kind, details = str(event["type"]), _details(event)
        if kind.endswith("StateEntered"):
            yield Entered(self._enter(event, details))
            return
        visit = self._owner(event, details)
        self._owners[event["id"]] = visit
        if kind in ENDS:
            yield from self._finish(event, details)
        elif visit is None:
            return
        elif kind.endswith("StateExited"):
            yield from self._close(event, visit)
            yield _left(visit, event, Status.CAUGHT if visit.error is not None else Status.SUCCEEDED)
        elif kind.endswith("StateAborted"):
            yield from self._close(event, visit)
            yield _left(visit, event, Status.ABORTED)
        elif kind in {"MapIterationFailed", "MapIterationAborted"}:
            yield from self._close(event, visit, details.get("index"))
        elif kind == "MapIterationStarted":
            self._index[event["id"]] = details.get("index", 0)
        else:
            yield from self._tasked(visit, event, details)

    def _tasked(self, visit: Visit, event: JsonMapping, details: JsonMapping) -> Iterator[Happening]:
        kind, own = str(event["type"]), visit.type not in CONTAINERS or event["type"].startswith(CONTAINERS)
        if own and kind.endswith(("Scheduled", "StateStarted")):
            if visit.error is not None:
                visit.attempts += 1
                yield Retried(visit, visit.error)
            visit.error, visit.cause, visit.submitted = None, "", {}
            visit.task = details
        elif own and kind.endswith(_FAILURES) and not kind.startswith("MapIteration"):
            visit.error = details.get("error") or visit.error or "States.TaskFailed"
            visit.cause = details.get("cause") or visit.cause
            visit.failed_at = event["timestamp"]
        elif kind in {"TaskSubmitted", "TaskSucceeded"}:
            nested_execution = _execution(visit.submitted)
            visit.submitted = json_object(details.get("output")) or visit.submitted
            execution = _execution(visit.submitted)
            if execution and execution != nested_execution:
                yield Nested(visit, execution)

    def _enter(self, event: JsonMapping, details: JsonMapping) -> Visit:
        before = self._before(event)
        around = self._owners.get(before)
        if around is not None and around.status is not Status.RUNNING:
            parent, index = around.parent, around.index
        else:
            parent, index = around, self._index.get(before)
        kind = str(event["type"]).removesuffix("StateEntered")
        visit = Visit(details["name"], kind, event["timestamp"], parent, index)
        self.visits.append(visit)
        self._owners[event["id"]] = visit
        return visit

    def _close(self, event: JsonMapping, visit: Visit, index: int | None = None) -> Iterator[Happening]:
        """What still lasts in a state that is left, or in one of its iterations, has failed or ended with it."""
        inside = [visit_ for visit_ in self.running if _is_in(visit_, visit, index)]
        for visit_ in reversed(inside):
            yield _left(visit_, event, Status.FAILED if visit_.error is not None or visit_.type == "Fail" else Status.ABORTED)

    def _finish(self, event: JsonMapping, details: JsonMapping) -> Iterator[Happening]:
        """What is still open when the execution ends has ended it, or was ended by it."""
        self.end, self.ended = ENDS[event["type"]], event["timestamp"]
        self.error, self.cause, self.output = details.get("error") or None, details.get("cause", ""), details.get("output")
        for visit in reversed(self.running):
            failed = self.end == "FAILED" and (visit.error is not None or visit.type in {"Fail", *CONTAINERS})
            other = Status.SUCCEEDED if self.end == "SUCCEEDED" else Status.ABORTED
            yield _left(visit, event, Status.FAILED if failed else other)

    def _before(self, event: JsonMapping) -> int:
        return int(event.get("previousEventId") or event["id"] - 1)

    def _owner(self, event: JsonMapping, details: JsonMapping) -> Visit | None:
        """The visit that an event belongs to: that of the event before it, or the one around that which it is about."""
        visit, kind = self._owners.get(self._before(event)), str(event["type"])
        if kind.startswith(("MapIteration", "MapRun")) or kind in {f"{name}State{end}" for name in CONTAINERS for end in _PHASES}:
            return _around(visit, lambda candidate: kind.startswith(candidate.type) and candidate.status is Status.RUNNING)
        if kind.endswith("StateExited"):
            return _around(visit, lambda candidate: candidate.name == details.get("name") and candidate.status is Status.RUNNING)
        return visit


def _left(visit: Visit, event: JsonMapping, status: Status) -> Left:
    visit.status, visit.left = status, event["timestamp"]
    return Left(visit)


def _is_in(visit: Visit, outer: Visit, index: int | None) -> bool:
    """Is a visit inside an outer one, and in that iteration of it if one is given?"""
    while visit.parent is not None:
        if visit.parent is outer:
            return index is None or visit.index == index
        visit = visit.parent
    return False


def _around(visit: Visit | None, matches: Callable[[Visit], bool]) -> Visit | None:
    """The nearest visit outwards that is wanted; the visit itself if none is."""
    enclosing = visit
    while enclosing is not None and not matches(enclosing):
        enclosing = enclosing.parent
    return enclosing or visit


def _details(event: JsonMapping) -> JsonMapping:
    return next((value for name, value in event.items() if name.endswith("EventDetails")), {})


def _execution(submitted: JsonMapping) -> str:
    arn = str(submitted.get("ExecutionArn", ""))
    return arn if ":execution:" in arn else ""


def json_object(text: Json) -> JsonMapping:
    """The JSON object in a text, or nothing."""
    try:
        content = json.loads(text or "{}")
    except (TypeError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
