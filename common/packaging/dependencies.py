"""Installs the Python packages of a function or job with uv, for the platform where they run, and checks their hashes.

What is installed depends only on the pins and the target, so it is stored in the build folder under their digest, and functions
with equal dependencies share it. The files are stored as uv installs them. A package omits the installer's own files (RECORD and
the like), scripts that start this machine's Python, and tests that no module imports.

Follows https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import json
import re
import tempfile
import threading
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from common.base import digest
from common.base.atomic_file import new_file
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.base.lean_dataclass import dataclass
from common.packaging import package_cache, uv, uv_settings
from common.packaging.archive import Members, build_once
from common.packaging.lock_file import logical_lines, merge_targets, without_marker
from common.packaging.pyproject import normalize_name
from common.packaging.requirements import FILE_NAMES, PIN, PRERELEASE_OPTION, Requirements
from common.packaging.sbom import Component, Wheels
from common.packaging.source_files import IgnoreRules, SourceFile, display_path, list_files, read_text
from common.packaging.target import Target

INSTALLER_FILES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"})
IMPORTS_TESTS = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:from|import)\s+[\w.]*\btests\b", re.MULTILINE)
_busy: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


@dataclass(frozen=True)
class Dependencies:
    """The packages that one file of requirements installs for one target.

    Args:
        requirements: the file of requirements.
        target: the Python and platform for which the lock names the packages.
        here: whether the code runs on this machine (on the embedded AWS), so that packages are installed for this platform.
    """

    requirements: Requirements
    target: Target
    here: bool = False

    @property
    def actual_target(self) -> Target:
        """The target for which the packages are installed."""
        return self.target.here() if self.here else self.target

    @cached_property
    def _pins(self) -> tuple[str, ...]:
        return self.requirements.pins(self.target)

    def digest(self) -> Digest:
        """Returns the digest of packages, versions, hashes and target; pins for other targets only are not part of it.

        Raises:
            ArtifactError: there is no lock, or it does not match the requirements.
        """
        options = [line for line in self._pins if line.startswith("-")]
        pins = [*options, *sorted(without_marker(pin) for pin in self._selected_pins)]
        return digest.of_struct("dependencies", 2, {"pins": pins, "target": str(self.actual_target)})

    def input_files(self) -> tuple[Path, ...]:
        """Returns the files that determine what is installed."""
        return (self.requirements.path, *(() if self.requirements.is_pinned else (self.requirements.lock,)))

    def files(self) -> Mapping[str, Digest]:
        """Returns the digest of what is installed, by the name of the file with the pins."""
        return {self._pinned_by.name: self.digest()}

    @cached_property
    def pins(self) -> Mapping[str, str]:
        """The installed packages by normalized name, each with version and hashes, without markers.

        Raises:
            ArtifactError: see `digest`.
        """
        return {normalize_name(match[1]): without_marker(pin) for pin in self._selected_pins if (match := PIN.match(pin))}

    @cached_property
    def _selected_pins(self) -> list[str]:
        return [pin for pin in self._pins if not pin.startswith("-") and self._is_selected(pin)]

    def _is_selected(self, pin: str) -> bool:
        try:
            return self.target.selects(pin)
        except ValueError as error:
            where, reason = display_path(self._pinned_by), str(error).partition("\n")[0]
            raise ArtifactError(
                f"{where}: {pin.partition(' --hash=')[0]!r} has an invalid environment marker: {reason}."
            ) from None

    @property
    def _pinned_by(self) -> Path:
        return self.requirements.path if self.requirements.is_pinned else self.requirements.lock

    def names(self) -> tuple[str, ...]:
        """Returns the packages with their versions, as in ``numpy==2.2.6``."""
        return tuple(pin.partition(" ")[0] for pin in self.pins.values())

    def install(self, build_dir: Path) -> Path:
        """Returns the folder in which uv has installed the packages.

        Raises:
            ArtifactError: uv cannot fetch the packages, or one has no wheel for the target.
        """
        return build_once(build_dir / ".dependencies" / self.digest(), self._install)

    def _install(self, folder: Path) -> None:
        with tempfile.TemporaryDirectory() as place:
            # Links would share their bytes with uv's cache, and with every environment in which somebody edits them.
            where = ["--target", str(folder), "--link-mode", "copy", "-r", str(self._pinned(place))]
            words = ["pip", "install", "--no-deps", "--require-hashes", *_target_options(self.actual_target)]
            uv.run([*words, *self._places, *where], self._what, {}, alone=self.requirements.replaces_index)
        (folder / ".lock").unlink(missing_ok=True)

    def _pinned(self, place: str) -> Path:
        """Writes a file of requirements with the pins into the folder `place` and returns its path."""
        pins = Path(place, "requirements.txt")
        options = [] if self.requirements.is_pinned else self.requirements.options
        own = [pin for pin in self._pins if pin.startswith("-")]  # options of a file that is its own lock
        lines = [*(line for line in (*options, *own) if line != PRERELEASE_OPTION), *map(without_marker, self._selected_pins)]
        pins.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return pins

    @property
    def _places(self) -> list[str]:
        return uv_settings.index_options(self.requirements.settings)

    @property
    def _what(self) -> str:
        return f"{display_path(self.requirements.path)} for {self.actual_target}"

    def members(self, build_dir: Path, ignoring: IgnoreRules) -> Members:
        """Returns the installed files that belong in a package, by their paths in it.

        Args:
            build_dir: the build folder.
            ignoring: the rules for what else is left out.
        """
        return package_cache.members(build_dir, self.digest(), ignoring, lambda: self._members(build_dir, ignoring))

    def _members(self, build_dir: Path, ignoring: IgnoreRules) -> dict[str, SourceFile]:
        installed = list_files(self.install(build_dir)).items()
        files = {name: file for name, file in installed if not _is_trace(name, file) and name not in ignoring}
        imported = {_top_folder(name) for name, file in files.items() if _imports_tests(name, file)}
        return {name: file for name, file in files.items() if not _is_in_tests(name) or _top_folder(name) in imported}

    def components(self, build_dir: Path, ignoring: IgnoreRules) -> list[Component]:
        """Returns the packages of which `members` contains files, with the hashes of their wheels."""
        return package_cache.components(build_dir, self.digest(), ignoring, lambda: self._components(build_dir, ignoring))

    def _components(self, build_dir: Path, ignoring: IgnoreRules) -> list[Component]:
        from common.packaging.installed_packages import distributions  # most commands install nothing

        folder = self.install(build_dir)
        paths = {file.path for file in self._members(build_dir, ignoring).values()}
        return distributions(sorted(folder.glob("*.dist-info")), self._wheels(build_dir), paths)

    def component(self, build_dir: Path, name: str) -> list[Component]:
        """Returns one distribution, by its normalized name."""
        from common.packaging.installed_packages import distributions  # most commands install nothing

        return distributions([find_dist_info(self.install(build_dir), name)], self._wheels(build_dir))

    def _wheels(self, build_dir: Path) -> Wheels:
        """Returns those wheels of the lock that fit the target."""
        path = build_dir / ".dependencies" / f"{self.digest()}.json"
        with _busy[path]:
            if not path.exists():
                with new_file(path) as temporary:
                    temporary.write_text(json.dumps(self._chosen()), encoding="utf-8")
        wheels: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        return wheels

    def _chosen(self) -> Wheels:
        """Lets uv list the wheels for the target, as it would install them, without those whose hash is in no pin."""
        import tomllib  # slow to load, and an unchanged deploy does not need it

        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder, "pylock.toml")
            options = ["--no-deps", "--no-header", "--format", "pylock.toml", "-o", str(output), str(self._pinned(folder))]
            words = ["pip", "compile", *_target_options(self.actual_target), *self._places, *options]
            uv.run(words, self._what, {}, alone=self.requirements.replaces_index)
            packages = tomllib.loads(output.read_text(encoding="utf-8")).get("packages", ())
        pinned = {part for pin in self._pins for part in pin.split() if part.startswith("--hash=sha256:")}
        fitting = [(normalize_name(package["name"]), wheel) for package in packages for wheel in package.get("wheels", ())]
        chosen: dict[str, dict[str, str]] = {name: {} for name, _ in fitting}
        for name, wheel in fitting:
            file = wheel.get("name") or urlsplit(wheel.get("url") or wheel.get("path", "")).path.rpartition("/")[2]
            if f"--hash=sha256:{wheel['hashes'].get('sha256')}" in pinned:
                chosen[name][file] = wheel["hashes"]["sha256"]
        return chosen


def find_dist_info(folder: Path, name: str) -> Path:
    """Returns the `dist-info` folder of a distribution (by normalized name) below a folder with installed packages."""
    return next(path for path in folder.glob("*.dist-info") if normalize_name(path.stem.rpartition("-")[0]) == name)


def find_dependencies(folder: Path, target: Target, *, here: bool = False) -> Dependencies | None:
    """Returns the dependencies that a function's folder requires, or None; see `Dependencies`."""
    for path in (folder / name for name in FILE_NAMES):
        if path.is_file() and not (requirements := Requirements(path)).is_empty:
            return Dependencies(requirements, target, here)
    return None


