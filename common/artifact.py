"""What is built from this repository alone: Lambda packages and Glue scripts.

An artifact is named by its *input digest*, which is known without building; that is what makes skipping cheap. The bytes have a
digest of their own (the content digest), because deflate output differs between zlib builds: the cache key is the tree, never
the zip. What has to be installed is in the input digest by its lock, so nothing is installed to know that nothing changed.

Follows https://docs.aws.amazon.com/lambda/latest/dg/configuration-function-zip.html
"""

import json
import shutil
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from common import digest
from common.digest import Digest, OfFile
from common.new_file import new_file
from common.packaging import budget, dependencies, node, requirements
from common.packaging.archive import write_zip
from common.packaging.dependencies import Dependencies
from common.packaging.imports import NO_LIBRARIES, Libraries
from common.packaging.node import Command, NodeModules
from common.packaging.python import check_handler, check_syntax, knows
from common.packaging.tree import Files, Found, Ignoring, check_case, check_secrets, shown, walk
from common.resource import Key

PACKAGER = 1
"""Rises when the same inputs are packaged to other bytes."""
SMALL = 10 * 2**20
"""Bytes of a function for which no layer is installed only to be weighed; whoever built the layer has weighed them together."""


@dataclass(frozen=True)
class Sources:
    """What all artifacts have in common: files of this repository, their digests, and a place for what is built.

    Args:
        key: kind ``artifact``.
        prefix: where the project's objects begin in the artifact bucket, as in ``dev/acres/``.
    """

    key: Key
    prefix: str
    kind: ClassVar[str]

    @property
    @abstractmethod
    def ending(self) -> str:
        """The end of the built file's name."""

    @abstractmethod
    def _sources(self) -> Mapping[str, Found]:
        """The files by their path in the artifact."""

    @abstractmethod
    def _inputs(self) -> dict[str, Any]:
        """All that the bytes depend on, JSON-like."""

    @abstractmethod
    def _write(self, target: Path, build_dir: Path) -> None:
        """Checks the files and makes the artifact of them."""

    @property
    def location(self) -> str:
        """The object key in the artifact bucket."""
        return f"{self.prefix}artifacts/{self.key.name}/{self.input_digest()}{self.ending}"

    @cached_property
    def _found(self) -> Mapping[str, Found]:
        return self._sources()

    @cached_property
    def _digests(self) -> dict[str, Digest]:
        return {}

    def read(self, of_file: OfFile) -> None:
        """Takes every file's digest from `of_file`."""
        self._digests.update({name: of_file(*found) for name, found in self._found.items()})

    def _read_files(self) -> dict[str, Digest]:
        if len(self._digests) != len(self._found):
            self.read(digest.of_found)
        return self._digests

    def files(self) -> Mapping[str, Digest]:
        """Every file's digest under its path in the artifact, and that of what is installed under the name of its lock."""
        return self._read_files()

    @cached_property
    def _input_digest(self) -> Digest:
        return digest.of_struct(self.kind, PACKAGER, self._inputs())

    def input_digest(self) -> Digest:
        """Covers everything that can change the bytes: names, contents and executable bits, locks, runtime, packager."""
        return self._input_digest

    def _executable(self) -> list[str]:
        return sorted(name for name, found in self._found.items() if found.is_executable)

    def build(self, build_dir: Path) -> Path:
        """The built file; built unless it is there already.

        Raises:
            ArtifactError: it cannot be built, or AWS would refuse it.
        """
        built = self.built_at(build_dir)
        if not built.exists():
            self._write(built, build_dir)
        return built

    def built_at(self, build_dir: Path) -> Path:
        """Where it is once it is built."""
        return build_dir / self.key.project / self.key.name / f"{self.input_digest()}{self.ending}"


