"""What the script of a Glue job imports, as Glue takes it: shared code, and wheels of other people's packages.

Both are artifacts under immutable keys, so a job that runs, or is tried again, keeps what it started with, and starts where no
index can be reached. All jobs get wheels one by one: that is what every version of Glue, and a python shell, can install.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html and, for python shells,
https://docs.aws.amazon.com/glue/latest/dg/add-job-python.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from common.base.errors import ArtifactError
from common.base.json_types import JsonObject
from common.model.resource import Key
from common.packaging import requirements, wheels
from common.packaging.archive import write_zip
from common.packaging.artifact import Script, Sources
from common.packaging.bill import Component
from common.packaging.dependencies import Dependencies
from common.packaging.imports import Libraries
from common.packaging.python import check_syntax
from common.packaging.target import SHELL, of_job
from common.packaging.tree import Found, check_case, check_secrets, shown


@dataclass(frozen=True)
class SharedCode(Sources):
    """The shared code that a Glue job's script imports, as Glue takes it: a zip for Spark, a wheel for a python shell.

    Args:
        script: the job's.
        libraries: where shared code is found.
        includes: shared modules that are imported in ways that cannot be seen.
        shell: for a python-shell job.
    """

    script: Path
    libraries: Libraries
    includes: tuple[str, ...] = ()
    shell: bool = False
    kind: ClassVar[str] = "shared-code"

    @property
    def ending(self) -> str:
        """A wheel's name has several parts."""
        return f"/{wheels.OWN_NAME}" if self.shell else ".zip"

    @property
    def is_empty(self) -> bool:
        """True when the script imports none."""
        return not self._found

    def _sources(self) -> Mapping[str, Found]:
        return self.libraries.followed([self.script], self.includes)

    def files(self) -> Mapping[str, str]:
        """Every file's digest and mode under its path in the zip or wheel."""
        return self._with_modes()

    def _inputs(self) -> JsonObject:
        return {"files": dict(self._read_files()), "executable": self._executable(), "shell": self.shell}

    def _write(self, target: Path, build_dir: Path) -> None:  # noqa: ARG002 - nothing is installed
        check_secrets(self._found, self.accept_secret)
        check_case(self._found, shown(self.script))
        for name, found in self._found.items():
            if name.endswith(".py"):
                check_syntax(found.path)
        if self.shell:
            wheels.write_own(target, self._found, self._digested)
        else:
            packages = {name: "" for name in _packages(self._found) if name not in self._found}
            write_zip(target, self._found, self._digested, packages)


def _packages(files: Mapping[str, Found]) -> set[str]:
    """An `__init__.py` for every folder: Python before 3.13 imports nothing from a zip's folder without."""
    folders = {folder.as_posix() for name in files if name.endswith(".py") for folder in PurePosixPath(name).parents}
    return {f"{folder}/__init__.py" for folder in folders - {"."}}


@dataclass(frozen=True)
class Wheel(Sources):
    """One of the packages that a Glue job's script imports.

    Args:
        dependencies: all of the job's.
        name: the package's, in its normal form; any, as long as nothing locks what is installed: its digest says so.
    """

    dependencies: Dependencies
    name: str
    kind: ClassVar[str] = "wheel"

    @property
    def ending(self) -> str:
        """A wheel's name has several parts."""
        return f"/{wheels.file_name(self._pin)}"

    @property
    def _pin(self) -> str:
        return self.dependencies.pins[self.name]

    def _sources(self) -> Mapping[str, Found]:
        return {}

    def files(self) -> Mapping[str, str]:
        """The digest of what is installed, under the name of its lock."""
        return dict.fromkeys(self.dependencies.files(), self.input_digest())

    def components(self, build_dir: Path) -> Sequence[Component]:
        """Itself."""
        return self.dependencies.component(build_dir, self.name)

    def _inputs(self) -> JsonObject:
        return {"pin": self._pin, "target": str(self.dependencies.place)}

    def _write(self, target: Path, build_dir: Path) -> None:
        wheels.write(target, self.dependencies.install(build_dir), self.name)


@dataclass(frozen=True)
class Imports:
    """Everything that a job's script imports besides what Glue brings.

    Args:
        shared_code: the shared code, if any.
        wheels: the packages.
    """

    shared_code: SharedCode | None = None
    wheels: tuple[Wheel, ...] = ()

    def keys(self) -> tuple[Key, ...]:
        """Of the artifacts."""
        return tuple(artifact.key for artifact in (self.shared_code, *self.wheels) if artifact is not None)


def imports(
    script: Script,
    *,
    libraries: Libraries,
    includes: tuple[str, ...],
    shell: bool,
    requirements_file: Path,
    glue_version: str,
    here: bool,
) -> Imports:
    """What a job's script imports.

    Args:
        script: the job's; the keys of what it imports begin with its key.
        libraries: where shared code is found.
        includes: shared modules that are imported in ways that cannot be seen.
        shell: for a python-shell job.
        requirements_file: says what to install, if it is there.
        glue_version: of a Spark job.
        here: whether the job runs on this machine: so it does on the embedded AWS.
    """
    key = script.key
    shared = SharedCode(
        key=key._replace(name=f"{key.name}.shared"),
        prefix=script.prefix,
        script=script.path,
        libraries=libraries,
        includes=includes,
        shell=shell,
        accept_secret=script.accept_secret,
    )
    shared_code = None if shared.is_empty else shared
    if not requirements_file.is_file() or (required := requirements.Requirements(requirements_file)).is_empty:
        return Imports(shared_code)
    modules = Dependencies(required, SHELL if shell else of_job(glue_version), here)
    keys = {name: key._replace(name=f"{key.name}.wheels.{name}") for name in _names(modules)}
    return Imports(
        shared_code,
        tuple(Wheel(key=key, prefix=script.prefix, dependencies=modules, name=name) for name, key in keys.items()),
    )


def _names(modules: Dependencies) -> tuple[str, ...]:
    """What is installed; without a lock one name that stands for all, as writing a lock takes the job that it is for."""
    try:
        return tuple(modules.pins)
    except ArtifactError:
        return ("unlocked",)
