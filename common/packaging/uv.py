"""Runs uv, which resolves and installs Python packages.

It reads one settings file alone, which is written for it, so that no other one adds to the requirements of a function, or takes
from them. Another index is configured in the usual ways of uv (its user configuration, ``UV_INDEX_URL``, a netrc file).

Follows https://docs.astral.sh/uv/pip/compile/
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from common.base import programs
from common.base.errors import ArtifactError
from common.packaging import machine_settings
from common.packaging.uv_settings import Settings

HIDDEN_VARIABLES = frozenset(
    {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PYTHON", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_PRERELEASE", "UV_EXCLUDE"}
    | {"UV_RESOLUTION", "UV_EXCLUDE_NEWER", "UV_FORK_STRATEGY", "UV_TORCH_BACKEND", "UV_NO_SOURCES", "UV_NO_BINARY"}
    | {"UV_NO_BUILD", "UV_NO_BINARY_PACKAGE", "UV_NO_BUILD_PACKAGE", "UV_ONLY_BINARY", "UV_BUILD_CONSTRAINT", "UV_PROJECT"}
    | {"UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_NO_CONFIG", "UV_REQUIRE_HASHES", "UV_NO_VERIFY_HASHES"}
    | {"UV_VERIFY_HASHES", "UV_SYSTEM_PYTHON", "UV_CONFIG_FILE"}
)
"""Environment variables that uv must not see, because they change what is installed or where. The index is left to the
machine."""
DEFAULT_INDEX_VARIABLES = frozenset({"UV_DEFAULT_INDEX", "UV_INDEX_URL"})
"""Environment variables that replace the public index; uv prefers them to any file."""
NO_WHEEL = re.compile(r"Wheels are required for `([^`]+)`|([\w.-]+)==\S+ has no (?:usable wheels|wheels with a matching)")


def run(words: list[str], what: str, settings: Settings, *, alone: bool) -> None:
    """Runs ``uv words…``.

    Args:
        words: the arguments.
        what: the subject of errors, as in ``lambda/Load/requirements.txt for python3.11 on arm64``.
        settings: the function's own settings of uv.
        alone: whether these settings replace the public index, so that the index of the machine is ignored.

    Raises:
        ArtifactError: uv is not installed, or it fails.
    """
    hidden = HIDDEN_VARIABLES | DEFAULT_INDEX_VARIABLES if alone else HIDDEN_VARIABLES
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | {"PATH": programs.search_path()}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "uv.toml")
        config.write_text(machine_settings.config_text(settings, os.environ, alone=alone), encoding="utf-8")
        command = [_find_uv(), *words, "--config-file", str(config), "--quiet", "--no-progress", "--python", sys.executable]
        place = Path.cwd().anchor
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=place, check=False)  # runs uv
    if done.returncode:
        raise ArtifactError(_explain(done.stderr, what))


def _find_uv() -> str:
    sibling = Path(sys.executable).with_name("uv")
    path = str(sibling) if sibling.exists() else shutil.which("uv", path=programs.search_path())
    if not path:
        raise ArtifactError("uv is not installed beside Python or on PATH. Install it with: pip install uv")
    return path


def _explain(output: str, what: str) -> str:
    """Returns the message for an error of uv, with advice for a package without a wheel."""
    without = sorted({first or second for first, second in NO_WHEEL.findall(output)})
    if without:
        names = ", ".join(without)
        return (
            f"{what}: {names} has no wheel for this platform, and nothing is compiled here. Require a version that has one, use "
            f"another package, or change the runtime or architecture of the function. uv reported:\n{_indent(output)}"
        )
    advice = "Correct the requirements, or check network and index."
    return f"{what}: uv could not find or fetch the packages:\n{_indent(output)}\n{advice}"


def _indent(output: str) -> str:
    start = max(
        output.rfind("error:"), output.rfind("\N{MULTIPLICATION SIGN}"), 0
    )  # the mark with which uv begins an unsolvable requirement
    return "\n".join(f"  {line}" for line in output[start:].strip().splitlines()[:12])
