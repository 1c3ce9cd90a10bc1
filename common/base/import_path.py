"""Sets the order in which Python searches for modules: the repository comes last, and the current folder is not searched.

Python (started with a script, `-m` or `-c`) and Invoke put a folder of the user's files before the standard library. A file
in it that is called `queue.py` or `yaml.py` would replace the real module. So the path is set before anything else is imported.
This module imports only modules that Python has already loaded at its start.

Follows https://docs.python.org/3/library/sys_path_init.html
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # pathlib must not be loaded yet
"""The repository that this module belongs to."""


def arrange_path(root: str = ROOT) -> None:
    """Moves a repository and its folders behind everything that is installed, and removes the current folder."""
    current, top = _current_folder(), os.path.realpath(root)
    prefixes = [os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix)]
    environments = [prefix for prefix in prefixes if _is_within(prefix, top) and prefix != top]
    before, after = [], [root]
    for entry in sys.path:
        folder = os.path.realpath(entry)
        if _is_within(folder, top) and not any(_is_within(folder, prefix) for prefix in environments):
            after += [entry] if folder not in {top, current} else []
        elif folder != current:
            before.append(entry)
    sys.path[:] = [*before, *after]


def _is_within(folder: str, parent: str) -> bool:
    return f"{folder}{os.sep}".startswith(f"{parent.rstrip(os.sep)}{os.sep}")


def _current_folder() -> str:
    try:
        return os.path.realpath(os.getcwd())  # pathlib must not be loaded yet
    except FileNotFoundError:  # the folder was deleted
        return ""
