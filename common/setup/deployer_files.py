"""The deployer's part of a repository: which files are its own, and the manifest by which an edited one is found.

The manifest is `common/manifest.json`: the version, and the digest of every file. A repository made by `invoke init` has one.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from common.base import digest
from common.base.errors import ConfigError, UsageError
from common.base.json_types import JsonObject

LIST = "common/setup/deployer_files.txt"
"""The file that names the deployer's files and folders, one a line."""
MANIFEST = "common/manifest.json"
VERSION_FILE = "common/base/version.py"
VERSION = re.compile(r'^VERSION = "([^"]+)"', re.MULTILINE)
PASSING = frozenset({"__pycache__", ".DS_Store", ".mypy_cache", ".ruff_cache"})
"""The names of files and folders that programs leave behind."""


class Manifest(NamedTuple):
    """What a version of the deployer consists of.

    Args:
        version: the version.
        files: the digests of all files, by their paths.
    """

    version: str
    files: dict[str, str]


def parts(root: Path) -> list[str]:
    """Returns the paths of the deployer's files and folders.

    Raises:
        UsageError: there is no deployer in this folder.
    """
    try:
        return (root / LIST).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{root} is not a repository with the deployer: it has no {LIST}.") from None


def manifest(root: Path) -> Manifest:
    """Returns the manifest of the files as they are.

    Raises:
        UsageError: there is no deployer in this folder.
    """
    version = VERSION.search((root / VERSION_FILE).read_text(encoding="utf-8")) if (root / VERSION_FILE).is_file() else None
    if version is None:
        raise UsageError(f"{root} is not a repository with the deployer: {VERSION_FILE} names no version.")
    return Manifest(version[1], {path: digest.of_file(root / path) for path in _files(root)})


def recorded(root: Path) -> Manifest | None:
    """Returns the manifest that was written with the files; None if there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    if not (root / MANIFEST).is_file():
        return None
    try:
        content: JsonObject = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        return Manifest(str(content["version"]), {str(path): str(value) for path, value in content["files"].items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{MANIFEST} cannot be read: {error}. Take it from git again.") from None


def edited(root: Path, original: Manifest) -> list[str]:
    """Returns what was edited by hand since the manifest was written, one line for each file."""
    now = manifest(root).files
    changed = [f"{path} was edited" for path in now if path in original.files and now[path] != original.files[path]]
    added = [f"{path} was added" for path in now if path not in original.files]
    removed = [f"{path} was removed" for path in original.files if path not in now]
    return sorted([*changed, *added, *removed])


def copy(source: Path, target: Path) -> Manifest:
    """Copies the deployer's files to an empty folder, with their manifest."""
    for path in _files(source):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)
    result = manifest(target)
    content = {"version": result.version, "files": result.files}
    (target / MANIFEST).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return result


def _files(root: Path) -> Iterator[str]:
    for part in parts(root):
        place = root / part
        paths = [place] if place.is_file() else sorted(place.rglob("*"))
        for path in paths:
            relative = path.relative_to(root)
            if (
                path.is_file()
                and PASSING.isdisjoint(relative.parts)
                and path.suffix != ".pyc"
                and relative.as_posix() != MANIFEST
            ):
                yield relative.as_posix()
