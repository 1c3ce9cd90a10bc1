"""Checks declarations for `invoke check`: it renders the declarations of every environment, and reports all problems at once.

It needs no credentials. A project without values for its parameters in an environment is left out there, as in packaging.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from common.base.errors import DeployError, ParameterError
from common.declare import packages, project_names, projects
from common.declare.workspace import Workspace
from common.environment import config_files
from common.environment.config import Environment
from common.model.resource import Key


@dataclass
class Checked:
    """What was checked.

    Attributes:
        machines: the state machines that are right, with the projects that they belong to.
        problems: a message for each declaration that is wrong.
    """

    machines: set[Key] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def check_all(workspace: Workspace, say: Callable[[str], None]) -> Checked:
    """Checks the selected projects in every environment, or in the one that the command names.

    Raises:
        UsageError: there are no environments, or no such project.
    """
    checked = Checked()
    for name in packages.environments(workspace):
        try:
            env = config_files.load(workspace.root, name)
        except DeployError as error:
            _add(checked, error)
            continue
        for project in project_names.enabled_among(workspace.root, env, workspace.projects):
            _check_project(workspace, env, project, checked, say)
    return checked


def _check_project(workspace: Workspace, env: Environment, project: str, checked: Checked, say: Callable[[str], None]) -> None:
    try:
        for pipeline in projects.load(workspace.root, env, [project]):
            checked.machines |= {resource.key for resource in pipeline.rendered() if resource.key.kind == "state-machine"}
    except ParameterError as error:
        say(f"{project} is not checked for {env.name}, which has no values for {', '.join(error.places)}.")
    except DeployError as error:
        _add(checked, error)


def _add(checked: Checked, error: DeployError) -> None:
    if (message := str(error)) not in checked.problems:
        checked.problems.append(message)
