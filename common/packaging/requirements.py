"""What a function or job asks for: `requirements.txt` or the dependencies of a `pyproject.toml`, and the lock beside it.

Two machines must install the same files, on any day. So what is asked for is either pinned in full (a version and hashes for
every package, dependencies of dependencies too) or locked: `package-lambdas --lock` resolves it for every runtime and
architecture that some environment uses, and writes `requirements.lock`. A lock says what it was made from; one that is missing,
or was made from something else, is an error everywhere.

What the runtime brings (`BROUGHT`) is left out of locks, unless it is pinned.

Follows https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from common import digest, versions
from common.digest import Digest
from common.errors import ArtifactError
from common.packaging import pyproject
from common.packaging.tree import read, shown

NAMES = ("requirements.txt", "pyproject.toml")
BROUGHT = ("boto3", "botocore", "jmespath", "s3transfer")
"""What every Python runtime of Lambda and Glue has. What these need besides (urllib3) comes if something else needs it too."""
ELSEWHERE = re.compile(r"-e\b|--editable|\.{0,2}/|file:|[\w.-]+(\[[^]]*\])?\s*@\s*(file:|\.)")
INCLUDES = re.compile(r"(-r|--requirement|(?:-c|--constraint)(?![ =]?https?:))[ =]?(.+)")
CONSTRAINT = "--constraint "
"""Begins a line that was in a file of constraints."""
PASSWORD = re.compile(r"://[^/\s@]*:(?!\$\{\w+\}@)[^/\s@]+@")
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*===?\s*([^\s;,\\*]+)\s*(?=;|--hash|\\|$)")
HEADER = "# Written by `invoke package-lambdas --lock`. To get newer versions, delete this file and lock again."


@dataclass(frozen=True, order=True)
class Target:
    """Where packages will run.

    Args:
        python: its version, as in ``3.11``.
        platform: as uv calls it, as in ``aarch64-manylinux2014``.
    """

    python: str
    platform: str

    def __str__(self) -> str:
        return f"python{self.python} {self.platform}"

    def wants(self, pin: str) -> bool:
        """Whether a pin's environment marker, if it has one, is true there."""
        marker = pin.partition(" --hash=")[0].partition(";")[2]
        if not marker:
            return True
        from packaging.markers import Marker  # noqa: PLC0415 - few files have any, and all commands would wait for it

        linux = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
        machine = {"platform_machine": self.platform.partition("-")[0]}
        language = {"python_version": self.python, "python_full_version": f"{self.python}.0"}
        kind = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
        return Marker(marker).evaluate({**linux, **machine, **language, **kind, "extra": ""})

    @property
    def marker(self) -> str:
        """The environment marker that is true there and, of the targets of one lock, nowhere else."""
        return f"python_version == '{self.python}' and platform_machine == '{self.platform.partition('-')[0]}'"


def of_function(runtime: str, architecture: str) -> Target:
    """Where a Lambda function's packages run: up to Python 3.11 on Amazon Linux 2 (glibc 2.26), later on Amazon Linux 2023."""
    python = runtime.removeprefix("python")
    machine = "aarch64" if architecture == "arm64" else "x86_64"
    return Target(python, f"{machine}-{'manylinux2014' if int(python.partition('.')[2]) < 12 else 'manylinux_2_34'}")


def of_job(glue_version: str) -> Target:
    """Where a Spark job's packages run: up to Glue 4.0 on Amazon Linux 2, later on Amazon Linux 2023."""
    platform = "x86_64-manylinux2014" if glue_version in {"3.0", "4.0"} else "x86_64-manylinux_2_34"
    return Target(versions.GLUE[glue_version], platform)


SHELL = Target("3.9", "x86_64-manylinux2014")
"""Where a python-shell job's packages run."""


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
        return digest.of_struct("requirements", 1, sorted(self.lines))

    def pins(self, target: Target) -> tuple[str, ...]:
        """Every package with version and hashes, a line each, sorted.

        Raises:
            ArtifactError: there is no lock, it is stale, or it was not made for this target.
        """
        if self.is_pinned:
            return tuple(sorted([*self.options, *self.asked]))
        where = shown(self.path)
        if not self.lock.is_file():
            raise ArtifactError(f"{where} is not locked, so two machines would install two things. {_advice(self.lock)}")
        found = Lock.parse(read(self.lock))
        if found.made_from != self.digest():
            raise ArtifactError(f"{shown(self.lock)} is stale: {self.path.name} has changed since. {_advice(self.lock)}")
        if str(target) not in found.targets:
            raise ArtifactError(f"{shown(self.lock)} was not made for {target}. {_advice(self.lock)}")
        if not found.is_whole:
            raise ArtifactError(f"{shown(self.lock)} is not as it was written: a pin is another, or gone. {_advice(self.lock)}")
        return found.pins


