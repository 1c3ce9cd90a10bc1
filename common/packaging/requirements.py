"""What a function or job asks for: `requirements.txt` or the dependencies of a `pyproject.toml`, and the lock beside it.

Two machines must install the same files, on any day. So what is asked for is either pinned in full (a version and hashes for
every package, dependencies of dependencies too) or locked: `package-lambdas --lock` resolves it for every runtime and
architecture that some environment uses, and writes `requirements.lock`. A lock says what it was made from; one that is missing,
or was made from something else, is an error everywhere.

What the runtime brings (`BROUGHT`) is left out of locks, unless it is pinned.

Follows https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from common.base import digest
from common.base.command_text import typed
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.packaging import pyproject, uv_settings
from common.packaging.lock_file import Lock, joined
from common.packaging.pyproject import normal
from common.packaging.target import Target
from common.packaging.tree import read, shown

NAMES = ("requirements.txt", "pyproject.toml")
BROUGHT = ("boto3", "botocore", "jmespath", "s3transfer")
"""What every Python runtime of Lambda and Glue has. What these need besides (urllib3) comes if something else needs it too."""
ELSEWHERE = re.compile(r"-e\b|--editable|\.{0,2}/|file:|[\w.-]+(\[[^]]*\])?\s*@\s*(file:|[./{])")
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
OPTION = re.compile(
    r"(-c|--constraint|-i|--index-url|--extra-index-url|-f|--find-links)[ =]?\w+://.*|--no-index|--pre|--require-hashes"
)
"""Options that are honoured, where they name no folder."""
PRE = "--pre"
INCLUDES = re.compile(r"(-r|--requirement|(?:-c|--constraint)(?![ =]?https?:))[ =]?(.+)")
CONSTRAINT = "--constraint "
"""Begins a line that was in a file of constraints."""
PASSWORD = re.compile(r"://[^/\s@]*:(?!\$\{\w+\}@)[^/\s@]+@")
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*===?\s*([^\s;,\\*]+)\s*(?=;|--hash|\\|$)")


@dataclass(frozen=True)
class Requirements:
    """One file of requirements, and its lock.

    Args:
        path: a `requirements.txt`, whatever its name, or a `pyproject.toml`.
    """

    path: Path

    @property
    def lock(self) -> Path:
        """Where the lock is."""
        return self.path.with_name("requirements.lock" if self.path.name in NAMES else f"{self.path.stem}.lock")

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """What is asked for, one requirement or option a line, without comments; included files and constraints in their place.

        Raises:
            ArtifactError: the file cannot be read, or asks for something that only this machine has.
        """
        lines = tuple(pyproject.dependencies(self.path) if self.path.suffix == ".toml" else _lines(self.path, set()))
        for line in lines:
            if ELSEWHERE.match(line):
                raise ArtifactError(
                    f"{shown(self.path)}: {line!r} is a folder, not a package. Put the code into shared/ and import it."
                )
            if PASSWORD.search(line):
                raise ArtifactError(
                    f"{shown(self.path)} holds a password. Give it to uv in a netrc file or in UV_INDEX_URL instead."
                )
            if line.startswith("-") and not line.startswith(CONSTRAINT) and not OPTION.fullmatch(line):
                raise ArtifactError(f"{shown(self.path)}: the option {line!r} is not honoured here. {_instead(line)}")
            if not line.startswith("-") and (option := re.search(r"\s(--(?!hash=)[\w-]+)", line)):
                raise ArtifactError(f"{shown(self.path)}: the option {option[1]!r} of a package is not honoured here. Remove it.")
        return lines

    @property
    def asked(self) -> list[str]:
        """The packages that are asked for."""
        return [line for line in self.lines if not line.startswith("-")]

    @property
    def is_empty(self) -> bool:
        """True when nothing is asked for."""
        return not self.asked

    @property
    def options(self) -> list[str]:
        """What is said to the installer: of which index, among others."""
        return [line for line in self.lines if line.startswith("-") and not line.startswith(CONSTRAINT)]

    @property
    def constraints(self) -> list[str]:
        """What versions may be of packages that something else asks for."""
        return [line.removeprefix(CONSTRAINT) for line in self.lines if line.startswith(CONSTRAINT)]

    @cached_property
    def settings(self) -> uv_settings.Settings:
        """What files beside it, and above, tell uv.

        Raises:
            ArtifactError: something that changes what is installed is not known here.
        """
        names = {normal(match[0]) for line in self.asked if (match := NAME.match(line))}
        settings = uv_settings.beside(self.path, names)
        if PASSWORD.search(uv_settings.text(settings)):
            raise ArtifactError(f"{shown(self.path)}: the settings of uv hold a password. Give it to uv in a netrc file instead.")
        return settings

    @property
    def names_index(self) -> bool:
        """Whether the files say which index is asked instead of the public one."""
        by_option = any(option.startswith(("-i", "--index-url", "--no-index")) for option in self.options)
        return by_option or uv_settings.names_index(self.settings)

    @property
    def is_pinned(self) -> bool:
        """True when every requirement has a version and hashes: then the file is its own lock."""
        asked = self.asked
        return bool(asked) and all(PIN.match(line) and "--hash=" in line for line in asked)

    @property
    def brought(self) -> tuple[str, ...]:
        """What is to be left to the runtime: nothing, once one of it is pinned."""
        pinned = {normal(match[1]) for line in self.lines if (match := PIN.match(line))}
        return () if pinned & set(BROUGHT) else BROUGHT

    def digest(self) -> Digest:
        """Of what is asked for; a lock carries it."""
        if self.settings:
            return digest.of_struct("requirements", 2, [sorted(self.lines), uv_settings.text(self.settings)])
        return digest.of_struct("requirements", 1, sorted(self.lines))

    def pins(self, target: Target) -> tuple[str, ...]:
        """Every package with version and hashes, a line each, sorted.

        Raises:
            ArtifactError: there is no lock, it is stale, or it was not made for this target.
        """
        made_from = self.digest()  # says what is not honoured, before anything else is wrong
        if self.is_pinned:
            return tuple(sorted([*self.options, *self.asked]))
        where = shown(self.path)
        if not self.lock.is_file():
            raise ArtifactError(f"{where} is not locked, so two machines would install two things. {_advice(self.lock)}")
        found = Lock.parse(read(self.lock))
        if found.made_from != made_from:
            raise ArtifactError(f"{shown(self.lock)} is stale: {self.path.name} has changed since. {_advice(self.lock)}")
        if str(target) not in found.targets:
            raise ArtifactError(f"{shown(self.lock)} was not made for {target}. {_advice(self.lock)}")
        if not found.is_whole:
            raise ArtifactError(f"{shown(self.lock)} is not as it was written: a pin is another, or gone. {_advice(self.lock)}")
        return found.pins


def _instead(option: str) -> str:
    """What to do about an option that is not honoured."""
    if option.startswith(("--no-binary", "--only-binary", "--prefer-binary")):
        return "Packages are installed as wheels, and nothing is compiled. Remove it."
    if option.startswith(("-f", "--find-links", "-i", "--index-url", "--extra-index-url")):
        return "Others do not have that folder: name the address of an index."
    return "Remove it, or say it in [tool.uv] of a pyproject.toml beside the file."


def _advice(lock: Path) -> str:
    return f"Run `{typed('package-lambdas --lock')}` and commit {lock.name}."


def _lines(path: Path, seen: set[tuple[Path, bool]], *, limits: bool = False) -> Iterator[str]:
    """The lines of a file and of those that it includes; of one that `limits` versions, as constraints."""
    seen.add((path.resolve(), limits))
    for line in joined(read(path)):
        option = INCLUDES.fullmatch(line)
        if option is None:
            yield f"{CONSTRAINT}{line}" if limits and not line.startswith("-") else line
            continue
        included, limiting = path.parent / option[2], limits or option[1] in {"-c", "--constraint"}
        if (included.resolve(), limiting) not in seen:
            yield from _lines(included, seen, limits=limiting)
