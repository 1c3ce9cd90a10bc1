"""Running uv, which resolves and installs Python packages.

It runs in the root folder of the file system: there no pyproject.toml adds the constraints of this repository to those of a
function. Who needs another index says so in the ways that uv knows (its user configuration, ``UV_INDEX_URL``, a netrc file).

Follows https://docs.astral.sh/uv/pip/compile/
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from common.base import programs
from common.base.errors import ArtifactError

HIDDEN = frozenset(
    {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PYTHON", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_PRERELEASE", "UV_EXCLUDE"}
    | {"UV_RESOLUTION", "UV_EXCLUDE_NEWER", "UV_FORK_STRATEGY", "UV_TORCH_BACKEND", "UV_NO_SOURCES", "UV_NO_BINARY"}
    | {"UV_NO_BUILD", "UV_NO_BINARY_PACKAGE", "UV_NO_BUILD_PACKAGE", "UV_ONLY_BINARY", "UV_BUILD_CONSTRAINT", "UV_PROJECT"}
    | {"UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_NO_CONFIG", "UV_REQUIRE_HASHES", "UV_NO_VERIFY_HASHES"}
    | {"UV_VERIFY_HASHES", "UV_SYSTEM_PYTHON"}
)
"""Variables that would change what is installed, or where; which index is asked is a machine's own business."""
DEFAULT_INDEX = frozenset({"UV_DEFAULT_INDEX", "UV_INDEX_URL"})
"""Variables that name another index than the public one; uv would hear them before any file."""
NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)`|([\w.-]+)==\S+ has no (?:usable wheels|wheels with a matching)")


def run(words: list[str], what: str, folder: Path | None = None, *, alone: bool = False) -> None:
    """Runs ``uv words…``.

    Args:
        words: the command line.
        what: said in errors, as in ``lambda/Load/requirements.txt for python3.11 on arm64``.
        folder: holds what a function's own files tell uv, if they do.
        alone: whether these name the index that is asked instead of the public one, so that the machine's is not.

    Raises:
        ArtifactError: uv is not there, or refuses.
    """
    hidden = HIDDEN | DEFAULT_INDEX if alone else HIDDEN
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | {"PATH": programs.tools()}
    command = [_found(), *words, "--quiet", "--no-progress", "--python", sys.executable]
    place = folder or Path.cwd().anchor
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=place, check=False)  # noqa: S603 - uv
    if done.returncode:
        raise ArtifactError(_explained(done.stderr, what))


def _found() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv", path=programs.tools())
    if not found:
        raise ArtifactError("uv is not installed beside Python or on PATH. Install it with: pip install uv")
    return found


def _explained(said: str, what: str) -> str:
    """What uv said, and of a package without a wheel what to do about it."""
    without = sorted({one or other for one, other in NO_WHEEL.findall(said)})
    if without:
        names = ", ".join(without)
        return (
            f"{what}: {names} cannot be had as a wheel that runs there, and nothing is compiled here. Ask for a version that has "
            f"one, use another package, or let the function run elsewhere (runtime, architecture). uv said:\n{_indented(said)}"
        )
    advice = "Correct the requirements, or check network and index."
    return f"{what}: uv could not find or fetch the packages:\n{_indented(said)}\n{advice}"


def _indented(said: str) -> str:
    start = max(said.rfind("error:"), said.rfind("\N{MULTIPLICATION SIGN}"), 0)  # how uv marks an unsolvable demand
    return "\n".join(f"  {line}" for line in said[start:].strip().splitlines()[:12])
