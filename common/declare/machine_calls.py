"""Checks what state machines call against this repository: the arguments of jobs, the events, errors and timeouts of functions.

It is done once all resources of a project are rendered. Only what is declared here and can be told from its code is checked.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import closest, did_you_mean
from common.declare.asl.apis import called_by
from common.declare.asl.definition_check import DefinitionError
from common.declare.asl.integration_tables import WAIT
from common.declare.asl.later import is_later
from common.declare.asl.problem import Problem
from common.declare.asl.remembered import Remembered
from common.declare.asl.walk import Place, PlacedState, every_state, inner_machines
from common.declare.project_resources import ProjectResources
from common.model.resource import Resource
from common.packaging import code_facts
from common.packaging.artifact import Script
from common.packaging.lambda_package import Package
from common.resources import kind_of
from common.resources.function import Function
from common.resources.job import Job

ALIKE = 0.85
"""How similar the name of an error is to one that a function raises if it was probably meant, from 0 to 1."""
GIVEN = frozenset({"JOB_NAME", "JOB_ID", "JOB_RUN_ID", "SECURITY_CONFIGURATION"})
"""The arguments that Glue gives every run."""
TARGETS = {
    "lambda:invoke": ("lambda", "FunctionName"),
    "glue:startJobRun": ("glue-job", "JobName"),
    "states:startExecution": ("state-machine", "StateMachineArn"),
}
"""For each action that calls something of a project its kind, and the parameter that names it."""
NEARLY = 0.9
"""How similar an unknown name is to a name of the project if that was probably meant, from 0 to 1."""
OF_GLUE = (
    *("additional-", "auto-scale-", "class", "conf", "continuous-", "customer-", "datalake-", "disable-", "enable-", "executor-"),
    *("extra-", "job-", "library-set", "number-of-", "python-", "scriptLocation", "spark-", "TempDir", "use-", "user-", "write-"),
    *("apply-", "pip-", "redshift-", "s3-", "encryption-", "catalog", "default-", "glue-"),
)
"""What the arguments begin with that Glue reads itself."""


def finish(project: ProjectResources) -> list[DefinitionError]:
    """Adds what machines have to do with the rest of the project to their problems, and keeps the warnings.

    Returns:
        An error for each machine that is wrong, with all its problems.
    """
    calls, errors = Calls(project.known().values()), []
    for checked in project.checked.values():
        if checked.definition is not None:
            checked.check.add(calls.problems(checked.definition, checked.check.remembered))
        if error := checked.check.error():
            errors.append(error)
        else:
            project.warnings += checked.check.located()
    return errors


class Calls:
    """What the machines of a project may call.

    Args:
        resources: the rendered resources.
    """

    def __init__(self, resources: Iterable[Resource]) -> None:
        kinds = {kind for kind, _ in TARGETS.values()}
        self._by_text = {
            (resource.key.kind, text): resource
            for resource in resources
            if resource.key.kind in kinds
            for text in (resource.name, resource.arn)
        }

    def problems(self, definition: JsonMapping, remembered: Remembered | None) -> list[Problem]:
        """Returns what is wrong, or may be, in a definition with its references replaced.

        Args:
            definition: its structure proved.
            remembered: keeps what was found, until the definition or the code of what it calls changes; None keeps nothing.
        """
        states = [*every_state(definition)]
        called = {resource.key: resource for placed in states if (resource := self._called(placed.state)) is not None}
        if not any(_target(placed.state) for placed in states):
            return []
        facts = [[str(key), _facts(resource)] for key, resource in sorted(called.items())]
        text = json.dumps([definition, facts, sorted(self._by_text)])
        kept = remembered.beside("calls") if remembered is not None else None
        problems = kept.problems(text) if kept is not None else None
        if problems is None:
            problems = [problem for placed in states for problem in self._state(placed)]
            if kept is not None:
                kept.keep(text, problems)
        return problems

    def _called(self, state: JsonMapping) -> Resource | None:
        """The function, job or machine that a task calls; None if it is none of this project."""
        target = _target(state)
        return self._by_text.get(target) or self._by_text.get((target[0], _unqualified(target[1]))) if target else None

    def _unknown(self, placed: PlacedState) -> Iterator[Problem]:
        """Yields a problem for a name that is nearly one of this project; any other may be somebody else's."""
        target = _target(placed.state)
        if target is None or self._called(placed.state) is not None:
            return
        kind, text = target
        names = [name for of_kind, name in self._by_text if of_kind == kind]
        if close := get_close_matches(_unqualified(text), names, n=1, cutoff=NEARLY):
            message = f"this project has no {kind_of(kind).word} {text!r}."
            yield Problem("UNKNOWN_TARGET", placed.place, message, f" Did you mean {close[0]!r}?")

    def _state(self, placed: PlacedState) -> Iterator[Problem]:
        yield from self._unknown(placed)
        resource = self._called(placed.state)
        parameters = placed.place / ("Arguments" if placed.language == "JSONata" else "Parameters")
        if isinstance(resource, Job):
            yield from _arguments(parameters / "Arguments", _parameters(placed.state), resource)
        elif isinstance(resource, Function):
            yield from _event(parameters / "Payload", _parameters(placed.state).get("Payload"), resource)
            yield from _timeout(placed, resource)
        yield from self._errors(placed)

    def _errors(self, placed: PlacedState) -> Iterator[Problem]:
        """Yields the errors that nothing raises and that are nearly ones which a called function raises."""
        functions = self._functions(placed.state)
        if not functions or not {"Retry", "Catch"} & placed.state.keys():
            return
        raised = frozenset[str]().union(*(_raised(function) for function in functions))
        for place, error in _own_errors(placed):
            if error in raised | code_facts.BUILTIN_ERRORS:
                continue
            if close := get_close_matches(error, raised, n=1, cutoff=ALIKE):
                names = ", ".join(sorted(function.key.name for function in functions))
                yield Problem("UNKNOWN_ERROR", place, f"{names} raises no {error!r}.", f" Did you mean {close[0]!r}?")

    def _functions(self, state: JsonMapping) -> list[Function]:
        """The functions that a state, or the states within it, call."""
        inner = [nested for machine in inner_machines(state) for nested in machine["States"].values()]
        found = [function for nested in inner for function in self._functions(nested)]
        resource = self._called(state)
        return [*found, resource] if isinstance(resource, Function) else found


