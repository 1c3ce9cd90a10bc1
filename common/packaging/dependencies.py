"""The Python packages of a function or job, installed by uv for where they will run, from hashes.

What is installed follows from the pins and the target alone, so it is kept in the build folder under their digest: functions that
ask for the same share it. It is kept as uv installs it; what a package gets of it is chosen when it is packed: not the traces of
the installation (RECORD and the like), no scripts that start this machine's Python, no tests but those that some module imports.

Follows https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import json
import re
import tempfile
import threading
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from common.base import digest
from common.base.atomic_file import new_file
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.packaging import kept, uv, uv_settings
from common.packaging.archive import Members, made_once
from common.packaging.bill import Component, Wheels
from common.packaging.lock_file import joined, merged, unmarked
from common.packaging.pyproject import normal
from common.packaging.requirements import NAMES, PIN, PRE, Requirements
from common.packaging.target import Target
from common.packaging.tree import Found, Ignoring, read, shown, walk

TRACES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"})
IMPORTS_TESTS = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:from|import)\s+[\w.]*\btests\b", re.MULTILINE)
_busy: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


@dataclass(frozen=True)
class Dependencies:
    """What one file of requirements installs at one target.

    Args:
        requirements: the file.
        target: the lock says what is installed there.
        here: whether it runs on this machine all the same, so that it is installed for this one.
    """

    requirements: Requirements
    target: Target
    here: bool = False

    @property
    def place(self) -> Target:
        """Where it runs."""
        return self.target.here() if self.here else self.target

    @cached_property
    def _pins(self) -> tuple[str, ...]:
        return self.requirements.pins(self.target)

    def digest(self) -> Digest:
        """Covers packages, versions, hashes and target; not what is pinned for other targets alone.

        Raises:
            ArtifactError: there is no lock, or it does not fit.
        """
        options = [line for line in self._pins if line.startswith("-")]
        pins = [*options, *sorted(unmarked(pin) for pin in self._wanted)]
        return digest.of_struct("dependencies", 2, {"pins": pins, "target": str(self.place)})

    def given(self) -> tuple[Path, ...]:
        """The files that say what is installed."""
        return (self.requirements.path, *(() if self.requirements.is_pinned else (self.requirements.lock,)))

    def files(self) -> Mapping[str, Digest]:
        """The digest of what is installed, under the name of the file that says so."""
        return {self._pinned_by.name: self.digest()}

    @cached_property
    def pins(self) -> Mapping[str, str]:
        """What is installed, with version and hashes and without markers, by the normal form of its name.

        Raises:
            ArtifactError: see `digest`.
        """
        return {normal(match[1]): unmarked(pin) for pin in self._wanted if (match := PIN.match(pin))}

    @cached_property
    def _wanted(self) -> list[str]:
        return [pin for pin in self._pins if not pin.startswith("-") and self._wants(pin)]

    def _wants(self, pin: str) -> bool:
        try:
            return self.target.wants(pin)
        except ValueError as error:
            where, said = shown(self._pinned_by), str(error).partition("\n")[0]
            raise ArtifactError(f"{where}: {pin.partition(' --hash=')[0]!r}: the marker is none: {said}.") from None

    @property
    def _pinned_by(self) -> Path:
        return self.requirements.path if self.requirements.is_pinned else self.requirements.lock

    def names(self) -> tuple[str, ...]:
        """The packages with their versions, as in ``numpy==2.2.6``."""
        return tuple(pin.partition(" ")[0] for pin in self.pins.values())

    def install(self, build_dir: Path) -> Path:
        """The folder in which they are installed, as uv does it.

        Raises:
            ArtifactError: uv cannot fetch them, or one has no wheel for the target.
        """
        return made_once(build_dir / ".dependencies" / self.digest(), self._install)

    def _install(self, folder: Path) -> None:
        with tempfile.TemporaryDirectory() as place:
            # Links would share their bytes with uv's cache, and with every environment in which somebody edits them.
            where = ["--target", str(folder), "--link-mode", "copy", "-r", str(self._pinned(place))]
            words = ["pip", "install", "--no-deps", "--require-hashes", *_for(self.place)]
            uv.run([*words, *self._places, *where], self._what, alone=self.requirements.names_index)
        (folder / ".lock").unlink(missing_ok=True)

    def _pinned(self, place: str) -> Path:
        """A file in `place` that asks for the pins."""
        pins = Path(place, "requirements.txt")
        options = [] if self.requirements.is_pinned else self.requirements.options
        own = [pin for pin in self._pins if pin.startswith("-")]  # options of a file that is its own lock
        lines = [*(line for line in (*options, *own) if line != PRE), *map(unmarked, self._wanted)]
        pins.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return pins

    @property
    def _places(self) -> list[str]:
        return uv_settings.places(self.requirements.settings)

    @property
    def _what(self) -> str:
        return f"{shown(self.requirements.path)} for {self.place}"

    def members(self, build_dir: Path, ignoring: Ignoring) -> Members:
        """The installed files that belong into a package, by the path that they have in it.

        Args:
            build_dir: where they are kept.
            ignoring: what else stays out.
        """
        return kept.members(build_dir, self.digest(), ignoring, lambda: self._members(build_dir, ignoring))

    def _members(self, build_dir: Path, ignoring: Ignoring) -> dict[str, Found]:
        installed = walk(self.install(build_dir)).items()
        left = {name: found for name, found in installed if not _is_trace(name, found) and name not in ignoring}
        imported = {_top(name) for name, found in left.items() if _imports_tests(name, found)}
        return {name: found for name, found in left.items() if not _in_tests(name) or _top(name) in imported}

    def components(self, build_dir: Path, ignoring: Ignoring) -> list[Component]:
        """What `members` holds something of, with the hashes of the wheels that it comes from."""
        return kept.components(build_dir, self.digest(), ignoring, lambda: self._components(build_dir, ignoring))

    def _components(self, build_dir: Path, ignoring: Ignoring) -> list[Component]:
        from common.packaging.installed import distributions  # noqa: PLC0415 - most commands install nothing

        place = self.install(build_dir)
        paths = {found.path for found in self._members(build_dir, ignoring).values()}
        return distributions(sorted(place.glob("*.dist-info")), self._wheels(build_dir), paths)

    def component(self, build_dir: Path, name: str) -> list[Component]:
        """One distribution, by the normal form of its name."""
        from common.packaging.installed import distributions  # noqa: PLC0415 - most commands install nothing

        return distributions([info_of(self.install(build_dir), name)], self._wheels(build_dir))

    def _wheels(self, build_dir: Path) -> Wheels:
        """Which of the wheels that the lock allows fit the target."""
        known = build_dir / ".dependencies" / f"{self.digest()}.json"
        with _busy[known]:
            if not known.exists():
                with new_file(known) as temporary:
                    temporary.write_text(json.dumps(self._chosen()), encoding="utf-8")
        found: dict[str, dict[str, str]] = json.loads(known.read_text(encoding="utf-8"))
        return found

    def _chosen(self) -> Wheels:
        """What uv chooses from, in the same way as it installs; a wheel whose hash is in no pin was not installed."""
        with tempfile.TemporaryDirectory() as place:
            output = Path(place, "pylock.toml")
            said = ["--no-deps", "--no-header", "--format", "pylock.toml", "-o", str(output), str(self._pinned(place))]
            words = ["pip", "compile", *_for(self.place), *self._places, *said]
            uv.run(words, self._what, alone=self.requirements.names_index)
            packages = tomllib.loads(output.read_text(encoding="utf-8")).get("packages", ())
        pinned = {part for pin in self._pins for part in pin.split() if part.startswith("--hash=sha256:")}
        fitting = [(normal(one["name"]), wheel) for one in packages for wheel in one.get("wheels", ())]
        chosen: dict[str, dict[str, str]] = {name: {} for name, _ in fitting}
        for name, wheel in fitting:
            file = wheel.get("name") or urlsplit(wheel.get("url") or wheel.get("path", "")).path.rpartition("/")[2]
            if f"--hash=sha256:{wheel['hashes'].get('sha256')}" in pinned:
                chosen[name][file] = wheel["hashes"]["sha256"]
        return chosen


def info_of(folder: Path, name: str) -> Path:
    """The `dist-info` of a distribution, by the normal form of its name, in a folder in which it is installed."""
    return next(one for one in folder.glob("*.dist-info") if normal(one.stem.rpartition("-")[0]) == name)


def beside(folder: Path, target: Target, *, here: bool = False) -> Dependencies | None:
    """The dependencies of a function's folder, if it asks for any; see `Dependencies`."""
    for path in (folder / name for name in NAMES):
        if path.is_file() and not (found := Requirements(path)).is_empty:
            return Dependencies(found, target, here)
    return None


