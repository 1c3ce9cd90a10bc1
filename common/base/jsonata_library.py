"""The library for JSONata, which is loaded late: few commands meet an expression that they have not met before."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

DEPTH = 10_000
"""How deep the parser may recurse; its own library sets this."""
_alone = threading.RLock()
"""The limit is that of all threads, so only one at a time changes it, and has it back as it was."""


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
    with _alone:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, DEPTH))
        try:
            yield
        finally:
            sys.setrecursionlimit(limit)
