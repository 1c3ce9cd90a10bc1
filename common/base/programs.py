"""How the deployer starts Python and other programs: none of the current folder, and nothing that variables say to import.

Without `-I` the folder in which somebody types a command, and what ``PYTHONPATH`` names, come before the standard library. What
the user has told the first process about itself alone is told the next one.

Follows https://docs.python.org/3/using/cmdline.html#cmdoption-I
"""

import os
import sys

from common.base.import_path import ROOT


def isolated(*words: str) -> list[str]:
    """The command line of this Python with these words; modules of the repository are not found by it."""
    told = ["-B"] if sys.flags.dont_write_bytecode else []
    told += [f"-W{option}" for option in sys.warnoptions]
    told += ["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else []
    return [sys.executable, "-I", *told, *words]


def tools() -> str:
    """Where programs are looked for: PATH without the current folder, for which empty and relative entries stand."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if os.path.isabs(entry))  # noqa: PTH117 - texts of a variable


def program(statement: str, *words: str) -> list[str]:
    """The command line that runs one statement, which may import from `common`, with these words as its arguments."""
    return isolated("-c", f"import sys; sys.path.insert(0, {ROOT!r}); import common; {statement}", *words)
