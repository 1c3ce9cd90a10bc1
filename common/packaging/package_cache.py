"""Caches installed dependencies in compressed form, for all packages that install the same and leave out the same files.

The cache entry is beside the installed files, under a digest of what is installed and what is left out. So after an edit of a
function only its own files are compressed again, not its dependencies.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from common.base import digest
from common.base.digest import Digest
from common.packaging.archive import Members, build_once, compressed_members, write_zip
from common.packaging.sbom import Component
from common.packaging.source_files import Files, IgnoreRules

ARCHIVE, COMPONENTS = "members.zip", "components.json"


def members(build_dir: Path, installed: Digest, ignoring: IgnoreRules, find: Callable[[], Files]) -> Members:
    """Returns the installed files that belong in a package, by their paths in it.

    Args:
        build_dir: the build folder, which holds the cache.
        installed: the digest of everything that is installed.
        ignoring: the rules for what is left out.
        find: installs the dependencies and returns the files that are not left out.
    """
    path = _cache_path(build_dir, installed, ignoring, "members")
    return compressed_members(build_once(path, lambda folder: write_zip(folder / ARCHIVE, find(), {})) / ARCHIVE)


def components(
    build_dir: Path, installed: Digest, ignoring: IgnoreRules, find: Callable[[], Sequence[Component]]
) -> list[Component]:
    """Returns the packages of which `members` contains files.

    Args:
        build_dir: see `members`.
        installed: see `members`.
        ignoring: see `members`.
        find: installs the dependencies and returns these packages.
    """

    def make(folder: Path) -> None:
        (folder / COMPONENTS).write_text(json.dumps([asdict(component) for component in find()]), encoding="utf-8")

    path = build_once(_cache_path(build_dir, installed, ignoring, "components"), make)
    records = json.loads((path / COMPONENTS).read_text(encoding="utf-8"))
    return [Component(**{**component, "hashes": [tuple(pair) for pair in component["hashes"]]}) for component in records]


def _cache_path(build_dir: Path, installed: Digest, ignoring: IgnoreRules, part: str) -> Path:
    identity = digest.of_struct("kept", 1, {"installed": installed, "ignored": list(ignoring.patterns)})
    return build_dir / ".dependencies" / f"{identity}.{part}"
