"""`invoke package-lambdas --sbom`: prints the bill of materials of all packages as one document."""

from common.base import terminal
from common.commands.environment_command import opened
from common.declare import packages
from common.engine import sbom
from common.model.choices import Choices
from common.report.deploy_report import TextReport


def print_sbom(choices: Choices) -> None:
    """Prints the document; all else that is to be told goes to standard error.

    Raises:
        ArtifactError: something cannot be built.
        UsageError: --only selects no package.
    """
    command = opened(choices, TextReport(stream=terminal.errors()))
    workspace = command.workspace
    artifacts = sbom.artifacts_of(packages.selected(workspace, command.say), workspace.build_dir)
    choices.check_packaged(artifacts)
    name = workspace.projects[0] if len(workspace.projects) == 1 else "pipelines"
    records = (lambda: command.connection().records) if choices.env is not None else None
    terminal.Screen().object(sbom.merged(name, artifacts, workspace.build_dir, records), indent=2)
