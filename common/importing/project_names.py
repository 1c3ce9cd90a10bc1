"""Reads from a project's files what it declares and what it refers to, without loading it: it may not be valid yet."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from common.base.encoding import decode_text
from common.base.syntax_trees import parsed
from common.importing.declared_at import METHODS, RULES
from common.resources import kind_of

PLACEHOLDER = re.compile(r"__[A-Za-z0-9_-]+__")
"""A token of others in a definition."""
OF_OTHERS = {"shared", "existing"}
"""Calls of these, as in ``p.existing.function(…)``, declare nothing of the project."""
SOURCES = ("*.py", "*.json", "*.yaml", "*.yml", "*.asl")
TOKEN = re.compile(r"\$\{(?:[\w-]+\.)?([\w/.-]+?)(?:\.\w+)?\}")
"""A reference in a text, such as ``${landing.name}`` or ``${function.notify.arn}``."""


class ProjectNames:
    """The names in a project's files.

    Args:
        folder: the folder of the project, which need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._declared: defaultdict[str, set[str]] = defaultdict(set)
        self._texts: set[str] = set()
        for path in _sources(folder):
            self._read(path)
        self._declared["functions"] |= {path.name for path in folder.glob("lambda/[!._]*/")}
        self._declared["jobs"] |= {path.stem for path in folder.glob("glue/*/[!._]*.py")}

    def declared(self, section: str) -> list[str]:
        """The names of the resources that have a section of the configuration."""
        return sorted(self._declared[section])

    def refers_to(self, name: str) -> bool:
        """Whether a file refers to a parameter or to an existing resource by this name."""
        return name in self._texts

    def _read(self, path: Path) -> None:
        try:
            text = decode_text(path.read_bytes())
        except (OSError, ValueError):
            return
        self._texts |= {*TOKEN.findall(text), *PLACEHOLDER.findall(text)}
        if path.suffix != ".py":
            return
        try:
            tree = parsed(text)
        except (SyntaxError, ValueError):
            return
        kinds = {method: kind for kind, method in METHODS.items()} | dict.fromkeys(RULES, "rule")
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._texts.add(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                kind, first = kinds.get(node.func.attr), node.args[0]
                others = isinstance(node.func.value, ast.Attribute) and node.func.value.attr in OF_OTHERS
                if (
                    kind
                    and not others
                    and isinstance(first, ast.Constant)
                    and isinstance(first.value, str)
                    and kind_of(kind).section
                ):
                    self._declared[kind_of(kind).section].add(first.value)


def _sources(folder: Path) -> Iterator[Path]:
    for pattern in SOURCES:
        yield from (path for path in folder.rglob(pattern) if "__pycache__" not in path.parts and "tests" not in path.parts)
