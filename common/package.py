"""A Lambda deployment package: a folder, the shared code that it imports, and its dependencies.

What has to be installed is in the input digest by its lock, so nothing is installed to know that nothing changed. What is in
the package is decided in one place, `members`; checks, sizes and bills of materials all ask there.

Follows https://docs.aws.amazon.com/lambda/latest/dg/configuration-function-zip.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from common import digest
from common.artifact import Sources
from common.digest import Digest
from common.new_file import new_file
from common.packaging import budget, dependencies, node, requirements
from common.packaging.archive import write_zip
from common.packaging.bill import Component
from common.packaging.dependencies import Dependencies
from common.packaging.imports import NO_LIBRARIES, Libraries
from common.packaging.node import Command, NodeModules
from common.packaging.python import check_handler, check_syntax, knows
from common.packaging.tree import Files, Found, Ignoring, check_case, check_secrets, shown, walk

SMALL = 10 * 2**20
"""Bytes of a function for which no layer is installed only to be weighed; whoever built the layer has weighed them together."""

COMMANDS = 2
"""Rises when a command is given something else of the same folder."""


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
            return self.command.sources(self.folder)
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
            inputs |= {"command": [COMMANDS, self.command.line, self.command.output]}
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

    def components(self, build_dir: Path) -> Sequence[Component]:
        """What is installed, and what the folder, or what a command has made of it, brings along."""
        brought = self._found if self.command is None else self.members(build_dir)
        if self.dependencies is None and not any(".dist-info/" in name or "node_modules/" in name for name in brought):
            return ()
        from common.packaging import installed  # noqa: PLC0415 - most packages hold nothing of others

        found = self.dependencies.components(build_dir, self.folder) if self.dependencies is not None else []
        return [*found, *installed.vendored(brought)]

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
            made = self.command.members(self._found, self.folder, self.input_digest(), build_dir, self._ignoring)
            check_secrets(made)
            return made
        check_secrets(self._found)
        for name, found in self._found.items():
            if knows(self.runtime) and name.endswith(".py"):
                check_syntax(found.path)
        installed = self.dependencies.members(build_dir, self.folder) if self.dependencies else {}
        return {**installed, **self._found}
