"""Checks what is declared, for `invoke check`: every environment's declarations are rendered, and all problems are told at once.

It needs no credentials. A project without values for its parameters in an environment is left out there, as in packaging.
"""

from collections.abc import Callable, Iterator
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
        for project in _selected(workspace, env):
            _check_project(workspace, env, project, checked, say)
    return checked


def _selected(workspace: Workspace, env: Environment) -> Iterator[str]:
    selected = {*workspace.projects}
    for name in project_names.enabled_projects(workspace.root, env):
        if not selected.isdisjoint({name, env.folder(name)}):
            yield name


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
