"""The requirements of a function or job: `requirements.txt` or the dependencies of a `pyproject.toml`, and the lock beside it.

Installs must be reproducible on every machine and every day. So the requirements are either pinned completely (a version and
hashes for every package, also for dependencies of dependencies) or locked: `package-lambdas --lock` resolves them for every
runtime and architecture that an environment uses, and writes `requirements.lock`. A lock holds the digest of its requirements; a
lock that is missing or stale is an error everywhere.

Packages that the runtime provides (`RUNTIME_PACKAGES`) are left out of locks, unless one of them is pinned.

Follows https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from common.base import digest
from common.base.command_text import typed
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.base.lean_dataclass import dataclass
from common.packaging import pyproject, uv_settings
from common.packaging.lock_file import Lock, logical_lines
from common.packaging.pyproject import normalize_name
from common.packaging.source_files import display_path, read_text
from common.packaging.target import Target

FILE_NAMES = ("requirements.txt", "pyproject.toml")
RUNTIME_PACKAGES = ("boto3", "botocore", "jmespath", "s3transfer")
"""Packages that every Python runtime of Lambda and Glue has. Their dependency urllib3 is installed if another package needs
it."""
LOCAL_PATH = re.compile(
    r"-e\b|--editable|\.{0,2}/|~/|file:|[\w.-]+(\[[^]]*\])?\s*@\s*(file:|[./{])|[^\s;-][^\s;]*\\|[^\s;:-][^\s;:]*\.(whl|zip|tar\.gz)\b"
    r"|\w[\w.-]*/[^@:]*$"
)
"""Matches what only this machine has: folders, and archives that are named without an address."""
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
HONOURED_OPTION = re.compile(
    r"(-c|--constraint|-i|--index-url|--extra-index-url|-f|--find-links)[ =]?\w+://.*|--no-index|--pre|--require-hashes"
)
"""Matches the options that are honoured; those that name a folder are not."""
PRERELEASE_OPTION = "--pre"
INCLUDE_OPTION = re.compile(r"(-r|--requirement|(?:-c|--constraint)(?![ =]?https?:))[ =]?(.+)")
CONSTRAINT_PREFIX = "--constraint "
"""The prefix of lines that come from a file of constraints."""
PASSWORD = re.compile(r"://[^/\s@]*:(?!\$\{\w+\}@)[^/\s@]+@")
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*===?\s*([^\s;,\\*]+)\s*(?=;|--hash|\\|$)")


@dataclass(frozen=True)
class Requirements:
    """A file of requirements and its lock.

    Args:
        path: a file in the format of requirements.txt, whatever its name, or a `pyproject.toml`.
    """

    path: Path

    @property
    def lock(self) -> Path:
        """The path of the lock file."""
        return self.path.with_name("requirements.lock" if self.path.name in FILE_NAMES else f"{self.path.stem}.lock")

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The requirements and options, one a line, without comments; included files and constraints are in their place.

        Raises:
            ArtifactError: the file cannot be read, or requires something that only this machine has.
        """
        lines = tuple(pyproject.read_dependencies(self.path) if self.path.suffix == ".toml" else _read_lines(self.path, set()))
        for line in lines:
            if LOCAL_PATH.match(line):
                raise ArtifactError(
                    f"{display_path(self.path)}: {line!r} is a folder or file of this machine, not a package. Put the code "
                    f"into shared/ and import it."
                )
            if PASSWORD.search(line):
                raise ArtifactError(
                    f"{display_path(self.path)} holds a password. Give it to uv in a netrc file or in UV_INDEX_URL instead."
                )
            if line.startswith("-") and not line.startswith(CONSTRAINT_PREFIX) and not HONOURED_OPTION.fullmatch(line):
                raise ArtifactError(
                    f"{display_path(self.path)}: the option {line!r} is not honoured here. {_option_advice(line)}"
                )
            if not line.startswith("-") and (option := re.search(r"\s(--(?!hash=)[\w-]+)", line)):
                raise ArtifactError(
                    f"{display_path(self.path)}: the option {option[1]!r} of a package is not honoured here. Remove it."
                )
        return lines

    @property
    def packages(self) -> list[str]:
        """The packages that the file requires."""
        return [line for line in self.lines if not line.startswith("-")]

    @property
    def is_empty(self) -> bool:
        """Whether the file requires no packages."""
        return not self.packages

    @property
    def options(self) -> list[str]:
        """The options for the installer, such as the index."""
        return [line for line in self.lines if line.startswith("-") and not line.startswith(CONSTRAINT_PREFIX)]

    @property
    def constraints(self) -> list[str]:
        """The constraints on versions of packages that something else requires."""
        return [line.removeprefix(CONSTRAINT_PREFIX) for line in self.lines if line.startswith(CONSTRAINT_PREFIX)]

    @cached_property
    def settings(self) -> uv_settings.Settings:
        """The settings of uv in files beside it and in the folders above.

        Raises:
            ArtifactError: there is an unknown setting that changes what is installed.
        """
        names = {normalize_name(match[0]) for line in self.packages if (match := NAME.match(line))}
        settings = uv_settings.read_settings(self.path, names)
        if PASSWORD.search(uv_settings.to_toml(settings)):
            raise ArtifactError(
                f"{display_path(self.path)}: the settings of uv hold a password. Give it to uv in a netrc file instead."
            )
        return settings

    @property
    def replaces_index(self) -> bool:
        """Whether the files name an index that replaces the public one."""
        by_option = any(option.startswith(("-i", "--index-url", "--no-index")) for option in self.options)
        return by_option or uv_settings.replaces_index(self.settings)

    @property
    def is_pinned(self) -> bool:
        """Whether every requirement has a version and hashes, so that the file is its own lock."""
        packages = self.packages
        return bool(packages) and all(PIN.match(line) and "--hash=" in line for line in packages)

    @property
    def runtime_packages(self) -> tuple[str, ...]:
        """The packages that the runtime provides; none once one of them is pinned."""
        pinned = {normalize_name(match[1]) for line in self.lines if (match := PIN.match(line))}
        return () if pinned & set(RUNTIME_PACKAGES) else RUNTIME_PACKAGES

    def digest(self) -> Digest:
        """Returns the digest of the requirements, which the lock file holds."""
        if self.settings:
            return digest.of_struct("requirements", 2, [sorted(self.lines), uv_settings.to_toml(self.settings)])
        return digest.of_struct("requirements", 1, sorted(self.lines))

    def pins(self, target: Target) -> tuple[str, ...]:
        """Returns every package with version and hashes, a line each, sorted.

        Raises:
            ArtifactError: there is no lock, it is stale, or it was not made for this target.
        """
        made_from = self.digest()  # reports what is not honoured before any other error
        if self.is_pinned:
            return tuple(sorted([*self.options, *self.packages]))
        where = display_path(self.path)
        if not self.lock.is_file():
            raise ArtifactError(f"{where} has no lock file, so installs would not be reproducible. {_lock_advice(self.lock)}")
        lock = Lock.parse(read_text(self.lock))
        if lock.made_from != made_from:
            raise ArtifactError(
                f"{display_path(self.lock)} is stale: {self.path.name} has changed since. {_lock_advice(self.lock)}"
            )
        if str(target) not in lock.targets:
            raise ArtifactError(f"{display_path(self.lock)} was not made for {target}. {_lock_advice(self.lock)}")
        if not lock.is_complete:
            raise ArtifactError(
                f"{display_path(self.lock)} was edited or merged: a pin has changed or is missing. {_lock_advice(self.lock)}"
            )
        return lock.pins


