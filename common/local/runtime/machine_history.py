"""Histories of executions as in AWS: each event names the one before it in its branch, and inner states have events, too.

ministack notes the states of the top level alone, gives two branches the same number now and then, and writes on after an
execution was stopped.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import seams
import settings as launch_settings
from json_types import Json, JsonObject
from ministack.services import stepfunctions

RUNNING = "RUNNING"
_LOCK = threading.Lock()
_last: ContextVar[list[int] | None] = ContextVar("_last", default=None)  # the id of the last event of this branch
_failed: ContextVar[tuple[list[bool], ...]] = ContextVar(
    "_failed", default=()
)  # of the states around: whether a branch has failed


def install(_: launch_settings.Settings) -> None:
    """Number events one after the other, and end a history with the event that ends its execution."""
    add = seams.use(stepfunctions, "_add_event", "execution, event_type, details")
    fail = seams.use(stepfunctions, "_fail_execution", "execution, error, cause")

    def added(execution: JsonObject, event_type: str, details: JsonObject | None = None) -> JsonObject:
        if execution.get("status") != RUNNING and not event_type.startswith("Execution"):
            return {}
        with _LOCK:
            event: JsonObject = add(execution, event_type, details)
            branch = _last.get()
            event["previousEventId"] = branch[0] if branch else event["id"] - 1
            if branch is not None:
                branch[0] = event["id"]
        return event

    def failed(execution: JsonObject, error: str, cause: str) -> None:
        if execution["status"] == RUNNING:  # and was not stopped meanwhile
            fail(execution, error, cause)
            execution["output"] = None  # ministack makes one of the error

    stepfunctions._add_event = added
    seams.replace(stepfunctions, "_fail_execution", "execution, error, cause", failed)


def goes_on(execution: JsonObject) -> bool:
    """Whether this branch goes on: its execution runs, and of the states around it no branch has failed."""
    return execution["status"] == RUNNING and not any(has_failed[0] for has_failed in _failed.get())


@contextmanager
def branch(execution: JsonObject, map_name: str | None, index: int) -> Iterator[None]:
    """A branch or iteration, whose events follow each other. An iteration has events around it, with the name of its Map."""
    around = _last.get()
    marker = _last.set([around[0] if around else len(execution["events"])])

    def note(phase: str) -> None:
        if map_name is not None:
            details = {f"mapIteration{phase}EventDetails": {"name": map_name, "index": index}}
            stepfunctions._add_event(execution, f"MapIteration{phase}", details)

    try:
        note("Started")
        yield
        note("Succeeded" if goes_on(execution) else "Aborted")
    except stepfunctions._ExecutionError:
        note("Failed")
        for has_failed in _failed.get()[-1:]:
            has_failed[0] = True
        raise
    finally:
        _last.reset(marker)


def attempted(attempt: Callable[[], Json], state: JsonObject, execution: JsonObject) -> Json:
    """What an attempt of a Parallel or Map state makes, with the events around it. One branch that fails stops the others."""
    stepfunctions._add_event(execution, f"{state['Type']}StateStarted")
    marker = _failed.set((*_failed.get(), [False]))
    try:
        result = attempt()
    except stepfunctions._ExecutionError:
        stepfunctions._add_event(execution, f"{state['Type']}StateFailed")
        raise
    finally:
        _failed.reset(marker)
    stepfunctions._add_event(execution, f"{state['Type']}StateSucceeded")
    return result


def entered(execution: JsonObject, state: JsonObject, name: str, data: Json, context: JsonObject) -> None:
    """Note that a state was entered, also for what its expressions see of it."""
    context["State"] = {"Name": name, "EnteredTime": stepfunctions.now_iso(), "RetryCount": 0}
    details = {"name": name, "input": json.dumps(data)}
    stepfunctions._add_event(execution, f"{state['Type']}StateEntered", {"stateEnteredEventDetails": details})


def exited(execution: JsonObject, state: JsonObject, name: str, data: Json) -> None:
    """Note that a state was left."""
    details = {"name": name, "output": json.dumps(data)}
    stepfunctions._add_event(execution, f"{state['Type']}StateExited", {"stateExitedEventDetails": details})
