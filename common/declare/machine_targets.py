"""Finds what the tasks of state machines call of their own project."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from common.base.json_types import JsonMapping
from common.declare.asl.called import called_by
from common.declare.asl.later import is_later
from common.declare.asl.walk import inner_machines
from common.model.resource import Resource
from common.packaging.job_imports import SharedCode
from common.resources.function import Function
from common.resources.job import Job

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

    def texts(self) -> list[tuple[str, str]]:
        """The kind of each, with its name and with its ARN, in order."""
        return sorted(self._by_text)

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


def shared_paths(job: Job) -> list[Path]:
    """The files of shared code that the script of a job imports."""
    return job.shared_code.paths if isinstance(job.shared_code, SharedCode) else []
