"""Finds the line of a declaration, so that people are told where to put what no setting can express."""

import ast
from pathlib import Path

from common.base.encoding import decode_text

METHODS = {
    "lambda": "function",
    "glue-job": "job",
    "crawler": "crawler",
    "state-machine": "state_machine",
    "table": "table",
    "queue": "queue",
    "topic": "topic",
    "bucket": "bucket",
    "database": "database",
    "layer": "layer",
}
"""The methods that declare resources, by kind. A rule has two, and a role none: it is declared with what it belongs to."""
RULES = ("schedule", "on_object", "on_event")


def declared_at(file: Path, kind: str, name: str) -> int | None:
    """Returns the line on which a file declares a resource by name; None if it does so in a way that cannot be seen."""
    try:
        tree = ast.parse(decode_text(file.read_bytes()))
    except (OSError, ValueError, SyntaxError):
        return None
    methods = RULES if kind == "rule" else (METHODS.get(kind),)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value == name:
                return node.lineno
    return None


def definition_file(file: Path, name: str) -> str | None:
    """Returns the path of a state machine's definition, if its declaration names a file as a text."""
    try:
        tree = ast.parse(decode_text(file.read_bytes()))
    except (OSError, ValueError, SyntaxError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "state_machine":
            texts = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args[:2]]
            if len(texts) == 2 and texts[0] == name and isinstance(texts[1], str):
                return texts[1]
    return None
