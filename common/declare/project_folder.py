"""Finds resources by convention: `lambda/<Name>/`, `layers/<name>/` and `glue/<stage>/<job>.py` need no declaration."""

import os
from collections import ChainMap
from collections.abc import Container, Iterator
from functools import cached_property
from operator import attrgetter
from pathlib import Path

from common.base.errors import DeclarationError
from common.packaging.imports import Libraries
from common.packaging.script_modules import Scripts, acts_when_run
from common.packaging.source_files import NEVER_PACKAGED

PARTS = attrgetter("parts")
"""The sort key of paths; comparing the paths themselves is slow."""


class ProjectFolder:
    """The folder of a project."""

    def __init__(self, name: str, path: Path) -> None:
        self.path = path
        self._name, self._real = name, f"{os.path.realpath(path)}{os.sep}"
        self._folders: dict[str, str] = {}
        self._named: set[Path] = set()
        self._taken: set[Path] = set()
        self._folders_of_scripts: dict[Path, Scripts] = {}

    def within(self, path: str) -> Path:
        """Returns a path in the project's folder, so that everything that is deployed is in that folder.

        Raises:
            DeclarationError: the path leads out of the folder.
            ValueError: no file can have this path.
        """
        inner = self.path / _possible(path)
        if not f"{self._real_of(inner)}{os.sep}".startswith(self._real):
            raise DeclarationError(f"projects/{self._name}: {path} leads out of the project's folder. Put what it needs inside.")
        return inner

    def matching(self, pattern: str) -> list[Path]:
        """Returns the files of the project that match a pattern such as ``infra/*.yaml``, sorted.

        Raises:
            DeclarationError: there is none, or the pattern leads out of the folder.
        """
        self.within(pattern)
        paths = sorted((path for path in self.path.glob(pattern) if path.is_file()), key=PARTS)
        if not paths:
            raise DeclarationError(f"projects/{self._name}: no file matches {pattern}.")
        return paths

    def of_repository(self, path: str) -> Path:
        """Returns a path in the repository.

        Raises:
            DeclarationError: the path leads out of the repository, or does not exist.
            ValueError: no file can have this path.
        """
        root = self.path.parents[1]
        inner = root / _possible(path)
        if not inner.exists() or not inner.resolve().is_relative_to(root.resolve()):
            raise DeclarationError(f"projects/{self._name}: the library {path} is not in the repository.")
        return inner

    def _real_of(self, path: Path) -> str:
        """Resolves a path; each folder is resolved once for all its entries."""
        folder, name = os.path.split(path)
        if name in {"", ".", ".."} or os.path.islink(path):
            return os.path.realpath(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)  # one is made for each function

    def taken(self, path: str) -> Path:
        """Does the same as `within` for a path that a declaration names. It is then no longer found by convention."""
        named = self.within(path)
        normal = Path(os.path.normpath(named))
        self._named.add(normal)
        self._taken |= {normal, *normal.parents}
        return named

    def folders(self, place: str) -> Iterator[str]:
        """Yields the folders in `place` that hold more than caches, which switching branches leaves behind."""
        top = self.path / place
        if not top.is_dir():
            return
        with os.scandir(top) as entries:  # one is made for each function
            names = sorted(entry.name for entry in entries if not entry.name.startswith((".", "_")) and entry.is_dir())
        for name in names:
            if not self._is_taken(top / name) and not NEVER_PACKAGED.issuperset(os.listdir(f"{top}/{name}")):
                yield name

    def _is_taken(self, path: Path) -> bool:
        return bool(self._named) and (path in self._taken or not self._named.isdisjoint(path.parents))

    def jobs(self, declared: Container[str] = ()) -> Iterator[str]:
        """Yields the names of scripts that no declaration names, in the order of their paths, without modules that they import.

        Args:
            declared: the names of the declared jobs.

        Raises:
            DeclarationError: a script that others import may or may not be a job.
        """
        left = (name for name in self._scripts if not name.startswith((".", "_")) and name not in declared and self._left(name))
        return (name for name in left if not self._is_module(self._left(name)))

    def _is_module(self, scripts: list[Path]) -> bool:
        """Whether a file is a module that other scripts import."""
        (script, *others) = scripts
        importer = None if others else self._beside(script.parent).importer(script)
        if importer is not None and acts_when_run(script):
            path, job = script.relative_to(self.path).as_posix(), f'p.job("{script.stem}")'
            raise DeclarationError(
                f"projects/{self._name}: {path} is imported by {importer.name} beside it, but runs code by itself, as a job "
                f"does. If it is a job, too, declare it: {job}. If not, leave only definitions in it, or call it _{script.name}."
            )
        return importer is not None

    def importable(self, script: Path, libraries: dict[str, Path]) -> Libraries:
        """Returns what a script can import from the repository: libraries, and the modules beside it that it imports."""
        modules = self._beside(script.parent).modules(script) if os.path.isfile(script) else {}
        return Libraries(ChainMap(libraries, modules), self.path.parents[1])

    def _beside(self, folder: Path) -> Scripts:
        if folder not in self._folders_of_scripts:
            self._folders_of_scripts[folder] = Scripts(folder)
        return self._folders_of_scripts[folder]

    def _left(self, name: str) -> list[Path]:
        return [script for script in self._scripts.get(name, ()) if not self._is_taken(script)]

    def script(self, name: str) -> Path:
        """The script of that name, one that no declaration has named by its path, if there is such.

        Raises:
            DeclarationError: there is none, or more than one.
        """
        paths = self._left(name) or self._scripts.get(name, [])
        if len(paths) != 1:
            places = f"glue/<stage>/{name}.py"
            reason = f"there is no {places}" if not paths else f"{len(paths)} files are called {places}"
            raise DeclarationError(f"projects/{self._name}: glue-job/{name}: {reason}. Name the file with `script`.")
        return paths[0]

    def requirements(self, script: Path, declared: str | None, where: str) -> Path:
        """The file that says what a job's script needs: the given one, else the one beside the script, which may be missing.

        Raises:
            DeclarationError: the given one is missing.
        """
        path = self.within(declared) if declared else script.with_name(f"{script.stem}.requirements.txt")
        if declared and not path.is_file():
            raise DeclarationError(f"projects/{self._name}: {where}: there is no file {declared}.")
        return path

    @cached_property
    def _scripts(self) -> dict[str, list[Path]]:
        scripts: dict[str, list[Path]] = {}
        for script in sorted((self.path / "glue").glob("*/*.py"), key=PARTS):
            scripts.setdefault(script.stem, []).append(script)
        return scripts


def _possible(path: str) -> str:
    if "\0" in path:
        raise ValueError(f"{path!r} is not a path: it has a NUL character")
    return path