def _own_errors(placed: PlacedState) -> Iterator[tuple[Place, str]]:
    """The errors in Retry and Catch that are neither those of Step Functions nor those of a service."""
    for field in ("Retry", "Catch"):
        handlers = placed.state.get(field)
        for number, handler in enumerate(handlers if isinstance(handlers, list) else ()):
            errors = handler.get("ErrorEquals") if isinstance(handler, Mapping) else None
            for position, error in enumerate(errors if isinstance(errors, list) else ()):
                if isinstance(error, str) and "." not in error and not is_later(error):
                    yield placed.place / field / number / "ErrorEquals" / position, error


def _arguments(here: Place, parameters: JsonMapping, job: Job) -> Iterator[Problem]:
    arguments = parameters.get("Arguments", {})
    if not isinstance(arguments, Mapping) or "Arguments.$" in parameters or not isinstance(job.script, Script):
        return
    given = {name.removesuffix(".$").removeprefix("--") for name in arguments}
    read = code_facts.read_arguments(job.script.path)
    missing = read.required - given - GIVEN - {name.removeprefix("--") for name in job.arguments}
    for name in sorted(missing):
        near = closest(name, given - read.required - read.optional)
        text = f"the script of {job.key} reads --{name}, which neither this task nor the job gives."
        yield Problem("JOB_ARGUMENT", here, text, f" Is it what '--{near}' means?" if near else "")
    for field in arguments:
        name = field.removesuffix(".$").removeprefix("--")
        if read.is_whole and name not in read.required | read.optional | GIVEN and not name.startswith(OF_GLUE):
            text = f"the script of {job.key} does not read it."
            yield Problem(
                "UNUSED_JOB_ARGUMENT", here / field, text, did_you_mean(f"--{name}", [f"--{other}" for other in missing])
            )


def _event(here: Place, payload: Json, function: Function) -> Iterator[Problem]:
    if not isinstance(payload, Mapping) or not isinstance(function.code, Package):
        return
    file, handler = function.code.handler_file, function.handler.rpartition(".")[2]
    keys = code_facts.event_keys(file, handler) if file is not None and file.suffix == ".py" else None
    if keys is None:
        return
    given = {name.removesuffix(".$"): name for name in payload}
    for name in sorted(given.keys() - keys.names):
        text = f"{keys.type_name}, the event of {function.key}, has no such key."
        yield Problem("PAYLOAD_KEY", here / given[name], text, did_you_mean(name, keys.names))
    for name in sorted(keys.required - given.keys()):
        yield Problem("PAYLOAD_KEY", here, f"{keys.type_name}, the event of {function.key}, needs {name!r}.")


def _timeout(placed: PlacedState, function: Function) -> Iterator[Problem]:
    seconds, limit = placed.state.get("TimeoutSeconds"), function.settings.timeout_seconds
    if isinstance(seconds, int) and seconds < limit and not str(placed.state["Resource"]).endswith(WAIT):
        text = f"the task ends after {seconds} seconds, but {function.key} may run for {limit}, and goes on."
        yield Problem("FUNCTION_TIMEOUT", placed.place / "TimeoutSeconds", text)


def _raised(function: Function) -> frozenset[str]:
    return code_facts.raised_errors(function.code.folder) if isinstance(function.code, Package) else frozenset()


def _target(state: JsonMapping) -> tuple[str, str] | None:
    """The kind and the name or ARN of what a task calls; None if a project has no such kind, or if it is known only later."""
    if state["Type"] != "Task":
        return None
    called = called_by(state.get("Resource"))
    kind, parameter = TARGETS.get(f"{called.service}:{called.action}", ("", "")) if called else ("lambda", "")
    text = _parameters(state).get(parameter) if parameter else state.get("Resource")
    return (kind, text) if kind and isinstance(text, str) and not is_later(text) and ":activity:" not in text else None


def _unqualified(text: str) -> str:
    """A name or ARN without the version or alias behind it."""
    return ":".join(text.split(":")[:7]) if text.startswith("arn:") else text.partition(":")[0]


def _facts(resource: Resource) -> Json:
    """Everything that problems depend on beside the definition."""
    if not isinstance(resource, Function | Job):
        return []
    if isinstance(resource, Job):
        paths = [resource.script.path] if isinstance(resource.script, Script) else []
        return [sorted(resource.arguments), [_status(path) for path in paths]]
    folder = resource.code.folder if isinstance(resource.code, Package) else None
    files = sorted(folder.rglob("*.py")) if folder is not None else []
    return [resource.settings.timeout_seconds, resource.handler, [_status(path) for path in files]]


def _status(path: Path) -> list[Json]:
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]


def _parameters(state: JsonMapping) -> JsonMapping:
    parameters = state.get("Parameters", state.get("Arguments"))
    return parameters if isinstance(parameters, Mapping) else {}
