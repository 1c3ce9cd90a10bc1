"""A Lambda deployment package: a folder, the shared code that it imports, and its dependencies.

The lock file stands for the dependencies in the input digest, so nothing is installed to find that nothing changed. The method
`members` alone decides what is in the package; checks, sizes and bills of materials all use it.

Follows https://docs.aws.amazon.com/lambda/latest/dg/configuration-function-zip.html
"""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from common.base import digest
from common.base.atomic_file import new_file
from common.base.errors import ArtifactError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass, field
from common.packaging import dependencies, lambda_handler, node, size_limit
from common.packaging.archive import Members, write_zip
from common.packaging.artifact import Sources
from common.packaging.dependencies import Dependencies
from common.packaging.imports import NO_LIBRARIES, Libraries
from common.packaging.node import Command, NodeModules
from common.packaging.python_source import can_parse, check_defines, check_syntax
from common.packaging.requirements import FILE_NAMES
from common.packaging.sbom import Component
from common.packaging.source_files import (
    IGNORE_FILE,
    Files,
    IgnoreRules,
    SourceFile,
    check_case,
    check_secrets,
    display_path,
    is_ignored,
    list_files,
)
from common.packaging.target import function_target

SMALL = 10 * 2**20
"""Below this size in bytes, a function's package does not install its layers to check their common size: building a layer
checks that."""

COMMANDS = 2
"""Bump this version when a command would receive different files of an equal folder."""


