"""What is built from this repository alone; and the simplest of it, a script.

An artifact is named by its *input digest*, which is known without building; that is what makes skipping cheap. The bytes have a
digest of their own (the content digest), because deflate output differs between zlib builds: the cache key is the tree, never
the zip.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from common.base import digest
from common.base.atomic_file import new_file
from common.base.digest import Digest, OfFile
from common.base.json_types import JsonObject
from common.model.resource import Key
from common.packaging import bill
from common.packaging.bill import Component, Document
from common.packaging.build_folder import used
from common.packaging.python import check_syntax
from common.packaging.tree import Digests, Found, check_secrets, copy

PACKAGER = 1
"""Rises when the same inputs are packaged to other bytes."""


@dataclass(frozen=True)
class Sources:
    """What all artifacts have in common: files of this repository, their digests, and a place for what is built.

    Args:
        key: kind ``artifact``.
        prefix: where the project's objects begin in the artifact bucket, as in ``dev/acres/``.
        accept_secret: why the declaration takes what looks like a secret in it; no input, as it changes no byte.
    """

    key: Key
    prefix: str
    accept_secret: str = field(default="", compare=False, kw_only=True)
    kind: ClassVar[str]

    @property
    @abstractmethod
    def ending(self) -> str:
        """The end of the built file's name."""

    @abstractmethod
    def _sources(self) -> Mapping[str, Found]:
        """The files by their path in the artifact."""

    @abstractmethod
    def _inputs(self) -> JsonObject:
        """All that the bytes depend on, JSON-like."""

    @abstractmethod
    def _write(self, target: Path, build_dir: Path) -> None:
        """Checks the files and makes the artifact of them; it gets its name once all bytes were compared with their digests."""

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

    def source(self, name: str) -> bytes:
        """The bytes of one of its files, as they are now."""
        return self._found[name].path.read_bytes()

    def read(self, of_file: OfFile) -> None:
        """Takes every file's digest from `of_file`."""
        self._digests.update({name: of_file(*found) for name, found in self._found.items()})

    def _read_files(self) -> dict[str, Digest]:
        if len(self._digests) != len(self._found):
            self.read(digest.of_found)
        return self._digests

    def files(self) -> Mapping[str, str]:
        """Every file's digest under its path in the artifact, followed by its mode where that is an input, too."""
        return self._read_files()

    @cached_property
    def _input_digest(self) -> Digest:
        return digest.of_struct(self.kind, PACKAGER, self._inputs())

    def input_digest(self) -> Digest:
        """Covers everything that can change the bytes: names, contents and executable bits, locks, runtime, packager."""
        return self._input_digest

    @property
    def _digested(self) -> Digests:
        """The files' digests by their paths, for whoever copies them."""
        read = self._read_files()
        return {found.path: read[name] for name, found in self._found.items()}

    def inputs(self) -> Mapping[Path, Digest | None]:
        """Every file that the bytes follow from, and the digests of those that are packaged as they are."""
        installed = getattr(self, "dependencies", None)
        return {**dict.fromkeys(installed.given() if installed is not None else ()), **self._digested}

    def _executable(self) -> list[str]:
        return sorted(name for name, found in self._found.items() if found.is_executable)

    def _with_modes(self) -> dict[str, str]:
        """The files' digests, each with what `digest.differences` tells changes of mode by."""
        return {
            name: f"{content} {'755' if self._found[name].is_executable else '644'}"
            for name, content in self._read_files().items()
        }

    def build(self, build_dir: Path) -> Path:
        """The built file; built unless it is there already.

        Raises:
            ArtifactError: it cannot be built, or AWS would refuse it.
        """
        built = self.built_at(build_dir)
        if not used(built):
            self._make(built, build_dir)
        return built

    def content(self, build_dir: Path) -> Digest:
        """The digest of the built file's bytes; it is built again if that is no longer the file that was built.

        Raises:
            ArtifactError: see `build`.
        """
        built = self.build(build_dir)
        content = digest.of_file(built)
        if not (known := _content_of(built)).exists() or known.read_text(encoding="utf-8", errors="replace") != content:
            self._make(built, build_dir)
            content = digest.of_file(built)
        return content

    def _make(self, built: Path, build_dir: Path) -> None:
        self._write(built, build_dir)
        with new_file(_content_of(built)) as temporary:
            temporary.write_text(digest.of_file(built), encoding="utf-8")

    def built_at(self, build_dir: Path) -> Path:
        """Where it is once it is built."""
        return build_dir / self.key.project / self.key.name / f"{self.input_digest()}{self.ending}"

    def components(self, build_dir: Path) -> Sequence[Component]:  # noqa: ARG002 - for those that install something
        """The packages of other people that it holds."""
        return ()

    def document(self, build_dir: Path, content: str | None = None) -> Document:
        """The bill of materials.

        Args:
            build_dir: where it is built.
            content: the digest of its bytes, where these are not those that are built here.
        """
        content = content or digest.of_file(self.build(build_dir))
        kind = "application" if self.kind == "package" else "library"
        subject = bill.subject(kind, self.key.project, self.key.name, self.input_digest(), content)
        return bill.document(subject, self.components(build_dir))

    def bill(self, build_dir: Path) -> Path | None:
        """The bill of materials beside the built file; none if it would say nothing but what the file is called."""
        known = bill.beside(self.built_at(build_dir))
        if not known.exists() and not self.components(build_dir):
            return None
        content = digest.of_file(self.build(build_dir))
        if bill.content(known) != content:  # it is missing, or of a file that was built before and is gone
            with new_file(known) as temporary:
                temporary.write_text(bill.text(self.document(build_dir, content)), encoding="utf-8")
        return known


def _content_of(built: Path) -> Path:
    """Where the digest of a built file is remembered: what was cut short or edited since is not uploaded."""
    return built.with_name(f"{built.name}.sha256")


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

    def _inputs(self) -> JsonObject:
        return {"content": self._read_files()[self.path.name]}

    def _write(self, target: Path, build_dir: Path) -> None:  # noqa: ARG002 - nothing is installed
        check_syntax(self.path)
        check_secrets(self._found, self.accept_secret)
        with new_file(target) as temporary, temporary.open("wb") as file:
            copy(self._found[self.path.name], file, self._digested)
