"""Reads the metadata of installed packages: `dist-info` folders in Python, `package.json` files in Node.js.

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
from common.packaging.pyproject import normalize_name
from common.packaging.sbom import Component, Wheels
from common.packaging.source_files import Digests, Files, copy_to

ALGORITHMS = {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
"""The names of hash algorithms in npm's lock files, and their names in CycloneDX."""
VENDORED = re.compile(r"(?P<distribution>[^/]+\.dist-info)/METADATA|(?:.*/)?node_modules/(?:@[^/]+/)?[^/@.][^/]*/package\.json")


METADATA_FILES = re.compile(rf"{VENDORED.pattern}|[^/]+\.dist-info/WHEEL")
"""Matches the metadata files of packages."""


def distributions(infos: Iterable[Path], wheels: Wheels | None = None, kept: Collection[Path] | None = None) -> list[Component]:
    """Returns the Python distributions of these folders.

    Args:
        infos: the `dist-info` folders.
        wheels: the wheels from which they may have been installed.
        kept: the files that are packaged; distributions with no file among them are left out.
    """
    components = []
    for info in infos:
        distribution = PathDistribution(info)
        name, version = (next(iter(distribution.metadata.get_all(field, [])), "") for field in ("Name", "Version"))
        if name and (kept is None or any(info.parent / str(file) in kept for file in distribution.files or ())):
            wheel = _installed_wheel_hash(distribution, (wheels or {}).get(normalize_name(name), {}))
            hashes = [("SHA-256", wheel)] if wheel else []
            components.append(Component("pypi", name, version, licenses.distribution_licenses(distribution.metadata), hashes))
    return components


def _installed_wheel_hash(distribution: PathDistribution, candidates: Mapping[str, str]) -> str | None:
    """Returns the hash of the wheel that was installed: the one whose file name has the tags of the metadata."""
    lines = (line.partition(": ") for line in (distribution.read_text("WHEEL") or "").splitlines())
    tags = {tag for name, _, value in lines if name == "Tag" for tag in parse_tag(value.strip())}
    fitting = [content for file, content in candidates.items() if _wheel_tags(file) == tags]
    hashes = fitting or list(candidates.values())
    return hashes[0] if len(hashes) == 1 else None


def _wheel_tags(wheel: str) -> frozenset[object]:
    try:
        return frozenset(parse_wheel_filename(unquote(wheel))[3])
    except InvalidWheelFilename:
        return frozenset()


def packages(folders: Mapping[Path, str]) -> list[Component]:
    """Returns the npm packages in these folders, which map to the integrity that the lock file has for them."""
    components = []
    for folder, integrity in sorted(folders.items()):
        metadata = _read_package_json(folder / "package.json")
        if isinstance(name := metadata.get("name"), str) and isinstance(version := metadata.get("version"), str):
            components.append(Component("npm", name, version, licenses.npm_licenses(metadata), _parse_integrity(integrity)))
    return components


def vendored(files: Files, digests: Digests, place: Path) -> list[Component]:
    """Returns third-party packages that are part of a folder, without hashes because their origin is unknown.

    Args:
        files: the packaged files.
        digests: the digests of those files that were digested.
        place: a folder for copies, so that the metadata are read from exactly the packaged bytes.

    Raises:
        ArtifactError: a file does not match its digest.
    """
    for name, file in files.items():
        if METADATA_FILES.fullmatch(name):
            copy_to(place / name, file, digests)
    matches = [((place / name).parent, match) for name in files if (match := VENDORED.fullmatch(name))]
    python = [folder for folder, match in matches if match["distribution"]]
    return [*distributions(python), *packages({folder: "" for folder, match in matches if not match["distribution"]})]


def _read_package_json(path: Path) -> JsonObject:
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # test data of packages can hold anything under this name
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _parse_integrity(integrity: str) -> list[tuple[str, str]]:
    """Parses an integrity text such as ``sha512-…``; several hashes are separated by spaces (https://www.w3.org/TR/SRI/)."""
    hashes = []
    for algorithm, _, value in (entry.partition("-") for entry in integrity.split()):
        if algorithm in ALGORITHMS:
            hashes.append((ALGORITHMS[algorithm], binascii.hexlify(base64.b64decode(value.partition("?")[0])).decode()))
    return hashes
