"""Finds the line of a declaration, so that a message can say where to put what no setting can express."""

import ast
from collections.abc import Iterator
from pathlib import Path

from common.base.encoding import decode_text
from common.base.syntax_trees import parsed
from common.resources import kind_of

METHODS = {
    kind: kind_of(kind).word
    for kind in (
        *("lambda", "glue-job", "crawler", "state-machine", "table", "queue", "topic"),
        *("bucket", "database", "directory", "layer", "log-group", "resource"),
    )
}
"""The methods that declare resources, by kind. A rule has several, and a role none: it is declared with what it belongs to."""
RULES = ("schedule", "on_object", "on_event")
"""The methods that declare rules."""


def declared_at(file: Path, kind: str, name: str) -> int | None:
    """Returns the line on which a file declares a resource by name; None if it does so in a way that cannot be seen."""
    methods = RULES if kind == "rule" else (METHODS.get(kind),)
    return next((call.lineno for method, call in _declarations(file, name) if method in methods), None)


def definition_file(file: Path, name: str) -> str | None:
    """Returns the path of a state machine's definition, if its declaration names a file as a text."""
    for method, call in _declarations(file, name):
        second = call.args[1] if len(call.args) > 1 else None
        if method == METHODS["state-machine"] and isinstance(second, ast.Constant) and isinstance(second.value, str):
            return second.value
    return None


def _declarations(file: Path, name: str) -> Iterator[tuple[str, ast.Call]]:
    """Yields the calls of methods whose first argument is this name, with the names of the methods; none if it cannot be read."""
    try:
        tree = parsed(decode_text(file.read_bytes()))
    except (OSError, ValueError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value == name:
                yield node.func.attr, node