def lock(requirements: Requirements, targets: set[Target]) -> bool:
    """Resolves requirements for all targets and writes the lock. Versions that the lock already has are kept.

    Returns:
        Whether the lock has changed.

    Raises:
        ArtifactError: the requirements cannot be resolved, or a package has no wheel for one of the targets.
    """
    file = requirements.lock
    before = read_text(file) if file.is_file() else ""
    text = str(merge_targets(requirements.digest(), {target: _resolve(requirements, target, before) for target in targets}))
    if text != before:
        with new_file(file) as temporary:
            temporary.write_text(text, encoding="utf-8")
            temporary.chmod(0o644)
    return text != before


def _resolve(requirements: Requirements, target: Target, before: str) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as place:
        names = ("requirements.in", "constraints.txt", "brought.txt", "requirements.txt")
        packages, constraints, excluded, output = (Path(place, name) for name in names)
        options = [option for option in requirements.options if option != PRERELEASE_OPTION]
        packages.write_text("\n".join([*options, *requirements.packages]) + "\n", encoding="utf-8")
        constraints.write_text("\n".join(requirements.constraints) + "\n", encoding="utf-8")
        excluded.write_text("\n".join(requirements.runtime_packages) + "\n", encoding="utf-8")
        output.write_text(before, encoding="utf-8")
        arguments = ["--no-header", "--no-annotate", "--generate-hashes"]
        arguments += ["--excludes", str(excluded), "-c", str(constraints), "-o", str(output)]
        arguments += ["--prerelease", "allow"] if PRERELEASE_OPTION in requirements.options else []
        settings = requirements.settings
        if "sources" in settings:  # these apply to what a project asks for
            packages = Path(place, uv_settings.PROJECT_FILE)
            packages.write_text(uv_settings.project_text(settings, requirements.packages), encoding="utf-8")
        what = f"{display_path(requirements.path)} for {target}"
        uv.run(
            ["pip", "compile", *_target_options(target), *arguments, str(packages)],
            what,
            settings,
            alone=requirements.replaces_index,
        )
        pins = tuple(line for line in logical_lines(output.read_text(encoding="utf-8")) if not line.startswith("--"))
    if unpinned := [pin.partition(" ")[0] for pin in pins if "--hash=" not in pin or not PIN.match(pin)]:
        raise ArtifactError(
            f"{display_path(requirements.path)}: {', '.join(unpinned)} cannot be locked, because it does not come from a package "
            f"index. Require packages of an index by name, not by address."
        )
    return pins


def _target_options(target: Target) -> list[str]:
    return ["--only-binary", ":all:", "--python-platform", target.platform, "--python-version", target.python]


def _is_trace(name: str, file: SourceFile) -> bool:
    folder, _, last = name.rpartition("/")
    if folder.endswith(".dist-info"):
        return last in INSTALLER_FILES
    return name == ".lock" or (folder == "bin" and _starts_python(file.path))


def _starts_python(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.readline(400)
    return head.startswith(b"#!") and (b"python" in head or head.strip() == b"#!/bin/sh")


def _is_in_tests(name: str) -> bool:
    return "tests" in name.split("/")[:-1]


def _top_folder(name: str) -> str:
    return name.partition("/")[0]


def _imports_tests(name: str, file: SourceFile) -> bool:
    """Whether a module outside of folders `tests` imports something from one."""
    return name.endswith(".py") and not _is_in_tests(name) and IMPORTS_TESTS.search(file.path.read_bytes()) is not None
