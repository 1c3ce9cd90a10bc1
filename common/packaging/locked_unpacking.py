"""Unpacks a package so that it can be built again at once: with a lock of the libraries that its requirements install.

A library that no index offers, such as a company's own, stays as files; so do all if no index answers. An edit of the code must
not wait for a library that the package has already.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from common.base.errors import ArtifactError
from common.packaging import dependencies, node
from common.packaging.pyproject import normalize_name
from common.packaging.requirements import PIN, Requirements
from common.packaging.target import Target, function_target
from common.packaging.unpacking import REQUIREMENTS, Unpacked, unpack

_NOT_INSTALLED = {node.LOCK: "npm cannot install it here"}


def unpack_locked(data: bytes, folder: Path, *, runtime: str, handler: str, architecture: str) -> Unpacked:
    """Unpacks a function's zip as `unpack` does, and locks what its requirements install.

    Raises:
        ArtifactError: see `unpack`.
    """
    kept: Mapping[str, str] = {}
    while True:
        unpacked = unpack(data, folder, runtime=runtime, handler=handler, architecture=architecture, kept=kept)
        if runtime.startswith("python"):
            more = _not_installable(folder, unpacked.requirements, function_target(runtime, architecture))
        else:
            more = {} if kept or _npm_installs(folder, architecture) else _NOT_INSTALLED
        if not more:
            return unpacked
        kept = {**kept, **more}
        shutil.rmtree(folder)


def _not_installable(folder: Path, requirements: Sequence[str], target: Target) -> Mapping[str, str]:
    """Locks the requirements. If they cannot be locked, returns which of the libraries are to stay as files, and why."""
    if not requirements or _can_be_locked(folder, target):
        return {}
    missing = {_name(line): _reason(line) for line in requirements if not _is_offered(line, target)}
    return missing or {_name(line): "it cannot be installed together with the others" for line in requirements}


def _npm_installs(folder: Path, architecture: str) -> bool:
    """Whether npm can install what the lock of the folder names; it asks the registry for nothing less."""
    modules = node.find_node_modules(folder, architecture)
    if modules is None or not (folder / node.LOCK).is_file():
        return True
    with tempfile.TemporaryDirectory() as build_dir:
        try:
            modules.install(Path(build_dir))
        except ArtifactError:
            return False
    return True


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
