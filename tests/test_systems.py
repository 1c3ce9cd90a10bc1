"""Where this runs: Linux and macOS. On Windows one sentence says what to do."""

import subprocess
import sys

import pytest

from tests.support.repository import ROOT

WINDOWS = """
import sys
from invoke.main import program
sys.platform, sys.modules["fcntl"] = "win32", None
{command}
"""
INVOKE = "sys.argv = ['invoke', 'plan', '--env', 'local']; program.run()"
SCRIPT = "import runpy; sys.path.insert(0, '.'); runpy.run_path('deploy.py', run_name='__main__')"


@pytest.mark.parametrize("command", [INVOKE, SCRIPT])
def test_windows_is_refused_with_one_sentence(command: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WINDOWS.format(command=command)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "error: Windows is not supported: this needs Linux or macOS. Install WSL (type `wsl --install`), "
        "open its shell, and type the same command in a clone of this repository there.\n"
    )
