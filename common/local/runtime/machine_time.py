"""The time of executions: ``TimeoutSeconds`` of a whole state machine, and waits that end with their execution.

Waits take a fraction of their seconds here, but count in full, as AWS would count them.
https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import seams
import settings as launch_settings
from json_types import JsonObject
from machine_history import RUNNING, goes_on
from ministack.services import stepfunctions

_POLL_SECONDS = 0.1
"""How often to look whether an execution was stopped or has used up its time, in seconds."""


class Clock:
    """The seconds of a branch of an execution, as AWS would count them.

    Attributes:
        execution: the execution's record.
        limit: the seconds that it may take; None for any number.
        began: when it began, by the monotonic clock.
        skipped: the seconds that its waits would have taken in addition.
    """

    def __init__(self, execution: JsonObject, limit: float | None, began: float, skipped: float = 0.0) -> None:
        self.execution, self.limit, self.began, self.skipped = execution, limit, began, skipped

    @property
    def left(self) -> float:
        """The seconds that are left; none once the execution has ended."""
        if self.execution["status"] != RUNNING:
            return 0.0
        return float("inf") if self.limit is None else self.limit - (time.monotonic() - self.began) - self.skipped

    def sleep(self, seconds: float) -> None:
        """Wait, in the shortened time of this AWS."""
        scale: float = stepfunctions._SFN_WAIT_SCALE
        end = time.monotonic() + min(seconds, max(self.left, 0.0)) * scale
        while (rest := end - time.monotonic()) > 0 and goes_on(self.execution):
            time.sleep(min(rest, _POLL_SECONDS))
        self.skipped += seconds * (1 - scale)
        self.end_if_late()

    def end_if_late(self) -> None:
        """End the execution if its time is used up."""
        if self.left <= 0 and self.execution["status"] == RUNNING:
            self.execution.update(status="TIMED_OUT", error="States.Timeout", stopDate=stepfunctions.now_iso())
            details = {"executionTimedOutEventDetails": {"error": "States.Timeout"}}
            stepfunctions._add_event(self.execution, "ExecutionTimedOut", details)
            stepfunctions._emit_execution_status_event(self.execution)

    def watch(self) -> None:
        """End the execution in time, whatever its states do."""
        while self.execution["status"] == RUNNING:
            time.sleep(max(0.0, min(self.left, _POLL_SECONDS)))
            self.end_if_late()


_clock: ContextVar[Clock | None] = ContextVar("_clock", default=None)


def install(_: launch_settings.Settings) -> None:
    """Let waits and retries count."""
    sleep = seams.use(stepfunctions, "_scaled_sleep", "seconds")

    def slept(seconds: float) -> None:
        clock = _clock.get()
        if clock is None:
            sleep(seconds)
        else:
            clock.sleep(seconds)

    seams.replace(stepfunctions, "_scaled_sleep", "seconds", slept)


@contextmanager
def counted(execution: JsonObject, definition: JsonObject) -> Iterator[None]:
    """The time of an execution that starts, or is redriven: then it is counted anew."""
    limit = definition.get("TimeoutSeconds")
    clock = Clock(execution, limit, time.monotonic())
    marker = _clock.set(clock)
    if limit is not None:
        threading.Thread(target=clock.watch, name="execution-timeout", daemon=True).start()
    try:
        yield
    finally:
        _clock.reset(marker)


@contextmanager
def branch() -> Iterator[None]:
    """The time of a branch or an iteration. What is around it has waited as long as the longest of them."""
    around = _clock.get()
    if around is None:
        yield
        return
    own = Clock(around.execution, around.limit, around.began, around.skipped)
    marker = _clock.set(own)
    try:
        yield
    finally:
        _clock.reset(marker)
        around.skipped = max(around.skipped, own.skipped)
