"""RedriveExecution, which ministack does not have: an execution continues with the states that failed, with their inputs.

What succeeded is kept. Of Parallel and Map states only the branches and iterations that failed or were aborted run again, from
the state in which they did: ``progress.py`` notes how far each has come. The definition is that of the start, and retries are
counted anew. Distributed Map states are refused here, while AWS redrives their Map Runs; events of EventBridge have
``redriveCount`` 0.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

import contextvars
import copy
import json
import threading
from datetime import UTC, datetime
from http import HTTPStatus

import machine_history
import machine_time
import progress
import seams
import settings as launch_settings
import step_functions
from json_types import Json, JsonObject, Operation, Response
from ministack.services import stepfunctions

_DAYS = 14
_MOST_EVENTS = 24_999
_TOKENS = 10


def install(_: launch_settings.Settings) -> None:
    """Add the operation, and tell of redrives."""
    seams.use(stepfunctions, "_add_event", "execution, event_type, details")
    seams.use(stepfunctions, "_fail_execution", "execution, error, cause")
    seams.use(stepfunctions, "_emit_execution_status_event", "execution")
    for name in ("_describe_execution", "_list_executions"):
        seams.replace(stepfunctions, name, "data", _with_redrives(seams.use(stepfunctions, name, "data")))
    _add_operation()


def _add_operation() -> None:
    finalized = seams.use(stepfunctions, "_finalize_response", "response")
    handle = seams.use(stepfunctions, "handle_request", "method, path, headers, body, query_params")

    async def handled(method: str, path: str, headers: dict[str, str], body: bytes, query_params: JsonObject) -> Response:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return finalized(_redrive(json.loads(body or b"{}")))
        return await handle(method, path, headers, body, query_params)

    stepfunctions.handle_request = handled


def _redrive(data: JsonObject) -> Response:
    arn = str(data.get("executionArn"))
    execution = stepfunctions._executions.get(arn)
    if execution is None:
        return _error("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    dates = execution.setdefault("redriveTokens", {})
    if date := dates.get(data.get("clientToken")):
        return _answer({"redriveDate": date})
    if reason := _obstacle(execution):
        return _error("ExecutionNotRedrivable", reason)
    now = stepfunctions.now_iso()
    before, state = execution[progress.FIELD], _last_entered(execution)
    inside = {path: note for path, note in before["inside"].items() if state and path.startswith(f"{state[0]}/")}
    containers = sorted({path.rpartition("/")[0] for path in inside})
    execution[progress.FIELD] = {**before, "inside": inside, "resumes": containers}
    execution.update(status="RUNNING", stopDate=None, output=None, redriveDate=now)
    execution["redriveCount"] = execution.get("redriveCount", 0) + 1
    for field in ("error", "cause"):
        execution.pop(field, None)
    kept = [*dates.items(), (data["clientToken"], now)][-_TOKENS:] if data.get("clientToken") else dates
    execution["redriveTokens"] = dict(kept)
    details = {"executionRedrivenEventDetails": {"redriveCount": execution["redriveCount"]}}
    stepfunctions._add_event(execution, "ExecutionRedriven", details)
    stepfunctions._emit_execution_status_event(execution)
    program = stepfunctions._run_execution if state is None else _continue
    context = contextvars.copy_context()  # account and region are in the context
    threading.Thread(target=context.run, args=(step_functions.identified, program, arn), daemon=True).start()
    return _answer({"redriveDate": now})


def _obstacle(execution: JsonObject) -> str:
    """Why an execution cannot be redriven, in AWS's words where AWS would say so; empty where it can."""
    status = execution["status"]
    if status in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {status} and cannot be redriven"
    if len(execution["events"]) >= _MOST_EVENTS:
        return "Execution history event limit exceeded"
    if (datetime.now(UTC) - datetime.fromisoformat(execution["stopDate"])).days >= _DAYS:
        return "Execution redrivable period exceeded"
    return _own_obstacle(execution)


