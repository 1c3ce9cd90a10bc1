"""Wheels for Glue, made again from what uv has installed, and a wheel of shared code for python-shell jobs.

An installed wheel still knows what it was: its files are in RECORD, its tags in WHEEL. Packing these anew, in order and without
dates, gives archives that are the same on every machine, and uv has checked the hashes of what they are made from.

Follows https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

import base64
import csv
import io
import zipfile
from collections.abc import Mapping
from email.parser import Parser
from pathlib import Path

from common import digest
from common.packaging.archive import add, write_zip
from common.packaging.tree import Files, Found

OWN_NAME = "shared_code-1.0.0-py3-none-any.whl"
_METADATA = "Metadata-Version: 2.1\nName: shared-code\nVersion: 1.0.0\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: pipeline-deployer\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_TRACES = frozenset({"INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json", "uv_build.json"})


def requirements(folder: Path) -> list[str]:
    """What is installed in a folder, as in ``numpy==2.2.6``."""
    return ["{}=={}".format(*_name(info)) for info in _infos(folder)]


def write_all(archive: zipfile.ZipFile, folder: Path, place: Path) -> None:
    """Adds a wheel to the archive's folder ``wheels/`` for each distribution that is installed in a folder.

    Args:
        archive: gets the wheels.
        folder: where uv has installed.
        place: for temporary files.
    """
    for info in _infos(folder):
        wheel = "{}-{}-{}.whl".format(*_name(info), _tags(info))
        _write(place / wheel, info.name, _members(folder, info))
        add(archive, f"wheels/{wheel}", Found(place / wheel, (place / wheel).stat()))


def write_own(target: Path, files: Files) -> None:
    """A wheel of files of this repository."""
    info = "shared_code-1.0.0.dist-info"
    _write(target, info, files, {f"{info}/METADATA": _METADATA, f"{info}/WHEEL": _WHEEL})


def _write(target: Path, info: str, files: Files, texts: Mapping[str, str] | None = None) -> None:
    texts = dict(texts or {})
    rows = [(name, _hash(digest.of_file(found.path)), found.stat.st_size) for name, found in files.items()]
    rows += [(name, _hash(digest.of_bytes(text.encode())), len(text.encode())) for name, text in texts.items()]
    record = io.StringIO()
    csv.writer(record, lineterminator="\n").writerows([*sorted(rows), (f"{info}/RECORD", "", "")])
    write_zip(target, files, {**texts, f"{info}/RECORD": record.getvalue()})


def _infos(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.dist-info"))


def _name(info: Path) -> tuple[str, str]:
    """Name and version as file names have them."""
    name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
    return name, version


def _tags(info: Path) -> str:
    """The tags of WHEEL, compressed: ``Tag: cp311-cp311-manylinux_2_17_x86_64`` and another give one name for both."""
    tags = Parser().parsestr((info / "WHEEL").read_text(encoding="utf-8")).get_all("Tag", [])
    parts = zip(*(tag.split("-") for tag in tags), strict=True)
    return "-".join(".".join(sorted(set(part))) for part in parts)


def _members(folder: Path, info: Path) -> dict[str, Found]:
    """A distribution's files; scripts that an installer made are made again by the next."""
    with (info / "RECORD").open(encoding="utf-8", newline="") as file:
        names = [row[0] for row in csv.reader(file) if row]
    kept = [name for name in names if not name.startswith(("bin/", "..", "/")) and not name.endswith(".pyc")]
    kept = [name for name in kept if not (name.startswith(f"{info.name}/") and name.rpartition("/")[2] in _TRACES)]
    return {name: Found(folder / name, (folder / name).stat()) for name in sorted(kept)}


def _hash(value: digest.Digest) -> str:
    return "sha256=" + base64.urlsafe_b64encode(bytes.fromhex(value)).decode().rstrip("=")
