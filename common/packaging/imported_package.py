"""The package of an imported function: Lambda keeps the code that it has until a file is edited.

Nothing of it is built while it is kept, so it needs no lock, no handler that this repository can check, and no room in the
artifact bucket. It is built like any other package where no function runs that code: in another environment, or after an edit.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from common.base import digest
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.base.lean_dataclass import dataclass, field
from common.packaging import node
from common.packaging.dependencies import Dependencies
from common.packaging.lambda_package import Package
from common.packaging.node import NodeModules
from common.packaging.package_reference import PackageReference
from common.packaging.requirements import FILE_NAMES, PIN, Requirements
from common.packaging.sbom import Component, Document


@dataclass(frozen=True)
class ImportedPackage(Package):
    """A package of which Lambda may have the code already.

    Args:
        reference: which code stands for which files.
    """

    reference: PackageReference = field(kw_only=True, compare=False)

    @cached_property
    def in_aws(self) -> str:
        """The CodeSha256 that stands for the files; empty if they were edited."""
        return self.reference.in_aws if self.reference.files == self.imported_digest() else ""

    def imported_digest(self) -> Digest:
        """Returns the digest of everything for which the code stands.

        The lock of Python packages is not part of it: it is written later, for exactly the packages that are in the code.
        """
        required = {path.name: digest.of_file(path) for path in self._required_by}
        runs_on = {"runtime": self.runtime, "architecture": self.architecture}
        ignored = list(self._ignoring.patterns)
        return digest.of_struct("imported", 1, {**runs_on, "files": self._with_modes(), "required": required, "ignored": ignored})

    def sources(self) -> Mapping[str, str]:
        """Returns the digest and mode of each file that is packaged, without what is installed."""
        return self._with_modes()

    @property
    def _required_by(self) -> list[Path]:
        return [path for name in (*FILE_NAMES, node.LOCK) if (path := self.folder / name).is_file()]

    @cached_property
    def _installed(self) -> Dependencies | NodeModules | None:
        """The packages to install; none if they are not locked, for kept code needs no lock."""
        if self.dependencies is not None and self.in_aws:
            try:
                self.dependencies.digest()
            except ArtifactError:
                return None
        return self.dependencies

    @property
    def _is_unlocked(self) -> bool:
        return self.dependencies is not None and self._installed is None

    def inputs(self) -> Mapping[Path, Digest | None]:
        """See `Sources.inputs`."""
        if self._is_unlocked:
            return {**dict.fromkeys(self._required_by), **self._digests_by_path}
        return super().inputs()

    def check_handler(self, *, glance: bool = True) -> None:
        """Checks the handler as of any package, unless the code is kept: then it runs already."""
        try:
            super().check_handler(glance=glance)
        except ArtifactError:
            if not self.in_aws:
                raise

    def components(self, build_dir: Path) -> Sequence[Component]:
        """Returns the third-party packages; without a lock those that the requirements pin, whose hashes are unknown."""
        components = super().components(build_dir)
        if not self._is_unlocked or not self._is_python:
            return components
        pins = [PIN.match(line) for path in self._required_by for line in Requirements(path).packages]
        return [*components, *(Component("pypi", pin[1], pin[2]) for pin in pins if pin)]

    def document(self, build_dir: Path, content: str | None = None) -> Document:
        """Returns the bill of materials; that of kept code is about the code in AWS, and nothing is built for it."""
        return super().document(build_dir, content or (digest.of_base64(self.in_aws) if self.in_aws else None))

    def sbom_file(self, build_dir: Path) -> Path | None:
        """Returns the path of the bill of materials beside the built file; None if nothing was built."""
        return super().sbom_file(build_dir) if not self.in_aws or self.built_at(build_dir).exists() else None
