"""Installs the npm packages of a Node.js function from its lock file, and builds functions by a command.

npm is needed only if `package.json` has dependencies. It runs no install scripts, which would make the result depend on this
machine. Packages with compiled parts publish them as a package for each platform, and npm gets the platform of the function.

Follows https://docs.npmjs.com/cli/commands/npm-ci
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from platform import machine

from common.base import digest, programs
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.packaging import package_cache
from common.packaging.archive import Members, build_once
from common.packaging.sbom import Component
from common.packaging.source_files import Digests, Files, IgnoreRules, SourceFile, copy_to, display_path, list_files, read_text
from common.packaging.target import ARM64_NAMES

PACKAGE, LOCK, CONFIGURATION = "package.json", "package-lock.json", ".npmrc"
TAKEN_AS_FILES = "!node_modules/"
"""The line of .deployignore that packages node_modules/ as it is, so that npm installs nothing."""
NOT_COPIED = frozenset({"node_modules", "venv"})
"""Folders that a build command does not receive, because they hold what was installed by hand."""
NPM_FILES = frozenset({"node_modules/.package-lock.json"})
ZIP_EPOCH_SECONDS = 315532800
"""The first of January 1980, the earliest time that a zip can hold, in seconds since the epoch."""


@dataclass(frozen=True)
class NodeModules:
    """The packages that the `package-lock.json` of a folder installs for an architecture.

    Args:
        folder: the folder of the function.
        architecture: the architecture as Lambda calls it.
        here: whether the function runs on this machine (on the embedded AWS), so that packages are installed for this platform.
    """

    folder: Path
    architecture: str
    here: bool = False

    @cached_property
    def _lock(self) -> JsonObject:
        path = self.folder / LOCK
        if not path.is_file():
            raise ArtifactError(
                f"{display_path(self.folder)}: {PACKAGE} has dependencies but no {LOCK}, so installs would not be reproducible. "
                f"Run `npm install --package-lock-only` there and commit {LOCK}."
            )
        lock = _read_json(path)
        packages = lock.get("packages", {})
        if not isinstance(packages, dict) or not all(isinstance(package, dict) for package in packages.values()):
            raise ArtifactError(f"{display_path(path)}: `packages` is not as npm writes it. Delete the file and lock again.")
        return lock

    def digest(self) -> Digest:
        """Returns the digest of the lock, of the other files that npm receives, and of the architecture.

        Raises:
            ArtifactError: there is no lock file.
        """
        files = {name: content for name, (_, content) in self._npm_inputs.items()}
        system, architecture = self._place
        own = {} if system == "linux" else {"system": system}
        return digest.of_struct("node-modules", 3, {"lock": self._lock, "architecture": architecture, "given": files, **own})

    @property
    def _place(self) -> tuple[str, str]:
        """The system and the architecture for which packages are installed."""
        if not self.here:
            return "linux", self.architecture
        return ("darwin" if sys.platform == "darwin" else "linux"), ("arm64" if machine().lower() in ARM64_NAMES else "x86_64")

    @cached_property
    def _npm_inputs(self) -> Mapping[str, tuple[SourceFile, Digest]]:
        """The files that npm receives besides the lock: its configuration, and archives that the lock installs from."""
        addresses = [str(package.get("resolved", "")) for package in self._lock.get("packages", {}).values()]
        names = [address.removeprefix("file:") for address in addresses if address.startswith("file:")]
        within = [name for name in sorted(names) if not name.startswith("/") and ".." not in name.split("/")]
        self._check_configuration()
        paths = {name: self.folder / name for name in (PACKAGE, CONFIGURATION, *within) if (self.folder / name).is_file()}
        return {name: (SourceFile(path, path.stat()), digest.of_file(path)) for name, path in paths.items()}

    def _check_configuration(self) -> None:
        path = self.folder / CONFIGURATION
        if path.is_file() and read_text(path).encode() != path.read_bytes().replace(b"\r", b""):
            raise ArtifactError(
                f"{display_path(path)} begins with a byte-order mark, which npm reads as part of the first setting. "
                f"Save the file without it."
            )

    def input_files(self) -> tuple[Path, ...]:
        """Returns the files that determine what is installed."""
        return (self.folder / LOCK, *(file.path for file, _ in self._npm_inputs.values()))

    def files(self) -> Mapping[str, Digest]:
        """Returns the digest of what is installed, by the name of the lock file."""
        return {LOCK: self.digest()}

    def names(self) -> tuple[str, ...]:
        """Returns the packages with their versions, as in ``yaml@2.8.0``."""
        packages = self._lock.get("packages", {})
        inner = {
            name: package for name, package in packages.items() if name and not package.get("dev") and not package.get("link")
        }
        return tuple(
            f"{name.rpartition('node_modules/')[2]}@{package.get('version', '?')}" for name, package in sorted(inner.items())
        )

    def members(self, build_dir: Path, ignoring: IgnoreRules) -> Members:
        """Returns the installed files that belong in a package, by their paths in it.

        Args:
            build_dir: the build folder.
            ignoring: the rules for what else is left out.
        """
        return package_cache.members(build_dir, self.digest(), ignoring, lambda: self._members(build_dir, ignoring))

    def _members(self, build_dir: Path, ignoring: IgnoreRules) -> dict[str, SourceFile]:
        installed = list_files(self.install(build_dir)).items()
        modules = {name: file for name, file in installed if name.startswith("node_modules/") and name not in NPM_FILES}
        return {name: file for name, file in modules.items() if "/.bin/" not in name and name not in ignoring}

    def components(self, build_dir: Path, ignoring: IgnoreRules) -> list[Component]:
        """Returns the packages of which `members` contains files, with the hashes of their archives."""
        return package_cache.components(build_dir, self.digest(), ignoring, lambda: self._components(build_dir, ignoring))

    def _components(self, build_dir: Path, ignoring: IgnoreRules) -> list[Component]:
        from common.packaging.installed_packages import packages  # most commands install nothing

        folder = self.install(build_dir)
        parents = {parent for file in self._members(build_dir, ignoring).values() for parent in file.path.parents}
        locked = {
            folder / name: str(package.get("integrity", "")) for name, package in self._lock.get("packages", {}).items() if name
        }
        return packages({path: integrity for path, integrity in locked.items() if path in parents})

    def install(self, build_dir: Path) -> Path:
        """Returns the folder in which npm has installed the packages.

        Raises:
            ArtifactError: npm is not installed, or it fails.
        """
        return build_once(build_dir / ".dependencies" / self.digest(), self._install)

    def _install(self, folder: Path) -> None:
        (folder / LOCK).write_text(json.dumps(self._lock), encoding="utf-8")  # as it was when it was digested
        for name, (file, content) in self._npm_inputs.items():
            copy_to(folder / name, file, {file.path: content})
        system, architecture = self._place
        words = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", f"--os={system}"]
        words += [*(["--libc=glibc"] if system == "linux" else []), f"--cpu={'arm64' if architecture == 'arm64' else 'x64'}"]
        _run_command([_find_npm(), *words], folder, f"{display_path(self.folder)}: `npm {' '.join(words)}`")


def find_node_modules(folder: Path, architecture: str, *, here: bool = False) -> NodeModules | None:
    """Returns the dependencies that a function's folder requires, or None; see `NodeModules` and `TAKEN_AS_FILES`."""
    path = folder / PACKAGE
    as_files = TAKEN_AS_FILES in IgnoreRules(folder).patterns
    asks = not as_files and path.is_file() and asks_for_packages(_read_json(path))
    return NodeModules(folder, architecture, here) if asks else None


