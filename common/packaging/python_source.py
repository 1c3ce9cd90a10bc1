"""Checks Python files without running them: whether they compile, and what they define."""

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
from common.base.syntax_trees import parsed
from common.packaging.source_files import display_path


def can_parse(runtime: str) -> bool:
    """Whether this Python can parse code for a runtime, which must not be newer."""
    language, _, minor = runtime.partition(".")
    return language == "python3" and int(minor) <= sys.version_info.minor


def check_defines(path: Path, handler: str, runtime: str, *, glance: bool = False) -> None:
    """Checks that a file defines a function's handler.

    Args:
        path: the file of the handler.
        handler: the handler as Lambda spells it, ``file.function``.
        runtime: the runtime of the function.
        glance: accept a line that looks like the definition. Parsing every handler takes longer than an unchanged deploy.

    Raises:
        ArtifactError: the file does not compile, or does not define the handler.
    """
    function = handler.rpartition(".")[2]
    defines = _seems_to_define if glance else _defines
    if can_parse(runtime) and not defines(path, function):
        raise ArtifactError(f"{display_path(path)} does not define {function!r}, which the handler {handler!r} names.")


def _seems_to_define(path: Path, name: str) -> bool:
    usual = rb"^(async +def|def|class) +%s\b" % re.escape(name).encode()
    return re.search(usual, path.read_bytes(), re.MULTILINE) is not None or _defines(path, name)


def _defines(path: Path, name: str) -> bool:
    """Whether a module binds the name at its top level, as far as is known without running it."""
    tree = parse_file(path)
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree)):
        return True
    with _reporting_errors(path), tokenize.open(path) as source:  # it respects the encoding that a file declares
        symbols = symtable.symtable(source.read(), str(path), "exec").get_symbols()
    return any(
        symbol.get_name() == name and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace())
        for symbol in symbols
    )


def check_syntax(path: Path) -> None:
    """Checks that a file compiles. No syntax tree is made, because this is most of the time that a small package takes.

    Raises:
        ArtifactError: the file does not compile.
    """
    with _reporting_errors(path):
        compile(_read_source(path), str(path), "exec", dont_inherit=True)


def parse_file(path: Path) -> ast.Module:
    """Parses a file into its syntax tree.

    Raises:
        ArtifactError: the file is not Python.
    """
    with _reporting_errors(path):
        return parsed(_read_source(path), str(path))


def _read_source(path: Path) -> bytes:
    """Reads the bytes of a file, in which Python finds the encoding."""
    source = path.read_bytes()
    check_encoding(source)
    return source


@contextmanager
def _reporting_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except SyntaxError as error:
        line = f":{error.lineno}" if error.lineno else ""  # there is none for NUL bytes, or an unknown encoding
        raise ArtifactError(f"{display_path(path)}{line}: {error.msg}.") from None
    except (RecursionError, MemoryError):
        raise ArtifactError(f"{display_path(path)} is nested more deeply than Python can read.") from None
    except ValueError as error:
        raise ArtifactError(f"{display_path(path)} is not Python: {error}.") from None
