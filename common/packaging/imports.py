"""Finds the shared code that a function or job imports, without running anything.

A project's `shared/` folder is imported by that name (``from shared.codes import COUNTIES``), a library of the repository by its
own name. Imports are followed from file to file through the syntax trees. So a package holds exactly the modules that it reaches,
and a change of a module changes exactly the packages that reach it. The data files beside a module are included with it. Modules
that are named only in data can be declared. Names are compared exactly, even if the file system ignores case.
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple, TypeGuard

from common.base.errors import ArtifactError
from common.base.lean_dataclass import dataclass, field
from common.packaging import source_files
from common.packaging.python_source import can_parse, parse_file
from common.packaging.source_files import IGNORE_FILE, IgnoreRules, SourceFile, display_path

IMPORT_FUNCTIONS = frozenset({"import_module", "__import__"})
CATCHES_IMPORT_ERROR = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


class Import(NamedTuple):
    """An import: the module, the names imported from it, the level of a relative import, the line, and whether it is optional."""

    module: str
    names: tuple[str, ...]
    level: int
    line: int
    optional: bool


@dataclass(frozen=True)
class Libraries:
    """The shared code of a repository, by the names under which it is imported.

    Args:
        roots: the folder (or single file) of each library, by its name.
        repository: the folder that links in the libraries must not lead out of.
    """

    roots: Mapping[str, Path] = field(default_factory=dict)
    repository: Path | None = None

    @cached_property
    def _present(self) -> dict[str, Path]:
        return {name: path for name, path in self.roots.items() if path.exists()}

    def reachable_files(
        self, starts: Iterable[Path], includes: Iterable[str] = (), own: Iterable[str] = (), *, runtime: str = ""
    ) -> dict[str, SourceFile]:
        """Returns the files that `starts` reach, by their paths below the import root.

        Args:
            starts: Python files outside the libraries.
            includes: dotted names of modules and folders that are imported dynamically; a folder includes all below it.
            own: names that the importing folder has itself; they take precedence over libraries.
            runtime: the runtime; files with newer syntax than this Python knows are not followed, if there are `includes`.

        Raises:
            ArtifactError: a module is imported that the library does not have; a file is not Python.
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
    """Follows imports and collects files. A module is a dotted name whose first part is the name of a library."""

    def __init__(self, libraries: Libraries, runtime: str, *, declared: bool) -> None:
        self._roots = libraries.roots
        self._libraries = libraries
        self._ignoring: dict[str, IgnoreRules] = {}
        self._newer, self._declared = runtime if runtime and not can_parse(runtime) else "", declared
        self._listed: dict[Path, frozenset[str]] = {}
        self._seen: set[Path] = set()
        self.found: dict[str, SourceFile] = {}

    @cached_property
    def _repository(self) -> Path | None:
        return self._libraries.repository.resolve() if self._libraries.repository else None

    def include(self, name: str) -> None:
        """Adds a declared module, or everything in a declared folder."""
        if name.partition(".")[0] not in self._roots:
            raise ArtifactError(f"includes: no library has {name!r}. The libraries are: {', '.join(self._roots) or 'none'}.")
        folder = self._place(name)
        if self._is_folder(folder):
            prefix = name.replace(".", "/")
            for inner, file in source_files.list_files(folder, IgnoreRules(folder), self._repository).items():
                if not self._is_ignored(f"{prefix}/{inner}"):
                    self._take(f"{prefix}/{inner}", file)
        if not self._module(name, with_parents=True) and not self._is_folder(folder):
            raise ArtifactError(f"includes: there is no {name} in {display_path(self._roots[name.partition('.')[0]])}.")

    def follow(self, path: Path, package: str) -> None:
        """Adds everything that a file imports from the libraries.

        Args:
            path: the importing file.
            package: the package that the file is in; empty outside the libraries.
        """
        for statement in self._imports(path):
            base = _absolute_name(statement, package)
            if base is None or base.partition(".")[0] not in self._roots:
                continue
            is_module = self._module(base, with_parents=True)
            missing = "" if is_module or self._is_folder(self._place(base)) else base
            for name in statement.names:
                whole = f"{base}.{name}"
                if name == "*":
                    self._take_all(base)
                elif not self._module(whole) and not is_module and not self._is_folder(self._place(whole)):
                    missing = missing or whole
            if missing and not statement.optional:
                root = self._roots[base.partition(".")[0]]
                raise ArtifactError(
                    f"{display_path(path)}:{statement.line} imports {missing}, which {display_path(root)} does not have."
                )

    def _imports(self, path: Path) -> Sequence[Import]:
        try:
            return read_imports(path)
        except ArtifactError as error:
            if self._newer and self._declared:
                return ()
            if self._newer:
                advice = "Name what it imports in `includes`, or run the deployer by a Python as new."
                raise ArtifactError(f"{error} That may be Python that only {self._newer} knows. {advice}") from None
            raise

    def _module(self, name: str, *, with_parents: bool = False) -> bool:
        """Adds the module of that name, if it exists, and returns whether it does."""
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

    def _take_all(self, base: str) -> None:
        folder = self._place(base)
        for name in sorted(self._names(folder)) if self._is_folder(folder) else ():
            if name.endswith(".py"):
                self._module(f"{base}.{name.removesuffix('.py')}")

    def _take_module(self, path: Path, name: str, package: str) -> None:
        self._take(name, SourceFile(path, path.stat()), package)
        folder, prefix = path.parent, name.rpartition("/")[0]
        for beside in sorted(self._names(folder)) if prefix else ():
            file = folder / beside
            is_data = not source_files.is_tool_leftover(beside) and not beside.endswith((".py", ".pyi"))
            if is_data and file.is_file() and not self._is_ignored(f"{prefix}/{beside}"):
                self._take(f"{prefix}/{beside}", SourceFile(file, file.stat()))

    def _is_ignored(self, name: str) -> bool:
        """Whether the library's `.deployignore` leaves out a data file. Modules that are imported are always included."""
        first, _, rest = name.partition("/")
        if first not in self._ignoring:
            self._ignoring[first] = IgnoreRules(self._roots[first])
        return rest.endswith(IGNORE_FILE) or source_files.is_ignored(rest, self._ignoring[first])

    def _take(self, name: str, file: SourceFile, package: str | None = None) -> None:
        self._check_link(file.path)
        self.found[name] = file
        if name.endswith(".py") and file.path not in self._seen:
            self._seen.add(file.path)
            self.follow(file.path, package if package is not None else name.rpartition("/")[0].replace("/", "."))

    def _place(self, name: str) -> Path:
        first, *rest = name.split(".")
        return self._roots[first].joinpath(*rest)

    def _is_file(self, path: Path) -> bool:
        return path.name in self._names(path.parent) and path.is_file()

    def _is_folder(self, path: Path) -> bool:
        return path.name in self._names(path.parent) and path.is_dir()

    def _check_link(self, path: Path) -> None:
        if self._repository is not None and path.is_symlink():
            source_files.check_link(path, self._repository)

    def _names(self, folder: Path) -> frozenset[str]:
        if folder not in self._listed:
            self._check_link(folder)
            self._listed[folder] = frozenset(os.listdir(folder)) if folder.is_dir() else frozenset()
        return self._listed[folder]