def asks_for_packages(package: JsonObject) -> bool:
    """Whether a `package.json` asks for packages to be installed."""
    return any(package.get(name) for name in ("dependencies", "optionalDependencies"))


@dataclass(frozen=True)
class Command:
    """The command with which a declaration builds a function itself.

    Args:
        line: the command line, which the shell runs in a copy of the function's folder.
        output: the folder in that copy that is packaged. The copy starts without it.

    Raises:
        ValueError: the command is empty, or the output is not a folder within the function's.
        TypeError: the line or the output is not a text.
    """

    line: str
    output: str

    def __post_init__(self) -> None:
        for field_name, text in (("build", self.line), ("output", self.output)):
            if not isinstance(text, str):
                raise TypeError(f"{field_name} must be a text, as in build='make package', output='dist', not {text!r}")
        if not self.line.strip() or "\0" in self.line:
            raise ValueError(
                f"build={self.line!r} is not a command; leave it out, or name the command that writes {self.output}/"
            )
        output = PurePosixPath(self.output)
        if output.is_absolute() or not output.parts or ".." in output.parts or "\0" in self.output:
            raise ValueError(f"output={self.output!r} must name a folder within the one that is built, such as 'dist'")

    def sources(self, folder: Path) -> dict[str, SourceFile]:
        """Returns the files of a folder that the command receives: no caches, nothing installed, no output of an earlier run."""
        return list_files(folder, {PurePosixPath(self.output).as_posix(), *NOT_COPIED})

    def members(
        self, sources: Files, digests: Digests, folder: Path, identity: Digest, build_dir: Path, ignoring: IgnoreRules
    ) -> dict[str, SourceFile]:
        """Runs the command on a folder's files, unless its output exists, and returns the output files.

        Args:
            sources: the files to copy; exactly those that `identity` covers.
            digests: the digests of these files.
            folder: the folder of the function.
            identity: the digest of everything that the output depends on.
            build_dir: the build folder.
            ignoring: the rules for what of the output is left out.

        Raises:
            ArtifactError: the command fails or its output folder is empty, or a file has changed.
        """

        def run(fresh: Path) -> None:
            copy = fresh / "source"
            copy.mkdir()
            for name, file in sources.items():
                copy_to(copy / name, file, digests)
                os.utime(copy / name, (ZIP_EPOCH_SECONDS, ZIP_EPOCH_SECONDS))  # no digest covers times
            _run_command(["/bin/sh", "-c", self.line], copy, f"{display_path(folder)}: `{self.line}`")
            self._find_output(copy, display_path(folder)).rename(fresh / "output")
            shutil.rmtree(copy)

        built = build_once(build_dir / ".outputs" / identity, run)
        return list_files(built / "output", ignoring)

    def _find_output(self, copy: Path, where: str) -> Path:
        """Returns the output folder. A link out of the copy is refused, because its target would be moved away."""
        output, prefix = (copy / self.output).resolve(), f"{where}: `{self.line}` has"
        if not output.is_dir():
            raise ArtifactError(f"{prefix} made no folder {self.output}/.")
        if copy.resolve() not in output.parents:
            raise ArtifactError(f"{prefix} made {self.output} a link out of the folder. Let it put the files themselves there.")
        if not any(output.iterdir()):
            raise ArtifactError(f"{prefix} put nothing into {self.output}/.")
        return output


def command(build: str | None, output: str) -> Command | None:
    """Returns the build command, if the declaration has one; see `Command`."""
    return None if build is None else Command(build, output)


def _find_npm() -> str:
    path = shutil.which("npm", path=programs.search_path())
    if not path:
        raise ArtifactError("npm is not on PATH, and a Node.js function has dependencies. Install Node.js with npm.")
    return path


def _run_command(command: list[str], folder: Path, what: str) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(ZIP_EPOCH_SECONDS), "TZ": "UTC", "LC_ALL": "C"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, check=False
    )  # the project declares this command
    if done.returncode:
        output = "\n".join(f"  {line}" for line in (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:])
        raise ArtifactError(f"{what} has failed with exit code {done.returncode}:\n{output}")


def _read_json(path: Path) -> JsonObject:
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{display_path(path)} is not JSON: {error}.") from None
    return content if isinstance(content, dict) else {}
