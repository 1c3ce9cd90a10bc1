"""Unpacks a package so that it can be built again at once: with a lock of the libraries that its requirements install.

A library that no index offers, such as a company's own, stays as files; so do all if no index answers. An edit of the code must
not wait for a library that the package has already.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from common.base.errors import ArtifactError
from common.packaging import dependencies
from common.packaging.pyproject import normalize_name
from common.packaging.requirements import PIN, Requirements
from common.packaging.target import Target, function_target
from common.packaging.unpacking import REQUIREMENTS, Unpacked, unpack


def unpack_locked(data: bytes, folder: Path, *, runtime: str, handler: str, architecture: str) -> Unpacked:
    """Unpacks a function's zip as `unpack` does, and locks what its requirements install.

    Raises:
        ArtifactError: see `unpack`.
    """
    kept: Mapping[str, str] = {}
    while True:
        unpacked = unpack(data, folder, runtime=runtime, handler=handler, architecture=architecture, kept=kept)
        if not unpacked.requirements:
            return unpacked
        target = function_target(runtime, architecture)
        if _can_be_locked(folder, target):
            return unpacked
        more = {_name(line): _reason(line) for line in unpacked.requirements if not _is_offered(line, target)}
        kept = {
            **kept,
            **(more or {_name(line): "it cannot be installed together with the others" for line in unpacked.requirements}),
        }
        shutil.rmtree(folder)


def _is_offered(line: str, target: Target) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, REQUIREMENTS).write_text(f"{line}\n", encoding="utf-8")
        return _can_be_locked(Path(folder), target)


def _can_be_locked(folder: Path, target: Target) -> bool:
    try:
        dependencies.lock(Requirements(folder / REQUIREMENTS), {target})
    except ArtifactError:
        return False
    return True


def _name(line: str) -> str:
    pin = PIN.match(line)
    return normalize_name(pin[1] if pin else line)


def _reason(line: str) -> str:
    return f"no index that uv asks here offers {line} for this runtime"