def _own_obstacle(execution: JsonObject) -> str:
    """Why this redrive is not possible here, although it may be in AWS."""
    if progress.FIELD not in execution:
        return "The embedded AWS redrives executions of standard machines alone that it has started itself"
    if execution["status"] in ("ABORTED", "TIMED_OUT") and execution["executionArn"] in step_functions.RUNNING:
        return "A state of this execution is still ending; try again in a moment"
    entered = _last_entered(execution)
    states = progress.definition_of(execution)["States"]
    if entered and '"Mode": "DISTRIBUTED"' in json.dumps(states.get(entered[0], {})):
        return f"The embedded AWS does not redrive the distributed Map in {entered[0]}; AWS does"
    return ""


def _last_entered(execution: JsonObject) -> tuple[str, Json] | None:
    """The last state of the top level that was entered, with its input. Names are unique in a definition."""
    states = progress.definition_of(execution).get("States", {})
    entered = (event for event in reversed(execution["events"]) if event["type"].endswith("StateEntered"))
    every = (event["stateEnteredEventDetails"] for event in entered)
    details = next((details for details in every if details["name"] in states), None)
    return (details["name"], json.loads(details["input"])) if details else None


def _continue(arn: str) -> None:
    """Run an execution from its last state on. That state is not entered anew."""
    execution = stepfunctions._executions[arn]
    definition = progress.definition_of(execution)
    with machine_time.counted(execution, definition), machine_history.branch(execution, None, 0):
        _run_on(execution, definition)


def _run_on(execution: JsonObject, definition: JsonObject) -> None:
    last = _last_entered(execution)
    assert last is not None, "without a state the execution begins anew"  # noqa: S101 - the caller has looked
    name: str | None = last[0]
    data, context, is_entered = last[1], _context(execution, definition), True
    try:
        while name and execution["status"] == "RUNNING":
            state = definition["States"][name]
            if is_entered:
                context["State"] = {"Name": name, "EnteredTime": stepfunctions.now_iso(), "RetryCount": 0}
            else:
                machine_history.entered(execution, state, name, data, context)
            data, following = progress.step(state, data, execution, context)
            machine_history.exited(execution, state, name, data)
            name, is_entered = following, False
        if execution["status"] == "RUNNING":
            execution.update(status="SUCCEEDED", output=json.dumps(data), stopDate=stepfunctions.now_iso())
            stepfunctions._add_event(
                execution, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": execution["output"]}}
            )
            stepfunctions._emit_execution_status_event(execution)
    except stepfunctions._ExecutionError as error:
        stepfunctions._fail_execution(execution, error.error, error.cause)
    except Exception as error:  # an execution must end, whatever happens
        stepfunctions._fail_execution(execution, "States.Runtime", str(error))


def _context(execution: JsonObject, definition: JsonObject) -> JsonObject:
    """The context object, as ministack makes it, with the variables that were assigned before."""
    machine = stepfunctions._state_machines[execution["stateMachineArn"]]
    redriven = {"RedriveCount": execution["redriveCount"], "RedriveTime": execution["redriveDate"]}
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "StartTime": execution["startDate"],
            **redriven,
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": copy.deepcopy(execution[progress.FIELD]["variables"]),
    }


def _with_redrives(operation: Operation) -> Operation:
    """An operation that tells of redrives, too."""

    def told(data: JsonObject) -> Response:
        response = operation(data)
        if response[0] != HTTPStatus.OK:
            return response
        content = json.loads(response[2])
        for shown in content.get("executions", [content]):
            execution = stepfunctions._executions[shown["executionArn"]]
            shown["redriveCount"] = execution.get("redriveCount", 0)
            if "redriveDate" in execution:
                shown["redriveDate"] = execution["redriveDate"]
        if "executions" not in content:
            reason = _obstacle(stepfunctions._executions[content["executionArn"]])
            content["redriveStatus"] = "NOT_REDRIVABLE" if reason else "REDRIVABLE"
            content |= {"redriveStatusReason": reason} if reason else {}
        return _answer(content)

    return told


def _answer(content: JsonObject) -> Response:
    return stepfunctions.json_response(content)


def _error(code: str, message: str) -> Response:
    return stepfunctions.error_response_json(code, message, HTTPStatus.BAD_REQUEST)