@dataclass(frozen=True)
class Package(Sources):
    """A Lambda deployment package: a folder, the shared code that it imports, and its dependencies.

    Args:
        folder: the folder of the function.
        handler: the handler as Lambda spells it, ``file.function``.
        runtime, architecture: those of the function; part of the input digest, as the packaged files may depend on them.
        libraries: where shared code is found.
        includes: shared modules that are imported dynamically.
        command: builds the packaged files, which replace those of the folder.
        layers: the layers of the function. They change no byte, so they are an input only if the handler may be in them.
        has_unknown_layers: whether the function has layers that are not built here, so that their content is unknown.
        here: whether the function runs on this machine (on the embedded AWS), whatever its architecture.
    """

    folder: Path
    handler: str
    runtime: str
    architecture: str
    libraries: Libraries = NO_LIBRARIES
    includes: tuple[str, ...] = ()
    command: Command | None = None
    layers: tuple["Package", ...] = field(default=(), repr=False, compare=False)
    has_unknown_layers: bool = field(default=False, compare=False)
    here: bool = field(default=False, kw_only=True)
    kind: ClassVar[str] = "package"
    ending: ClassVar[str] = ".zip"

    @cached_property
    def _names(self) -> frozenset[str]:
        """The names in the folder, which tell of files that most folders lack without looking for each."""
        return frozenset(os.listdir(self.folder))

    @cached_property
    def _ignoring(self) -> IgnoreRules:
        return IgnoreRules(self.folder, own=None if IGNORE_FILE in self._names else ())

    @cached_property
    def dependencies(self) -> Dependencies | NodeModules | None:
        """The packages to install, or None."""
        if self.command is not None:
            return None
        if self.runtime.startswith("python"):
            if self._names.isdisjoint(FILE_NAMES):
                return None
            return dependencies.find_dependencies(self.folder, function_target(self.runtime, self.architecture), here=self.here)
        return node.find_node_modules(self.folder, self.architecture, here=self.here)

    @property
    def _installed(self) -> Dependencies | NodeModules | None:
        """The packages that are an input of the package."""
        return self.dependencies

    @property
    def _is_python(self) -> bool:
        return self.runtime.startswith("python")

    @cached_property
    def _own_files(self) -> Files:
        """The files of the folder that are packaged, or that the command receives."""
        if self.command is not None:
            return self.command.sources(self.folder)
        own = list_files(self.folder, self._ignoring)
        if self._is_python:
            return own
        installed = "node_modules/" if self.dependencies is not None else "\0"
        return {name: file for name, file in own.items() if name != node.LOCK and not name.startswith(installed)}

    @cached_property
    def _shared_files(self) -> Files:
        """The shared code that the package imports.

        With a command it is only what `includes` names, as its output is not parsed.
        """
        if self.includes and not self._is_python:
            raise ArtifactError(
                f"{display_path(self.folder)}: `includes` names Python modules, but the runtime is {self.runtime}. Remove "
                f"`includes`."
            )
        if not self._is_python:
            return {}
        starts = [file.path for name, file in self._own_files.items() if name.endswith(".py") and self.command is None]
        tops = {name.partition("/")[0].removesuffix(".py") for name in self._own_files}
        return self.libraries.reachable_files(starts, self.includes, tops, runtime=self.runtime)

    def _find_sources(self) -> Mapping[str, SourceFile]:
        return {**self._shared_files, **self._own_files}

    def files(self) -> Mapping[str, str]:
        """Returns every file's digest and mode by its path in the package; the lock file stands for what is installed."""
        return {**self._with_modes(), **(self._installed.files() if self._installed else {})}

    def _inputs(self) -> JsonObject:
        inputs: JsonObject = {"files": dict(self._read_files()), "executable": self._list_executables()}
        inputs |= {"runtime": self.runtime, "architecture": self.architecture}
        if self._installed is not None:
            inputs |= {"dependencies": self._installed.digest(), "ignored": list(self._ignoring.patterns)}
        if self.command is not None:
            ignored = {"ignored": list(self._ignoring.patterns)} if self._ignoring.patterns else {}
            inputs |= {"command": [COMMANDS, self.command.line, self.command.output], **ignored}
        if self.handler and self.handler_file is None:  # it changes no byte, but has to be checked in what is built
            inputs |= {"handler": self.handler, "layers": [layer.input_digest() for layer in self.layers]}
        return inputs

    @cached_property
    def handler_file(self) -> Path | None:
        """The handler's file, if it is a file of the folder."""
        names = lambda_handler.candidates(self.handler, self.runtime) if self.command is None else ()
        within = (name for name in names if not name.startswith("/"))
        there = (name for name in within if os.path.isfile(f"{self.folder}/{name}"))
        packaged = (name for name in there if not is_ignored(name, self._ignoring))
        return next((self.folder / name for name in packaged), None)

    def check_handler(self, *, glance: bool = True) -> None:
        """Checks the handler as far as possible before anything is installed or built.

        Raises:
            ArtifactError: the handler's file is missing, does not compile, or does not define the handler.
        """
        if self.handler_file is not None:
            check_defines(self.handler_file, self.handler, self.runtime, glance=glance)
        elif not lambda_handler.candidates(self.handler, self.runtime) or not (
            self.command or self.dependencies or self._has_layers
        ):
            self._check_built(self._source_files, ())

    @property
    def _has_layers(self) -> bool:
        return bool(self.layers) or self.has_unknown_layers

    def _check_built(self, members: Members, beside: Collection[str]) -> None:
        """Checks that Lambda will find the handler's file. Third-party files are not searched for the function itself."""
        name = lambda_handler.find_handler(members, self.handler, self.runtime)
        if name is None and lambda_handler.find_handler(beside, self.handler, self.runtime) is None:
            place = f"in {self.command.output}/" if self.command else "there"
            raise lambda_handler.missing_handler(self.folder, self._ignoring, self.handler, self.runtime, place)
        file = members[name] if name is not None and name.endswith(".py") else None
        if isinstance(file, SourceFile):  # not one of an installed package
            check_defines(file.path, self.handler, self.runtime)

    def _find_layer_files(self, build_dir: Path) -> Collection[str]:
        """Returns the files of the layers, by all paths at which Lambda may look for them."""
        placed = {name for layer in self.layers for name in layer.place_members(layer.members(build_dir))}
        folders = ("nodejs/", f"python/lib/{self.runtime}/site-packages/", "python/")
        within = {name.removeprefix(next((folder for folder in folders if name.startswith(folder)), "")) for name in placed}
        return within | {f"{lambda_handler.LAYERS}{name}" for name in placed}

    def layer_files(self, build_dir: Path) -> Collection[str] | None:
        """Returns the files of the layers; None if they are unknown, or not known without installing something."""
        at_hand = not self.has_unknown_layers and all(layer.is_built(build_dir) for layer in self.layers)
        return self._find_layer_files(build_dir) if at_hand else None

    def package_names(self) -> tuple[str, ...]:
        """Returns the installed packages with their versions."""
        return self._installed.names() if self._installed is not None else ()

    def components(self, build_dir: Path) -> Sequence[Component]:
        """Returns the third-party packages.

        Those that are installed, and those that the folder or the command's output contains.
        """
        bundled = self._source_files if self.command is None else self.members(build_dir)
        if self._installed is None and not any(".dist-info/" in name or "node_modules/" in name for name in bundled):
            return ()
        from common.packaging import installed_packages  # most packages have no third-party code

        components = self._installed.components(build_dir, self._ignoring.for_installed()) if self._installed is not None else []
        with TemporaryDirectory() as folder:
            files = {name: member for name, member in bundled.items() if isinstance(member, SourceFile)}
            return [*components, *installed_packages.vendored(files, self._digests_by_path, Path(folder))]

    def build_reason(self, built: Path) -> str:
        """Says why it was built: what changed since the last package of this name, runtime and architecture on this machine."""
        like = {"runtime": self.runtime, "architecture": self.architecture}
        others = sorted(built.parent.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for before in (json.loads(path.read_text(encoding="utf-8")) for path in others if path.stem != built.stem):
            if before.items() >= like.items():
                return digest.differences(before["files"], self.files()) or "the way it is built has changed"
        return "never built here"

    def _write(self, target: Path, build_dir: Path) -> None:
        self.check_handler(glance=False)
        members = self.members(build_dir)
        if not members:
            what = self.kind.removesuffix("-package")
            raise ArtifactError(
                f"{display_path(self.folder)}: the {what} is empty. Add files or dependencies, or delete the folder."
            )
        if self.handler and self.handler_file is None and not self.has_unknown_layers:
            self._check_built(members, self._find_layer_files(build_dir))
        check_case(members, display_path(self.folder))
        self.check_size(members, build_dir)
        write_zip(target, self.place_members(members), self._digests_by_path)
        manifest_fields = {"runtime": self.runtime, "architecture": self.architecture, "files": dict(self.files())}
        with new_file(target.with_suffix(".json")) as manifest:
            manifest.write_text(json.dumps(manifest_fields, indent=1) + "\n", encoding="utf-8")

    def check_size(self, members: Members, build_dir: Path) -> None:
        """Checks the size of the package together with its layers; unchanged packages are checked, too, when a layer is built.

        Raises:
            ArtifactError: the package is too large.
        """
        small = sum(member.size for member in members.values()) < SMALL
        weighed = [layer for layer in self.layers if not small or layer.is_built(build_dir)]
        layers = {layer.folder.name: layer.members(build_dir) for layer in weighed}
        installs = self.dependencies is not None
        size_limit.check_size(members, self.folder, self.architecture, dependencies=installs, layers=layers)

    def is_built(self, build_dir: Path) -> bool:
        """Whether its members are known without installing or building anything."""
        if self.command is not None:
            return (build_dir / ".outputs" / self.input_digest()).exists()
        return self.dependencies is None or (build_dir / ".dependencies" / self.dependencies.digest()).exists()

    def place_members(self, members: Members) -> Members:
        """Returns the members by the paths at which Lambda looks for them."""
        return members

    def members(self, build_dir: Path) -> Members:
        """Returns the members of the package, after installing dependencies or running the command."""
        if self.command is not None:
            inputs = (self._own_files, self._digests_by_path, self.folder)
            members = self.command.members(*inputs, self.input_digest(), build_dir, self._ignoring)
            check_secrets({**self._shared_files, **members}, self.accept_secret)
            self._check_syntax(self._shared_files)
            return {**self._shared_files, **members}
        check_secrets(self._source_files, self.accept_secret)
        self._check_syntax(self._source_files)
        installed = self.dependencies.members(build_dir, self._ignoring.for_installed()) if self.dependencies else {}
        return {**installed, **self._source_files}

    def _check_syntax(self, files: Files) -> None:
        for name, file in files.items():
            if can_parse(self.runtime) and name.endswith(".py"):
                check_syntax(file.path)
