"""What the command line of `run` asks for, checked as a whole before anything is started."""

from concurrent.futures import Executor
from pathlib import Path
from typing import Protocol

from common.aws.protocol import Aws
from common.base.errors import UsageError
from common.base.lean_dataclass import dataclass
from common.declare.declaration import Entry
from common.declare.workspace import DeclaredPipelines
from common.execution import debugger, named_execution, selecting
from common.execution.follower import Tell
from common.execution.machine_runs import MachineRuns
from common.execution.one_run import OneRunner
from common.execution.running import Runner, check_outcomes
from common.execution.starting import Start, find_starts, read_input
from common.model.reference import Location, Ref
from common.model.resource import Resource

LAST = "last"
"""The value of `--input` for the input that the state of `--from` had in the last execution."""


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
        input: the input of a machine or function: JSON, or the name of a file that has it; `LAST` for that of the last execution.
        arguments: the arguments of a job, as ``name=value``.
        preview: the place whose changed rows are shown; True for that of the entry.
        state: the state of the machine to begin with.
        execution: the ARN of an execution to explain, or to redrive.
        redrive: continue the last execution, or that of `execution`.
        debug: let the function or job wait for a debugger.
    """

    key: str | None = None
    input: str | None = None
    arguments: tuple[str, ...] = ()
    preview: str | bool | None = None
    state: str | None = None
    execution: str | None = None
    redrive: bool = False
    debug: bool = False

    @property
    def changes_something(self) -> bool:
        """Whether it starts anything, and does not only explain an execution."""
        return self.execution is None or self.redrive

    def prepare(self, root: Path, declarations: DeclaredPipelines) -> Prepared:
        """Checks the request.

        Raises:
            UsageError: options exclude each other, or name nothing that is declared.
            DeclarationError: a declared input or sample cannot be used.
        """
        self._check_options()
        resource = selecting.select(declarations.resources, self.key, "be run") if self.key is not None else None
        if self.debug:
            debugger.check(declarations.env, resource)
        if self.execution is not None or self.redrive or self.state is not None:
            return self._of_machine(root, declarations, resource)
        if resource is not None and resource.key.kind != selecting.MACHINE:
            return _One(root, declarations, resource, self, self._shown(declarations, resource.key.project))
        if self.arguments:
            raise UsageError("--argument is for jobs: add --only glue-job/NAME. A state machine takes --input.")
        starts = find_starts(root, declarations, self.input) if resource is None else [self._start(root, resource)]
        if isinstance(self.preview, str) and len(starts) > 1:
            raise UsageError("--preview with a place is for one project. Add --project NAME.")
        shown = {start.project: self._shown(declarations, start.project) for start in starts} if self.preview else {}
        return _Executions(root, declarations, starts, shown)

    def _check_options(self) -> None:
        is_set = {
            "--execution": self.execution is not None,
            "--redrive": self.redrive,
            "--from": self.state is not None,
            "--input": self.input is not None,
            "--argument": bool(self.arguments),
            "--preview": bool(self.preview),
            "--only": self.key is not None,
            "--debug": self.debug,
        }
        excluded = {
            "--execution": ("--from", "--input", "--argument", "--preview", "--only", "--debug"),
            "--redrive": ("--from", "--input", "--argument", "--preview", "--debug"),
            "--from": ("--argument", "--preview", "--debug"),
        }
        for option, others in excluded.items():
            wrong = next((other for other in others if is_set[option] and is_set[other]), None)
            if wrong:
                raise UsageError(f"{option} and {wrong} exclude each other.")

    def _of_machine(self, root: Path, declarations: DeclaredPipelines, resource: Resource | None) -> "Prepared":
        """A request about one machine or execution: `--from`, `--execution` or `--redrive`."""
        arn = None if self.execution is None else named_execution.check_arn(declarations.env, self.execution)
        machine = None if arn is not None else self._machine(declarations, resource)
        if self.state is not None and self.input is None:
            raise UsageError(
                f"--from {self.state} needs the input of that state: add --input FILE, a JSON object, or --input {LAST}, "
                "which is what the state had in the last execution."
            )
        is_known = self.input is not None and (self.state is None or self.input != LAST)
        text = read_input(root, self.input) if self.input is not None and is_known else None
        return _OneExecution(root, declarations, machine, arn, self.state, text, self.redrive)

    def _machine(self, declarations: DeclaredPipelines, resource: Resource | None) -> Ref:
        if resource is not None and resource.key.kind != selecting.MACHINE:
            option = "--redrive" if self.redrive else "--from"
            raise UsageError(f"{option} is about a state machine; {resource.key} is none.")
        if resource is not None:
            return Ref(resource.key, resource.name, resource.arn)
        entries = {pipeline.name: pipeline.entry for pipeline in declarations.pipelines if pipeline.entry is not None}
        if len(entries) != 1:
            names = ", ".join(entries) or "none"
            raise UsageError(f"Which state machine? Add --project NAME (these can be run: {names}) or --only state-machine/NAME.")
        return next(entry.machine for entry in entries.values())

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
        runner.run(self.resource, self.request.input, self.request.arguments, self.shown, debugs=self.request.debug)


@dataclass(frozen=True)
class _OneExecution:
    root: Path
    declarations: DeclaredPipelines
    machine: Ref | None
    arn: str | None
    state: str | None
    input: str | None
    redrives: bool

    def run(self, aws: Aws, pool: Executor, report: Tell) -> None:
        runs = MachineRuns(Runner(self.root, self.declarations, aws, pool, report))
        if self.state is not None and self.machine is not None:
            text = self.input if self.input is not None else runs.last_input(self.machine, self.state)
            outcome = runs.run_from(self.machine, self.state, text)
        elif self.arn is not None and not self.redrives:
            outcome = runs.explain(self.arn)
        else:
            outcome = runs.redrive(self.machine, self.arn)
        check_outcomes([outcome])


@dataclass(frozen=True)
class _Executions:
    root: Path
    declarations: DeclaredPipelines
    starts: list[Start]
    changes: dict[str, Location | None]

    def run(self, aws: Aws, pool: Executor, report: Tell) -> None:
        Runner(self.root, self.declarations, aws, pool, report, self.changes).run_all(self.starts)