@dataclass(frozen=True)
class Lock:
    """What a lock file says.

    Args:
        made_from: the digest of what was asked for.
        targets: what it was made for.
        pins: packages with versions and hashes, sorted.
        pinned: the digest of the pins, as it was when they were written.
    """

    made_from: str
    targets: tuple[str, ...]
    pins: tuple[str, ...]
    pinned: str

    @classmethod
    def of(cls, made_from: str, targets: Iterable[str], pins: Iterable[str]) -> "Lock":
        """A new one."""
        pins = tuple(sorted(pins))
        return cls(made_from, tuple(targets), pins, _digest(pins))

    @property
    def is_whole(self) -> bool:
        """Whether the pins are those that were written: a merge, or a hand, may have lost some."""
        return self.pinned == _digest(self.pins)

    @classmethod
    def parse(cls, text: str) -> "Lock":
        """From the text of a file; one that is none of ours was made from nothing."""
        said = dict(re.findall(r"^# (input-sha256|pins-sha256|targets): (.*)$", text, re.MULTILINE))
        targets = tuple(said.get("targets", "").split(", "))
        return cls(said.get("input-sha256", ""), targets, tuple(sorted(joined(text))), said.get("pins-sha256", ""))

    def __str__(self) -> str:
        head = [HEADER, f"# input-sha256: {self.made_from}", f"# pins-sha256: {self.pinned}"]
        return "\n".join(
            [
                *head,
                f"# targets: {', '.join(self.targets)}",
                *(pin.replace(" --hash", " \\\n    --hash") for pin in self.pins),
                "",
            ]
        )


def merged(made_from: Digest, found: Mapping[Target, Iterable[str]]) -> Lock:
    """One lock for several targets: what all have in common as it is, the rest with a marker.

    Raises:
        ArtifactError: two targets that markers cannot tell apart have different packages.
    """
    wanted: dict[str, list[Target]] = {}
    hashes: dict[str, set[str]] = {}
    for target in sorted(found):
        for what, _, known in (pin.partition(" --hash=") for pin in found[target]):
            wanted.setdefault(what, []).append(target)
            hashes.setdefault(what, set()).update(known.split(" --hash="))
    pins = []
    for what, targets in wanted.items():
        _check_markers(what, targets, found)
        name, _, own = what.partition(" ; ")
        marker = " or ".join(f"({target.marker})" for target in targets)
        if len(targets) < len(found):
            name += f" ; {f'({own}) and ({marker})' if own else marker}"
        elif own:
            name = what
        pins.append(" --hash=".join([name, *sorted(hashes[what])]))
    return Lock.of(made_from, (str(target) for target in sorted(found)), pins)


def _digest(pins: Iterable[str]) -> Digest:
    return digest.of_struct("pins", 1, list(pins))


def _check_markers(what: str, targets: Iterable[Target], found: Iterable[Target]) -> None:
    others = {other.marker for other in found if other not in set(targets)}
    for target in targets:
        if target.marker in others:
            raise ArtifactError(f"{what} differs between {target} and a like platform. Give each a file of its own.")


def normal(name: str) -> str:
    """A package's name as it is compared: PyYAML, pyyaml and Py_YAML are one. So does `packaging`, which takes long to load."""
    return re.sub(r"[-_.]+", "-", name).lower()


def unmarked(pin: str) -> str:
    """A pin without its environment marker, which changes when a lock is made for one more target."""
    asked, hashes, known = pin.partition(" --hash=")
    return asked.partition(";")[0].strip() + hashes + known


def joined(text: str) -> Iterator[str]:
    """The lines of a requirements file without comments, continued ones in one, single spaces."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        plain = " ".join(re.sub(r"(^|\s)#.*$", "", line).split())
        if plain:
            yield plain


def _advice(lock: Path) -> str:
    return f"Run `invoke package-lambdas --lock` and commit {lock.name}."


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
