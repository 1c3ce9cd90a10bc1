"""Shared code: which of it a function or job imports, found without running anything.

A project's `shared/` folder is imported by that name (``from shared.codes import COUNTIES``), a library of the repository by its
own. Imports are followed from file to file through the syntax trees, so a package holds the modules that are reached and no
others, and a change of one module changes the packages that reach it and no others. With a module come the data files beside it.
Modules named only in data can be declared. Names are compared as they are listed, not as a file system without upper and lower
case would have them.
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple, TypeGuard

from common.base.errors import ArtifactError
from common.packaging.python import knows, parsed
from common.packaging.tree import IGNORE_FILE, Found, Ignoring, check_link, is_left_behind, shown, stays_out, walk

LOADERS = frozenset({"import_module", "__import__"})
FORGIVING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


class Import(NamedTuple):
    """One import: the module, the names taken from it, and whether the program can do without."""

    module: str
    names: tuple[str, ...]
    level: int
    line: int
    optional: bool


@dataclass(frozen=True)
class Libraries:
    """The importable code of a repository, by the name under which it is imported.

    Args:
        roots: the folder (or single file) of each name.
        repository: links in the libraries do not lead out of it.
    """

    roots: Mapping[str, Path] = field(default_factory=dict)
    repository: Path | None = None

    @cached_property
    def _present(self) -> dict[str, Path]:
        return {name: path for name, path in self.roots.items() if path.exists()}

    def followed(
        self, starts: Iterable[Path], includes: Iterable[str] = (), own: Iterable[str] = (), *, runtime: str = ""
    ) -> dict[str, Found]:
        """The files that `starts` reach, by their path below the import root.

        Args:
            starts: Python files outside the libraries.
            includes: modules and folders that are reached in ways that cannot be seen, dotted; a folder with all below it.
            own: names that the importing folder has itself and that come first.
            runtime: where it will run; what that knows and this Python does not is not followed, if there are `includes`.

        Raises:
            ArtifactError: something is imported from a library that it does not have; a file is not Python.
        """
        own, includes = set(own), tuple(includes)
        roots = {name: path for name, path in self._present.items() if name not in own}
        if not roots and not includes:
            return {}
        search = _Search(Libraries(roots, self.repository), runtime, declared=bool(includes))
        for name in includes:
            search.include(name)
        named = re.compile("|".join(map(re.escape, roots)).encode())
        for path in starts if roots else ():
            with path.open("rb", buffering=0) as file:
                if named.search(file.read()):
                    search.follow(path, "")
        return dict(sorted(search.found.items()))


NO_LIBRARIES = Libraries()


class _Search:
    """One walk through imports. A module is a dotted name; the first part is a library's."""

    def __init__(self, libraries: Libraries, runtime: str, *, declared: bool) -> None:
        self._roots = libraries.roots
        self._libraries = libraries
        self._ignoring: dict[str, Ignoring] = {}
        self._newer, self._declared = runtime if runtime and not knows(runtime) else "", declared
        self._listed: dict[Path, frozenset[str]] = {}
        self._seen: set[Path] = set()
        self.found: dict[str, Found] = {}

    @cached_property
    def _repository(self) -> Path | None:
        return self._libraries.repository.resolve() if self._libraries.repository else None

    def include(self, name: str) -> None:
        """Takes what is declared: a module, or everything in a folder."""
        if name.partition(".")[0] not in self._roots:
            raise ArtifactError(f"includes: {name!r} is in none of the libraries {', '.join(self._roots) or '(there are none)'}.")
        folder = self._place(name)
        if self._is_folder(folder):
            prefix = name.replace(".", "/")
            for inner, found in walk(folder, Ignoring(folder), self._repository).items():
                if not self._stays_out(f"{prefix}/{inner}"):
                    self._take(f"{prefix}/{inner}", found)
        if not self._module(name, with_parents=True) and not self._is_folder(folder):
            raise ArtifactError(f"includes: there is no {name} in {shown(self._roots[name.partition('.')[0]])}.")

    def follow(self, path: Path, package: str) -> None:
        """Takes everything that a file imports from the libraries.

        Args:
            path: the file.
            package: the package that it is in; empty outside the libraries.
        """
        for one in self._imports(path):
            base = _absolute(one, package)
            if base is None or base.partition(".")[0] not in self._roots:
                continue
            known = self._module(base, with_parents=True)
            missing = "" if known or self._is_folder(self._place(base)) else base
            for name in one.names:
                whole = f"{base}.{name}"
                if name == "*":
                    self._everything(base)
                elif not self._module(whole) and not known and not self._is_folder(self._place(whole)):
                    missing = missing or whole
            if missing and not one.optional:
                root = self._roots[base.partition(".")[0]]
                raise ArtifactError(f"{shown(path)}:{one.line} imports {missing}, which {shown(root)} does not have.")

    def _imports(self, path: Path) -> Sequence[Import]:
        try:
            return imported(path)
        except ArtifactError as error:
            if self._newer and self._declared:
                return ()
            if self._newer:
                advice = "Name what it imports in `includes`, or run the deployer by a Python as new."
                raise ArtifactError(f"{error} That may be Python that only {self._newer} knows. {advice}") from None
            raise

    def _module(self, name: str, *, with_parents: bool = False) -> bool:
        """Takes a module if there is one of that name."""
        place = self._place(name)
        parent, _, last = name.rpartition(".")
        file = place if place.suffix == ".py" else place.with_name(f"{last or name}.py")
        package = place / "__init__.py"
        if with_parents and parent:
            self._module(parent, with_parents=True)
        if place.suffix != ".py" and self._is_file(package):
            self._take_module(package, f"{name.replace('.', '/')}/__init__.py", name)
            return True
        if self._is_file(file) and (parent or place.suffix == ".py"):
            self._take_module(file, f"{name.replace('.', '/')}.py", parent)
            return True
        return False

    def _everything(self, base: str) -> None:
        folder = self._place(base)
        for name in sorted(self._names(folder)) if self._is_folder(folder) else ():
            if name.endswith(".py"):
                self._module(f"{base}.{name.removesuffix('.py')}")

    def _take_module(self, path: Path, name: str, package: str) -> None:
        self._take(name, Found(path, path.stat()), package)
        folder, prefix = path.parent, name.rpartition("/")[0]
        for beside in sorted(self._names(folder)) if prefix else ():
            file = folder / beside
            is_data = not is_left_behind(beside) and not beside.endswith((".py", ".pyi"))
            if is_data and file.is_file() and not self._stays_out(f"{prefix}/{beside}"):
                self._take(f"{prefix}/{beside}", Found(file, file.stat()))

    def _stays_out(self, name: str) -> bool:
        """Whether `.deployignore` of the library leaves it out; a module that is imported is taken all the same."""
        first, _, rest = name.partition("/")
        if first not in self._ignoring:
            self._ignoring[first] = Ignoring(self._roots[first])
        return rest.endswith(IGNORE_FILE) or stays_out(rest, self._ignoring[first])

    def _take(self, name: str, found: Found, package: str | None = None) -> None:
        self._check_link(found.path)
        self.found[name] = found
        if name.endswith(".py") and found.path not in self._seen:
            self._seen.add(found.path)
            self.follow(found.path, package if package is not None else name.rpartition("/")[0].replace("/", "."))

    def _place(self, name: str) -> Path:
        first, *rest = name.split(".")
        return self._roots[first].joinpath(*rest)

    def _is_file(self, path: Path) -> bool:
        return path.name in self._names(path.parent) and path.is_file()

    def _is_folder(self, path: Path) -> bool:
        return path.name in self._names(path.parent) and path.is_dir()

    def _check_link(self, path: Path) -> None:
        if self._repository is not None and path.is_symlink():
            check_link(path, self._repository)

    def _names(self, folder: Path) -> frozenset[str]:
        if folder not in self._listed:
            self._check_link(folder)
            self._listed[folder] = frozenset(os.listdir(folder)) if folder.is_dir() else frozenset()  # noqa: PTH208 - names only
        return self._listed[folder]


