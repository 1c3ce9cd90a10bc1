"""Pipelines as authors declare them in `projects/<name>/deploy.py`.

Functions are found in `lambda/<Name>/` and jobs in `glue/<stage>/<job>.py`. A declaration adds what a folder cannot express: what
is read and written, variables, schedules. It creates nothing and calls nothing: it is a pure function of the environment.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.declare import directories, validation
from common.declare.asl.definition import Source
from common.declare.crawlers import CrawlerDeclaration
from common.declare.declaration import Entry
from common.declare.declarations import Declarations
from common.declare.directories import DirectoryDeclaration
from common.declare.functions import FunctionDeclaration
from common.declare.jobs import JobDeclaration
from common.declare.layers import LayerDeclaration
from common.declare.naming import Exact
from common.declare.project_folder import ProjectFolder
from common.declare.project_resources import Declaration
from common.declare.shared_references import Shared
from common.declare.simple_resources import Make, SimpleDeclaration, SimpleResources
from common.declare.state_machines import StateMachineDeclaration
from common.declare.triggers import Triggers, machine_of
from common.declare.validation import Reason, Variables
from common.environment.config import Environment
from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings, StateMachineSettings
from common.model.reference import Grantable, Location, Names, Ref
from common.model.resource import Resource
from common.packaging.imports import Libraries
from common.packaging.node import command
from common.resources import kinds


class Pipeline(SimpleResources, Triggers):
    """The resources of a project in an environment.

    Args:
        name: the name of the project's folder.
        env: the environment.
        folder: the folder with `lambda/` and `glue/`.
    """

    def __init__(self, name: str, env: Environment, folder: Path) -> None:
        self.name, self.env, self.folder, self._inside = name, env, folder, ProjectFolder(name, folder)
        self.entry: Entry | None = None
        self.parameters = env.project(name).parameters  # parameters that a declaration reads count as used
        self._declarations = Declarations(name, env, names := Names(self.parameters, kinds(), env.account))
        self._resources: tuple[Resource, ...] = ()
        self._libraries = {"shared": folder / "shared"}
        self._importable = Libraries(self._libraries, folder.parents[1])
        self.shared = Shared(env, names.add)

    def function(
        self,
        reference: str,
        /,
        *,
        handler: str | None = None,
        folder: str | None = None,
        reads: Iterable[Grantable] = (),
        writes: Iterable[Grantable] = (),
        environment: Variables = None,
        includes: Iterable[str] = (),
        build: str | None = None,
        output: str = "dist",
        layers: Iterable[Ref] = (),
        settings: FunctionSettings | None = None,
        accept_secret: Reason = None,
        name: str | None = None,
        role_name: str | None = None,
        log_group_name: str | None = None,
    ) -> Ref:
        """A Lambda function in `lambda/<name>/` (or `folder`), its handler `handler.handler` (Node.js: `index.handler`).

        Args:
            reference: what references and configuration call it.
            handler: as Lambda spells it, ``file.function``.
            folder: where its code is, relative to the project.
            reads: what its role may read.
            writes: what its role may read and write.
            environment: variables; tokens are replaced.
            includes: shared modules, dotted, that it imports in ways that cannot be seen in its source.
            build: a command that makes the package in the folder `output`; run in a copy of the function's folder.
            output: see `build`.
            layers: layers of this project, or shared ones; if two have the same file, the later one wins.
            settings: what the declaration wants different from the defaults.
            accept_secret: why it may hold what looks like a secret, in files or values; shown wherever it is deployed.
            name: its exact name in AWS, instead of one that follows from a template; tokens are replaced.
            role_name: the same of its role; one that begins with a slash has a path, as in `/team/validate`.
            log_group_name: the same of its log group.
        """
        declaration = FunctionDeclaration(
            folder=self._inside.taken(folder) if folder else self._inside.within(f"lambda/{reference}"),
            handler=handler,
            reads=validation.check_grants("reads", reads),
            writes=validation.check_grants("writes", writes),
            settings=validation.with_values(settings, "environment", environment),
            libraries=self._importable,
            includes=validation.check_texts("includes", includes),
            command=command(build, output),
            layers=validation.check_refs("layers", layers),
        )
        return self._declarations.add("lambda", reference, declaration, accept_secret, Exact(name, role_name, log_group_name))

    def layer(
        self,
        reference: str,
        /,
        *,
        folder: str | None = None,
        runtime: str | None = None,
        architecture: str | None = None,
        includes: Iterable[str] = (),
        build: str | None = None,
        output: str = "dist",
        accept_secret: Reason = None,
        name: str | None = None,
    ) -> Ref:
        """A Lambda layer of the dependencies and files in `layers/<name>/` (or `folder`), for functions to share.

        Args:
            reference: what references call it.
            folder: where its files are, relative to the project.
            runtime: the runtime of the functions that use it; by default that of the environment's functions.
            architecture: see `runtime`.
            includes: dotted names of shared modules that it contains although none of its own modules imports them.
            build: as for a function; the output of the command is unpacked to /opt unchanged.
            output: see `build`.
            accept_secret: why it may hold what looks like a secret, in files or values; shown wherever it is deployed.
            name: as of a function.
        """
        declaration = LayerDeclaration(
            folder=self._inside.taken(folder) if folder else self._inside.within(f"layers/{reference}"),
            runtime=runtime,
            architecture=architecture,
            libraries=self._importable,
            includes=validation.check_texts("includes", includes),
            command=command(build, output),
        )
        return self._declarations.add("layer", reference, declaration, accept_secret, Exact(name))

    def job(
        self,
        reference: str,
        /,
        *,
        script: str | None = None,
        reads: Iterable[Grantable] = (),
        writes: Iterable[Grantable] = (),
        arguments: Variables = None,
        includes: Iterable[str] = (),
        requirements: str | None = None,
        settings: JobSettings | None = None,
        shell: bool = False,
        accept_secret: Reason = None,
        name: str | None = None,
        role_name: str | None = None,
    ) -> Ref:
        """A Glue job, its script `glue/<stage>/<name>.py` (or `script`). `shell` makes it a python-shell job.

        Args:
            reference: what references and configuration call it.
            script: where the script is, relative to the project.
            reads: what its role may read.
            writes: what its role may read and write.
            arguments: the arguments of each run; tokens are replaced.
            includes: shared modules, dotted, that it imports in ways that cannot be seen in its source.
            requirements: the file of requirements; `<script>.requirements.txt` beside the script is found.
            settings: what the declaration wants different from the defaults.
            shell: whether it is a python-shell job.
            accept_secret: why it may hold what looks like a secret, in files or values; shown wherever it is deployed.
            name: as of a function.
            role_name: as of a function.
        """
        path = self._inside.taken(script) if script else self._inside.script(reference)
        declaration = JobDeclaration(
            script=path,
            reads=validation.check_grants("reads", reads),
            writes=validation.check_grants("writes", writes),
            settings=validation.with_values(settings, "arguments", arguments),
            shell=shell,
            libraries=self._inside.importable(path, self._libraries),
            includes=validation.check_texts("includes", includes),
            requirements=self._inside.requirements(path, requirements, f"glue-job/{reference}"),
        )
        return self._declarations.add("glue-job", reference, declaration, accept_secret, Exact(name, role_name))

    def library(self, path: str) -> None:
        """Makes a folder (or module) of the repository, such as `libs/geo`, importable by its own name in functions and jobs."""
        place = self._inside.of_repository(path)
        if self._libraries.setdefault(place.stem, place) != place:
            raise DeclarationError(f"projects/{self.name}: two libraries are called {place.stem}. Rename one of them.")

    def directory(self, folder: str, at: Location, *, accept_secret: Reason = None) -> Location:
        """Stores the files of a folder of the project at a place in a bucket, and deletes those that the folder no longer has."""
        at = validation.check_apart("at", validation.check_place("at", at), self.env)
        ref = directories.reference(self.name, self.env, folder, at, self._declarations.refs("directory"))
        self._declarations.keep(ref, DirectoryDeclaration(folder=self._inside.within(folder), location=at), accept_secret)
        return at

    def crawler(
        self,
        reference: str,
        /,
        *,
        targets: Iterable[Location],
        database: Ref,
        settings: CrawlerSettings | None = None,
        name: str | None = None,
        role_name: str | None = None,
    ) -> Ref:
        """A Glue crawler that keeps the tables of `database` for what lies at `targets`; names as of a function."""
        of_kind = validation.check_kind("database", database, "database")
        declaration = CrawlerDeclaration(targets=validation.check_places("targets", targets), database=of_kind, settings=settings)
        return self._declarations.add("crawler", reference, declaration, exact=Exact(name, role_name))

    def state_machine(
        self,
        reference: str,
        /,
        definition: Source | str,
        *,
        tokens: Mapping[str, str] | None = None,
        settings: StateMachineSettings | None = None,
        accept_secret: Reason = None,
        name: str | None = None,
        role_name: str | None = None,
    ) -> Ref:
        """A state machine from Python, from an ASL object, or from an ASL file (JSON or YAML) of the project.

        Args:
            reference: what references and configuration call it.
            definition: the definition, or its path relative to the project.
            tokens: other spellings in the definition, as in ``{"__VALIDATE_ARN__": "Validate.arn"}``.
            settings: what the declaration wants different from the defaults.
            accept_secret: the reason for accepting what looks like a secret in it.
            name: as of a function; so is `role_name`.
            role_name: see above.
        """
        source = self._inside.within(definition) if isinstance(definition, str) else definition
        declaration = StateMachineDeclaration(source=source, tokens=tokens or {}, settings=settings)
        return self._declarations.add("state-machine", reference, declaration, accept_secret, Exact(name, role_name))

    def _declare(self, kind: str, reference: str, make: Make, name: str | None, uses: Iterable[Ref] = ()) -> Ref:
        """Declares a resource of the pipeline without configuration; authors call the method of its kind."""
        return self._declarations.add(kind, reference, SimpleDeclaration(make, tuple(uses)), exact=Exact(name))

    def _trigger(self, reference: str, declaration: Declaration, accept_secret: Reason, exact: Exact) -> Ref:
        """Declares what starts a state machine; `schedule` and `on_object` are for authors."""
        return self._declarations.add("rule", reference, declaration, accept_secret, exact)

    def run_by(
        self,
        machine: Ref,
        *,
        starting: JsonMapping | str,
        sample: Mapping[str, Location] | None = None,
        preview: Location | None = None,
    ) -> None:
        """Declares what `invoke run` starts, and with which input.

        Args:
            machine: the state machine to start.
            starting: the default input of the execution, or the path of a JSON file of the project.
            sample: files of the project; on the embedded AWS they are put to their locations first.
            preview: the location of the Parquet files that are shown at the end.
        """
        places = {path: validation.check_place("sample", location) for path, location in (sample or {}).items()}
        files = tuple((self._inside.within(path), location) for path, location in places.items())
        given_input = self._inside.within(starting) if isinstance(starting, str) else validation.copy_json("starting", starting)
        self.entry = Entry(machine_of(machine), given_input, files, preview and validation.check_place("preview", preview))

    def borrow(self, shared: Iterable[Resource]) -> None:
        """Receives the resources of root `deploy.py`."""
        self._declarations.borrow(shared)

    def resources(self) -> tuple[Resource, ...]:
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
