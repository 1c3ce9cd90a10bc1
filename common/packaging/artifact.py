"""The base of all artifacts (files that are built from this repository), and the simplest artifact, a script.

An artifact is named by its *input digest*, which is known without building it, so it is cheap to see that nothing changed. The
built bytes have a digest of their own (the content digest). It is not the cache key, because compressed bytes differ between
builds of zlib.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import ClassVar

from common.base import digest
from common.base.atomic_file import new_file
from common.base.digest import Digest, OfFile
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass, field
from common.model.resource import Key
from common.packaging import sbom
from common.packaging.build_folder import mark_used
from common.packaging.package_reference import PackageReference
from common.packaging.python_source import check_syntax
from common.packaging.sbom import Component, Document
from common.packaging.source_files import Digests, SourceFile, check_secrets, copy

PACKAGER_VERSION = 1
"""Bump this version when equal inputs would produce different bytes."""
_LOCKS: dict[Path, Lock] = {}
"""The locks of files that are being built, or were built, by this process."""


@dataclass(frozen=True)
class Sources:
    """The base of all artifacts: files of this repository, their digests, and the path of the built file.

    Args:
        key: the key of the artifact, of the kind ``artifact``.
        prefix: the prefix of the project's objects in the artifact bucket, as in ``dev/acres/``.
        accept_secret: the reason that the declaration gives for accepting a secret in it. It changes no byte, so no digest.
        project_folder: the folder of its project, whose instances share what is built; empty if it is called as the project.
    """

    key: Key
    prefix: str
    accept_secret: str = field(default="", compare=False, kw_only=True)
    project_folder: str = field(default="", compare=False, kw_only=True)
    kind: ClassVar[str]

    @property
    @abstractmethod
    def ending(self) -> str:
        """The suffix of the built file's name."""

    @abstractmethod
    def _find_sources(self) -> Mapping[str, SourceFile]:
        """Finds the files, by their paths in the artifact."""

    @abstractmethod
    def _inputs(self) -> JsonObject:
        """Returns everything that the bytes depend on, as a JSON object."""

    @abstractmethod
    def _write(self, target: Path, build_dir: Path) -> None:
        """Checks the files and writes the artifact. It appears at `target` after all bytes were compared with their digests."""

    @property
    def in_aws(self) -> str | None:
        """See `common.model.resource.Artifact`: None unless a class overrides this."""
        return None

    @property
    def location(self) -> str:
        """The object key of the artifact in the artifact bucket."""
        return f"{self.prefix}artifacts/{self.key.name}/{self.input_digest()}{self.ending}"

    @cached_property
    def _source_files(self) -> Mapping[str, SourceFile]:
        return self._find_sources()

    @cached_property
    def _digests(self) -> dict[str, Digest]:
        return {}

    @property
    def paths(self) -> list[Path]:
        """The files, where they are on this machine."""
        return [*self.paths_by_name.values()]

    @property
    def paths_by_name(self) -> dict[str, Path]:
        """The files, where they are on this machine, by their paths in the artifact."""
        return {name: file.path for name, file in self._source_files.items()}

    def source(self, name: str) -> bytes:
        """Reads the current bytes of one of the files."""
        return self._source_files[name].path.read_bytes()

    def hash_files(self, of_file: OfFile) -> None:
        """Digests every file with `of_file`."""
        self._digests.update({name: of_file(*file) for name, file in self._source_files.items()})

    def _read_files(self) -> dict[str, Digest]:
        if len(self._digests) != len(self._source_files):
            self.hash_files(digest.of_file_with_status)
        return self._digests

    def files(self) -> Mapping[str, str]:
        """Returns every file's digest by its path in the artifact; the mode follows where it is an input, too."""
        return self._read_files()

    @cached_property
    def _input_digest(self) -> Digest:
        return digest.of_struct(self.kind, PACKAGER_VERSION, self._inputs())

    def input_digest(self) -> Digest:
        """Returns the digest of everything that can change the bytes.

        Names, contents, executable bits, locks, runtime, packager version.
        """
        return self._input_digest

    @property
    def _digests_by_path(self) -> Digests:
        """The digests of the files by their paths on this machine, with which copies are checked."""
        digests = self._read_files()
        return {file.path: digests[name] for name, file in self._source_files.items()}

    def inputs(self) -> Mapping[Path, Digest | None]:
        """Returns every file that the bytes depend on, with the digests of those that are packaged unchanged."""
        installed = getattr(self, "dependencies", None)
        return {**dict.fromkeys(installed.input_files() if installed is not None else ()), **self._digests_by_path}

    def _list_executables(self) -> list[str]:
        return sorted(name for name, file in self._source_files.items() if file.is_executable)

    def _with_modes(self) -> dict[str, str]:
        """Returns the files' digests followed by the mode, from which `digest.differences` recognizes changes of mode."""
        return {
            name: f"{content} {'755' if self._source_files[name].is_executable else '644'}"
            for name, content in self._read_files().items()
        }

    def build(self, build_dir: Path) -> Path:
        """Returns the path of the built file, after building it if it does not exist.

        Raises:
            ArtifactError: the artifact cannot be built, or AWS would refuse it.
        """
        built = self.built_at(build_dir)
        with _LOCKS.setdefault(built, Lock()):  # instances of a project build the same file
            if not mark_used(built):
                self._make(built, build_dir)
        return built

    def content(self, build_dir: Path) -> Digest:
        """Returns the digest of the built file's bytes. The file is built again if its bytes have changed since it was built.

        Raises:
            ArtifactError: see `build`.
        """
        built = self.build(build_dir)
        content = digest.of_file(built)
        if not (recorded := _digest_path(built)).exists() or recorded.read_text(encoding="utf-8", errors="replace") != content:
            self._make(built, build_dir)
            content = digest.of_file(built)
        return content

    def _make(self, built: Path, build_dir: Path) -> None:
        self._write(built, build_dir)
        with new_file(_digest_path(built)) as temporary:
            temporary.write_text(digest.of_file(built), encoding="utf-8")

    def built_at(self, build_dir: Path) -> Path:
        """Returns the path at which the built file is stored."""
        return build_dir / self._source_project / self.key.name / f"{self.input_digest()}{self.ending}"

    @property
    def _source_project(self) -> str:
        """The folder that the sources come from."""
        return self.project_folder or self.key.project

    def components(self, build_dir: Path) -> Sequence[Component]:  # overridden by artifacts that install packages
        """Returns the third-party packages that the artifact holds."""
        return ()

    def document(self, build_dir: Path, content: str | None = None) -> Document:
        """Returns the bill of materials.

        Args:
            build_dir: the build folder.
            content: the digest of the artifact's bytes, if they were not built on this machine.
        """
        content = content or digest.of_file(self.build(build_dir))
        kind = "application" if self.kind == "package" else "library"
        subject = sbom.describe_subject(kind, self._source_project, self.key.name, self.input_digest(), content)
        return sbom.document(subject, self.components(build_dir))

    def sbom_file(self, build_dir: Path) -> Path | None:
        """Returns the path of the bill of materials beside the built file; None if the artifact holds no third-party packages."""
        path = sbom.sbom_path(self.built_at(build_dir))
        if not path.exists() and not self.components(build_dir):
            return None
        content = digest.of_file(self.build(build_dir))
        if sbom.described_digest(path) != content:  # it is missing, or describes an earlier build
            with new_file(path) as temporary:
                temporary.write_text(sbom.text(self.document(build_dir, content)), encoding="utf-8")
        return path