def _absolute_name(statement: Import, package: str) -> str | None:
    """Returns the absolute dotted name of an imported module; None for relative imports outside the libraries."""
    if not statement.level:
        return statement.module
    parts = package.split(".")
    if not package or statement.level > len(parts):
        return None
    return ".".join([*parts[: len(parts) - statement.level + 1], *([statement.module] if statement.module else [])])


def read_imports(path: Path) -> Sequence[Import]:
    """Returns every import of a file.

    Raises:
        ArtifactError: the file is not Python.
    """
    return _parse_imports(path, (status := path.stat()).st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _parse_imports(path: Path, _modified_ns: int, _size: int) -> tuple[Import, ...]:
    source = path.read_bytes()
    # Most nodes are expressions, in which only a call can import. Python reads its name in other letters than ASCII, too.
    calls = not source.isascii() or any(name.encode() in source for name in IMPORT_FUNCTIONS)
    return tuple(imports_of(parse_file(path), calls=calls))


def imports_of(tree: ast.Module, *, conditional: bool = False, calls: bool = True) -> Iterator[Import]:
    """Yields every import in the order of the source. It does not recurse, as a chain of `elif` may be deeper than the stack.

    Args:
        tree: the syntax tree of a file.
        conditional: whether imports under a condition, and imports by a function call, count as optional.
        calls: whether to look for imports by a function call.
    """
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, optional = waiting.pop()
        yield from _node_imports(node, optional=optional or (conditional and isinstance(node, ast.Call)))
        under = optional or (conditional and isinstance(node, ast.If | ast.Match | ast.ExceptHandler))
        children = [each for each in _child_nodes(node) if calls or not isinstance(each[0], ast.expr)]
        waiting += reversed([(child, under or guarded) for child, guarded in children])


def _node_imports(node: ast.AST, *, optional: bool) -> Iterator[Import]:
    """Yields what a node itself imports, without its children."""
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, (), 0, node.lineno, optional) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield Import(node.module or "", tuple(alias.name for alias in node.names), node.level, node.lineno, optional)
    elif isinstance(node, ast.Call) and _last_name(node.func) in IMPORT_FUNCTIONS and node.args:
        name = getattr(node.args[0], "value", None)
        if isinstance(name, str) and not name.startswith("."):
            yield Import(name, (), 0, node.lineno, optional)


def _child_nodes(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """Yields the child nodes and whether imports in them are optional, without blocks that only type checkers read."""
    if isinstance(node, ast.If) and _last_name(node.test) == "TYPE_CHECKING":
        yield from ((other, False) for other in node.orelse)
        return
    guarded = node.body if _is_guard(node) else []
    yield from ((child, child in guarded) for child in ast.iter_child_nodes(node))


def _is_guard(node: ast.AST) -> TypeGuard[ast.Try | ast.TryStar | ast.With]:
    """Whether this statement catches the failure of an import in its body."""
    if isinstance(node, ast.Try | ast.TryStar):
        return any(handler.type is None or _catches_import_error(handler.type) for handler in node.handlers)
    calls = [item.context_expr for item in node.items] if isinstance(node, ast.With) else []
    return any(
        isinstance(call, ast.Call) and _last_name(call.func) == "suppress" and any(map(_catches_import_error, call.args))
        for call in calls
    )


def _catches_import_error(caught: ast.expr) -> bool:
    return any(
        _last_name(exception) in CATCHES_IMPORT_ERROR
        for exception in (caught.elts if isinstance(caught, ast.Tuple) else [caught])
    )


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
