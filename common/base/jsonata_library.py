"""The library for JSONata, which is loaded late: few commands meet an expression that they have not met before."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

DEPTH = 10_000
"""How deep the parser may recurse; its own library sets this."""


@cache
def library() -> ModuleType:
    """Returns the library for JSONata."""
    with deep_recursion():  # which the library allows everybody when it is imported
        import jsonata
    module: ModuleType = jsonata
    return module


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Allows deep recursion for a while: a text that is joined from hundreds of parts is a deep expression."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
