"""Whether declarations give the same each time, as long as their surroundings are the same: see `surroundings`.

A declaration is a program, so it could ask the clock, chance or the network, or whether a file exists somewhere. What it imports
and names shows that, and whatever is not known to be harmless counts as not repeatable: then nothing is remembered of it, and it
is called by every command, and so is one that prints. Files that it opens and folders that it lists are noted by Python's audit
events, see `inputs`.
"""

import ast
import re
import warnings
from collections.abc import Collection, Iterable
from itertools import dropwhile

from common.base.syntax_trees import parsed
from common.declare.inputs import WILDCARDS
from common.declare.surroundings import NEVER_READ

PURE = frozenset(
    {
        *("__future__", "abc", "base64", "bisect", "collections", "collections.abc", "copy", "csv", "dataclasses", "decimal"),
        *("enum", "fractions", "functools", "hashlib", "io", "itertools", "json", "math", "operator", "os.path", "pathlib"),
        *("re", "string", "textwrap", "tomllib", "types", "typing", "typing_extensions", "urllib.parse", "yaml", "common"),
    }
)
"""Modules of which a declaration may use everything but `ASKING`."""
PARTS = {
    "datetime": {"UTC", "timedelta", "timezone"},
    "os": {"curdir", "environ", "fspath", "getenv", "linesep", "path", "sep"},
    "sys": {"exit", "maxsize", "path", "platform", "version_info"},
}
"""Modules of which a declaration may use these parts alone."""
ASKING = frozenset(
    {
        *("exists", "getatime", "getctime", "getmtime", "getsize", "group", "is_block_device", "is_char_device", "is_dir"),
        *("is_fifo", "is_file", "is_junction", "is_mount", "is_socket", "is_symlink", "isdir", "isfile", "islink", "ismount"),
        *("lexists", "lstat", "owner", "readlink", "samefile", "stat"),
    }
)
"""Functions of paths that ask what there is without opening or listing it, so that no audit event tells."""
UNKNOWN = frozenset({"__builtins__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "eval", "exec"})
"""Names with which a declaration could do anything."""
VARYING = frozenset({"hash", "id", "input", "print"})
"""Functions whose results differ from process to process, or that people would miss if nobody called them."""
WORD = re.compile(r"\w+")
UNSTABLE = NEVER_READ - {"_"}
"""Variables that are not part of `surroundings`, but that a declaration could name."""


def is_repeatable(source: str | bytes, own: Collection[str]) -> bool:
    """Whether a module gives the same each time, and says nothing while it is loaded, as far as its text shows.

    Args:
        source: the text of the module.
        own: the names of the modules of the repository that are looked at, too.
    """
    try:
        with warnings.catch_warnings(action="error"):  # Python tells them each time that it loads the module
            tree = parsed(source)
    except (SyntaxError, ValueError, RecursionError, Warning):
        return False
    return _Module(tree, own).is_harmless()


class _Module:
    """A module, with what is done with each part of it.

    Args:
        tree: its text.
        own: see `is_repeatable`.
    """

    def __init__(self, tree: ast.Module, own: Collection[str]) -> None:
        self._nodes, self._own = [*ast.walk(tree)], own
        self._used_as: dict[ast.AST, str] = {}
        """The attributes that are taken of parts."""
        self._calls: dict[ast.AST, ast.Call] = {}
        """The calls of functions."""
        self._asked: set[ast.AST] = set()
        """Mappings of which one entry is taken or looked for."""
        self._bound: set[str] = set()
        """The names that the module gives to something of its own."""
        for node in self._nodes:
            match node:
                case ast.Attribute(value, attr):
                    self._used_as[value] = attr
                case ast.Call(called):
                    self._calls[called] = node
                case ast.Subscript(value, ctx=ast.Load()):
                    self._asked.add(value)
                case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[value]):
                    self._asked.add(value)
                case ast.Name(name, ctx=ast.Store()) | ast.arg(name):
                    self._bound.add(name)

    def is_harmless(self) -> bool:
        """Whether it asks nothing that may differ."""
        return all(map(self._is_harmless, self._nodes))

    def _is_harmless(self, node: ast.AST) -> bool:
        match node:
            case ast.Import(names):
                return all(self._may_import(name.name) and (name.name not in PARTS or name.asname is None) for name in names)
            case ast.ImportFrom(module, names, level):
                return self._may_import_from(module or "", [name.name for name in names], level or 0)
            case ast.Name():
                return self._is_harmless_name(node)
            case ast.Attribute():
                return self._is_harmless_attribute(node)
            case ast.Constant(str(text)):
                return UNSTABLE.isdisjoint(WORD.findall(text))
        return True

    def _is_harmless_name(self, node: ast.Name) -> bool:
        if node.id in PARTS:
            return self._used_as.get(node) in PARTS[node.id]
        if node.id in VARYING and isinstance(node.ctx, ast.Load):
            return node.id in self._bound and node not in self._calls
        return node.id not in UNKNOWN

    def _is_harmless_attribute(self, node: ast.Attribute) -> bool:
        match node.attr:
            case "environ":
                return node in self._asked or self._used_as.get(node) == "get"
            case "glob" | "rglob":
                return node in self._calls and _lists_all(self._calls[node])
            case "resolve" | "realpath":
                return node in self._calls and _is_of_module(self._calls[node])
        return node.attr not in ASKING | UNKNOWN

    def _may_import(self, name: str) -> bool:
        return name in PURE or name in PARTS or name in self._own

    def _may_import_from(self, module: str, names: Iterable[str], level: int) -> bool:
        if level:
            return True  # a module of the repository, which is looked at itself
        if module in PARTS:
            return all(name in PARTS[module] - {"environ"} for name in names)
        return (
            (module in PURE and (ASKING | {"*", "realpath"}).isdisjoint(names))
            or module in self._own
            or all(f"{module}.{name}" in self._own for name in names)
        )


def _lists_all(call: ast.Call) -> bool:
    """Whether a pattern is searched for in lists of folders alone, see `inputs`. Python asks for names without wildcards."""
    match call.args:
        case [ast.Constant(str(pattern))]:
            after = [*dropwhile(WILDCARDS.isdisjoint, pattern.split("/"))]
            return len(after) <= 1 or (len(after) == 2 and after[0] == "**")
    return False


def _is_of_module(call: ast.Call) -> bool:
    """Whether the path is resolved of the module itself, or of a folder that it is in: `surroundings` follows links there."""
    path = call.args[0] if call.args else call.func
    nodes = [*ast.walk(path)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    texts = any(isinstance(node, ast.BinOp) or (isinstance(node, ast.Constant) and isinstance(node.value, str)) for node in nodes)
    return "__file__" in names <= {"__file__", "Path", "os", "pathlib"} and not texts
