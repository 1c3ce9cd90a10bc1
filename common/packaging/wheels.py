"""Writes wheels for Glue jobs: from packages that uv has installed, and from shared code for python-shell jobs.

RECORD lists the files of an installed wheel. Packing them again, sorted and with a fixed date, gives archives that are equal on
every machine, and uv has checked the hashes of their files. Two things differ from the original wheel. It no longer names its
requirements: the lock contains all of them, and the installer of python-shell jobs, which gets the wheels one by one, would ask
an index for the others. And its name, which must be known before anything is installed, names no platform; the platform was
chosen when the package was installed.

Follows https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

from common.base import digest
from common.packaging.archive import write_zip
from common.packaging.dependencies import INSTALLER_FILES, find_dist_info
from common.packaging.pyproject import normalize_name
from common.packaging.requirements import PIN
from common.packaging.source_files import Digests, Files, SourceFile

OWN_NAME = "shared_code-1.0.0-py3-none-any.whl"
_METADATA = "Metadata-Version: 2.1\nName: shared-code\nVersion: 1.0.0\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: pipeline-deployer\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_REQUIRES = re.compile(r"^Requires-Dist:.*\n([ \t].*\n)*", re.MULTILINE)


def file_name(pin: str) -> str:
    """Returns the file name of the wheel for a pin such as ``PyYAML==6.0.3 --hash=…``."""
    match = PIN.match(pin)
    assert match is not None  # noqa: S101 - every pin has this form
    return f"{normalize_name(match[1]).replace('-', '_')}-{match[2].replace('-', '_')}-py3-none-any.whl"


def write(target: Path, folder: Path, name: str) -> None:
    """Writes the wheel of an installed distribution.

    Args:
        target: the path of the wheel.
        folder: the folder into which uv has installed the packages.
        name: the normalized name of the distribution.
    """
    info = find_dist_info(folder, name)
    head, blank, body = (info / "METADATA").read_text(encoding="utf-8").partition("\n\n")
    metadata = {f"{info.name}/METADATA": _REQUIRES.sub("", f"{head}\n") + blank[:1] + body}
    members = {member: file for member, file in _members(folder, info).items() if member not in metadata}
    _write(target, info.name, members, {file.path: digest.of_file(file.path) for file in members.values()}, metadata)


def write_shared_code(target: Path, files: Files, digests: Digests) -> None:
    """Writes a wheel of files of this repository and checks them against `digests`."""
    info = "shared_code-1.0.0.dist-info"
    _write(target, info, files, digests, {f"{info}/METADATA": _METADATA, f"{info}/WHEEL": _WHEEL})


def _write(target: Path, info: str, files: Files, digests: Digests, texts: Mapping[str, str]) -> None:
    rows = [(name, digest.to_record(digests[file.path]), file.status.st_size) for name, file in files.items()]
    rows += [(name, digest.to_record(digest.of_bytes(text.encode())), len(text.encode())) for name, text in texts.items()]
    record = io.StringIO()
    csv.writer(record, lineterminator="\n").writerows([*sorted(rows), (f"{info}/RECORD", "", "")])
    write_zip(target, files, digests, {**texts, f"{info}/RECORD": record.getvalue()})


def _members(folder: Path, info: Path) -> dict[str, SourceFile]:
    """Returns a distribution's files, without the scripts that every installer creates itself."""
    with (info / "RECORD").open(encoding="utf-8", newline="") as file:
        names = [row[0] for row in csv.reader(file) if row]
    kept = [name for name in names if not name.startswith(("bin/", "..", "/")) and not name.endswith(".pyc")]
    kept = [name for name in kept if not (name.startswith(f"{info.name}/") and name.rpartition("/")[2] in INSTALLER_FILES)]
    return {name: SourceFile(folder / name, (folder / name).stat()) for name in sorted(kept)}