def _option_advice(option: str) -> str:
    """Says what to do about an option that is not honoured."""
    if option.startswith(("--no-binary", "--only-binary", "--prefer-binary")):
        return "Packages are installed as wheels, and nothing is compiled. Remove it."
    if option.startswith(("-f", "--find-links", "-i", "--index-url", "--extra-index-url")):
        return "Other machines do not have that folder: name the address of an index."
    return "Remove it, or set it in [tool.uv] of a pyproject.toml beside the file."


def _lock_advice(lock: Path) -> str:
    return f"Run `{typed('package-lambdas --lock')}` and commit {lock.name}."


def _read_lines(path: Path, seen: set[tuple[Path, bool]], *, limits: bool = False) -> Iterator[str]:
    """Yields the lines of a file and of those that it includes; those of a file that only limits versions as constraints."""
    seen.add((path.resolve(), limits))
    for line in logical_lines(read_text(path)):
        option = INCLUDE_OPTION.fullmatch(line)
        if option is None:
            yield f"{CONSTRAINT_PREFIX}{line}" if limits and not line.startswith("-") else line
            continue
        included, limiting = _included(path, option[2]), limits or option[1] in {"-c", "--constraint"}
        if (included.resolve(), limiting) not in seen:
            yield from _read_lines(included, seen, limits=limiting)


def _included(path: Path, name: str) -> Path:
    """Returns the path of a file that another one includes.

    Raises:
        ArtifactError: other machines do not have it, or may have another one.
    """
    included = path.parent / name.strip("\"'")
    if "://" in name:
        raise ArtifactError(f"{display_path(path)} includes {name}, which may change any day. Put the file into the repository.")
    root = next((parent for parent in path.absolute().parents if (parent / "invoke.yaml").is_file()), None)
    if root is not None and not included.resolve().is_relative_to(root.resolve()):
        raise ArtifactError(
            f"{display_path(path)} includes {name}, which is outside of the repository, so other machines do not have it. Put "
            f"the file into the repository."
        )
    return included
