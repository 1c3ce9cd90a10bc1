"""Parses Python into syntax trees, for one thread at a time.

Python 3.11 and 3.12 count how deep a tree is in a place that all threads share. So if another thread makes a tree while one is
being made, the first one fails: "SystemError: AST constructor recursion depth mismatch". Nothing is lost by waiting, since Python
runs one thread at a time.

Follows https://github.com/python/cpython/issues/106905
"""

import ast
from threading import Lock

_alone = Lock()


def parsed(source: str | bytes, name: str = "<unknown>") -> ast.Module:
    """The syntax tree of a module.

    Args:
        source: its text, or its bytes, in which Python finds the encoding.
        name: what error messages call it.

    Raises:
        SyntaxError: it is not Python. Besides, everything that `ast.parse` raises.
    """
    with _alone:
        return ast.parse(source, name)