def lock(requirements: Requirements, targets: set[Target]) -> bool:
    """Resolves requirements for all targets and writes the lock; versions that it has already are kept.

    Returns:
        Whether the lock is another one now.

    Raises:
        ArtifactError: they cannot be resolved, or a package has no wheel for one of the targets.
    """
    file = requirements.lock
    before = read(file) if file.is_file() else ""
    text = str(merged(requirements.digest(), {target: _resolved(requirements, target, before) for target in targets}))
    if text != before:
        with new_file(file) as temporary:
            temporary.write_text(text, encoding="utf-8")
            temporary.chmod(0o644)
    return text != before


def _resolved(requirements: Requirements, target: Target, before: str) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as place:
        names = ("requirements.in", "constraints.txt", "brought.txt", "requirements.txt")
        asked, limits, left, output = (Path(place, name) for name in names)
        options = [option for option in requirements.options if option != PRE]
        asked.write_text("\n".join([*options, *requirements.asked]) + "\n", encoding="utf-8")
        limits.write_text("\n".join(requirements.constraints) + "\n", encoding="utf-8")
        left.write_text("\n".join(requirements.brought) + "\n", encoding="utf-8")
        output.write_text(before, encoding="utf-8")
        said = ["--no-header", "--no-annotate", "--generate-hashes"]
        said += ["--excludes", str(left), "-c", str(limits), "-o", str(output)]
        said += ["--prerelease", "allow"] if PRE in requirements.options else []
        folder = None
        if settings := requirements.settings:
            project = Path(place, uv_settings.PROJECT)
            sourced = "sources" in settings  # these apply to what a project asks for
            project.write_text(uv_settings.project(settings, requirements.asked if sourced else ()), encoding="utf-8")
            asked, folder = project if sourced else asked, project.parent
        what = f"{shown(requirements.path)} for {target}"
        uv.run(["pip", "compile", *_for(target), *said, str(asked)], what, folder, alone=requirements.names_index)
        pins = tuple(line for line in joined(output.read_text(encoding="utf-8")) if not line.startswith("--"))
    if unpinned := [pin.partition(" ")[0] for pin in pins if "--hash=" not in pin or not PIN.match(pin)]:
        raise ArtifactError(
            f"{shown(requirements.path)}: {', '.join(unpinned)} has no version and hash of an index. Ask for packages of one, "
            f"not for addresses."
        )
    return pins


def _for(target: Target) -> list[str]:
    return ["--only-binary", ":all:", "--python-platform", target.platform, "--python-version", target.python]


def _is_trace(name: str, found: Found) -> bool:
    folder, _, last = name.rpartition("/")
    if folder.endswith(".dist-info"):
        return last in TRACES
    return name == ".lock" or (folder == "bin" and _starts_python(found.path))


def _starts_python(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.readline(400)
    return head.startswith(b"#!") and (b"python" in head or head.strip() == b"#!/bin/sh")


def _in_tests(name: str) -> bool:
    return "tests" in name.split("/")[:-1]


def _top(name: str) -> str:
    return name.partition("/")[0]


def _imports_tests(name: str, found: Found) -> bool:
    """Whether a module that stays imports one from a folder `tests`."""
    return name.endswith(".py") and not _in_tests(name) and IMPORTS_TESTS.search(found.path.read_bytes()) is not None
