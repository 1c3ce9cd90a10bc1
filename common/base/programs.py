"""Builds command lines for Python and other programs that run nothing from the current folder or from ``PYTHONPATH``.

Without `-I`, Python searches the current folder and ``PYTHONPATH`` before the standard library. Options that the user gave to
this process are passed on to the next one.

Follows https://docs.python.org/3/using/cmdline.html#cmdoption-I
"""

import os
import sys

from common.base.import_path import ROOT


def isolated_python(*words: str) -> list[str]:
    """Returns the command line of this Python with these arguments. It does not find the modules of the repository."""
    options = ["-B"] if sys.flags.dont_write_bytecode else []
    options += [f"-W{option}" for option in sys.warnoptions]
    options += ["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else []
    return [sys.executable, "-I", *options, *words]


def search_path() -> str:
    """Returns PATH without the current folder, that is without empty and relative entries."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if os.path.isabs(entry))


def python_program(statement: str, *words: str) -> list[str]:
    """Returns the command line that runs one statement, which may import from `common`, with these arguments."""
    return isolated_python("-c", f"import sys; sys.path.insert(0, {ROOT!r}); import common; {statement}", *words)
