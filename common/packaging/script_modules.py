"""Finds the modules in the folder of a Glue script that the script imports, so that they are uploaded with it.

Glue runs a script alone. A file beside a script is a script itself, unless another script there imports it. A module with a name
of the standard library is never imported from the folder.
"""

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import attrgetter
from pathlib import Path

from common.base.errors import ArtifactError
from common.base.lean_dataclass import dataclass
from common.packaging.imports import read_imports
from common.packaging.python_source import parse_file

IMPORT_MENTION = re.compile(rb"(?:\bimport|\bfrom|,)[ \t\\]*([A-Za-z_]\w*)")
"""Matches names that a file may import, and some that it does not. Only files that mention a module of their folder are
parsed."""
ACTING_STATEMENTS = (ast.For, ast.While, ast.With, ast.AsyncFor, ast.AsyncWith)


@dataclass(frozen=True)
class Scripts:
    """A folder with scripts and with the modules that they import."""

    folder: Path

    @cached_property
    def _modules(self) -> Mapping[str, Path]:
        """The modules and packages of the folder by the names under which they are imported."""
        modules: dict[str, Path] = {}
        for path in sorted(self.folder.iterdir(), key=attrgetter("name")):  # comparing the paths themselves is slow
            name = path.stem if path.suffix == ".py" else path.name
            is_module = path.suffix == ".py" or (path.is_dir() and any((*path.glob("*.py"), *path.glob("*/*.py"))))
            if name.isidentifier() and name not in sys.stdlib_module_names and is_module and name != "__init__":
                modules.setdefault(name, path)
        return modules

    @cached_property
    def _imports(self) -> dict[Path, frozenset[str]]:
        return {}

    def _imported_by(self, path: Path) -> frozenset[str]:
        """Returns the modules of the folder that a file, or any file of a package, imports."""
        if path not in self._imports:
            files = sorted(path.glob("**/*.py")) if path.is_dir() else [path]
            self._imports[path] = frozenset(name for file in files for name in self._mentioned_and_imported(file)) - {path.stem}
        return self._imports[path]

    def _mentioned_and_imported(self, file: Path) -> Iterable[str]:
        mentioned = {name.decode() for name in IMPORT_MENTION.findall(file.read_bytes())} & self._modules.keys()
        if not mentioned:
            return ()
        try:
            return {statement.module.partition(".")[0] for statement in read_imports(file) if not statement.level} & mentioned
        except ArtifactError:  # it does not compile; packaging it reports that
            return ()

    def modules(self, script: Path) -> dict[str, Path]:
        """Returns the modules of the folder that a script imports, directly or through each other."""
        if len(self._modules) < 2 and script.stem in self._modules:
            return {}
        modules: dict[str, Path] = {}
        waiting = [script]
        while waiting:
            for name in self._imported_by(waiting.pop()):
                if name not in modules and self._modules[name] != script:
                    modules[name] = self._modules[name]
                    waiting.append(modules[name])
        return modules

    @cached_property
    def _importers(self) -> Mapping[str, Path]:
        """The first file that imports each module, by the name of the module."""
        importers: dict[str, Path] = {}
        for path in self._modules.values():
            for name in self._imported_by(path):
                importers.setdefault(name, path)
        return importers

    def importer(self, script: Path) -> Path | None:
        """Returns a file of the folder that imports the script."""
        return self._importers.get(script.stem) if self._modules.get(script.stem) == script else None


def acts_when_run(path: Path) -> bool:
    """Whether running a file has an effect, as with a script; a file that only defines things is a module for others."""
    try:
        body = parse_file(path).body
    except ArtifactError:
        return True
    return any(
        isinstance(node, ACTING_STATEMENTS)
        or (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.If) and "__name__" in ast.dump(node.test))
        for node in body
    )
