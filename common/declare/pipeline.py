"""Declaring a pipeline: what authors write in `projects/<name>/deploy.py`.

Functions are found in `lambda/<Name>/` and jobs in `glue/<stage>/<job>.py`; a declaration adds what a folder cannot say: what
is read and written, variables, schedules. Nothing is created or asked here: a declaration is a pure function of the environment.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.base.text_rules import check_text
from common.declare import validation
from common.declare.asl.definition import Source
from common.declare.crawlers import CrawlerDeclaration
from common.declare.declaration import Entry
from common.declare.declarations import Declarations
from common.declare.directories import DirectoryDeclaration
from common.declare.functions import FunctionDeclaration
from common.declare.jobs import JobDeclaration
from common.declare.layers import LayerDeclaration
from common.declare.project_folder import ProjectFolder
from common.declare.shared_references import Shared
from common.declare.simple_resources import Make, SimpleDeclaration, SimpleResources
from common.declare.state_machines import StateMachineDeclaration
from common.declare.triggers import ObjectTriggerDeclaration, ScheduleDeclaration
from common.declare.validation import Reason, Variables
from common.environment.config import Environment
from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings, StateMachineSettings
from common.model.reference import Grantable, Location, Names, Ref
from common.model.resource import Key, Resource
from common.packaging.imports import Libraries
from common.packaging.node import command
from common.resources import kinds


class Pipeline(SimpleResources):
    """One project's resources in one environment.

    Args:
        name: the project's folder.
        env: the environment.
        folder: where `lambda/` and `glue/` are.
    """

    def __init__(self, name: str, env: Environment, folder: Path) -> None:
        self.name, self.env, self.folder = name, env, folder
        self._inside = ProjectFolder(name, folder)
        self.entry: Entry | None = None
        self.parameters = env.project(name).parameters  # what a declaration reads of them counts as used
        names = Names(self.parameters, kinds(), env.account)
        self._declarations = Declarations(name, env, names)
        self._resources: tuple[Resource, ...] = ()
        self._libraries = {"shared": folder / "shared"}
        self._importable = Libraries(self._libraries, folder.parents[1])
        self.shared = Shared(env, names.add)

    def function(  # noqa: PLR0913 - all but the name are optional and named
        self,
        name: str,
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
    ) -> Ref:
        """A Lambda function in `lambda/<name>/` (or `folder`), its handler `handler.handler` (Node.js: `index.handler`).

        Args:
            name: its name in references and configuration.
            handler: as Lambda spells it, ``file.function``.
            folder: where its code is, relative to the project.
            reads: what its role may read.
            writes: what its role may read and write.
            environment: variables; tokens are replaced.
            includes: shared modules, dotted, that it imports in ways that cannot be seen in its source.
            build: a command that makes the package in the folder `output`; run in a copy of the function's folder.
            output: see `build`.
            layers: of this project, or shared; where two have the same file, the later one's counts.
            settings: what the declaration wants different from the defaults.
            accept_secret: why it may hold what looks like a secret, in files or values; shown wherever it is deployed.
        """
        declaration = FunctionDeclaration(
            folder=self._inside.taken(folder) if folder else self._inside.within(f"lambda/{name}"),
            handler=handler,
            reads=validation.grants("reads", reads),
            writes=validation.grants("writes", writes),
            settings=validation.settings(settings, "environment", environment),
            libraries=self._importable,
            includes=validation.texts("includes", includes),
            command=command(build, output),
            layers=validation.refs("layers", layers),
        )
        return self._declarations.add("lambda", name, declaration, accept_secret)

    def layer(
        self,
        name: str,
        *,
        folder: str | None = None,
        runtime: str | None = None,
        architecture: str | None = None,
        includes: Iterable[str] = (),
        build: str | None = None,
        output: str = "dist",
        accept_secret: Reason = None,
    ) -> Ref:
        """A Lambda layer of the dependencies and files in `layers/<name>/` (or `folder`), for functions to share.

        Args:
            name: its name in references.
            folder: where its files are, relative to the project.
            runtime: of the functions that use it; what the environment's functions have by default.
            architecture: see `runtime`.
            includes: shared modules, dotted, that it brings though none of its own modules imports them.
            build: as of a function; what the command makes is unpacked to /opt as it is.
            output: see `build`.
            accept_secret: why it may hold what looks like a secret, in files or values; shown wherever it is deployed.
        """
        declaration = LayerDeclaration(
            folder=self._inside.taken(folder) if folder else self._inside.within(f"layers/{name}"),
            runtime=runtime,
            architecture=architecture,
            libraries=self._importable,
            includes=validation.texts("includes", includes),
            command=command(build, output),
        )
        return self._declarations.add("layer", name, declaration, accept_secret)

    def job(  # noqa: PLR0913 - see above
        self,
        name: str,
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
    ) -> Ref:
        """A Glue job, its script `glue/<stage>/<name>.py` (or `script`). `shell` makes it a python-shell job.

        Args:
            name: its name in references and configuration.
            script: where the script is, relative to the project.
            reads: what its role may read.
            writes: what its role may read and write.
            arguments: of each run; tokens are replaced.
            includes: shared modules, dotted, that it imports in ways that cannot be seen in its source.
            requirements: the file that says what to install; `<script>.requirements.txt` beside the script is found.
            settings: what the declaration wants different from the defaults.
            shell: see above.
            accept_secret: why it may hold what looks like a secret, in files or values; shown wherever it is deployed.
        """
        path = self._inside.taken(script) if script else self._inside.script(name)
        beside = path.with_name(f"{path.stem}.requirements.txt")
        requirements_file = self._inside.within(requirements) if requirements else beside
        if requirements and not requirements_file.is_file():
            raise DeclarationError(f"projects/{self.name}: glue-job/{name}: there is no file {requirements}.")
        declaration = JobDeclaration(
            script=path,
            reads=validation.grants("reads", reads),
            writes=validation.grants("writes", writes),
            settings=validation.settings(settings, "arguments", arguments),
            shell=shell,
            libraries=self._inside.importable(path, self._libraries),
            includes=validation.texts("includes", includes),
            requirements=requirements_file,
        )
        return self._declarations.add("glue-job", name, declaration, accept_secret)

    def library(self, path: str) -> None:
        """Lets functions and jobs import a folder (or a single module) of the repository by its own name, as in `libs/geo`."""
        place = self._inside.of_repository(path)
        if self._libraries.setdefault(place.stem, place) != place:
            raise DeclarationError(f"projects/{self.name}: two libraries are called {place.stem}. Rename one of them.")

    def directory(self, folder: str, at: Location, *, accept_secret: Reason = None) -> Location:
        """Keeps the files of a folder of the project at a place in a bucket, and nothing of ours that the folder has not."""
        key = Key(self.name, "directory", folder.strip("/").replace("/", "-"))
        at = validation.apart("at", validation.place("at", at), self.env)
        if not at.prefix:
            raise DeclarationError(f"projects/{self.name}: {key} needs a place within {at.uri}, as in bucket / 'configs'.")
        ref = Ref(key, f"{at.bucket.name}/{at.prefix}", self.env.bucket_arn(at.bucket.name, at.prefix))
        for other in (declared for declared in self._declarations.refs("directory") if declared != ref):
            if other.name.startswith(ref.name) or ref.name.startswith(other.name):
                raise DeclarationError(f"projects/{self.name}: {other.key} and {key} would be one within the other at {at.uri}.")
        self._declarations.keep(ref, DirectoryDeclaration(folder=self._inside.within(folder), location=at), accept_secret)
        return at

    def crawler(self, name: str, *, targets: Iterable[Location], database: Ref, settings: CrawlerSettings | None = None) -> Ref:
        """A Glue crawler that keeps the tables of `database` for what lies at `targets`."""
        declaration = CrawlerDeclaration(
            targets=validation.places("targets", targets),
            database=validation.of_kind("database", database, "database"),
            settings=settings,
        )
        return self._declarations.add("crawler", name, declaration)

    def state_machine(
        self,
        name: str,
        definition: Source | str,
        *,
        tokens: Mapping[str, str] | None = None,
        settings: StateMachineSettings | None = None,
        accept_secret: Reason = None,
    ) -> Ref:
        """A state machine from Python, from an ASL object, or from an ASL file (JSON or YAML) of the project.

        Args:
            name: its name in references and configuration.
            definition: where the definition comes from; text is a path relative to the project.
            tokens: other spellings in the definition, as in ``{"__VALIDATE_ARN__": "Validate.arn"}``.
            settings: what the declaration wants different from the defaults.
            accept_secret: why it may hold what looks like a secret.
        """
        source = self._inside.within(definition) if isinstance(definition, str) else definition
        declaration = StateMachineDeclaration(source=source, tokens=tokens or {}, settings=settings)
        return self._declarations.add("state-machine", name, declaration, accept_secret)

    def _declare(self, kind: str, name: str, make: Make, uses: Iterable[Ref] = ()) -> Ref:
        """Declares a resource of the pipeline's own that needs no configuration; its kind's own method is for authors."""
        return self._declarations.add(kind, name, SimpleDeclaration(make, tuple(uses)))

    def schedule(
        self, name: str, machine: Ref, expression: str, constant: JsonMapping | None = None, *, accept_secret: Reason = None
    ) -> Ref:
        """Starts `machine` by `cron(…)` or `rate(…)`, in UTC, with a constant input; `accept_secret` as of a function."""
        declaration = ScheduleDeclaration(
            machine=_machine(machine),
            expression=validation.schedule(expression),
            input=validation.mapping("constant", constant or {}),
        )
        return self._declarations.add("rule", name, declaration, accept_secret)

    def on_object(self, name: str, machine: Ref, location: Location, suffix: str = "") -> Ref:
        """Starts `machine` with ``{"bucket", "key"}`` for each new object at `location` whose key ends with `suffix`."""
        place = validation.place("location", location)
        declaration = ObjectTriggerDeclaration(machine=_machine(machine), location=place, suffix=check_text(suffix))
        return self._declarations.add("rule", name, declaration)

    def run_by(
        self,
        machine: Ref,
        *,
        starting: JsonMapping | str,
        sample: Mapping[str, Location] | None = None,
        preview: Location | None = None,
    ) -> None:
        """Says what `invoke run` starts, and with which input.

        Args:
            machine: the state machine to start.
            starting: the input of the execution, unless the user gives another; text is a JSON file of the project.
            sample: files of the project; on the embedded AWS they are put to their locations first.
            preview: where the Parquet files are that are shown in the end.
        """
        places = {path: validation.place("sample", location) for path, location in (sample or {}).items()}
        files = tuple((self._inside.within(path), location) for path, location in places.items())
        given_input = self._inside.within(starting) if isinstance(starting, str) else validation.content("starting", starting)
        self.entry = Entry(_machine(machine), given_input, files, preview and validation.place("preview", preview))

    def borrow(self, shared: Iterable[Resource]) -> None:
        """Makes known what root `deploy.py` declares."""
        self._declarations.borrow(shared)

    def resources(self) -> tuple[Resource, ...]:
        """Every resource of the pipeline, those found by convention included.

        Raises:
            DeclarationError: a reference to nothing, a name too long, a broken definition.
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


def _machine(ref: Ref) -> Ref:
    return validation.of_kind("machine", ref, "state-machine")
