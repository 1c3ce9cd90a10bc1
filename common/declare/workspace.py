"""The files of a repository for one command: configuration, declarations, inputs, the build folder. It makes no calls to AWS."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from common.base.errors import ConfigError, DeclarationError, UsageError
from common.base.lean_dataclass import dataclass
from common.declare import edited_files, project_names, projects
from common.declare.asl.problem import LocatedProblem
from common.declare.declaration import Declares, Warns
from common.declare.inputs import Inputs
from common.environment import config_files, config_json
from common.environment.config import Environment
from common.model.choices import Choices
from common.model.resource import SHARED, Key, Resource
from common.packaging.build_folder import BuildFolder, NewBuildFolder

if TYPE_CHECKING:
    from common.declare.used_files import UsedFiles

NEEDS_SHARED = "it needs what deploy.py declares."
"""Why no project can be used where the shared resources cannot."""


@dataclass(frozen=True)
class DeclaredPipelines:
    """What a repository declares for one environment.

    Args:
        env: the environment, its parameters read.
        pipelines: the declared pipelines, the shared resources first.
        resources: all resources of all pipelines.
        consumers: for each artifact, the resource that runs it.
    """

    env: Environment
    pipelines: Sequence[Declares]
    resources: Sequence[Resource]
    consumers: Mapping[Key, Key]

    @classmethod
    def of(cls, env: Environment, pipelines: Sequence[Declares]) -> "DeclaredPipelines":
        """The declarations of these pipelines."""
        resources = [resource for pipeline in pipelines for resource in pipeline.rendered()]
        return cls(env, pipelines, resources, projects.consumers(pipelines))

    @property
    def warnings(self) -> list[LocatedProblem]:
        """What may be wrong in the definitions of state machines, and is not refused."""
        return [warning for pipeline in self.pipelines if isinstance(pipeline, Warns) for warning in pipeline.warnings]


class Workspace:
    """The repository that one command works in. From when this is made, the files that are read are noted: see `Inputs`.

    Args:
        root: the repository.
        choices: what the command line says.
    """

    def __init__(self, root: Path, choices: Choices) -> None:
        self.root, self.choices = root, choices
        self._inputs = Inputs(root)
        self._build: BuildFolder | None = None
        self._origin: dict[str, str] | None = None
        self._looking = Lock()

    @cached_property
    def environment(self) -> Environment:
        """The environment as its files describe it.

        Raises:
            UsageError: the command line names no environment.
        """
        if self.choices.env is None:
            names = ", ".join(config_json.environments(self.root)) or "none yet"
            raise UsageError(
                f"Which environment? Add --env NAME; config/ has {names}. "
                'Without it, DEPLOY_ENV names one, or one that is not protected says "default": true.'
            )
        return config_files.load(self.root, self.choices.env)

    @cached_property
    def projects(self) -> list[str]:
        """The projects that the command is about; where no environment is named, whether they are for one or not."""
        if self.choices.env is None:
            return project_names.select_anywhere(self.root, self.choices.project)
        return project_names.select_projects(self.root, self.choices.project, self.environment)

    @property
    def index_sizes(self) -> Path:
        """The file that keeps how many resources of each type the environment had: see `tagging_index.Sizes`."""
        return self.root / "build" / "index" / f"{self.environment.name}.json"

    @property
    def build_dir(self) -> Path:
        """Where artifacts are built; nothing goes away there before the workspace is closed."""
        if self._build is None:
            folder = NewBuildFolder if self.choices.rebuild else BuildFolder
            self._build = folder(self.root / "build" / "artifacts")
        return self._build.path

    def load(self, env: Environment) -> DeclaredPipelines:
        """Imports and calls the declarations of the chosen projects.

        Raises:
            DeclarationError: a declaration cannot be used.
            ConfigError: the environment configures what does not exist.
        """
        return DeclaredPipelines.of(env, projects.load(self.root, env, self.projects))

    def load_usable(self, env: Environment) -> tuple[DeclaredPipelines, dict[str, str]]:
        """The same, for commands that only look: a declaration that cannot be used does not hide the others.

        Returns:
            What can be used, and why not, by the project to which that applies. If only all projects together cannot be
            used, as where two of them declare one name, that is none.
        """
        try:
            return self.load(env), {}
        except (ConfigError, DeclarationError):
            pass
        pipelines: list[Declares] = []
        problems: dict[str, str] = {}
        for name in (SHARED, *self.projects):
            try:
                loaded = projects.load(self.root, env, [] if name == SHARED else [name])
            except (ConfigError, DeclarationError) as error:
                problems[name] = NEEDS_SHARED if SHARED in problems else str(error)
            else:
                pipelines.append(loaded[-1])
        return DeclaredPipelines.of(env, pipelines), problems

    def seems_edited(self) -> bool:
        """Whether a file of the chosen projects was edited since the last command, as far as that shows without declarations."""
        return edited_files.seem_edited(self.root, self.projects)

    def edited(self, resources: Sequence[Resource]) -> list[Resource]:
        """Takes the digests of all files of artifacts from what `stat` says of them, where that is known.

        Returns:
            Those resources of which a file has changed since it was last looked at.
        """
        believing = not self.choices.verify
        return edited_files.hash_edited_files(resources, edited_files.cache_path(self.root), believing=believing)

    def undeclared(self, name: str) -> str:
        """Why nothing of a project is declared in the environment."""
        return project_names.reason_not_declared(self.root, name, self.environment)

    def enabled(self) -> list[str]:
        """The projects that are for the environment, chosen or not."""
        return project_names.enabled_projects(self.root, self.environment)

    def used(self, resources: Iterable[Resource]) -> "UsedFiles | None":
        """What the declarations have used besides what is always looked at; see `used_files`."""
        from common.declare import used_files  # an unchanged deploy does not need it

        return used_files.find_used(self.root, self._inputs, resources)

    def uncommitted(self, resources: Iterable[Resource]) -> dict[str, str]:
        """Which files are not as they are committed, and why.

        Raises:
            NoCommitError: git cannot tell.
        """
        return self._inputs.uncommitted(resources)

    def origin(self, resources: Iterable[Resource]) -> dict[str, str]:
        """Who works here, on which machine, from which commit. Looked for once."""
        with self._looking:
            if self._origin is None:
                self._origin = self._inputs.about(resources)
            return self._origin

    def close(self) -> None:
        """Ends the use of the build folder."""
        if self._build is not None:
            self._build.close()
