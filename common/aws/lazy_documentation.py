"""Keeps botocore from loading the modules that write its documentation, until somebody reads documentation.

Each client's methods have docstrings that botocore writes when they are read. But the modules that write them, and the HTML
parser that these need, are loaded with the first client: 3 % of the CPU time of an unchanged deploy. So before botocore's clients
are loaded, two of its modules get stand-ins. A stand-in loads the real module as soon as anything of it is used that it does not
have itself. So `help` of a client's method, and boto3 in a declaration, work as ever, in whichever thread they are first used.

Follows https://peps.python.org/pep-0562/ (attributes of modules)
"""

import sys
import threading
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, Self

PACKAGE, DOCSTRINGS = "botocore.docs", "botocore.docs.docstring"
USED_BY_CLIENTS = ("ClientMethodDocstring", "PaginatorDocstring", "WaiterDocstring")
"""The names that the modules of clients import from `DOCSTRINGS`. Under any other name they would get the real module."""

_LOCK = threading.Lock()
"""Guards the removal of a stand-in, so that a second thread does not remove the real module while it is being loaded."""


def load_documentation_later() -> None:
    """Puts the stand-ins in place, unless a client or documentation has been loaded already."""
    if "botocore.client" in sys.modules or not _stand_in(PACKAGE) or (docstrings := _stand_in(DOCSTRINGS)) is None:
        return
    for name in USED_BY_CLIENTS:
        setattr(docstrings, name, type(name, (_Docstring,), {"__slots__": ()}))


def _stand_in(name: str) -> ModuleType | None:
    """The stand-in for a module, which is imported from now on instead of it; None if the module is loaded, or does not exist."""
    if name in sys.modules or (spec := find_spec(name)) is None:
        return None
    module = module_from_spec(spec)

    def load(attribute: str) -> Any:
        if attribute.startswith("__"):  # what Python itself looks for, such as `__all__`
            raise AttributeError(f"module {name!r} has no attribute {attribute!r}")
        return getattr(_real_module(name), attribute)

    module.__dict__["__getattr__"] = load
    module.__dict__["__is_stand_in__"] = True
    return module if sys.modules.setdefault(name, module) is module else None  # another thread may have been faster


def _real_module(name: str) -> ModuleType:
    with _LOCK:
        if hasattr(sys.modules.get(name), "__is_stand_in__"):
            del sys.modules[name]
    return import_module(name)


class _Docstring(str):
    """A docstring that is written when it is read, as botocore's own are."""

    __slots__ = ("_arguments",)

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """An empty text: its methods write the real one."""
        return super().__new__(cls)

    def __init__(self, *args: object, **kwargs: object) -> None:
        self._arguments = args, kwargs

    def _written(self) -> Any:
        args, kwargs = self._arguments
        return getattr(_real_module(DOCSTRINGS), type(self).__name__)(*args, **kwargs)

    def expandtabs(self, tabsize: Any = 8) -> str:
        """The text. Python's `inspect.getdoc`, which `help` uses, calls this method first."""
        return str(self._written().expandtabs(tabsize))

    def __str__(self) -> str:
        return str(self._written())

    __repr__ = __str__
