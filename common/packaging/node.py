"""The npm packages of a Node.js function, installed as its lock file says; and functions that a command builds.

npm is needed only where `package.json` has dependencies. It installs without running scripts, which would make the outcome depend
on this machine; packages with compiled parts carry them as packages for each platform, and npm is told the function's.

Follows https://docs.npmjs.com/cli/commands/npm-ci
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from platform import machine

from common.base import digest, programs
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.base.json_types import JsonObject
from common.packaging import kept
from common.packaging.archive import Members, made_once
from common.packaging.bill import Component
from common.packaging.target import ARM
from common.packaging.tree import Digests, Files, Found, Ignoring, copy_to, read, shown, walk

PACKAGE, LOCK, CONFIGURATION = "package.json", "package-lock.json", ".npmrc"
INSTALLED = frozenset({"node_modules", "venv"})
"""What is installed by hand; a command that needs it installs it."""
NPM_OWN = frozenset({"node_modules/.package-lock.json"})
EPOCH = 315532800
"""The first of January 1980, where the time of zips begins."""


@dataclass(frozen=True)
class NodeModules:
    """What `package-lock.json` of a folder installs for an architecture.

    Args:
        folder: where it is.
        architecture: as Lambda calls it.
        here: whether it runs on this machine all the same, so that it is installed for this one.
    """

    folder: Path
    architecture: str
    here: bool = False

    @cached_property
    def _lock(self) -> JsonObject:
        path = self.folder / LOCK
        if not path.is_file():
            raise ArtifactError(
                f"{shown(self.folder)}: {PACKAGE} has dependencies and no {LOCK}, so two machines would install two things. "
                f"Run `npm install --package-lock-only` there and commit {LOCK}."
            )
        found = _parsed(path)
        packages = found.get("packages", {})
        if not isinstance(packages, dict) or not all(isinstance(one, dict) for one in packages.values()):
            raise ArtifactError(f"{shown(path)}: `packages` is not as npm writes it. Delete the file and lock again.")
        return found

    def digest(self) -> Digest:
        """Covers the lock, the other files that npm is given of the folder, and the architecture.

        Raises:
            ArtifactError: there is no lock.
        """
        given = {name: content for name, (_, content) in self._given.items()}
        system, architecture = self._place
        own = {} if system == "linux" else {"system": system}
        return digest.of_struct("node-modules", 3, {"lock": self._lock, "architecture": architecture, "given": given, **own})

    @property
    def _place(self) -> tuple[str, str]:
        """The system and the architecture that packages are installed for."""
        if not self.here:
            return "linux", self.architecture
        return ("darwin" if sys.platform == "darwin" else "linux"), ("arm64" if machine().lower() in ARM else "x86_64")

    @cached_property
    def _given(self) -> Mapping[str, tuple[Found, Digest]]:
        """What npm is given of the folder besides the lock: what it is told to do, and archives that the lock installs from."""
        addresses = [str(one.get("resolved", "")) for one in self._lock.get("packages", {}).values()]
        names = [address.removeprefix("file:") for address in addresses if address.startswith("file:")]
        within = [name for name in sorted(names) if not name.startswith("/") and ".." not in name.split("/")]
        self._check_configuration()
        paths = {name: self.folder / name for name in (PACKAGE, CONFIGURATION, *within) if (self.folder / name).is_file()}
        return {name: (Found(path, path.stat()), digest.of_file(path)) for name, path in paths.items()}

    def _check_configuration(self) -> None:
        path = self.folder / CONFIGURATION
        if path.is_file() and read(path).encode() != path.read_bytes().replace(b"\r", b""):
            raise ArtifactError(
                f"{shown(path)} begins with a byte-order mark, which npm takes for a part of the first setting. "
                f"Save it without one."
            )

    def given(self) -> tuple[Path, ...]:
        """The files that say what is installed."""
        return (self.folder / LOCK, *(found.path for found, _ in self._given.values()))

    def files(self) -> Mapping[str, Digest]:
        """The digest of what is installed, under the name of the file that says so."""
        return {LOCK: self.digest()}

    def names(self) -> tuple[str, ...]:
        """The packages with their versions, as in ``yaml@2.8.0``."""
        found = self._lock.get("packages", {})
        inner = {name: one for name, one in found.items() if name and not one.get("dev") and not one.get("link")}
        return tuple(f"{name.rpartition('node_modules/')[2]}@{one.get('version', '?')}" for name, one in sorted(inner.items()))

    def members(self, build_dir: Path, ignoring: Ignoring) -> Members:
        """The installed files that belong into a package, by the path that they have in it.

        Args:
            build_dir: where they are kept.
            ignoring: what else stays out.
        """
        return kept.members(build_dir, self.digest(), ignoring, lambda: self._members(build_dir, ignoring))

    def _members(self, build_dir: Path, ignoring: Ignoring) -> dict[str, Found]:
        installed = walk(self.install(build_dir)).items()
        modules = {name: found for name, found in installed if name.startswith("node_modules/") and name not in NPM_OWN}
        return {name: found for name, found in modules.items() if "/.bin/" not in name and name not in ignoring}

    def components(self, build_dir: Path, ignoring: Ignoring) -> list[Component]:
        """What `members` holds something of, with the hashes of the archives that it comes from."""
        return kept.components(build_dir, self.digest(), ignoring, lambda: self._components(build_dir, ignoring))

    def _components(self, build_dir: Path, ignoring: Ignoring) -> list[Component]:
        from common.packaging.installed import packages  # noqa: PLC0415 - most commands install nothing

        place = self.install(build_dir)
        parents = {parent for found in self._members(build_dir, ignoring).values() for parent in found.path.parents}
        locked = {place / name: str(one.get("integrity", "")) for name, one in self._lock.get("packages", {}).items() if name}
        return packages({path: integrity for path, integrity in locked.items() if path in parents})

    def install(self, build_dir: Path) -> Path:
        """The folder in which they are installed, as npm does it.

        Raises:
            ArtifactError: npm is not there, or refuses.
        """
        return made_once(build_dir / ".dependencies" / self.digest(), self._install)

    def _install(self, folder: Path) -> None:
        (folder / LOCK).write_text(json.dumps(self._lock), encoding="utf-8")  # as it was when it was digested
        for name, (found, content) in self._given.items():
            copy_to(folder / name, found, {found.path: content})
        system, architecture = self._place
        words = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", f"--os={system}"]
        words += [*(["--libc=glibc"] if system == "linux" else []), f"--cpu={'arm64' if architecture == 'arm64' else 'x64'}"]
        _run([_npm(), *words], folder, f"{shown(self.folder)}: `npm {' '.join(words)}`")


def beside(folder: Path, architecture: str, *, here: bool = False) -> NodeModules | None:
    """The dependencies of a function's folder, if it asks for any; see `NodeModules`."""
    path = folder / PACKAGE
    asks = path.is_file() and any(_parsed(path).get(name) for name in ("dependencies", "optionalDependencies"))
    return NodeModules(folder, architecture, here) if asks else None


