"""Declaring a pipeline: what authors write in `projects/<name>/deploy.py`.

Functions are found in `lambda/<Name>/` and jobs in `glue/<stage>/<job>.py`; a declaration adds what a folder cannot say: what
is read and written, variables, schedules. Nothing is created or asked here: a declaration is a pure function of the environment.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from common.base.errors import DeclarationError
from common.base.text_rules import plain
from common.declare import configured, validation
from common.declare.asl.definition import Source
from common.declare.declaration import (
    CrawlerDeclaration,
    Declaration,
    DirectoryDeclaration,
    Entry,
    FunctionDeclaration,
    JobDeclaration,
    LayerDeclaration,
    MachineDeclaration,
    RuleDeclaration,
    TableDeclaration,
)
from common.declare.project_folder import ProjectFolder
from common.declare.rendering import Renderer
from common.declare.shared import Shared
from common.declare.validation import Reason, Variables
from common.environment.config import Environment
from common.environment.naming import arn_of, physical_name
from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings, StateMachineSettings
from common.model.reference import Grantable, Location, Names, Ref
from common.model.resource import Key, Resource
from common.packaging.imports import Libraries
from common.packaging.node import command


class Pipeline:
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
        self._names = Names(self.parameters, env.account)
        self._renderer = Renderer(name, env, self._names)
        self._declared: dict[Ref, Declaration] = {}
        self._keys: set[Key] = set()
        self._resources: tuple[Resource, ...] = ()
        self._libraries = {"shared": folder / "shared"}
        self._importable = Libraries(self._libraries, folder.parents[1])
        self.shared = Shared(env, self._names.add)

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
        place = self._inside.taken(folder) if folder else self._inside.within(f"lambda/{name}")
        code = (
            self._importable,
            validation.texts("includes", includes),
            command(build, output),
            validation.refs("layers", layers),
        )
        said = validation.settings(settings, "environment", environment)
        granted = (validation.grants("reads", reads), validation.grants("writes", writes), said)
        return self._declare("lambda", name, FunctionDeclaration(place, handler, *(*granted, *code)), accept_secret)

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
        code = (self._importable, validation.texts("includes", includes), command(build, output))
        place = self._inside.taken(folder) if folder else self._inside.within(f"layers/{name}")
        return self._declare("layer", name, LayerDeclaration(place, runtime, architecture, *code), accept_secret)

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
        granted = (
            validation.grants("reads", reads),
            validation.grants("writes", writes),
            validation.settings(settings, "arguments", arguments),
        )
        path = self._inside.taken(script) if script else self._inside.script(name)
        asked = self._inside.within(requirements) if requirements else path.with_name(f"{path.stem}.requirements.txt")
        if requirements and not asked.is_file():
            raise DeclarationError(f"projects/{self.name}: glue-job/{name}: there is no file {requirements}.")
        code = (shell, self._inside.importable(path, self._libraries), validation.texts("includes", includes), asked)
        return self._declare("glue-job", name, JobDeclaration(path, *(*granted, *code)), accept_secret)

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
        for other in (one for one in self._declared if one.key.kind == "directory" and one != ref):
            if other.name.startswith(ref.name) or ref.name.startswith(other.name):
                raise DeclarationError(f"projects/{self.name}: {other.key} and {key} would be one within the other at {at.uri}.")
        self._keep(ref, DirectoryDeclaration(self._inside.within(folder), at), accept_secret)
        return at

    def crawler(self, name: str, *, targets: Iterable[Location], database: Ref, settings: CrawlerSettings | None = None) -> Ref:
        """A Glue crawler that keeps the tables of `database` for what lies at `targets`."""
        return self._declare(
            "crawler",
            name,
            CrawlerDeclaration(
                validation.places("targets", targets), validation.of_kind("database", database, "database"), settings
            ),
        )

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
        return self._declare("state-machine", name, MachineDeclaration(source, tokens or {}, settings), accept_secret)

    def table(self, name: str, *, partition_key: str) -> Ref:
        """A DynamoDB table of the pipeline's own, paid by request, with a string partition key."""
        return self._declare("table", name, TableDeclaration(plain(partition_key)))

    def schedule(
        self, name: str, machine: Ref, expression: str, constant: Mapping[str, Any] | None = None, *, accept_secret: Reason = None
    ) -> Ref:
        """Starts `machine` by `cron(…)` or `rate(…)`, in UTC, with a constant input; `accept_secret` as of a function."""
        declaration = RuleDeclaration(
            _machine(machine), validation.schedule(expression), validation.mapping("constant", constant or {})
        )
        return self._declare("rule", name, declaration, accept_secret)

    def on_object(self, name: str, machine: Ref, location: Location, suffix: str = "") -> Ref:
        """Starts `machine` with ``{"bucket", "key"}`` for each new object at `location` whose key ends with `suffix`."""
        declaration = RuleDeclaration(_machine(machine), location=validation.place("location", location), suffix=plain(suffix))
        return self._declare("rule", name, declaration)

    def run_by(
        self,
        machine: Ref,
        *,
        starting: Mapping[str, Any] | str,
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
        files = tuple(
            (self._inside.within(path), validation.place("sample", location)) for path, location in (sample or {}).items()
        )
        given_input = self._inside.within(starting) if isinstance(starting, str) else validation.content("starting", starting)
        self.entry = Entry(_machine(machine), given_input, files, preview and validation.place("preview", preview))

    def borrow(self, shared: Iterable[Resource]) -> None:
        """Makes known what root `deploy.py` declares."""
        self._renderer.borrowed |= {one.key: one for one in shared}

    def resources(self) -> tuple[Resource, ...]:
        """Every resource of the pipeline, those found by convention included.

        Raises:
            DeclarationError: a reference to nothing, a name too long, a broken definition.
            ConfigError: configuration of something that does not exist, a parameter that nothing uses, or that has no value.
        """
        if not self._resources:
            self._discover()
            configured.render(self.env, self.name, self._declared, self._renderer.render)
            configured.check(self.env, self.name, [ref.key for ref in self._declared], self._names.used)
            self._resources = self._renderer.resources()
        return self._resources

    def _declare(self, kind: str, name: str, declaration: Declaration, accept_secret: Reason = None) -> Ref:
        physical = physical_name(self.env, self.name, kind, name)
        ref = self._names.add(Ref(Key(self.name, kind, name), physical, arn_of(self.env, kind, physical)))
        self._keep(ref, declaration, accept_secret)
        return ref

    def _keep(self, ref: Ref, declaration: Declaration, accept_secret: Reason) -> None:
        if ref.key in self._keys:
            hint = " A folder is kept at one place; a/b and a-b have one name." if ref.key.kind == "directory" else ""
            raise DeclarationError(f"projects/{self.name}/deploy.py declares {ref.key} twice.{hint}")
        self._keys.add(ref.key)
        self._declared[ref], self._renderer.accepted[ref.key] = declaration, validation.reason(accept_secret)

    def _discover(self) -> None:
        inside = self._inside
        folders = (("layer", inside.folders("layers"), self.layer), ("lambda", inside.folders("lambda"), self.function))
        declared = {key.name for key in self._keys if key.kind == "glue-job"}
        for kind, names, declare in (*folders, ("glue-job", inside.jobs(declared), self.job)):
            for name in names:
                if Key(self.name, kind, name) not in self._keys:
                    declare(name)


def _machine(ref: Ref) -> Ref:
    return validation.of_kind("machine", ref, "state-machine")
