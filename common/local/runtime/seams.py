"""The places where this launcher replaces a part of ministack, each checked before it is touched.

A seam is a module function with known parameters. ministack promises nothing about them, so a seam that is gone or has changed
stops the launch with its name, instead of failing in the middle of somebody's pipeline.
"""

import inspect
from importlib.metadata import version
from types import ModuleType

from json_types import Function, JsonObject

ALL: dict[str, tuple[ModuleType | type, str, object]] = {}
"""By the name of a seam, as in ``services.glue._create_job``: its owner, its name there, and what it was at first."""


class SeamError(Exception):
    """A part of ministack that is replaced or called is not what it was."""


def use(owner: ModuleType | type, name: str, parameters: str) -> Function:
    """The function ``name`` of a module or class, sure to take ``parameters`` (names with commas, as in ``"data, headers"``)."""
    title = f"{getattr(owner, '__module__', '')}.{owner.__name__}".strip(".").removeprefix("ministack.")
    function = getattr(owner, name, None)
    ALL.setdefault(f"{title}.{name}", (owner, name, function))
    if not callable(function):
        raise SeamError(_message(f"{title}.{name}({parameters}) is gone"))
    actual = ", ".join(inspect.signature(function).parameters)
    if actual != parameters:
        raise SeamError(_message(f"{title}.{name}({parameters}) is now {name}({actual})"))
    return function


def replace(owner: ModuleType | type, name: str, parameters: str, new: Function) -> Function:
    """Put ``new`` in the place of a function; the original."""
    original = use(owner, name, parameters)
    setattr(owner, name, new)
    return original


def table(owner: ModuleType, name: str) -> JsonObject:
    """The dictionary ``name`` of a module, to add entries to."""
    title = owner.__name__.removeprefix("ministack.")
    entries = getattr(owner, name, None)
    ALL.setdefault(f"{title}.{name}", (owner, name, entries))
    if not hasattr(entries, "keys"):
        raise SeamError(_message(f"the table {title}.{name} is gone"))
    return entries


def swap(text: str, where: str, old: str, new: str) -> str:
    """``text`` with ``old`` replaced, sure that it is there exactly once."""
    if text.count(old) != 1:
        raise SeamError(_message(f"{where} no longer holds {old!r} once"))
    return text.replace(old, new)


def _message(what: str) -> str:
    installed = version("ministack")
    return f"ministack {installed}: {what}; the seams in common/local/runtime are written for ministack 1.5.33"
