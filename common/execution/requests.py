"""What the command line of `run` asks for, checked as a whole before anything is started."""

from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from common.aws.protocol import Aws
from common.base.errors import UsageError
from common.declare.declaration import Entry
from common.declare.workspace import DeclaredPipelines
from common.execution import selecting
from common.execution.follower import Tell
from common.execution.one_run import OneRunner
from common.execution.running import Runner
from common.execution.starting import Start, find_starts, read_input
from common.model.reference import Location, Ref
from common.model.resource import Resource


class Prepared(Protocol):
    """A checked request."""

    def run(self, aws: Aws, pool: Executor, report: Tell) -> None:
        """Carries it out."""
        ...


@dataclass(frozen=True)
class RunRequest:
    """The options of `run`.

    Args:
        key: the key of the only function, job, crawler or state machine to run.
        input: the input of a machine or function: JSON, or the name of a file that has it.
        arguments: the arguments of a job, as ``name=value``.
        preview: the place whose changed rows are shown; True for that of the entry.
    """

    key: str | None = None
    input: str | None = None
    arguments: tuple[str, ...] = ()
    preview: str | bool | None = None

    def prepare(self, root: Path, declarations: DeclaredPipelines) -> Prepared:
        """Checks the request.

        Raises:
            UsageError: options exclude each other, or name nothing that is declared.
            DeclarationError: a declared input or sample cannot be used.
        """
        resource = selecting.select(declarations.resources, self.key, "be run") if self.key is not None else None
        if resource is not None and resource.key.kind != selecting.MACHINE:
            return _One(root, declarations, resource, self, self._shown(declarations, resource.key.project))
        if self.arguments:
            raise UsageError("--argument is for jobs: add --only glue-job/NAME. A state machine takes --input.")
        starts = find_starts(root, declarations, self.input) if resource is None else [self._start(root, resource)]
        if isinstance(self.preview, str) and len(starts) > 1:
            raise UsageError("--preview with a place is for one project. Add --project NAME.")
        shown = {start.project: self._shown(declarations, start.project) for start in starts} if self.preview else {}
        return _Executions(root, declarations, starts, shown)

    def _start(self, root: Path, machine: Resource) -> Start:
        text = "{}" if self.input is None else read_input(root, self.input)
        return Start(machine.key.project, Entry(Ref(machine.key, machine.name, machine.arn), {}), text)

    def _shown(self, declarations: DeclaredPipelines, project: str) -> Location | None:
        if isinstance(self.preview, str):
            return selecting.location(declarations.resources, self.preview)
        if not self.preview:
            return None
        entry = next((pipeline.entry for pipeline in declarations.pipelines if pipeline.name == project), None)
        if entry is None or entry.preview is None:
            raise UsageError(
                f"{project} declares no place to show (`run_by(…, preview=…)`). Add it: --preview s3://BUCKET/PREFIX."
            )
        return entry.preview


@dataclass(frozen=True)
class _One:
    root: Path
    declarations: DeclaredPipelines
    resource: Resource
    request: RunRequest
    shown: Location | None

    def run(self, aws: Aws, pool: Executor, report: Tell) -> None:
        runner = OneRunner(self.root, self.declarations, aws, pool, report)
        runner.run(self.resource, self.request.input, self.request.arguments, self.shown)


@dataclass(frozen=True)
class _Executions:
    root: Path
    declarations: DeclaredPipelines
    starts: list[Start]
    changes: dict[str, Location | None]

    def run(self, aws: Aws, pool: Executor, report: Tell) -> None:
        Runner(self.root, self.declarations, aws, pool, report, self.changes).run_all(self.starts)
