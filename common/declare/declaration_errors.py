"""Explains Python's own errors in declarations in one line, with a suggestion.

Python itself suggests names only in tracebacks, and never for arguments.
"""

import inspect
import re
from collections.abc import Collection

from pydantic import ValidationError

import common
from common.base.suggestions import did_you_mean
from common.environment.settings_model import explain_settings_error

KEYWORD = re.compile(r"(?P<function>[\w.]+)\(\) got an unexpected keyword argument '(?P<name>\w+)'")
IMPORTED = re.compile(r"cannot import name '(?P<name>\w+)' from 'common'")


def explain(error: BaseException) -> str:
    """Returns the error as a sentence with its type, which is left out for errors in settings."""
    if isinstance(error, ValidationError):
        return explain_settings_error(error)
    text = " ".join(str(error).split())
    if keyword := KEYWORD.match(text):
        owner, _, method = keyword["function"].partition(".")
        classes = _classes(owner) if method else []
        shown = f"{classes[0].__name__}.{method}" if len(classes) == 1 else method or owner
        called = getattr(classes[0], method, None) if classes else getattr(common, owner, None)
        text = f"{shown}{text.removeprefix(keyword['function'])}"
        return f"{type(error).__name__}: {text}.{did_you_mean(keyword['name'], _arguments(called))}"
    end = "" if text.endswith(("?", "!")) else "."
    return f"{type(error).__name__}: {text}{end}{_guess(error, text)}"


def _guess(error: BaseException, text: str) -> str:
    if isinstance(error, AttributeError) and error.name and error.obj is not None:
        return did_you_mean(error.name, _public(dir(error.obj)))
    if isinstance(error, NameError) and error.name:
        return did_you_mean(error.name, common.__all__)
    if imported := IMPORTED.match(text):
        return did_you_mean(imported["name"], common.__all__)
    return ""


def _public(names: Collection[str]) -> list[str]:
    return [name for name in names if not name.startswith("_")]


def _classes(owner: str) -> list[type]:
    """Returns the classes for authors that have the methods of a class. Python names the class that defines a method."""
    public = [getattr(common, name) for name in common.__all__]
    return [called for called in public if isinstance(called, type) and owner in {base.__name__ for base in called.__mro__}]


def _arguments(called: object) -> Collection[str]:
    """Returns the arguments of a function; none for the authors' own functions."""
    return [*inspect.signature(called).parameters] if callable(called) else []
