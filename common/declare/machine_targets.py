"""Finds what the tasks of state machines call of their own project."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from common.base import digest
from common.base.digest import Digest
from common.base.json_types import Json, JsonMapping
from common.declare.asl.called import called_by
from common.declare.asl.later import is_later
from common.declare.asl.walk import inner_machines
from common.model.resource import Key, Resource
from common.packaging.artifact import Script
from common.packaging.job_imports import SharedCode
from common.packaging.lambda_package import Package
from common.resources.function import Function
from common.resources.job import Job

if TYPE_CHECKING:
    from common.packaging.code_facts import ReadArguments

TARGETS = {
    "lambda:invoke": ("lambda", "FunctionName"),
    "glue:startJobRun": ("glue-job", "JobName"),
    "states:startExecution": ("state-machine", "StateMachineArn"),
}
"""For each action that calls something of a project its kind, and the parameter that names it."""


class MachineTargets:
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
        self._arguments: dict[Key, ReadArguments] = {}
        self._errors: dict[Key, frozenset[str]] = {}
        self._facts: dict[Key, Json] = {}

    def arguments(self, job: Job) -> "ReadArguments":
        """What the script of a job reads; it is looked at once."""
        if job.key not in self._arguments:
            from common.packaging.code_facts import ReadArguments, read_arguments  # what is remembered has no use for it

            script = job.script
            read = read_arguments(script.path, shared_paths(job)) if isinstance(script, Script) else ReadArguments()
            self._arguments[job.key] = read
        return self._arguments[job.key]

    def errors(self, function: Function) -> frozenset[str]:
        """The names of the errors that the code of a function may raise; it is looked at once."""
        if function.key not in self._errors:
            from common.packaging.code_facts import raised_errors  # as above

            code = function.code
            self._errors[function.key] = raised_errors(code.folder) if isinstance(code, Package) else frozenset()
        return self._errors[function.key]

    def facts(self, resource: Resource) -> Json:
        """Everything of a resource that problems of what calls it depend on; it is looked at once."""
        if resource.key not in self._facts:
            self._facts[resource.key] = _facts(resource)
        return self._facts[resource.key]

    @cached_property
    def texts(self) -> list[tuple[str, str]]:
        """The kind of each, with its name and with its ARN, in order."""
        return sorted(self._by_text)

    @cached_property
    def digest(self) -> Digest:
        """The digest of all of them, by which each machine remembers what was found: they may be thousands."""
        return digest.of_struct("machine-targets", 1, self.texts)

    def called(self, state: JsonMapping) -> Resource | None:
        """The function, job or machine that a task calls; None if it is none of this project."""
        target = target_of(state)
        return self._by_text.get(target) or self._by_text.get((target[0], unqualified(target[1]))) if target else None

    def functions(self, state: JsonMapping) -> list[Function]:
        """The functions that a state, or the states within it, call."""
        inner = [nested for machine in inner_machines(state) for nested in machine["States"].values()]
        called = [function for nested in inner for function in self.functions(nested)]
        resource = self.called(state)
        return [*called, resource] if isinstance(resource, Function) else called


def target_of(state: JsonMapping) -> tuple[str, str] | None:
    """The kind and the name or ARN of what a task calls; None if a project has no such kind, or if it is known only later."""
    if state["Type"] != "Task":
        return None
    called = called_by(state.get("Resource"))
    kind, parameter = TARGETS.get(f"{called.service}:{called.action}", ("", "")) if called else ("lambda", "")
    text = parameters_of(state).get(parameter) if parameter else state.get("Resource")
    return (kind, text) if kind and isinstance(text, str) and not is_later(text) and ":activity:" not in text else None


def unqualified(text: str) -> str:
    """A name or ARN without the version or alias behind it."""
    return ":".join(text.split(":")[:7]) if text.startswith("arn:") else text.partition(":")[0]


def parameters_of(state: JsonMapping) -> JsonMapping:
    """The parameters of a task in either query language; empty if they are none."""
    parameters = state.get("Parameters", state.get("Arguments"))
    return parameters if isinstance(parameters, Mapping) else {}


def given_arguments(job: Job) -> set[str]:
    """The names of the arguments that every run of a job has, without the dashes."""
    return {name.removeprefix("--") for name in (*job.arguments, *(job.settings.non_overridable_arguments or ()))}


def shared_paths(job: Job) -> list[Path]:
    """The files of shared code that the script of a job imports."""
    return job.shared_code.paths if isinstance(job.shared_code, SharedCode) else []


def _facts(resource: Resource) -> Json:
    if isinstance(resource, Job):
        paths = [resource.script.path, *shared_paths(resource)] if isinstance(resource.script, Script) else []
        return [sorted(given_arguments(resource)), [_status(path) for path in paths]]
    if not isinstance(resource, Function):
        return []
    folder = resource.code.folder if isinstance(resource.code, Package) else None
    files = sorted(folder.rglob("*.py")) if folder is not None else []
    return [resource.settings.timeout_seconds, resource.handler, [_status(path) for path in files]]


def _status(path: Path) -> list[Json]:
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]
