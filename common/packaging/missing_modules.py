"""Finds imports of modules that will not exist where the code runs, so that a deploy fails here and not at the first invocation.

Imports are followed from the handler or the script through the files of the repository. Optional imports are skipped: those in a
`try` that catches ImportError, those under a condition (the version of Python, a type checker), and those that are made by a
function call. In a file that changes `sys.path`, modules of any folder count as found.

Follows https://docs.python.org/3/reference/import.html and, for what is in no version any more, https://docs.python.org/3/whatsnew/
"""

import re
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePosixPath

from common.base.lean_dataclass import dataclass, field
from common.base.syntax_trees import parsed
from common.packaging.imports import Import, imports_of

MODULE_SUFFIXES = frozenset({".py", ".so", ".pyc"})
ADDED_IN = {"graphlib": 9, "zoneinfo": 9, "tomllib": 11, "annotationlib": 14, "compression": 14}
"""The first minor version of Python 3 that has each of these modules."""
REMOVED_IN = {
    **dict.fromkeys(("formatter", "parser", "symbol"), 10),
    **dict.fromkeys(("binhex",), 11),
    **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), 12),
    **dict.fromkeys(("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis"), 13),
    **dict.fromkeys(("nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"), 13),
}
"""The first minor version of Python 3 that no longer has each of these modules."""


def standard_modules(minor: int) -> frozenset[str]:
    """Returns the modules of the standard library of Python 3.`minor`."""
    every = sys.stdlib_module_names | ADDED_IN.keys() | REMOVED_IN.keys()
    return frozenset(name for name in every if ADDED_IN.get(name, 0) <= minor < REMOVED_IN.get(name, minor + 1))


@dataclass(frozen=True)
class ImportedCode:
    """The code of one package or job, and the modules that it can import.

    Args:
        own: the files of the repository by the paths at which they are imported.
        every: these files and all others in the package.
        available: further top-level names that can be imported; None if not all of them are known.
        read: returns the bytes of one of the own files.
    """

    own: Collection[str]
    every: Collection[str]
    available: Collection[str] | None
    read: Callable[[str], bytes]
    _seen: set[str] = field(default_factory=set)

    def find_missing(self, start: str) -> list[str]:
        """Returns a message with file and line for each missing module, for a file and all files that it imports."""
        modules = _importable_modules(self.every)
        own_tops = {name.partition("/")[0].partition(".")[0] for name in self.own}
        messages: dict[str, None] = {}
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name in self._seen or name not in self.own or not name.endswith(".py"):
                continue
            self._seen.add(name)
            source = self.read(name)
            folder = name.rpartition("/")[0]
            searched = modules | ({part for module in modules for part in module.split("/")} if b"sys.path" in source else set())
            for statement in _parse_imports(source):
                where = _absolute_path(statement, folder)
                waiting += _possible_files(where, statement.names) if where is not None else ()
                if not statement.optional and (message := self._missing(statement, where, searched, own_tops)):
                    messages[f"{name}:{statement.line} imports {message}"] = None
        return list(messages)

    def _missing(self, statement: Import, where: str | None, modules: Collection[str], own_tops: Collection[str]) -> str:
        """Returns the message for an import whose module does not exist, or an empty text."""
        written = f"{'.' * statement.level}{statement.module}"
        if where is None:
            name = statement.module or statement.names[0]
            return f"{written} relatively, but the file is not in a package there. Import the module by its name: {name}."
        top = where.partition("/")[0]
        if statement.level or top in own_tops:
            exists = where in modules or self._may_make(where, modules)
            return "" if exists else f"{written}, which is not there. Add the file, or correct the name."
        if self.available is None or top.startswith("_") or top in modules or top in self.available:
            return ""
        last = f", which Python has no longer since 3.{REMOVED_IN[top]}" if top in REMOVED_IN else ""
        return f"{top}{last or ', which is neither in the package nor in what it installs nor in the runtime'}."

    def _may_make(self, where: str, modules: Collection[str]) -> bool:
        """Whether the parent of a module is more than a plain package, and may create the module at run time."""
        parent = where.rpartition("/")[0]
        while parent and parent not in modules:
            parent = parent.rpartition("/")[0]
        initial = f"{parent}/__init__.py"
        if not parent or f"{parent}.py" in self.own or (initial not in self.own and initial in self.every):
            return True
        return initial in self.own and re.search(rb"__path__|sys\.modules|pkgutil", self.read(initial)) is not None


def _importable_modules(names: Collection[str]) -> set[str]:
    """Returns what can be imported from files, with slashes for dots: modules, and folders as packages."""
    modules: set[str] = set()
    for name in names:
        folder, _, last = name.rpartition("/")
        if PurePosixPath(last).suffix in MODULE_SUFFIXES:
            modules.add(f"{folder}/{last.partition('.')[0]}".lstrip("/"))
        while folder and folder not in modules:
            modules.add(folder)
            folder = folder.rpartition("/")[0]
    return modules


def _parse_imports(source: bytes) -> Iterator[Import]:
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a newer Python's syntax, or an error that packaging reports
        return iter(())
    return imports_of(tree, conditional=True)


def _absolute_path(statement: Import, folder: str) -> str | None:
    """Returns the absolute name of an imported module with slashes for dots; None if it is outside of all packages."""
    parts = folder.split("/") if folder else []
    if statement.level > len(parts):
        return None
    base = parts[: len(parts) - statement.level + 1] if statement.level else []
    return "/".join([*base, *(statement.module.split(".") if statement.module else [])])


def _possible_files(where: str, names: Collection[str]) -> Iterator[str]:
    """Yields the files that an import may run."""
    parts = where.split("/")
    for module in (*("/".join(parts[:end]) for end in range(1, len(parts) + 1)), *(f"{where}/{name}" for name in names)):
        yield from (f"{module}.py", f"{module}/__init__.py")
