"""Opens a deployment. What a plan needs first is read from AWS while the declarations are loaded."""

import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from common.aws.tagging_index import Sizes
from common.base.terminal import prompt
from common.commands.environment_command import EnvironmentCommand
from common.commands.invocation import INVOCATION, Invocation
from common.declare import project_names
from common.engine.deployment import Deployment
from common.engine.opening import Connect, Opening
from common.model.choices import Choices
from common.model.events import Report
from common.report.choice import report_of

if TYPE_CHECKING:
    from common.declare.trace import TraceFile


def deploy_report(choices: Choices, *, planning: bool = False, json: bool, verbose: bool = False) -> Report:
    """What shows a deploy, or packages, as text or as one JSON object.

    Raises:
        UsageError: a chosen project is not in the repository.
    """
    names = project_names.check_projects(INVOCATION.get().root, choices.project)
    return report_of(choices.env, names, planning=planning, json=json, verbose=verbose)


class DeploymentCommand(EnvironmentCommand):
    """A command that plans or deploys.

    Args:
        covered: the steps that the command line is about.
        file: keeps what the declarations came to; None if such commands are not traced.
        opening: what was opened already, and told, if anything was.
    """

    def __init__(
        self,
        root: Path,
        choices: Choices,
        covered: Collection[str],
        report: Report,
        ask: Callable[[str], str] | None = None,
        began: float | None = None,
        aws: Connect | None = None,
        file: "TraceFile | None" = None,
        opening: Opening | None = None,
    ) -> None:
        super().__init__(root, choices, report, ask, began, aws, opening)
        self._covered, self._file = covered, file
        self._deployment: Deployment | None = None

    @classmethod
    def made(
        cls,
        choices: Choices,
        invocation: Invocation,
        covered: Collection[str],
        *,
        planning: bool,
        json: bool,
        verbose: bool,
        file: "TraceFile | None" = None,
        report: Report | None = None,
        opening: Opening | None = None,
        aws: Connect | None = None,
    ) -> "DeploymentCommand":
        """The command of an invocation, which reports as text or as one JSON object, or with the `report` that it has begun."""
        report = report or deploy_report(choices, planning=planning, json=json, verbose=verbose)
        return cls(
            invocation.root, choices, covered, report, prompt(json=json), invocation.began, aws, file=file, opening=opening
        )

    def deployment(self) -> Deployment:
        """The deployment, opened once."""
        if self._deployment is None:
            connecting = self.connecting(parts=Sizes(self.workspace.index_sizes).parts())
            if self.workspace.seems_edited():
                from common.packaging.secret_detector import ready  # an unchanged deploy does not need it

                connecting.meanwhile(ready)
            declarations = self.declarations()
            edited = self.workspace.edited(declarations.resources)
            connection = connecting.wait()
            self.work = self._deployment = Deployment(
                self.workspace, connection, declarations, edited, self._covered, self.report, self.ask
            )
        return self._deployment

    def close(self) -> None:
        """Ends the work, tells the summary, and remembers what the declarations came to.

        Raises:
            DeployError: the work is incomplete.
        """
        super().close()
        if self._file is None or self._deployment is None or sys.exception() is not None:
            return
        if (trace := self._deployment.trace()) is not None:
            used = self.workspace.used(self._deployment.declarations.resources)
            if used is not None:
                self._file.write(trace, used.folders, used.paths)
