"""Modules that lie beside a Glue script and that it imports: Glue runs the script alone, so they are taken along.

A file beside a script is a script, too, unless some script there imports it. Names of the standard library stand for that.
"""

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from common.base.errors import ArtifactError
from common.packaging.imports import imported
from common.packaging.python import parsed

MENTIONED = re.compile(rb"(?:\bimport|\bfrom|,)[ \t\\]*([A-Za-z_]\w*)")
"""What may be imported, and more: only files that mention a module beside them are parsed."""
DOING = (ast.For, ast.While, ast.With, ast.AsyncFor, ast.AsyncWith)


@dataclass(frozen=True)
class Scripts:
    """A folder of scripts, and of modules that they import."""

    folder: Path

    @cached_property
    def _modules(self) -> Mapping[str, Path]:
        """The modules and packages of the folder, by the name by which they would be imported."""
        found: dict[str, Path] = {}
        for path in sorted(self.folder.iterdir()):
            name = path.stem if path.suffix == ".py" else path.name
            is_module = path.suffix == ".py" or (path.is_dir() and any((*path.glob("*.py"), *path.glob("*/*.py"))))
            if name.isidentifier() and name not in sys.stdlib_module_names and is_module and name != "__init__":
                found.setdefault(name, path)
        return found

    @cached_property
    def _imports(self) -> dict[Path, frozenset[str]]:
        return {}

    def _imported_by(self, path: Path) -> frozenset[str]:
        """The modules of the folder that a file, or some file of a package, imports."""
        if path not in self._imports:
            files = sorted(path.glob("**/*.py")) if path.is_dir() else [path]
            self._imports[path] = frozenset(name for file in files for name in self._of_file(file)) - {path.stem}
        return self._imports[path]

    def _of_file(self, file: Path) -> Iterable[str]:
        mentioned = {name.decode() for name in MENTIONED.findall(file.read_bytes())} & self._modules.keys()
        if not mentioned:
            return ()
        try:
            return {one.module.partition(".")[0] for one in imported(file) if not one.level} & mentioned
        except ArtifactError:  # it does not compile, which is told when it is packaged
            return ()

    def modules(self, script: Path) -> dict[str, Path]:
        """The modules beside it that a script imports, directly or through each other."""
        if len(self._modules) < 2 and script.stem in self._modules:
            return {}
        found: dict[str, Path] = {}
        waiting = [script]
        while waiting:
            for name in self._imported_by(waiting.pop()):
                if name not in found and self._modules[name] != script:
                    found[name] = self._modules[name]
                    waiting.append(found[name])
        return found

    @cached_property
    def _importers(self) -> Mapping[str, Path]:
        """The first file that imports a module, by the module's name."""
        importers: dict[str, Path] = {}
        for path in self._modules.values():
            for name in self._imported_by(path):
                importers.setdefault(name, path)
        return importers

    def importer(self, script: Path) -> Path | None:
        """A file beside it that imports it."""
        return self._importers.get(script.stem) if self._modules.get(script.stem) == script else None


def does_something(path: Path) -> bool:
    """Whether a file does something when it is run, as scripts do, and does not only define what others import."""
    try:
        body = parsed(path).body
    except ArtifactError:
        return True
    return any(
        isinstance(node, DOING)
        or (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.If) and "__name__" in ast.dump(node.test))
        for node in body
    )
