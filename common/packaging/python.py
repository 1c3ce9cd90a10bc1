"""What can be told of Python files without running them: whether they compile, and what they define."""

import ast
import re
import symtable
import sys
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.base.encoding import check_encoding
from common.base.errors import ArtifactError
from common.packaging.tree import shown


def knows(runtime: str) -> bool:
    """Whether this Python can judge the syntax of what a runtime will run."""
    language, _, minor = runtime.partition(".")
    return language == "python3" and int(minor) <= sys.version_info.minor


def check_defines(path: Path, handler: str, runtime: str, *, glance: bool = False) -> None:
    """Looks for a function's handler in its file.

    Args:
        path: the file.
        handler: as Lambda spells it, ``file.function``.
        runtime: of the function.
        glance: believe what looks right; parsing every handler takes longer than all the rest of an unchanged deploy.

    Raises:
        ArtifactError: the file does not compile, or does not define it.
    """
    function = handler.rpartition(".")[2]
    defines = _seems_to_define if glance else _defines
    if knows(runtime) and not defines(path, function):
        raise ArtifactError(f"{shown(path)} does not define {function!r}, which the handler {handler!r} names.")


def _seems_to_define(path: Path, name: str) -> bool:
    usual = rb"^(async +def|def|class) +%s\b" % re.escape(name).encode()
    return re.search(usual, path.read_bytes(), re.MULTILINE) is not None or _defines(path, name)


def _defines(path: Path, name: str) -> bool:
    """Whether a module binds the name at its top level, as far as can be told without running it."""
    tree = parsed(path)
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree)):
        return True
    with _told(path), tokenize.open(path) as source:  # it knows the encoding that a file declares
        symbols = symtable.symtable(source.read(), str(path), "exec").get_symbols()
    return any(one.get_name() == name and (one.is_assigned() or one.is_imported() or one.is_namespace()) for one in symbols)


def check_syntax(path: Path) -> None:
    """Whether a file compiles; most of the time that a package without dependencies takes, so no tree is made of it.

    Raises:
        ArtifactError: it does not.
    """
    with _told(path):
        compile(_source(path), str(path), "exec", dont_inherit=True)


def parsed(path: Path) -> ast.Module:
    """The file's syntax tree.

    Raises:
        ArtifactError: it has none, as it is not Python.
    """
    with _told(path):
        return ast.parse(_source(path), str(path))


def _source(path: Path) -> bytes:
    """The bytes of a file, from which Python tells the encoding."""
    source = path.read_bytes()
    check_encoding(source)
    return source


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except SyntaxError as error:
        raise ArtifactError(f"{shown(path)}:{error.lineno}: {error.msg}.") from None
    except (RecursionError, MemoryError):
        raise ArtifactError(f"{shown(path)} is nested more deeply than Python can read.") from None
    except ValueError as error:
        raise ArtifactError(f"{shown(path)} is not Python: {error}.") from None
