"""The optimized Step Functions integration with Glue: ``glue:startJobRun`` and ``glue:startJobRun.sync``.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
"""

import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from http import HTTPStatus

import seams
import settings as launch_settings
from json_types import JsonObject, Operation, Response
from ministack.services import glue, stepfunctions

_RESOURCE = "arn:aws:states:::glue:startJobRun"
_RUNNING = ("STARTING", "RUNNING", "STOPPING", "WAITING")
_POLL_SECONDS = 0.2
"""How often to look whether a run has ended, in seconds."""
RUNNING: set[str] = set()
"""The ARNs of the executions that threads work for, also after the execution was stopped."""
_execution: ContextVar[str] = ContextVar("_execution", default="")  # the execution that this thread works for


def install(_: launch_settings.Settings) -> None:
    """Add Glue to the integrations that ministack knows."""
    seams.use(stepfunctions, "_ExecutionError", "error, cause")
    seams.use(stepfunctions, "_invoke_resource", "resource, input_data")
    seams.table(stepfunctions, "_executions")
    run_execution = seams.use(stepfunctions, "_run_execution", "exec_arn")
    seams.replace(stepfunctions, "_run_execution", "exec_arn", lambda exec_arn: identified(run_execution, exec_arn))
    seams.table(stepfunctions, "_SERVICE_DISPATCH")[_RESOURCE] = _start_job_run
    for operation in ("_create_state_machine", "_update_state_machine"):
        seams.replace(stepfunctions, operation, "data", _with_tracing(seams.use(stepfunctions, operation, "data")))


def identified(run: Callable[[str], None], exec_arn: str) -> None:
    """Run an execution, and let everything in its threads know which one it is."""
    token = _execution.set(exec_arn)
    RUNNING.add(exec_arn)
    try:
        run(exec_arn)
    finally:
        RUNNING.discard(exec_arn)
        _execution.reset(token)


def current() -> str:
    """The ARN of the execution that this thread works for; empty where there is none."""
    return _execution.get()


def _with_tracing(operation: Operation) -> Operation:
    """An operation that keeps ``tracingConfiguration``, which ministack forgets."""
    machines = seams.table(stepfunctions, "_state_machines")

    def kept(data: JsonObject) -> Response:
        response = operation(data)
        arn = data.get("stateMachineArn") or json.loads(response[2]).get("stateMachineArn")
        if response[0] == HTTPStatus.OK and "tracingConfiguration" in data:
            machines[arn]["tracingConfiguration"] = data["tracingConfiguration"]
        return response

    return kept


def _start_job_run(resource: str, parameters: JsonObject) -> JsonObject:
    name = parameters.get("JobName")
    run_id = _call(glue._start_job_run, parameters)["JobRunId"]
    if not resource.endswith(".sync"):
        return {"JobName": name, "JobRunId": run_id}
    run_ids = {run_id}
    while True:
        run = _last_attempt(name, run_ids)
        if run["JobRunState"] not in _RUNNING:
            break
        if stepfunctions._executions.get(_execution.get(), {}).get("status") in ("ABORTED", "TIMED_OUT"):
            glue._batch_stop_job_run({"JobName": name, "JobRunIds": [run["Id"]]})  # as AWS does
        time.sleep(_POLL_SECONDS)
    fields = {field: int(value * 1000) if field.endswith("On") else value for field, value in run.items()}
    if run["JobRunState"] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(fields))
    return fields


def _last_attempt(name: str | None, run_ids: set[str]) -> JsonObject:
    """The run, or the attempt that followed it."""
    runs = glue._job_runs.get(name, [])
    for run in reversed(runs):
        if run.get("PreviousRunId") in run_ids:
            run_ids.add(run["Id"])
    matching = next((run for run in runs if run["Id"] in run_ids), None)
    if matching is None:
        raise stepfunctions._ExecutionError("Glue.EntityNotFoundException", f"The job {name} was deleted while it ran")
    return matching


def _call(operation: Operation, parameters: JsonObject) -> JsonObject:
    status, _, body = operation(parameters)
    answer = json.loads(body)
    if status >= 400:
        raise stepfunctions._ExecutionError(f"Glue.{answer['__type']}", answer.get("message", ""))
    return answer
