"""Which files declarations have used besides the folders that are always looked at, if they give the same each time."""

import os
import re
import stat
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from common.base.import_path import ROOT
from common.declare.inputs import Inputs, packaged
from common.declare.repeatable import is_repeatable
from common.declare.surroundings import DEPLOYER, TREES
from common.model.resource import Resource
from common.packaging.source_files import NEVER_PACKAGED

OWN_OF_BUILD = frozenset(
    {".apis", "artifacts", "checked-definitions", "completion.json", "index", "local", "stat-cache.json", "traces"}
)
"""What the deployer itself keeps in the build folder. What else is there may be an input, as a file that a build has written."""
ALWAYS_NEW = ("/dev", "/proc", "/sys")
"""What is read here is another each time, whatever `stat` says."""
LEFT_OUT = re.compile(f"{os.sep}({'|'.join(map(re.escape, sorted(NEVER_PACKAGED)))})({os.sep}|$)")
"""Finds the folders of tools in a path, which are left out when whole folders are looked at."""


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
    if not inputs.is_complete or not _are_repeatable(top):
        return None
    listed = {os.path.abspath(path) for path in inputs.listed.copy()}  # noqa: PTH100 - see above
    files = {*inputs.opened.copy(), *inputs.elsewhere.copy(), *inputs.modules(), *map(str, packaged(resources))}
    covered = tuple(f"{top}{os.sep}{name}{os.sep}" for name in TREES)
    zones = getattr(sys.modules.get("zoneinfo"), "TZPATH", ())  # which are listed to check a time zone
    folders, paths = set[str](), set[str]()
    ignored = (
        *(f"{place}{os.sep}build{os.sep}{name}" for place in (top, ROOT) for name in OWN_OF_BUILD),
        DEPLOYER,
        *_installed(),
    )
    for path in files | listed:
        is_covered = path.startswith(covered) and LEFT_OUT.search(path, len(top)) is None
        if is_covered or path == top or _is_below(path, ignored):
            continue
        parts = Path(path).relative_to(top).parts if _is_below(path, (top,)) else ()
        if _is_below(path, ALWAYS_NEW) or (path in files and not _is_plain(path)):
            return None
        if not parts and path in listed and not _is_below(path, zones) and path not in sys.path:  # it may hold anything
            return None
        if not parts or parts[0].startswith(".") or parts[0] == "build" or not NEVER_PACKAGED.isdisjoint(parts):
            paths.add(path)
        elif parts[0] not in TREES and (len(parts) > 1 or path in listed):
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


@cache
def _installed() -> tuple[str, ...]:
    """The folders of Python itself and of packages: what is installed there counts by the times of the folders on `sys.path`."""
    bases: tuple[dict[str, str], ...] = ({}, {"base": sys.base_prefix, "platbase": sys.base_prefix})
    folders = {
        sysconfig.get_path(name, vars=base)
        for base in bases
        for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    }
    return tuple(folders | {os.path.realpath(folder) for folder in folders})


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}{os.sep}") for folder in folders)


def _is_plain(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - takes half as long as Path(path).stat()
    except OSError:
        return True  # there is none, and `look_beside` says so, too
