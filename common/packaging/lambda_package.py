"""A Lambda deployment package: a folder, the shared code that it imports, and its dependencies.

What has to be installed is in the input digest by its lock, so nothing is installed to know that nothing changed. What is in
the package is decided in one place, `members`; checks, sizes and bills of materials all ask there.

Follows https://docs.aws.amazon.com/lambda/latest/dg/configuration-function-zip.html
"""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from common.base import digest
from common.base.atomic_file import new_file
from common.base.errors import ArtifactError
from common.base.json_types import JsonObject
from common.packaging import budget, dependencies, handlers, node
from common.packaging.archive import Members, write_zip
from common.packaging.artifact import Sources
from common.packaging.bill import Component
from common.packaging.dependencies import Dependencies
from common.packaging.imports import NO_LIBRARIES, Libraries
from common.packaging.node import Command, NodeModules
from common.packaging.python import check_defines, check_syntax, knows
from common.packaging.target import of_function
from common.packaging.tree import Files, Found, Ignoring, check_case, check_secrets, shown, stays_out, walk

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
        layers: what is unpacked beside it; no input, as it changes no byte, unless the handler may be there.
        foreign: whether layers are unpacked beside it of which nothing is known here.
        here: whether it runs on this machine, whatever its architecture: so it does on the embedded AWS.
    """

    folder: Path
    handler: str
    runtime: str
    architecture: str
    libraries: Libraries = NO_LIBRARIES
    includes: tuple[str, ...] = ()
    command: Command | None = None
    layers: tuple["Package", ...] = field(default=(), repr=False, compare=False)
    foreign: bool = field(default=False, compare=False)
    here: bool = field(default=False, kw_only=True)
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
            return dependencies.beside(self.folder, of_function(self.runtime, self.architecture), here=self.here)
        return node.beside(self.folder, self.architecture, here=self.here)

    @property
    def _is_python(self) -> bool:
        return self.runtime.startswith("python")

    @cached_property
    def _own(self) -> Files:
        """Of the folder, what is packaged, or what the command is given."""
        if self.command is not None:
            return self.command.sources(self.folder)
        own = walk(self.folder, self._ignoring)
        if self._is_python:
            return own
        installed = "node_modules/" if self.dependencies is not None else "\0"
        return {name: found for name, found in own.items() if name != node.LOCK and not name.startswith(installed)}

    @cached_property
    def _shared(self) -> Files:
        """The shared code that it imports; of what a command makes nobody knows the imports, so that is what it includes."""
        if self.includes and not self._is_python:
            raise ArtifactError(
                f"{shown(self.folder)}: `includes` names Python modules, and it runs on {self.runtime}. Remove it."
            )
        if not self._is_python:
            return {}
        starts = [found.path for name, found in self._own.items() if name.endswith(".py") and self.command is None]
        tops = {name.partition("/")[0].removesuffix(".py") for name in self._own}
        return self.libraries.followed(starts, self.includes, tops, runtime=self.runtime)

    def _sources(self) -> Mapping[str, Found]:
        return {**self._shared, **self._own}

    def files(self) -> Mapping[str, str]:
        """Every file's digest and mode under its path in the package; what is installed stands under the name of its lock."""
        return {**self._with_modes(), **(self.dependencies.files() if self.dependencies else {})}

    def _inputs(self) -> JsonObject:
        inputs: JsonObject = {"files": dict(self._read_files()), "executable": self._executable()}
        inputs |= {"runtime": self.runtime, "architecture": self.architecture}
        if self.dependencies is not None:
            inputs |= {"dependencies": self.dependencies.digest(), "ignored": list(self._ignoring.own)}
        if self.command is not None:
            ignored = {"ignored": list(self._ignoring.own)} if self._ignoring.own else {}
            inputs |= {"command": [COMMANDS, self.command.line, self.command.output], **ignored}
        if self.handler and self._handler_file is None:  # it changes no byte, but must be looked for in what is built
            inputs |= {"handler": self.handler, "layers": [layer.input_digest() for layer in self.layers]}
        return inputs

    @cached_property
    def _handler_file(self) -> Path | None:
        """The handler's file, if the folder brings it as it is."""
        names = handlers.candidates(self.handler, self.runtime) if self.command is None else ()
        within = (name for name in names if not name.startswith("/"))
        there = (name for name in within if os.path.isfile(f"{self.folder}/{name}"))  # noqa: PTH113 - one for each function
        found = (name for name in there if not stays_out(name, self._ignoring))
        return next((self.folder / name for name in found), None)

    def check_handler(self, *, glance: bool = True) -> None:
        """Looks for the handler, as far as can be told before anything is installed or built.

        Raises:
            ArtifactError: its file is missing, does not compile, or does not define it.
        """
        if self._handler_file is not None:
            check_defines(self._handler_file, self.handler, self.runtime, glance=glance)
        elif not handlers.candidates(self.handler, self.runtime) or not (self.command or self.dependencies or self._has_layers):
            self._check_built(self._found, ())

    @property
    def _has_layers(self) -> bool:
        return bool(self.layers) or self.foreign

    def _check_built(self, members: Members, beside: Collection[str]) -> None:
        """Looks for the handler among all that Lambda unpacks; in what others have written it is not looked for by its name."""
        name = handlers.among(members, self.handler, self.runtime)
        if name is None and handlers.among(beside, self.handler, self.runtime) is None:
            place = f"in {self.command.output}/" if self.command else "there"
            raise handlers.missing(self.folder, self._ignoring, self.handler, self.runtime, place)
        file = members[name] if name is not None and name.endswith(".py") else None
        if isinstance(file, Found):  # not one of an installed package
            check_defines(file.path, self.handler, self.runtime)

    def _beside(self, build_dir: Path) -> Collection[str]:
        """What its layers bring, by the paths at which it may be looked for."""
        placed = {name for layer in self.layers for name in layer.placed(layer.members(build_dir))}
        folders = ("nodejs/", f"python/lib/{self.runtime}/site-packages/", "python/")
        within = {name.removeprefix(next((folder for folder in folders if name.startswith(folder)), "")) for name in placed}
        return within | {f"{handlers.LAYERS}{name}" for name in placed}

    def names_beside(self, build_dir: Path) -> Collection[str] | None:
        """What its layers bring; None if that is not known without installing something, or not at all."""
        at_hand = not self.foreign and all(layer.is_at_hand(build_dir) for layer in self.layers)
        return self._beside(build_dir) if at_hand else None

    def holds(self) -> tuple[str, ...]:
        """The installed packages with their versions."""
        return self.dependencies.names() if self.dependencies is not None else ()

    def components(self, build_dir: Path) -> Sequence[Component]:
        """What is installed, and what the folder, or what a command has made of it, brings along."""
        brought = self._found if self.command is None else self.members(build_dir)
        if self.dependencies is None and not any(".dist-info/" in name or "node_modules/" in name for name in brought):
            return ()
        from common.packaging import installed  # noqa: PLC0415 - most packages hold nothing of others

        found = self.dependencies.components(build_dir, self._ignoring.of_installed()) if self.dependencies is not None else []
        with TemporaryDirectory() as place:
            files = {name: member for name, member in brought.items() if isinstance(member, Found)}
            return [*found, *installed.vendored(files, self._digested, Path(place))]

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
        if not members:
            what = self.kind.removesuffix("-package")
            raise ArtifactError(
                f"{shown(self.folder)}: the {what} holds nothing. Add files or dependencies, or delete the folder."
            )
        if self.handler and self._handler_file is None and not self.foreign:
            self._check_built(members, self._beside(build_dir))
        check_case(members, shown(self.folder))
        self.check_size(members, build_dir)
        write_zip(target, self.placed(members), self._digested)
        said = {"runtime": self.runtime, "architecture": self.architecture, "files": dict(self.files())}
        with new_file(target.with_suffix(".json")) as manifest:
            manifest.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")

    def check_size(self, members: Members, build_dir: Path) -> None:
        """Compares what it holds, and its layers, with what Lambda accepts.

        Raises:
            ArtifactError: it is too large.
        """
        small = sum(member.size for member in members.values()) < SMALL
        weighed = [layer for layer in self.layers if not small or layer.is_at_hand(build_dir)]
        brought = {layer.folder.name: layer.members(build_dir) for layer in weighed}
        installs = self.dependencies is not None
        budget.check(members, self.folder, self.architecture, dependencies=installs, layers=brought)

    def is_at_hand(self, build_dir: Path) -> bool:
        """Whether nothing has to be installed or made to tell its members."""
        if self.command is not None:
            return (build_dir / ".outputs" / self.input_digest()).exists()
        return self.dependencies is None or (build_dir / ".dependencies" / self.dependencies.digest()).exists()

    def placed(self, members: Members) -> Members:
        """The members under the paths at which Lambda looks for them."""
        return members

    def members(self, build_dir: Path) -> Members:
        """What it holds; dependencies are installed, and what a command makes is made."""
        if self.command is not None:
            given = (self._own, self._digested, self.folder)
            made = self.command.members(*given, self.input_digest(), build_dir, self._ignoring)
            check_secrets({**self._shared, **made}, self.accept_secret)
            self._check_syntax(self._shared)
            return {**self._shared, **made}
        check_secrets(self._found, self.accept_secret)
        self._check_syntax(self._found)
        installed = self.dependencies.members(build_dir, self._ignoring.of_installed()) if self.dependencies else {}
        return {**installed, **self._found}

    def _check_syntax(self, files: Files) -> None:
        for name, found in files.items():
            if knows(self.runtime) and name.endswith(".py"):
                check_syntax(found.path)
