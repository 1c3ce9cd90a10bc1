"""Checks declarations for `invoke check`: it renders the declarations of every environment, and collects all problems.

It needs no credentials. A project without values for its parameters in an environment is left out there, as in packaging.
"""

from collections.abc import Callable, Iterable

from common.base.errors import DeployError, ParameterError
from common.base.lean_dataclass import dataclass, field
from common.declare import packages, project_names, projects
from common.declare.asl.definition_check import DefinitionError, WrongDeclarationsError
from common.declare.asl.problem import LocatedProblem
from common.declare.declaration import Warns
from common.declare.workspace import Workspace
from common.environment import config_files
from common.environment.config import Environment
from common.model.resource import Key


@dataclass
class Checked:
    """What was checked.

    Attributes:
        machines: the state machines that were looked at and are right, with the projects that they belong to.
        wrong: the subjects of those that are not.
        problems: what is wrong in definitions, or may be; each once, whatever the number of environments.
        errors: a message for each declaration that is wrong otherwise.
    """

    machines: set[Key] = field(default_factory=set)
    wrong: set[str] = field(default_factory=set)
    problems: list[LocatedProblem] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        """Whether there is more than warnings."""
        return bool(self.wrong or self.errors)

    def add(self, error: DeployError) -> None:
        """Adds what an error reports."""
        if isinstance(error, WrongDeclarationsError):
            for part in error.errors:
                self.add(part)
            self.add_problems(error.warnings)
        elif isinstance(error, DefinitionError):
            self.wrong.add(error.where)
            self.add_problems(error.problems)
        elif (message := str(error)) not in self.errors:
            self.errors.append(message)

    def add_problems(self, problems: Iterable[LocatedProblem]) -> None:
        """Adds what is new of these problems."""
        self.problems += [problem for problem in problems if problem not in self.problems]


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
            checked.add(error)
            continue
        for project in project_names.enabled_among(workspace.root, env, workspace.projects):
            _check_project(workspace, env, project, checked, say)
    return checked


def _check_project(workspace: Workspace, env: Environment, project: str, checked: Checked, say: Callable[[str], None]) -> None:
    try:
        for pipeline in projects.load(workspace.root, env, [project]):
            checked.machines |= {resource.key for resource in pipeline.rendered() if resource.key.kind == "state-machine"}
            if isinstance(pipeline, Warns):
                checked.add_problems(pipeline.warnings)
    except ParameterError as error:
        say(f"{project} is not checked for {env.name}, which has no values for {', '.join(error.places)}.")
    except DeployError as error:
        checked.add(error)
