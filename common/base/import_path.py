"""Where Python looks for modules: in the repository last, and in the current folder not at all.

Whoever starts Python with a script, `-m` or `-c`, and Invoke where it finds `tasks.py`, puts a folder of people's files in front
of the standard library. A file there that is called `queue.py` or `yaml.py` would be run in place of the real one. So this is
arranged before anything else is imported, and the modules that it takes itself Python has loaded when it started.

Follows https://docs.python.org/3/library/sys_path_init.html
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - pathlib is not loaded yet
"""The repository that this is a part of."""


def arrange(root: str = ROOT) -> None:
    """Puts a repository and its folders behind everything that is installed, and leaves the current folder out."""
    current, top = _current(), os.path.realpath(root)
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


def _current() -> str:
    try:
        return os.path.realpath(os.getcwd())  # noqa: PTH109 - see above
    except FileNotFoundError:  # it was deleted
        return ""