@dataclass(frozen=True)
class Command:
    """How a function is built by other means than ours.

    Args:
        line: run by the shell in a copy of the function's folder.
        output: the folder, in that copy, that is packaged; what the function's folder has there is not copied.

    Raises:
        ValueError: there is no command, or the output is no folder within the function's.
        TypeError: one of them is no text.
    """

    line: str
    output: str

    def __post_init__(self) -> None:
        for what, text in (("build", self.line), ("output", self.output)):
            if not isinstance(text, str):
                raise TypeError(f"{what} is a text, as in build='make package', output='dist', not {text!r}")
        if not self.line.strip() or "\0" in self.line:
            raise ValueError(f"build={self.line!r} is no command; leave it out, or say what makes {self.output}/")
        place = PurePosixPath(self.output)
        if place.is_absolute() or not place.parts or ".." in place.parts or "\0" in self.output:
            raise ValueError(f"output={self.output!r} must name a folder within the one that is built, such as 'dist'")

    def sources(self, folder: Path) -> dict[str, Found]:
        """What the command is given of a folder: all that is no cache, not installed, and not left by it when run by hand."""
        return walk(folder, {PurePosixPath(self.output).as_posix(), *INSTALLED})

    def members(
        self, sources: Files, digests: Digests, folder: Path, identity: Digest, build_dir: Path, ignoring: Ignoring
    ) -> dict[str, Found]:
        """What the command makes of a folder's files.

        Args:
            sources: these files and no others are copied, as `identity` covers these.
            digests: what they hold.
            folder: the function's.
            identity: the digest of all that the outcome depends on.
            build_dir: where it is kept.
            ignoring: what of the outcome stays out.

        Raises:
            ArtifactError: the command fails or puts nothing into the output folder, or one of the files has changed.
        """

        def run(fresh: Path) -> None:
            copy = fresh / "source"
            copy.mkdir()
            for name, found in sources.items():
                copy_to(copy / name, found, digests)
                os.utime(copy / name, (EPOCH, EPOCH))  # no digest covers times
            _run(["/bin/sh", "-c", self.line], copy, f"{shown(folder)}: `{self.line}`")
            self._made(copy, shown(folder)).rename(fresh / "output")
            shutil.rmtree(copy)

        kept = made_once(build_dir / ".outputs" / identity, run)
        return walk(kept / "output", ignoring)

    def _made(self, copy: Path, where: str) -> Path:
        """The output folder; what a link leads to outside the copy is somebody's own, and would be moved away."""
        made, said = (copy / self.output).resolve(), f"{where}: `{self.line}` has"
        if not made.is_dir():
            raise ArtifactError(f"{said} made no folder {self.output}/.")
        if copy.resolve() not in made.parents:
            raise ArtifactError(f"{said} made {self.output} a link out of the folder. Let it put the files themselves there.")
        if not any(made.iterdir()):
            raise ArtifactError(f"{said} put nothing into {self.output}/.")
        return made


def command(build: str | None, output: str) -> Command | None:
    """How a function is built, if its declaration says so; see `Command`."""
    return None if build is None else Command(build, output)


def _npm() -> str:
    found = shutil.which("npm", path=programs.tools())
    if not found:
        raise ArtifactError("npm is not on PATH, and a Node.js function has dependencies. Install Node.js with npm.")
    return found


def _run(command: list[str], folder: Path, what: str) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), "TZ": "UTC", "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)  # noqa: S603 - declared
    if done.returncode:
        said = "\n".join(f"  {line}" for line in (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:])
        raise ArtifactError(f"{what} has failed with exit code {done.returncode}:\n{said}")


def _parsed(path: Path) -> JsonObject:
    try:
        found = json.loads(read(path))
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{shown(path)} is not JSON: {error}.") from None
    return found if isinstance(found, dict) else {}
