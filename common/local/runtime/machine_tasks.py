"""Tasks of state machines as in AWS: their times, callbacks with a task token, nested executions, and what a stop does to them.

https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html,
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
"""

import contextvars
import json
import threading
import time
from concurrent.futures import Future
from typing import Any

import seams
import settings as launch_settings
from json_types import Json, JsonObject, Operation, Response
from machine_history import RUNNING
from ministack.services import stepfunctions
from step_functions import current

_POLL_SECONDS = 0.1
"""How often to look for an answer, in seconds."""
_WITHOUT_LIMIT = 99_999_999
"""How many seconds a task may take that says nothing of it, as in AWS."""
_TIMES = ("TimeoutSeconds", "HeartbeatSeconds")
_CALLBACK = ".waitForTaskToken"
_ended: set[str] = set()  # the tokens of tasks that have ended


def install(_: launch_settings.Settings) -> None:
    """Replace how tasks are called and waited for."""
    task = seams.use(stepfunctions, "_execute_task", "state_def, raw_input, execution, ctx")
    invoke = seams.use(stepfunctions, "_invoke_resource", "resource, input_data")
    matches = seams.use(stepfunctions, "_error_matches", "error_equals, error")
    seams.use(stepfunctions, "_jsonata_state_field", "state_def, field, expected, raw_input, ctx")
    seams.use(stepfunctions, "_state_query_language", "state_def, ctx")
    seams.use(stepfunctions, "_resolve_path_or_ctx", "path, data, ctx")
    seams.table(stepfunctions, "_task_tokens")

    def timed(state_def: JsonObject, raw_input: Json, execution: JsonObject, ctx: JsonObject) -> tuple[Json, str | None]:
        result: tuple[Json, str | None] = task(_with_times(state_def, raw_input, ctx), raw_input, execution, ctx)
        return result

    def invoked(resource: str, input_data: Json) -> Json:
        if not _runs():
            raise stepfunctions._ExecutionError("States.Runtime", "The execution was stopped")
        return invoke(resource, input_data)

    def matching(error_equals: list[str], error: str) -> bool:
        return bool(matches(error_equals, error)) or (error == "States.HeartbeatTimeout" and "States.Timeout" in error_equals)

    seams.replace(stepfunctions, "_execute_task", "state_def, raw_input, execution, ctx", timed)
    seams.replace(stepfunctions, "_invoke_resource", "resource, input_data", invoked)
    seams.replace(stepfunctions, "_error_matches", "error_equals, error", matching)
    seams.replace(stepfunctions, "_invoke_with_callback", "resource, input_data, token, state_def", _with_callback)
    seams.replace(stepfunctions, "_invoke_nested_start_execution_sync", "resource, input_data", _nested)
    for name in ("_send_task_success", "_send_task_failure", "_send_task_heartbeat"):
        seams.replace(stepfunctions, name, "data", _told(seams.use(stepfunctions, name, "data")))


def _runs() -> bool:
    """Whether the execution that this thread works for still runs."""
    return bool(stepfunctions._executions.get(current(), {}).get("status", RUNNING) == RUNNING)


def _with_times(state: JsonObject, data: Json, context: JsonObject) -> JsonObject:
    """The state, with its times in seconds, which it may give as a path or an expression."""
    times = {}
    for name in _TIMES:
        if path := state.get(f"{name}Path"):
            times[name] = stepfunctions._resolve_path_or_ctx(path, stepfunctions._apply_input_path(state, data, context), context)
        elif name in state and stepfunctions._state_query_language(state, context) == "JSONata":
            times[name] = stepfunctions._jsonata_state_field(state, name, "number", data, context)
    for name, seconds in times.items():
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
            message = f"{name} must be a positive number of seconds, and is {json.dumps(seconds)}"
            raise stepfunctions._ExecutionError("States.Runtime", message)
    return {**state, **times}


def _with_callback(resource: str, data: Json, token: str, state: JsonObject) -> Json:
    """What the task is told by its token. A call that fails ends the task, and so does too long a silence."""
    task: JsonObject = {"event": threading.Event(), "result": None, "error": None, "heartbeat": time.monotonic()}
    stepfunctions._task_tokens[token] = task
    call: Future[Json] = Future()
    context = contextvars.copy_context()  # account and region are in the context
    threading.Thread(target=context.run, args=(_call, call, resource.replace(_CALLBACK, ""), data), daemon=True).start()
    limit, silence = (state.get(name, _WITHOUT_LIMIT) for name in _TIMES)
    end = time.monotonic() + limit
    try:
        while not task["event"].wait(_POLL_SECONDS):
            if call.done() and (error := call.exception()):
                raise error
            if time.monotonic() > end:
                raise stepfunctions._ExecutionError("States.Timeout", "")
            if time.monotonic() > task["heartbeat"] + silence:
                raise stepfunctions._ExecutionError("States.HeartbeatTimeout", "")
            if not _runs():
                raise stepfunctions._ExecutionError("States.Runtime", "The execution was stopped")
    finally:
        stepfunctions._task_tokens.pop(token, None)
        _ended.add(token)
    if task["error"]:
        raise stepfunctions._ExecutionError(task["error"]["Error"], task["error"]["Cause"])
    return json.loads(task["result"])


def _call(call: Future[Json], resource: str, data: Json) -> None:
    try:
        call.set_result(stepfunctions._invoke_resource(resource, data))
    except Exception as error:  # whatever it is, the task fails by it
        call.set_exception(error)


def _told(operation: Operation) -> Operation:
    """An operation of a task token, with what AWS refuses."""

    def told(data: JsonObject) -> Response:
        token = str(data.get("taskToken"))
        task = stepfunctions._task_tokens.get(token)
        if token in _ended or (task and task["event"].is_set()):
            message = "Task Timed Out: 'Provided task does not exist anymore'"
            return stepfunctions.error_response_json("TaskTimedOut", message, 400)
        if task is None:
            return stepfunctions.error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)
        if "output" in data and not _is_json(data["output"]):
            return stepfunctions.error_response_json("InvalidOutput", "Invalid Output: 'Output is not valid JSON'", 400)
        response = operation(data)
        task["heartbeat"] = time.monotonic()
        return response

    return told


def _is_json(text: Any) -> bool:
    try:
        json.loads(text)
    except (TypeError, ValueError):
        return False
    return True


def _nested(resource: str, data: JsonObject) -> JsonObject:
    """Start an execution of another machine, wait for its end, and stop it with the one that has started it."""
    started = stepfunctions._invoke_nested_start_execution(resource, data)
    arn = started["ExecutionArn"]
    details = {"resourceType": "states", "resource": resource.rpartition(":::states:")[2], "output": json.dumps(started)}
    if (execution := stepfunctions._executions.get(current())) is not None:
        stepfunctions._add_event(execution, "TaskSubmitted", {"taskSubmittedEventDetails": details})
    child = stepfunctions._executions[arn]
    while child["status"] == RUNNING:
        if not _runs():
            stepfunctions._stop_execution({"executionArn": arn})
        time.sleep(_POLL_SECONDS)
    fields = ("ExecutionArn", "Input", "InputDetails", "Name", "StartDate", "StateMachineArn", "Status", "StopDate")
    described = {name: child[name[0].lower() + name[1:]] for name in fields}
    if child["status"] != "SUCCEEDED":
        why = {name: child[name.lower()] for name in ("Error", "Cause") if child.get(name.lower())}
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps({**described, **why}))
    output = json.loads(child["output"]) if resource.endswith(".sync:2") else child["output"]
    return {**described, "Output": output, "OutputDetails": child["outputDetails"]}
