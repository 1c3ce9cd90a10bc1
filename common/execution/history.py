"""Turns an execution's history into visits of states: when each was entered and left, what was retried, and what failed.

An event does not name its state. It names the previous event of its branch, and this chain leads back to the event that entered
the state; so parallel branches and iterations are told apart. If an event names no previous one, it is the event just before it.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.execution.json_text import json_object

ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
"""The types of the last event of an execution, and the status that each means."""
VERBS = {"SUCCEEDED": "succeeded", "FAILED": "failed", "TIMED_OUT": "timed out", "ABORTED": "was aborted"}
"""What sentences say of an execution with each status."""
CONTAINERS = ("Map", "Parallel")
"""The types of states that contain states. Tasks belong to the inner states, never to the container."""
_FAILURES = ("Failed", "TimedOut")
_PHASES = ("Started", "Succeeded", "Failed", "Aborted")


class Status(StrEnum):
    """The status of a visit."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    CAUGHT = "caught"
    """The state failed, and the state machine continued with its Catch."""
    FAILED = "failed"
    ABORTED = "aborted"


@dataclass(eq=False)
class Visit:
    """A visit of a state.

    Attributes:
        name, type: the name and the type of the state.
        entered, left: when the state was entered and left.
        parent: the visit of the Map or Parallel state around it.
        index: the index of the Map iteration that it belongs to.
        attempts: how often its task was started; 1 for a state without a task.
        error, cause: of the last attempt, if that failed.
        task: the last call: ``resourceType``, ``resource``, and ``parameters`` if the history has them.
        submitted: the first answer of the called service, such as a run id.
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
        """How many seconds the visit took; None while it is running."""
        return None if self.left is None else (self.left - self.entered).total_seconds()

    @property
    def around(self) -> "list[Visit]":
        """The visits of the Map and Parallel states around it, the outermost first."""
        return [] if self.parent is None else [*self.parent.around, self.parent]

    @property
    def title(self) -> str:
        """The name of the state with the index of its iteration, counted from 0 as in Step Functions."""
        return self.name if self.index is None else f"{self.name}[{self.index}]"


@dataclass(frozen=True)
class Entered:
    """A state was entered."""

    visit: Visit


@dataclass(frozen=True)
class Left:
    """A state was left, or ended the execution; the visit has its status."""

    visit: Visit


@dataclass(frozen=True)
class Retried:
    """A failed task was started again; `error` is the error of the failed attempt."""

    visit: Visit
    error: str


@dataclass(frozen=True)
class Nested:
    """A state has started an execution of another state machine."""

    visit: Visit
    execution: str


Happening = Entered | Left | Retried | Nested


class History:
    """The visits of an execution, built from its events.

    Attributes:
        visits: the visits in the order in which they began.
        last: the id of the last event that was read.
        end: the execution's final status, once it has one.
        error, cause, output: the result of the execution.
        started, ended: when the execution started and ended.
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
        self._interrupted: list[Visit] = []
        self._owners: dict[int, Visit | None] = {}
        self._index: dict[int, int] = {}

    @property
    def seconds(self) -> float:
        """How many seconds the execution took, by the times of its events."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else 0.0

    @property
    def running(self) -> list[Visit]:
        """The running visits, outer ones first."""
        return [visit for visit in self.visits if visit.status is Status.RUNNING]

    def read(self, events: Iterable[JsonMapping]) -> Iterator[Happening]:
        """Processes events, in any order, and yields what happened. Events that were read before are skipped."""
        for event in sorted(events, key=lambda event: int(event["id"])):
            if event["id"] > self.last:
                self.started = self.started or event["timestamp"]
                yield from self._read(event)
                self.last = event["id"]

    def reopen(self) -> None:
        """Continues an execution that has ended: it is redriven, so the states that the end interrupted run again."""
        if self.end is not None:
            self.end, self.ended, self.error, self.cause, self.output = None, None, None, "", None
            for visit in self._interrupted:
                visit.status, visit.left = Status.RUNNING, None

    def culprit(self) -> Visit | None:
        """Returns the visit in which the failure that ended the execution began; None if no state failed.

        A Fail state often reports a failure that was caught before. So a visit with the execution's own error is preferred to
        the last state. An execution that timed out or was aborted was interrupted in a state, whatever failed before.
        """
        if self.end != "FAILED" and (interrupted := [visit for visit in self._interrupted if visit.type not in CONTAINERS]):
            return interrupted[-1]
        failed = [visit for visit in self.visits if visit.error is not None and visit.type not in CONTAINERS]
        same = [visit for visit in failed if visit.error == self.error]
        ended = [visit for visit in self.visits if visit.status in {Status.FAILED, Status.ABORTED}]
        return next((visits[-1] for visits in (same, failed, ended) if visits), None)

    def _read(self, event: JsonMapping) -> Iterator[Happening]:
        kind, details = str(event["type"]), _event_details(event)
        if kind.endswith("StateEntered"):
            yield Entered(self._enter(event, details))
            return
        visit = self._owner(event, details)
        self._owners[event["id"]] = visit
        if kind == "ExecutionRedriven":
            self.reopen()
        elif kind in ENDS:
            yield from self._finish(event, details)
        elif visit is None:
            return
        elif kind.endswith("StateExited"):
            yield from self._close(event, visit)
            yield _leave(visit, event, Status.CAUGHT if visit.error is not None else Status.SUCCEEDED)
        elif kind.endswith("StateAborted"):
            yield from self._close(event, visit)
            yield _leave(visit, event, Status.ABORTED)
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
            within = self.visits if visit.type in CONTAINERS else []
            inside = [inner.error for inner in within if inner.error and _is_in(inner, visit, None)]
            visit.error = details.get("error") or visit.error or (inside[-1] if inside else "States.TaskFailed")
            visit.cause = details.get("cause") or visit.cause
            visit.failed_at = event["timestamp"]
        elif kind in {"TaskSubmitted", "TaskSucceeded"}:
            nested_execution = _execution_arn(visit.submitted)
            visit.submitted = json_object(details.get("output")) or visit.submitted
            execution = _execution_arn(visit.submitted)
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
        """Closes the visits that are still running in a state, or in one of its iterations, that was left."""
        inside = [inner for inner in self.running if _is_in(inner, visit, index)]
        for inner in reversed(inside):
            yield _leave(inner, event, Status.FAILED if inner.error is not None or inner.type == "Fail" else Status.ABORTED)

    def _finish(self, event: JsonMapping, details: JsonMapping) -> Iterator[Happening]:
        """Closes the visits that are still running when the execution ends."""
        self.end, self.ended = ENDS[event["type"]], event["timestamp"]
        self.error, self.cause, self.output = details.get("error") or None, details.get("cause", ""), details.get("output")
        self._interrupted = self.running
        for visit in reversed(self.running):
            failed = self.end == "FAILED" and (visit.error is not None or visit.type in {"Fail", *CONTAINERS})
            other = Status.SUCCEEDED if self.end == "SUCCEEDED" else Status.ABORTED
            yield _leave(visit, event, Status.FAILED if failed else other)

    def _before(self, event: JsonMapping) -> int:
        return int(event.get("previousEventId") or event["id"] - 1)

    def _owner(self, event: JsonMapping, details: JsonMapping) -> Visit | None:
        """Returns the visit that an event belongs to: that of the previous event, or the enclosing one that the event names."""
        visit, kind = self._owners.get(self._before(event)), str(event["type"])
        if kind.startswith(("MapIteration", "MapRun")) or kind in {f"{name}State{end}" for name in CONTAINERS for end in _PHASES}:
            return _find_enclosing(visit, lambda outer: kind.startswith(outer.type) and outer.status is Status.RUNNING)
        if kind.endswith("StateExited"):
            return _find_enclosing(visit, lambda outer: outer.name == details.get("name") and outer.status is Status.RUNNING)
        return visit


def _leave(visit: Visit, event: JsonMapping, status: Status) -> Left:
    visit.status, visit.left = status, event["timestamp"]
    return Left(visit)


def _is_in(visit: Visit, outer: Visit, index: int | None) -> bool:
    """Whether a visit is inside an outer one, and in this iteration of it if an index is given."""
    while visit.parent is not None:
        if visit.parent is outer:
            return index is None or visit.index == index
        visit = visit.parent
    return False


def _find_enclosing(visit: Visit | None, matches: Callable[[Visit], bool]) -> Visit | None:
    """Returns the nearest enclosing visit that matches; the visit itself if none does."""
    enclosing = visit
    while enclosing is not None and not matches(enclosing):
        enclosing = enclosing.parent
    return enclosing or visit


def _event_details(event: JsonMapping) -> JsonMapping:
    return next((value for name, value in event.items() if name.endswith("EventDetails")), {})


def _execution_arn(submitted: JsonMapping) -> str:
    arn = str(submitted.get("ExecutionArn", ""))
    return arn if ":execution:" in arn else ""
