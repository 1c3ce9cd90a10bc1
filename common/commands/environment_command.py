"""A command in one environment: what it opens, and the summary that it ends with.

Seconds are counted from the start of the process, for that is what people wait for.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from common.aws.tagging_index import Part
from common.base.errors import UsageError
from common.base.terminal import prompt
from common.commands import site_opening
from common.commands.invocation import INVOCATION
from common.declare import project_names
from common.declare.workspace import DeclaredPipelines, Workspace
from common.engine.connection import Connecting, Connection
from common.engine.interruptible import Counts
from common.engine.opening import Connect, Opening
from common.model.choices import Choices
from common.model.events import Closed, Note, Report
from common.model.resource import PROJECT_NAME, Resource


class Work(Protocol):
    """What a command may have begun to change: a deployment, a destruction."""

    @property
    def counts(self) -> Counts:
        """What became of the changes so far."""
        ...

    def close(self) -> None:
        """Ends it; raises what it ended with, if it is incomplete."""
        ...


class EnvironmentCommand:
    """What a command opens: a workspace, a connection if it asks for one, and work on what is deployed.

    Args:
        root: the repository.
        choices: what the command line says.
        report: gets every event.
        ask: puts a question to the user; None where nobody can be asked.
        began: when people began to wait, on the clock of `time.monotonic`; now, if it is not given.
        aws: makes AWS; as configured, if it is not given.
        opening: what was opened already, and told, if anything was.

    Attributes:
        workspace: the repository.
        work: what changes something, once it has begun.
    """

    def __init__(
        self,
        root: Path,
        choices: Choices,
        report: Report,
        ask: Callable[[str], str] | None = None,
        began: float | None = None,
        aws: Connect | None = None,
        opening: Opening | None = None,
    ) -> None:
        self._began = time.monotonic() if began is None else began
        self.workspace, self.choices, self.report, self.ask = Workspace(root, choices), choices, report, ask
        self.work: Work | None = None
        self._aws = aws or (lambda: site_opening.connected(root, self.workspace.environment, choices, report))
        self._opening = opening
        self._connecting: Connecting | None = None

    def say(self, text: str) -> None:
        """Tells the user something that is not about one change."""
        self.report(Note(text))

    def connecting(self, *, parts: Sequence[Part] | None = None) -> Connecting:
        """The connection that is being made from now on.

        Args:
            parts: how to ask the tagging index, if a plan will be made; its first reads begin at once.
        """
        if self._connecting is None:
            opening = self._opened(parts)
            self._connecting = Connecting(self.workspace.environment, opening, self.workspace.projects)
        return self._connecting

    def connection(self) -> Connection:
        """The connection, once the account is proved."""
        if self._connecting is None:
            self._connecting = Connecting(self.workspace.environment, self._opened())
        return self._connecting.wait()

    def _opened(self, parts: Sequence[Part] | None = None) -> Opening:
        if self._opening is None:
            env = self.workspace.environment
            site_opening.tell_opened(self.workspace.root, env, self.report)
            projects = self.workspace.projects if parts is not None else ()
            self._opening = Opening(env, self._aws(), self.choices.jobs, projects, parts)
        return self._opening

    def declarations(self) -> DeclaredPipelines:
        """What is declared for the environment. Meanwhile, AWS is asked for the identity of the caller."""
        return self.workspace.load(self.connecting().wait_for_parameters())

    def usable_declarations(self) -> tuple[DeclaredPipelines, dict[str, str]]:
        """What can be used of what is declared, for commands that only look, and by project why the rest cannot."""
        return self.workspace.load_usable(self.connecting().wait_for_parameters())

    def about(self) -> dict[str, str]:
        """Who changes what nobody declares, from where: for leases and releases."""
        return self.connection().about(self.workspace.origin(()))

    def edited(self, declarations: DeclaredPipelines) -> list[Resource]:
        """The resources of which a file has changed since it was last looked at."""
        return self.workspace.edited(declarations.resources)

    def close(self) -> None:
        """Ends the work, and tells the summary.

        Raises:
            DeployError: the work is incomplete.
        """
        first = sys.exception()
        try:
            if self.work is not None:
                self.work.close()
        finally:
            calls: Mapping[str, int] = {}
            if self._opening is not None:
                self._opening.close()
                calls = self._opening.calls
            self.workspace.close()
            counts = self.work.counts if self.work is not None else Counts()
            error = first or sys.exception()  # the first error is the one that the user is told
            seconds = time.monotonic() - self._began
            self.report(Closed(seconds, calls, counts.done, counts.failed, counts.untried, counts.skipped, error))


def opened(choices: Choices, report: Report, *, json: bool = False, must_exist: bool = False) -> EnvironmentCommand:
    """The command for these choices; the invocation closes it.

    Args:
        choices: what the command line says.
        report: gets every event.
        json: one JSON object is printed, so nobody can be asked.
        must_exist: the projects must be in this repository.
    """
    invocation = INVOCATION.get()
    if must_exist:
        project_names.check_projects(invocation.root, choices.project)
    command = EnvironmentCommand(invocation.root, choices, report, prompt(json=json), invocation.began)
    return invocation.keep(object(), lambda: command, EnvironmentCommand.close)


def deployed_projects(connection: Connection, project: str | None) -> list[str]:
    """The projects that --project names, deployed or not; without it all that are deployed, whether they are declared or not.

    A folder stands for its instances, and for what was deployed of it before it had any.

    Raises:
        UsageError: a name cannot be a project's.
    """
    if project is None:
        return sorted(connection.records.projects())
    names = [name.strip() for name in project.split(",")]
    for name in names:
        if not PROJECT_NAME.fullmatch(name):
            raise UsageError(f"{name!r} is not a project's name.")
    return [*dict.fromkeys(deployed for name in names for deployed in (name, *connection.env.instances_of(name)))]
