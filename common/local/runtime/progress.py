"""How far each execution has come, so that one that failed can be redriven: variables, branches and iterations.

What happens inside of Parallel and Map states is noted in a field of the execution's record: by the path of a branch, as in
``Both/0``, its output, or the state that it is in with its input. It becomes events of the history, too.
"""

import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import machine_history
import machine_time
import seams
import settings as launch_settings
import step_functions
from json_types import Json, JsonObject
from ministack.services import stepfunctions

FIELD = "progress"
"""The field of an execution's record; executions of express machines and of Map Runs have none."""
_LOCK = threading.Lock()
_path: ContextVar[str] = ContextVar("_path", default="")  # where in the machine this thread is, as in "Both/0/Check"
_container: ContextVar[JsonObject] = ContextVar("_container")  # the Parallel or Map state that this thread works in
_is_inside: ContextVar[bool] = ContextVar("_is_inside", default=False)  # of a branch or an iteration
Attempt = Callable[[JsonObject, Json, JsonObject, JsonObject], tuple[Json, str | None]]


def install(_: launch_settings.Settings) -> None:
    """Note the definition, the variables and the branches of executions."""
    for name in ("_apply_input_path", "_apply_output_path"):
        seams.use(stepfunctions, name, "state_def, data, ctx")
    for name in ("_execute_pass", "_execute_choice", "_execute_wait", "_fail_state_error"):
        seams.use(stepfunctions, name, "state_def, raw_input, ctx")
    for name in ("_execute_task", "_execute_parallel", "_execute_map"):
        seams.use(stepfunctions, name, "state_def, raw_input, execution, ctx")
    for name in ("_run_parallel_branches", "_run_map_items"):
        attempt = seams.use(stepfunctions, name, "state_def, raw_input, execution, ctx")
        seams.replace(stepfunctions, name, "state_def, raw_input, execution, ctx", _noted(attempt))
    parameters = "states, start_at, input_data, execution, ctx"
    run_inside = seams.use(stepfunctions, "_run_sub_machine", parameters)

    def inside(states: JsonObject, start_at: str, input_data: Json, execution: JsonObject, ctx: JsonObject) -> Json:
        if FIELD not in execution:
            return run_inside(states, start_at, input_data, execution, ctx)
        return _inside(states, {"state": start_at, "input": input_data}, execution, ctx)

    seams.replace(stepfunctions, "_run_sub_machine", parameters, inside)
    assign = seams.use(stepfunctions, "_apply_state_assign", "state_def, raw_input, ctx, result, error_output")

    def assigned(
        state_def: JsonObject, raw_input: Json, ctx: JsonObject | None, result: Json = None, error_output: Json = None
    ) -> None:
        assign(state_def, raw_input, ctx, result, error_output)
        _note_variables(ctx)

    stepfunctions._apply_state_assign = assigned
    run_execution = seams.use(stepfunctions, "_run_execution", "exec_arn")

    def begun(exec_arn: str) -> None:
        execution = stepfunctions._executions.get(exec_arn, {})
        _begin(execution)
        with machine_time.counted(execution, definition_of(execution)), machine_history.branch(execution, None, 0):
            run_execution(exec_arn)

    seams.replace(stepfunctions, "_run_execution", "exec_arn", begun)


def definition_of(execution: JsonObject) -> JsonObject:
    """The definition that an execution was started with; nothing of one that is no JSON."""
    try:
        definition: JsonObject = json.loads(execution.get(FIELD, {}).get("definition", "{}"))
    except ValueError:
        return {}
    return definition


def _begin(execution: JsonObject) -> None:
    """Note the definition that an execution starts with."""
    machine = stepfunctions._state_machines.get(execution.get("stateMachineArn"))
    if machine is not None and FIELD not in execution:
        execution[FIELD] = {"definition": machine["definition"], "variables": {}, "inside": {}, "resumes": []}