@dataclass(frozen=True)
class Package(Sources):
    """A Lambda deployment package: a folder, the shared code that it imports, and its dependencies.

    Args:
        folder: the function's folder.
        handler: as Lambda spells it, ``file.function``.
        runtime, architecture: part of the input digest, as what is packaged may depend on them.
        libraries: where shared code is found.
        includes: shared modules that are imported in ways that cannot be seen.
        command: builds what is packaged, in place of what the folder holds.
        layers: what is unpacked beside it; no input, as it changes no byte.
    """

    folder: Path
    handler: str
    runtime: str
    architecture: str
    libraries: Libraries = NO_LIBRARIES
    includes: tuple[str, ...] = ()
    command: Command | None = None
    layers: tuple["Package", ...] = field(default=(), repr=False, compare=False)
    kind: ClassVar[str] = "package"
    ending: ClassVar[str] = ".zip"

    @cached_property
    def _ignoring(self) -> Ignoring:
        return Ignoring(self.folder)

    @cached_property
    def dependencies(self) -> Dependencies | NodeModules | None:
        """What has to be installed."""
        if self.command is not None:
            return None
        if self.runtime.startswith("python"):
            return dependencies.beside(self.folder, requirements.of_function(self.runtime, self.architecture))
        return node.beside(self.folder, self.architecture)

    def _sources(self) -> Mapping[str, Found]:
        if self.command is not None:
            return walk(self.folder)
        own = walk(self.folder, self._ignoring)
        if not self.runtime.startswith("python"):
            installed = "node_modules/" if self.dependencies is not None else "\0"
            return {name: found for name, found in own.items() if name != node.LOCK and not name.startswith(installed)}
        starts = [found.path for name, found in own.items() if name.endswith(".py")]
        tops = {name.partition("/")[0].removesuffix(".py") for name in own}
        return {**self.libraries.followed(starts, self.includes, tops), **own}

    def files(self) -> Mapping[str, Digest]:
        """Every file's digest under its path in the package, and that of what is installed under the name of its lock."""
        return {**self._read_files(), **(self.dependencies.files() if self.dependencies else {})}

    def _inputs(self) -> dict[str, Any]:
        inputs: dict[str, Any] = {"files": dict(self._read_files()), "executable": self._executable()}
        inputs |= {"runtime": self.runtime, "architecture": self.architecture}
        if self.dependencies is not None:
            inputs |= {"dependencies": self.dependencies.digest(), "ignored": list(self._ignoring.own)}
        if self.command is not None:
            inputs |= {"command": [self.command.line, self.command.output]}
        return inputs

    def check_handler(self, *, glance: bool = True) -> None:
        """Looks for the handler; it is no input, as it changes no byte, so an unchanged package may lack it.

        Raises:
            ArtifactError: its file is missing, does not compile, or does not define it.
        """
        if self.command is None:
            check_handler(self.folder, self.handler, self.runtime, glance=glance)

    def holds(self) -> tuple[str, ...]:
        """The installed packages with their versions."""
        return self.dependencies.names() if self.dependencies is not None else ()

    def because(self, built: Path) -> str:
        """Why it was built: what has changed since the last package of its name, runtime and architecture on this machine."""
        like = {"runtime": self.runtime, "architecture": self.architecture}
        others = sorted(built.parent.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for before in (json.loads(path.read_text(encoding="utf-8")) for path in others if path.stem != built.stem):
            if before.items() >= like.items():
                return digest.differences(before["files"], self.files()) or "what it is built by changed"
        return "never built here"

    def _write(self, target: Path, build_dir: Path) -> None:
        self.check_handler(glance=False)
        members = self.members(build_dir)
        check_case(members, shown(self.folder))
        self.check_size(members, build_dir)
        write_zip(target, self._placed(members))
        said = {"runtime": self.runtime, "architecture": self.architecture, "files": dict(self.files())}
        with new_file(target.with_suffix(".json")) as manifest:
            manifest.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")

    def check_size(self, members: Files, build_dir: Path) -> None:
        """Compares what it holds, and its layers, with what Lambda accepts.

        Raises:
            ArtifactError: it is too large.
        """
        small = sum(found.stat.st_size for found in members.values()) < SMALL
        weighed = [layer for layer in self.layers if not small or layer.is_at_hand(build_dir)]
        brought = {layer.folder.name: layer.members(build_dir) for layer in weighed}
        installs = self.dependencies is not None
        budget.check(members, self.folder, self.architecture, dependencies=installs, layers=brought)

    def is_at_hand(self, build_dir: Path) -> bool:
        """Whether nothing has to be installed or made to tell its members."""
        if self.command is not None:
            return (build_dir / ".outputs" / self.input_digest()).exists()
        return self.dependencies is None or (build_dir / ".dependencies" / self.dependencies.digest()).exists()

    def _placed(self, members: Files) -> Files:
        """The members under the paths at which Lambda looks for them."""
        return members

    def members(self, build_dir: Path) -> Files:
        """What it holds; dependencies are installed, and what a command makes is made."""
        if self.command is not None:
            made = self.command.members(self.folder, self.input_digest(), build_dir, self._ignoring)
            check_secrets(made)
            return made
        check_secrets(self._found)
        for name, found in self._found.items():
            if knows(self.runtime) and name.endswith(".py"):
                check_syntax(found.path)
        installed = self.dependencies.members(build_dir, self.folder) if self.dependencies else {}
        return {**installed, **self._found}


@dataclass(frozen=True)
class Script(Sources):
    """One Python file, uploaded as it is.

    Immutable keys are the point: a script overwritten in place would change the next run, and the retry of a running one, without
    any API event and without a way back.
    """

    path: Path
    kind: ClassVar[str] = "script"

    @property
    def ending(self) -> str:
        """That of the script."""
        return self.path.suffix

    def _sources(self) -> Mapping[str, Found]:
        return {self.path.name: Found(self.path, self.path.stat())}

    def _inputs(self) -> dict[str, Any]:
        return {"content": self._read_files()[self.path.name]}

    def _write(self, target: Path, build_dir: Path) -> None:  # noqa: ARG002 - nothing is installed
        check_syntax(self.path)
        check_secrets(self._found)
        with new_file(target) as temporary:
            shutil.copyfile(self.path, temporary)
