"""Runs of a state machine other than from its beginning: from one state on, redriven, or only explained."""

from datetime import UTC, datetime

from common.aws import regions
from common.base.command_text import typed
from common.base.errors import AwsError, UsageError
from common.base.lean_dataclass import dataclass
from common.environment import owner_tags
from common.execution import executions, follower, named_execution, partial, selecting
from common.execution.follower import Outcome
from common.execution.running import Runner
from common.model.events import Note
from common.model.reference import Ref
from common.model.resource import Resource


@dataclass(frozen=True)
class MachineRuns:
    """Runs or explains executions of one environment.

    Args:
        runner: follows them.
    """

    runner: Runner

    def explain(self, arn: str) -> Outcome:
        """Follows an execution that somebody has started, to its end, and explains it. Nothing is started.

        Raises:
            UsageError: it does not exist.
        """
        named_execution.describe(self.runner.aws, arn)
        return self.runner.follow(self._project(arn), named_execution.machine_name(arn), arn)

    def redrive(self, machine: Ref | None, arn: str | None) -> Outcome:
        """Continues an execution that did not succeed, from the states that failed.

        Args:
            machine: the machine whose last execution is redriven, if `arn` is None.
            arn: the execution.

        Raises:
            UsageError: AWS cannot redrive it.
        """
        aws = self.runner.aws
        if arn is None and machine is not None:
            last = self._last(machine)
            if last is None:
                raise UsageError(f"{machine.key} has no execution yet, so there is nothing to redrive.")
            arn = last.arn
        assert arn is not None  # noqa: S101 - the request has one of the two
        execution = named_execution.describe(aws, arn)
        declared = self._declared(arn)
        key = str(declared.key) if declared is not None else "state-machine/NAME"
        named_execution.check_redrivable(execution, key, datetime.now(UTC))
        regional = regions.at(aws, arn)
        before = executions.read_history(regional, arn)
        stopped = next((visit for visit in reversed(before.visits) if visit.parent is None), None)
        if stopped is not None and stopped.type == "Fail":
            other = f"To repeat what failed before it: {typed(f'run --only {key} --from STATE --input last')}"
            self.runner.report(Note(f"{stopped.name} is a Fail state, and a redrive enters it again. {other}"))
        named_execution.redrive(regional, arn)
        before.reopen()
        return self.runner.follow(self._project(arn), named_execution.machine_name(arn), arn, before)

    def last_input(self, machine: Ref, state: str) -> str:
        """Returns the input that a state had when it was last entered, in the last execution of a machine, as JSON text.

        Raises:
            UsageError: there is no execution, or it did not enter the state, or its input is not in the history.
        """
        aws = regions.at(self.runner.aws, machine.arn)
        last = self._last(machine)
        if last is None:
            raise UsageError(f"{machine.key} has no execution yet, so {state} had no input. Add --input FILE.")
        details = executions.last_entered(aws, last.arn, state)
        if details is None:
            raise UsageError(f"{state} was not entered in the last execution, {last.arn}. Add --input FILE, or a JSON object.")
        if "input" not in details or details.get("inputDetails", {}).get("truncated"):
            raise UsageError(f"The history of {last.arn} does not have the whole input of {state}. Add --input FILE.")
        self.runner.report(Note(f"The input of {state} is that of the execution {last.arn}."))
        return str(details["input"])

    def _last(self, machine: Ref) -> executions.Execution | None:
        """The last execution of a standard machine."""
        try:
            return executions.last(regions.at(self.runner.aws, machine.arn), machine.arn)
        except AwsError as error:
            if error.code == "StateMachineDoesNotExist":
                env = self.runner.declarations.env
                raise UsageError(selecting.not_deployed(env, machine.key, machine.name)) from None
            if error.code == "StateMachineTypeNotSupported":
                raise UsageError(f"{machine.key} is an EXPRESS state machine, whose executions leave no history.") from None
            raise

    def run_from(self, machine: Ref, state: str, text: str) -> Outcome:
        """Runs a machine from one state on, by a temporary machine.

        Args:
            machine: the deployed machine.
            state: the state to begin with.
            text: the input of that state, as JSON text.

        Raises:
            UsageError: it is not deployed, is an express machine, or cannot begin with this state.
        """
        runner, env, project = self.runner, self.runner.declarations.env, machine.key.project
        aws = regions.at(runner.aws, machine.arn)
        live = selecting.deployed_machine(aws, env, machine)
        tags = {**env.ownership(project), owner_tags.temporary_key(env.tag_prefix): "run"}
        temporary = partial.prepare(live, str(machine.key), state, tags)
        if env.embedded is not None:
            resources = [resource for resource in runner.declarations.resources if resource.key.project == project]
            selecting.fetch_programs(runner.root, resources, runner.report)
        name = temporary.parameters["name"]
        runner.report(Note(f"A temporary state machine {name} runs {machine.key} from {state} on, and is deleted at the end."))
        if temporary.reads_input:
            runner.report(Note("States read the input of the execution, which is now the input of this state."))
        execution = ""
        with partial.created(aws, temporary) as arn:
            try:
                execution = follower.start(aws, arn, text)
                outcome = runner.follow(project, str(name), execution, is_lasting=False)
            except BaseException:
                if execution:
                    partial.stop(aws, execution)
                    runner.report(Note("The execution was stopped, and its temporary state machine is deleted."))
                raise
        return outcome

    def _project(self, arn: str) -> str:
        """The project of an execution's machine, or the machine's name if no chosen project declares it."""
        declared = self._declared(arn)
        return declared.key.project if declared is not None else named_execution.machine_name(arn)

    def _declared(self, arn: str) -> Resource | None:
        """The declared machine of an execution."""
        name = named_execution.machine_name(arn)
        machines = (item for item in self.runner.declarations.resources if item.key.kind == selecting.MACHINE)
        return next((machine for machine in machines if machine.name == name), None)