def step(state: JsonObject, data: Json, execution: JsonObject, context: JsonObject) -> tuple[Json, str | None]:
    """What a state makes of its input, and the state that follows."""
    kind = state["Type"]
    if kind == "Succeed":
        inner = stepfunctions._apply_input_path(state, data, context)
        return stepfunctions._apply_output_path(state, inner, context), None
    if kind == "Fail":
        raise stepfunctions._ExecutionError(*stepfunctions._fail_state_error(state, data, context))
    run = getattr(stepfunctions, f"_execute_{kind.lower()}")
    result = run(state, data, execution, context) if kind in ("Task", "Parallel", "Map") else run(state, data, context)
    return result[0], result[1]


def _noted(attempt: Attempt) -> Attempt:
    """An attempt of a Parallel or Map state that knows where it is, and what of it has been done before."""

    def noted(state: JsonObject, data: Json, execution: JsonObject, context: JsonObject) -> tuple[Json, str | None]:
        if FIELD not in execution:
            return attempt(state, data, execution, context)
        path = _path.get() or context["State"]["Name"]
        with _LOCK:
            progress = execution[FIELD]
            if path in progress["resumes"]:
                progress["resumes"] = [other for other in progress["resumes"] if other != path]
            else:  # a retry begins anew, as does a state that is visited again
                progress["inside"] = {key: note for key, note in progress["inside"].items() if not key.startswith(f"{path}/")}
        with _at(path, state):
            return machine_history.attempted(lambda: attempt(state, data, execution, context), state, execution)

    return noted


def _inside(states: JsonObject, start: JsonObject, execution: JsonObject, context: JsonObject) -> Json:
    """The output of a branch or iteration: the one that it had before, or what its states make from where it stopped."""
    container, index = _container.get(), _index(_container.get(), states, context)
    path = f"{_path.get()}/{index}"
    note = execution[FIELD]["inside"].get(path, start)
    if "output" in note:
        return copy.deepcopy(note["output"])
    _is_inside.set(True)  # in the context of this branch alone
    map_name = _path.get().rpartition("/")[2] if container["Type"] == "Map" else None
    with machine_time.branch(), machine_history.branch(execution, map_name, index):
        return _run_inside(states, path, note, execution, context)


def _run_inside(states: JsonObject, path: str, note: JsonObject, execution: JsonObject, context: JsonObject) -> Json:
    name, data = note["state"], copy.deepcopy(note["input"])
    while name and machine_history.goes_on(execution):
        _note(execution, path, {"state": name, "input": copy.deepcopy(data)})
        machine_history.entered(execution, states[name], name, data, context)
        with _at(f"{path}/{name}", states[name]):
            data, following = step(states[name], data, execution, context)
        machine_history.exited(execution, states[name], name, data)
        name = following
    if not name and execution["status"] == machine_history.RUNNING:  # one that was stopped is redriven from its last state
        _note(execution, path, {"output": copy.deepcopy(data)})
    return data


def _index(container: JsonObject, states: JsonObject, context: JsonObject) -> int:
    """Which iteration or branch this is."""
    if container["Type"] == "Map":
        return int(context["Map"]["Item"]["Index"])
    return next(number for number, branch in enumerate(container["Branches"]) if branch.get("States") is states)


@contextmanager
def _at(path: str, state: JsonObject) -> Iterator[None]:
    places = _path.set(path), _container.set(state)
    try:
        yield
    finally:
        _path.reset(places[0])
        _container.reset(places[1])


def _note(execution: JsonObject, path: str, note: JsonObject) -> None:
    """Note how far a branch has come; in a new object, because others may be copying the old one."""
    with _LOCK:
        progress = execution[FIELD]
        progress["inside"] = {**progress["inside"], path: note}


def _note_variables(context: JsonObject | None) -> None:
    """Note the variables of the execution that this thread works for; those of branches end with them."""
    execution = stepfunctions._executions.get(step_functions.current())
    if execution is not None and context is not None and FIELD in execution and not _is_inside.get():
        with _LOCK:
            execution[FIELD]["variables"] = copy.deepcopy(context.get("variables", {}))
