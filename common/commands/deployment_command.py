"""Opens a deployment. What a plan needs first is read from AWS while the declarations are loaded."""

from collections.abc import Callable, Collection
from pathlib import Path

from common.aws.tagging_index import Sizes
from common.base import terminal
from common.base.terminal import prompt
from common.commands.environment_command import Connect, EnvironmentCommand
from common.commands.invocation import INVOCATION, Invocation
from common.declare import project_names
from common.engine.deployment import Deployment
from common.model.choices import Choices
from common.model.events import Report
from common.report.deploy_report import JsonDeployReport, TextReport


def text_report(*, planning: bool = False, verbose: bool = False) -> TextReport:
    """What shows a deploy or a removal to people: by project on a terminal, otherwise and with --verbose one line a resource."""
    if verbose or not terminal.Screen().is_live:
        return TextReport(planning=planning, names=verbose)
    from common.report.project_report import ProjectReport  # loads rich, which only a terminal needs

    return ProjectReport(planning=planning)


def deploy_report(choices: Choices, *, planning: bool = False, json: bool, verbose: bool = False) -> Report:
    """What shows a deploy, or packages, as text or as one JSON object.

    Raises:
        UsageError: a chosen project is not in the repository.
    """
    names = project_names.check_projects(INVOCATION.get().root, choices.project)
    if json:
        return JsonDeployReport(choices.env, names)
    return text_report(planning=planning, verbose=verbose)


class DeploymentCommand(EnvironmentCommand):
    """A command that plans or deploys.

    Args:
        covered: the steps that the command line is about.
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
    ) -> None:
        super().__init__(root, choices, report, ask, began, aws)
        self._covered = covered
        self._deployment: Deployment | None = None

    @classmethod
    def made(
        cls, choices: Choices, invocation: Invocation, covered: Collection[str], *, planning: bool, json: bool, verbose: bool
    ) -> "DeploymentCommand":
        """The command of an invocation, which reports as text or as one JSON object."""
        report = deploy_report(choices, planning=planning, json=json, verbose=verbose)
        return cls(invocation.root, choices, covered, report, prompt(json=json), invocation.began)

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
