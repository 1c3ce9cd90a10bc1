"""What the metadata of installed packages say of them: their `dist-info` in Python, their `package.json` in Node.js.

Follows https://packaging.python.org/en/latest/specifications/recording-installed-packages/ and
https://docs.npmjs.com/cli/configuring-npm/package-json
"""

import base64
import binascii
import json
import re
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import PathDistribution
from pathlib import Path
from urllib.parse import unquote

from packaging.tags import parse_tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from common.base.json_types import JsonObject
from common.packaging import licenses
from common.packaging.bill import Component, Wheels
from common.packaging.pyproject import normal
from common.packaging.tree import Digests, Files, copy_to

ALGORITHMS = {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
"""As npm's locks call them, and as CycloneDX does."""
VENDORED = re.compile(r"(?P<distribution>[^/]+\.dist-info)/METADATA|(?:.*/)?node_modules/(?:@[^/]+/)?[^/@.][^/]*/package\.json")


TELLING = re.compile(rf"{VENDORED.pattern}|[^/]+\.dist-info/WHEEL")
"""The files that tell of a package."""


def distributions(infos: Iterable[Path], wheels: Wheels | None = None, kept: Collection[Path] | None = None) -> list[Component]:
    """Python distributions.

    Args:
        infos: their `dist-info` folders.
        wheels: what they may come from.
        kept: files; who has none among them is left out.
    """
    found = []
    for info in infos:
        one = PathDistribution(info)
        name, version = (next(iter(one.metadata.get_all(field, [])), "") for field in ("Name", "Version"))
        if name and (kept is None or any(info.parent / str(file) in kept for file in one.files or ())):
            wheel = _wheel(one, (wheels or {}).get(normal(name), {}))
            hashes = [("SHA-256", wheel)] if wheel else []
            found.append(Component("pypi", name, version, licenses.of_distribution(one.metadata), hashes))
    return found


def _wheel(one: PathDistribution, candidates: Mapping[str, str]) -> str | None:
    """The hash of the wheel that was installed: its tags are those in its file name."""
    lines = (line.partition(": ") for line in (one.read_text("WHEEL") or "").splitlines())
    tags = {tag for name, _, value in lines if name == "Tag" for tag in parse_tag(value.strip())}
    fitting = [content for file, content in candidates.items() if _tags(file) == tags]
    found = fitting or list(candidates.values())
    return found[0] if len(found) == 1 else None


def _tags(wheel: str) -> frozenset[object]:
    try:
        return frozenset(parse_wheel_filename(unquote(wheel))[3])
    except InvalidWheelFilename:
        return frozenset()


def packages(folders: Mapping[Path, str]) -> list[Component]:
    """Packages of npm, by their folders, with the integrity that the lock knows."""
    found = []
    for folder, integrity in sorted(folders.items()):
        said = _package(folder / "package.json")
        if isinstance(name := said.get("name"), str) and isinstance(version := said.get("version"), str):
            found.append(Component("npm", name, version, licenses.of_package(said), _hashes(integrity)))
    return found


def vendored(files: Files, digests: Digests, place: Path) -> list[Component]:
    """Packages that a folder brings along: what they come from is not known.

    Args:
        files: what is packaged.
        digests: of those whose digest is known.
        place: a folder for copies, so that what is told is told of the bytes that are packaged.

    Raises:
        ArtifactError: a file holds other bytes than its digest says.
    """
    for name, found in files.items():
        if TELLING.fullmatch(name):
            copy_to(place / name, found, digests)
    matches = [((place / name).parent, match) for name in files if (match := VENDORED.fullmatch(name))]
    python = [folder for folder, match in matches if match["distribution"]]
    return [*distributions(python), *packages({folder: "" for folder, match in matches if not match["distribution"]})]


def _package(path: Path) -> JsonObject:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # test data of packages may be anything
        return {}
    return found if isinstance(found, dict) else {}


def _hashes(integrity: str) -> list[tuple[str, str]]:
    """From ``sha512-…``, as in https://www.w3.org/TR/SRI/; several are separated by spaces."""
    found = []
    for algorithm, _, value in (one.partition("-") for one in integrity.split()):
        if algorithm in ALGORITHMS:
            found.append((ALGORITHMS[algorithm], binascii.hexlify(base64.b64decode(value.partition("?")[0])).decode()))
    return found