def _absolute(one: Import, package: str) -> str | None:
    """The dotted name of the module that is imported; None for relative imports outside the libraries."""
    if not one.level:
        return one.module
    parts = package.split(".")
    if not package or one.level > len(parts):
        return None
    return ".".join([*parts[: len(parts) - one.level + 1], *([one.module] if one.module else [])])


def imported(path: Path) -> Sequence[Import]:
    """Every import of a file.

    Raises:
        ArtifactError: it is not Python.
    """
    return _imports(path, *_version(path))


def _version(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4096)
def _imports(path: Path, _modified_ns: int, _size: int) -> tuple[Import, ...]:
    return tuple(imports_of(parsed(path)))


def imports_of(tree: ast.Module, *, conditional: bool = False) -> Iterator[Import]:
    """Every import, in the order of the source; a chain of branches may be longer than Python's stack.

    Args:
        tree: of a file.
        conditional: whether the program can do without what it imports under a condition, or by calling something.
    """
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, optional = waiting.pop()
        yield from _imported(node, optional=optional or (conditional and isinstance(node, ast.Call)))
        under = optional or (conditional and isinstance(node, ast.If | ast.Match | ast.ExceptHandler))
        waiting += reversed([(child, under or guarded) for child, guarded in _below(node)])


def _imported(node: ast.AST, *, optional: bool) -> Iterator[Import]:
    """What a node itself imports."""
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, (), 0, node.lineno, optional) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield Import(node.module or "", tuple(alias.name for alias in node.names), node.level, node.lineno, optional)
    elif isinstance(node, ast.Call) and _called(node.func) in LOADERS and node.args:
        name = getattr(node.args[0], "value", None)
        if isinstance(name, str) and not name.startswith("."):
            yield Import(name, (), 0, node.lineno, optional)


def _below(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """What is below a node, and whether the program can do without; what only a type checker sees is not there."""
    if isinstance(node, ast.If) and _called(node.test) == "TYPE_CHECKING":
        yield from ((other, False) for other in node.orelse)
        return
    guarded = node.body if _is_guard(node) else []
    yield from ((child, child in guarded) for child in ast.iter_child_nodes(node))


def _is_guard(node: ast.AST) -> TypeGuard[ast.Try | ast.TryStar | ast.With]:
    """Whether the program goes on if an import in the body of this statement fails."""
    if isinstance(node, ast.Try | ast.TryStar):
        return any(one.type is None or _forgives(one.type) for one in node.handlers)
    calls = [item.context_expr for item in node.items] if isinstance(node, ast.With) else []
    return any(isinstance(one, ast.Call) and _called(one.func) == "suppress" and any(map(_forgives, one.args)) for one in calls)


def _forgives(caught: ast.expr) -> bool:
    return any(_called(one) in FORGIVING for one in (caught.elts if isinstance(caught, ast.Tuple) else [caught]))


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
