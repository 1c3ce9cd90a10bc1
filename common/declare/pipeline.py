"""Pipelines as authors declare them in `projects/<name>/deploy.py`.

Functions are found in `lambda/<Name>/` and jobs in `glue/<stage>/<job>.py`. A declaration adds what a folder cannot express: what
is read and written, variables, schedules. It creates nothing and calls nothing: it is a pure function of the environment.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.declare import directories, validation
from common.declare.alerts import Alerts
from common.declare.asl.problem import LocatedProblem
from common.declare.cloud_resources import CloudResources, ResourceDeclaration
from common.declare.crawlers import Crawlers
from common.declare.declaration import Entry
from common.declare.directories import DirectoryDeclaration
from common.declare.functions import Functions
from common.declare.jobs import Jobs
from common.declare.layers import Layers
from common.declare.messages import Messages
from common.declare.naming import Exact
from common.declare.on_failure import Failures
from common.declare.scheduled import Schedules
from common.declare.simple_resources import SimpleDeclaration, SimpleResources
from common.declare.state_machines import StateMachines
from common.declare.triggers import machine_of
from common.declare.validation import Reason
from common.environment.config import Environment
from common.model.existing import ExistingRef
from common.model.generated import GeneratedRef
from common.model.reference import Location, Ref
from common.model.resource import Resource


class Pipeline(
    Functions, Layers, Jobs, Crawlers, StateMachines, SimpleResources, CloudResources, Messages, Schedules, Alerts, Failures
):
    """The resources of a project in an environment; each kind adds its own method.

    Args:
        name: the name of the project's folder.
        env: the environment.
        folder: the folder with `lambda/` and `glue/`.
    """

    def __init__(self, name: str, env: Environment, folder: Path) -> None:
        super().__init__(name, env, folder)
        self._resources: tuple[Resource, ...] = ()

    def library(self, path: str) -> None:
        """Makes a folder (or module) of the repository, such as `libs/geo`, importable by its own name in functions and jobs."""
        place = self._inside.of_repository(path)
        if self._libraries.setdefault(place.stem, place) != place:
            where = self.env.where(self.name)
            raise DeclarationError(f"{where}: two libraries are called {place.stem}. Rename one of them.")

    def directory(self, folder: str, at: Location, *, accept_secret: Reason = None) -> Location:
        """Stores the files of a folder of the project at a place in a bucket, and deletes those that the folder no longer has."""
        at = validation.check_apart("at", validation.check_place("at", at), self.env)
        ref = directories.reference(self.name, self.env, folder, at, self._declarations.refs("directory"))
        self._declarations.keep(ref, DirectoryDeclaration(folder=self._inside.within(folder), location=at), accept_secret)
        return at

    def _declare(self, kind: str, reference: str, declaration: SimpleDeclaration, name: str | None) -> Ref:
        """Declares a resource of the pipeline without configuration; authors call the method of its kind."""
        return self._declarations.add(kind, reference, declaration, exact=Exact(name))

    def _keep_resource(self, ref: GeneratedRef, declaration: ResourceDeclaration) -> None:
        """Declares a resource of any type; `resource` is for authors."""
        self._declarations.keep_named(ref, declaration)

    def _files(self, pattern: str) -> list[Path]:
        """The files of the project's folder that match a pattern."""
        return self._inside.matching(pattern)

    def run_by(
        self,
        machine: Ref,
        *,
        starting: JsonMapping | str,
        sample: Mapping[str, Location | Ref] | None = None,
        preview: Location | None = None,
    ) -> None:
        """Declares what `invoke run` starts, and with which input.

        Args:
            machine: the state machine to start.
            starting: the default input of the execution, or the path of a JSON file of the project.
            sample: files of the project and where they go first on the embedded AWS: a place in a bucket, or a queue, which
                gets each line of the file as a message.
            preview: the location of the Parquet files that are shown at the end.
        """
        places = {path: validation.check_destination("sample", place) for path, place in (sample or {}).items()}
        files = tuple((self._inside.within(path), place) for path, place in places.items())
        given_input = self._inside.within(starting) if isinstance(starting, str) else validation.copy_json("starting", starting)
        if isinstance(machine, ExistingRef):
            raise TypeError(f"{machine.arn} is somebody else's, and `invoke run` starts machines of this project alone")
        self.entry = Entry(machine_of(machine), given_input, files, preview and validation.check_place("preview", preview))

    @property
    def entries(self) -> set[str]:
        """The entries of `existing` in configuration that are used, by their places."""
        return self.shared.entries | self._declarations.entries

    @property
    def warnings(self) -> Sequence[LocatedProblem]:
        """What may be wrong in the definitions of its state machines, and is not refused; known once they are rendered."""
        return self._declarations.warnings

    def borrow(self, shared: Iterable[Resource]) -> None:
        """Receives the resources of root `deploy.py`."""
        resources = list(shared)
        self.shared.check_types(resources)
        self._declarations.borrow(resources)

    def rendered(self) -> tuple[Resource, ...]:
        """Returns every resource of the pipeline, also those found by convention.

        Raises:
            DeclarationError: a reference leads to nothing, a name is too long, or a definition is broken.
            ConfigError: configuration of something that does not exist, a parameter that nothing uses, or that has no value.
        """
        if not self._resources:
            self._discover()
            self._resources = self._declarations.rendered()
        return self._resources

    def _discover(self) -> None:
        inside, declarations = self._inside, self._declarations
        folders = (("layer", inside.folders("layers"), self.layer), ("lambda", inside.folders("lambda"), self.function))
        for kind, names, declare in (*folders, ("glue-job", inside.jobs(declarations.names("glue-job")), self.job)):
            for name in names:
                if name not in declarations.names(kind):
                    declare(name)
