"""Which files declarations have used besides the folders that are always looked at, if they give the same each time."""

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from common.base.import_path import ROOT
from common.declare.inputs import Inputs
from common.declare.repeatable import is_repeatable
from common.declare.surroundings import DEPLOYER, TREES
from common.model.resource import Resource

ALWAYS_NEW = ("/dev", "/proc", "/sys")
"""What is read here is another each time, whatever `stat` says."""


class UsedFiles(NamedTuple):
    """See `surroundings.look_beside`."""

    folders: tuple[str, ...]
    paths: tuple[str, ...]


def find_used(root: Path, inputs: Inputs, resources: Iterable[Resource]) -> UsedFiles | None:
    """What the declarations of a command have used besides; None if they may give something else each time.

    Args:
        root: the repository.
        inputs: what was opened and listed while the declarations were loaded.
        resources: what is declared.
    """
    top = os.path.abspath(root)  # noqa: PTH100 - as audit events are compared with it
    if not _are_repeatable(top):
        return None
    files = {*inputs.opened.copy(), *inputs.elsewhere.copy(), *(str(path) for path in inputs.files(resources))}
    folders, paths = set[str](), set[str]()
    for path in files | {os.path.abspath(listed) for listed in inputs.listed.copy()}:  # noqa: PTH100 - see above
        if _is_below(path, (f"{top}{os.sep}build", f"{ROOT}{os.sep}build", DEPLOYER, *_installed())):
            continue
        if _is_below(path, ALWAYS_NEW) or (path in files and not _is_plain(path)):
            return None
        parts = Path(path).relative_to(top).parts if _is_below(path, (top,)) else ()
        if not parts or parts[0].startswith("."):
            paths |= {path} if path != top else set()
        elif len(parts) > 1 and parts[0] not in TREES:
            folders.add(f"{top}{os.sep}{parts[0]}")
    return UsedFiles(tuple(sorted(folders)), tuple(sorted(paths)))


def _are_repeatable(top: str) -> bool:
    """Whether all modules of declarations that are loaded are repeatable."""
    own = {
        name: file
        for name, module in list(sys.modules.items())
        if isinstance(file := getattr(module, "__file__", None), str)
        and _is_below(file, (top,))
        and not _is_below(file, (f"{top}{os.sep}common", *_installed()))
        and name != "tasks"
    }
    try:
        return all(is_repeatable(Path(file).read_bytes(), own) for file in own.values())
    except OSError:
        return False


def _installed() -> tuple[str, ...]:
    return tuple({os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix)} | {sys.prefix, sys.base_prefix})


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}{os.sep}") for folder in folders)


def _is_plain(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - takes half as long as Path(path).stat()
    except OSError:
        return True  # there is none, and `look_beside` says so, too
