"""Imports that are found nowhere where the code will run: such code is deployed, and dies when it is imported.

Imports are followed from the handler or the script through our own files. What the program can do without is left out: imports in
a `try` that catches ImportError, under a condition (the version of Python, a type checker), and those that are not written as
imports. So is what a file may find in other ways, as it changes `sys.path`.

Follows https://docs.python.org/3/reference/import.html and, for what is in no version any more, https://docs.python.org/3/whatsnew/
"""

import ast
import re
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from common.packaging.imports import Import, imports_of

COMPILED = frozenset({".py", ".so", ".pyc"})
ADDED = {"graphlib": 9, "zoneinfo": 9, "tomllib": 11, "annotationlib": 14, "compression": 14}
"""The version of Python 3 that was the first to have a module."""
REMOVED = {
    **dict.fromkeys(("formatter", "parser", "symbol"), 10),
    **dict.fromkeys(("binhex",), 11),
    **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), 12),
    **dict.fromkeys(("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis"), 13),
    **dict.fromkeys(("nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"), 13),
}
"""The version of Python 3 that was the first not to have it any more."""


def standard(minor: int) -> frozenset[str]:
    """The modules of the standard library of Python 3.`minor`."""
    every = sys.stdlib_module_names | ADDED.keys() | REMOVED.keys()
    return frozenset(name for name in every if ADDED.get(name, 0) <= minor < REMOVED.get(name, minor + 1))


@dataclass(frozen=True)
class Code:
    """What is imported together.

    Args:
        own: the files of the repository, by the paths at which they are imported.
        every: those, and all others beside them.
        known: names that can be imported besides; None if not all are known.
        read: gives the bytes of one of the own files.
    """

    own: Collection[str]
    every: Collection[str]
    known: Collection[str] | None
    read: Callable[[str], bytes]
    _seen: set[str] = field(default_factory=set)

    def unfound(self, start: str) -> list[str]:
        """What is imported and found nowhere, from a file on: each where, and what."""
        modules = _modules(self.every)
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
            for one in _imports(source):
                where = _absolute(one, folder)
                waiting += _files(where, one.names) if where is not None else ()
                if not one.optional and (message := self._missing(one, where, searched, own_tops)):
                    messages[f"{name}:{one.line} imports {message}"] = None
        return list(messages)

    def _missing(self, one: Import, where: str | None, modules: Collection[str], own_tops: Collection[str]) -> str:
        """What to say of an import if it is found nowhere."""
        written = f"{'.' * one.level}{one.module}"
        if where is None:
            return f"{written} relatively, but is in no package there. Import it by its name: {one.module or one.names[0]}."
        top = where.partition("/")[0]
        if one.level or top in own_tops:
            found = where in modules or self._may_make(where, modules)
            return "" if found else f"{written}, which is not there. Add the file, or correct the name."
        if self.known is None or top.startswith("_") or top in modules or top in self.known:
            return ""
        last = f", which Python has no longer since 3.{REMOVED[top]}" if top in REMOVED else ""
        return f"{top}{last or ', which is neither in the package nor in what it installs nor in the runtime'}."

    def _may_make(self, where: str, modules: Collection[str]) -> bool:
        """Whether what is there of a module's parents is no plain folder, and may make the module when it runs."""
        parent = where.rpartition("/")[0]
        while parent and parent not in modules:
            parent = parent.rpartition("/")[0]
        initial = f"{parent}/__init__.py"
        if not parent or f"{parent}.py" in self.own or (initial not in self.own and initial in self.every):
            return True
        return initial in self.own and re.search(rb"__path__|sys\.modules|pkgutil", self.read(initial)) is not None


def _modules(names: Collection[str]) -> set[str]:
    """What can be imported of files, with slashes for dots: modules, and folders as packages."""
    found: set[str] = set()
    for name in names:
        folder, _, last = name.rpartition("/")
        if PurePosixPath(last).suffix in COMPILED:
            found.add(f"{folder}/{last.partition('.')[0]}".lstrip("/"))
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _imports(source: bytes) -> Iterator[Import]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a newer Python's, or told elsewhere
        return iter(())
    return imports_of(tree, conditional=True)


def _absolute(one: Import, folder: str) -> str | None:
    """Where a module is, with slashes for dots; None if that is outside of all packages."""
    parts = folder.split("/") if folder else []
    if one.level > len(parts):
        return None
    base = parts[: len(parts) - one.level + 1] if one.level else []
    return "/".join([*base, *(one.module.split(".") if one.module else [])])


def _files(where: str, names: Collection[str]) -> Iterator[str]:
    """The files that importing something may run."""
    parts = where.split("/")
    for module in (*("/".join(parts[:end]) for end in range(1, len(parts) + 1)), *(f"{where}/{name}" for name in names)):
        yield from (f"{module}.py", f"{module}/__init__.py")
