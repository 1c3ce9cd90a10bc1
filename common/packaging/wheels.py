"""Wheels for Glue, made again from what uv has installed, and a wheel of shared code for python-shell jobs.

An installed wheel still knows its files: they are in RECORD. Packing these anew, in order and without dates, gives archives that
are the same on every machine, and uv has checked the hashes of what they are made from. Two things are not as they were. The
wheel no longer says what it requires: all of it is in the lock, and an installer that gets one wheel after the other (a python
shell's) would ask an index for the rest. And its name, which must be known before anything is installed, promises no platform;
that it fits was decided when it was installed for where the job runs.

Follows https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

import base64
import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

from common.base import digest
from common.packaging.archive import write_zip
from common.packaging.dependencies import TRACES, info_of
from common.packaging.pyproject import normal
from common.packaging.requirements import PIN
from common.packaging.tree import Digests, Files, Found

OWN_NAME = "shared_code-1.0.0-py3-none-any.whl"
_METADATA = "Metadata-Version: 2.1\nName: shared-code\nVersion: 1.0.0\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: pipeline-deployer\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_REQUIRES = re.compile(r"^Requires-Dist:.*\n([ \t].*\n)*", re.MULTILINE)


def file_name(pin: str) -> str:
    """The name of the wheel for a pin such as ``PyYAML==6.0.3 --hash=…``."""
    match = PIN.match(pin)
    assert match is not None  # noqa: S101 - all pins look like this
    return f"{normal(match[1]).replace('-', '_')}-{match[2].replace('-', '_')}-py3-none-any.whl"


def write(target: Path, folder: Path, name: str) -> None:
    """A wheel of one distribution.

    Args:
        target: the wheel.
        folder: where uv has installed.
        name: of the distribution, in its normal form.
    """
    info = info_of(folder, name)
    head, blank, body = (info / "METADATA").read_text(encoding="utf-8").partition("\n\n")
    metadata = {f"{info.name}/METADATA": _REQUIRES.sub("", f"{head}\n") + blank[:1] + body}
    members = {member: found for member, found in _members(folder, info).items() if member not in metadata}
    _write(target, info.name, members, {found.path: digest.of_file(found.path) for found in members.values()}, metadata)


def write_own(target: Path, files: Files, digests: Digests) -> None:
    """A wheel of files of this repository, which hold what `digests` says."""
    info = "shared_code-1.0.0.dist-info"
    _write(target, info, files, digests, {f"{info}/METADATA": _METADATA, f"{info}/WHEEL": _WHEEL})


def _write(target: Path, info: str, files: Files, digests: Digests, texts: Mapping[str, str]) -> None:
    rows = [(name, _hash(digests[found.path]), found.stat.st_size) for name, found in files.items()]
    rows += [(name, _hash(digest.of_bytes(text.encode())), len(text.encode())) for name, text in texts.items()]
    record = io.StringIO()
    csv.writer(record, lineterminator="\n").writerows([*sorted(rows), (f"{info}/RECORD", "", "")])
    write_zip(target, files, digests, {**texts, f"{info}/RECORD": record.getvalue()})


def _members(folder: Path, info: Path) -> dict[str, Found]:
    """A distribution's files; scripts that an installer made are made again by the next."""
    with (info / "RECORD").open(encoding="utf-8", newline="") as file:
        names = [row[0] for row in csv.reader(file) if row]
    kept = [name for name in names if not name.startswith(("bin/", "..", "/")) and not name.endswith(".pyc")]
    kept = [name for name in kept if not (name.startswith(f"{info.name}/") and name.rpartition("/")[2] in TRACES)]
    return {name: Found(folder / name, (folder / name).stat()) for name in sorted(kept)}


def _hash(value: digest.Digest) -> str:
    return "sha256=" + base64.urlsafe_b64encode(bytes.fromhex(value)).decode().rstrip("=")
