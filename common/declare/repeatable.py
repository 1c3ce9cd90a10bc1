"""Whether declarations give the same each time, as long as their surroundings are the same: see `surroundings`.

A declaration is a program, so it could ask the clock, chance or the network, or whether a file exists somewhere. What it imports
and names shows that, and whatever is not known to be harmless counts as not repeatable: then nothing is remembered of it, and it
is called by every command. Files that it opens and folders that it lists are noted by Python's audit events, see `inputs`.
"""

import ast
from collections.abc import Collection, Iterable

from common.base.syntax_trees import parsed
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
RESOLVING = frozenset({"realpath", "resolve"})
"""Functions that follow links, of which no audit event tells. Where the module's own file is, may be asked."""
VARYING = frozenset({"hash", "id", "input"})
"""Functions whose results differ from process to process."""


def is_repeatable(source: str | bytes, own: Collection[str]) -> bool:
    """Whether a module gives the same each time, as far as its text shows.

    Args:
        source: the text of the module.
        own: the names of the modules of the repository that are looked at, too.
    """
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError):
        return False
    nodes = [*ast.walk(tree)]
    used_as = {id(node.value): node.attr for node in nodes if isinstance(node, ast.Attribute)}
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    if any(isinstance(node, ast.Call) and _follows_links(node) for node in nodes):
        return False
    return all(_is_harmless(node, used_as.get(id(node)), own, called=id(node) in called) for node in nodes)


def _is_harmless(node: ast.AST, used_as: str | None, own: Collection[str], *, called: bool) -> bool:
    """Whether a part of a module asks nothing that may differ.

    Args:
        node: the part.
        used_as: the attribute that is taken of it, if one is.
        own: see `is_repeatable`.
        called: whether it is called.
    """
    match node:
        case ast.Import(names):
            return all(_may_import(name.name, own) and (name.name not in PARTS or name.asname is None) for name in names)
        case ast.ImportFrom(module, names, level):
            return _may_import_from(module or "", [name.name for name in names], level or 0, own)
        case ast.Name(name) if name in PARTS:
            return used_as in PARTS[name]
        case ast.Name(name):
            return name not in UNKNOWN and not (called and name in VARYING)
        case ast.Attribute(attr=name):
            return name not in ASKING | UNKNOWN
    return not (isinstance(node, ast.Constant) and node.value in NEVER_READ and node.value != "_")


def _follows_links(call: ast.Call) -> bool:
    """Whether a call follows links of another path than the module's own."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    return name in RESOLVING and not any(isinstance(node, ast.Name) and node.id == "__file__" for node in ast.walk(call))


def _may_import(name: str, own: Collection[str]) -> bool:
    return name in PURE or name in PARTS or name in own


def _may_import_from(module: str, names: Iterable[str], level: int, own: Collection[str]) -> bool:
    if level:
        return True  # a module of the repository, which is looked at itself
    if module in PARTS:
        return all(name in PARTS[module] for name in names)
    return (
        (module in PURE and (ASKING | {"*"}).isdisjoint(names))
        or module in own
        or all(f"{module}.{name}" in own for name in names)
    )
