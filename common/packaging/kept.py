"""What is installed, as packages get it: compressed once, for all packages that install the same and leave out the same.

It lies beside what is installed, under a digest of both, with the digest of its own bytes. So an edit of a function costs the
time that its own files take, not that of what it installs.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from common.base import digest
from common.base.digest import Digest
from common.packaging.archive import Members, made_once, packed, write_zip
from common.packaging.bill import Component
from common.packaging.tree import Files, Ignoring

ARCHIVE, COMPONENTS = "members.zip", "components.json"


def members(build_dir: Path, installed: Digest, ignoring: Ignoring, find: Callable[[], Files]) -> Members:
    """The installed files that belong into a package, by the path that they have in it.

    Args:
        build_dir: where they are kept.
        installed: stands for all that is installed.
        ignoring: what of it stays out.
        find: installs it, and tells what does not stay out.
    """
    place = _place(build_dir, installed, ignoring, "members")
    return packed(made_once(place, lambda folder: write_zip(folder / ARCHIVE, find(), {})) / ARCHIVE)


def components(
    build_dir: Path, installed: Digest, ignoring: Ignoring, find: Callable[[], Sequence[Component]]
) -> list[Component]:
    """The packages that `members` holds something of.

    Args:
        build_dir: see `members`.
        installed: see `members`.
        ignoring: see `members`.
        find: tells them.
    """

    def make(folder: Path) -> None:
        (folder / COMPONENTS).write_text(json.dumps([asdict(component) for component in find()]), encoding="utf-8")

    place = made_once(_place(build_dir, installed, ignoring, "components"), make)
    found = json.loads((place / COMPONENTS).read_text(encoding="utf-8"))
    return [Component(**{**component, "hashes": [tuple(pair) for pair in component["hashes"]]}) for component in found]


def _place(build_dir: Path, installed: Digest, ignoring: Ignoring, what: str) -> Path:
    identity = digest.of_struct("kept", 1, {"installed": installed, "ignored": list(ignoring.own)})
    return build_dir / ".dependencies" / f"{identity}.{what}"
