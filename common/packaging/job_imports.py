"""The artifacts that the script of a Glue job imports: shared code, and wheels of third-party packages.

Both have immutable keys, so a job that is running or is retried keeps the versions it started with, and starts without access to
a package index. Each package is a wheel of its own, because every version of Glue and python-shell jobs can install wheels.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html and, for python shells,
https://docs.aws.amazon.com/glue/latest/dg/add-job-python.html
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

from common.base.errors import ArtifactError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.model.resource import Key
from common.packaging import requirements, wheels
from common.packaging.archive import write_zip
from common.packaging.artifact import Script, Sources
from common.packaging.dependencies import Dependencies
from common.packaging.imports import Libraries
from common.packaging.python_source import check_syntax
from common.packaging.sbom import Component
from common.packaging.source_files import SourceFile, check_case, check_secrets, display_path
from common.packaging.target import PYTHON_SHELL_TARGET, job_target


@dataclass(frozen=True)
class SharedCode(Sources):
    """The shared code that a Glue job's script imports: a zip for Spark, a wheel for a python-shell job.

    Args:
        script: the script of the job.
        libraries: where shared code is found.
        includes: shared modules that are imported dynamically.
        shell: whether it is a python-shell job.
    """

    script: Path
    libraries: Libraries
    includes: tuple[str, ...] = ()
    shell: bool = False
    kind: ClassVar[str] = "shared-code"

    @property
    def ending(self) -> str:
        """The file name of the wheel, or the suffix of the zip."""
        return f"/{wheels.OWN_NAME}" if self.shell else ".zip"

    @property
    def is_empty(self) -> bool:
        """Whether the script imports no shared code."""
        return not self._source_files

    def _find_sources(self) -> Mapping[str, SourceFile]:
        return self.libraries.reachable_files([self.script], self.includes)

    def files(self) -> Mapping[str, str]:
        """Returns every file's digest and mode by its path in the zip or wheel."""
        return self._with_modes()

    def _inputs(self) -> JsonObject:
        return {"files": dict(self._read_files()), "executable": self._list_executables(), "shell": self.shell}

    def _write(self, target: Path, build_dir: Path) -> None:  # nothing is installed
        check_secrets(self._source_files, self.accept_secret)
        check_case(self._source_files, display_path(self.script))
        for name, file in self._source_files.items():
            if name.endswith(".py"):
                check_syntax(file.path)
        if self.shell:
            wheels.write_shared_code(target, self._source_files, self._digests_by_path)
        else:
            packages = {name: "" for name in _missing_inits(self._source_files) if name not in self._source_files}
            write_zip(target, self._source_files, self._digests_by_path, packages)


def _missing_inits(files: Mapping[str, SourceFile]) -> set[str]:
    """Returns an `__init__.py` for every folder, without which Python before 3.13 imports nothing from a folder in a zip."""
    folders = {folder.as_posix() for name in files if name.endswith(".py") for folder in PurePosixPath(name).parents}
    return {f"{folder}/__init__.py" for folder in folders - {"."}}


@dataclass(frozen=True)
class Wheel(Sources):
    """A package that a Glue job's script imports.

    Args:
        dependencies: all dependencies of the job.
        name: the normalized name of the package; any name if the lock is missing, which computing the digest reports.
    """

    dependencies: Dependencies
    name: str
    kind: ClassVar[str] = "wheel"

    @property
    def ending(self) -> str:
        """The file name of the wheel."""
        return f"/{wheels.file_name(self._pin)}"

    @property
    def _pin(self) -> str:
        return self.dependencies.pins[self.name]

    def _find_sources(self) -> Mapping[str, SourceFile]:
        return {}

    def files(self) -> Mapping[str, str]:
        """Returns the digest of what is installed, by the name of its lock."""
        return dict.fromkeys(self.dependencies.files(), self.input_digest())

    def components(self, build_dir: Path) -> Sequence[Component]:
        """Returns the package itself."""
        return self.dependencies.component(build_dir, self.name)

    def _inputs(self) -> JsonObject:
        return {"pin": self._pin, "target": str(self.dependencies.actual_target)}

    def _write(self, target: Path, build_dir: Path) -> None:
        wheels.write(target, self.dependencies.install(build_dir), self.name)


@dataclass(frozen=True)
class Imports:
    """Everything that a job's script imports, besides what Glue provides.

    Args:
        shared_code: the shared code, if the script imports any.
        wheels: the third-party packages.
    """

    shared_code: SharedCode | None = None
    wheels: tuple[Wheel, ...] = ()

    def keys(self) -> tuple[Key, ...]:
        """Returns the keys of the artifacts."""
        return tuple(artifact.key for artifact in (self.shared_code, *self.wheels) if artifact is not None)


def find_imports(
    script: Script,
    *,
    libraries: Libraries,
    includes: tuple[str, ...],
    shell: bool,
    requirements_file: Path,
    glue_version: str,
    here: bool,
) -> Imports:
    """Finds what a job's script imports.

    It finds nothing for the script of an imported job that is kept: it runs already, and nothing is built for it.

    Args:
        script: the script of the job; the names of the artifacts begin with its name.
        libraries: where shared code is found.
        includes: shared modules that are imported dynamically.
        shell: whether it is a python-shell job.
        requirements_file: the file of requirements, which need not exist.
        glue_version: the version of Glue, for a Spark job.
        here: whether the job runs on this machine, on the embedded AWS.
    """
    if script.in_aws:
        return Imports()
    key = script.key
    shared = SharedCode(
        key=key._replace(name=f"{key.name}.shared"),
        prefix=script.prefix,
        project_folder=script.project_folder,
        script=script.path,
        libraries=libraries,
        includes=includes,
        shell=shell,
        accept_secret=script.accept_secret,
    )
    shared_code = None if shared.is_empty else shared
    if not requirements_file.is_file() or (required := requirements.Requirements(requirements_file)).is_empty:
        return Imports(shared_code)
    modules = Dependencies(required, PYTHON_SHELL_TARGET if shell else job_target(glue_version), here)
    keys = {name: key._replace(name=f"{key.name}.wheels.{name}") for name in _wheel_names(modules)}
    return Imports(
        shared_code,
        tuple(
            Wheel(key=key, prefix=script.prefix, dependencies=modules, name=name, project_folder=script.project_folder)
            for name, key in keys.items()
        ),
    )


def _wheel_names(modules: Dependencies) -> tuple[str, ...]:
    """Returns the names of the installed packages; without a lock one placeholder, because writing the lock needs the job."""
    try:
        return tuple(modules.pins)
    except ArtifactError:
        return ("unlocked",)