def _digest_path(built: Path) -> Path:
    """Returns the path of the recorded digest of a built file, which shows a file that is incomplete or was edited."""
    return built.with_name(f"{built.name}.sha256")


@dataclass(frozen=True)
class Script(Sources):
    """A Python file that is uploaded unchanged.

    Its object key contains its digest, so it is never overwritten: overwriting a script would change the next run, and the retry
    of a running one, without any API event and with no way to roll back.
    """

    path: Path
    reference: PackageReference | None = field(default=None, compare=False, kw_only=True)
    kind: ClassVar[str] = "script"

    @property
    def in_aws(self) -> str | None:
        """Where the script was when its job was imported; empty if it was edited since, None if it was not imported."""
        if self.reference is None:
            return None
        return self.reference.in_aws if self.reference.files == self._read_files()[self.path.name] else ""

    @property
    def ending(self) -> str:
        """The suffix of the script."""
        return self.path.suffix

    def _find_sources(self) -> Mapping[str, SourceFile]:
        return {self.path.name: SourceFile(self.path, self.path.stat())}

    def _inputs(self) -> JsonObject:
        return {"content": self._read_files()[self.path.name]}

    def _write(self, target: Path, build_dir: Path) -> None:  # nothing is installed
        check_syntax(self.path)
        check_secrets(self._source_files, self.accept_secret)
        with new_file(target) as temporary, temporary.open("wb") as file:
            copy(self._source_files[self.path.name], file, self._digests_by_path)
