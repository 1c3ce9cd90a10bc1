"""Every seam stops the launch, with its name, when ministack no longer has it or has changed it."""

import json
import subprocess
from pathlib import Path

import pytest

from common.local import environments

HERE = Path(__file__).parent
RUNTIME = Path(environments.__file__).parent / "runtime"


@pytest.fixture(scope="module")
def probed() -> dict[str, dict[str, str]]:
    python = environments.python("ministack", print)
    command = [str(python), str(HERE / "seam_probe.py"), str(RUNTIME)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_installed_ministack_has_every_seam(probed: dict[str, dict[str, str]]) -> None:
    assert probed[""]["gone"] == ""
    assert len(probed) > 41


def test_a_seam_that_is_gone_stops_the_launch_with_its_name(probed: dict[str, dict[str, str]]) -> None:
    silent = [
        seam for seam, answer in probed.items() if seam.startswith(("services", "core", "app")) and seam not in answer["gone"]
    ]

    assert silent == []


def test_a_seam_with_other_parameters_stops_the_launch_with_its_name(probed: dict[str, dict[str, str]]) -> None:
    functions = {
        seam: answer for seam, answer in probed.items() if " is gone" in answer["gone"] and "table" not in answer["gone"]
    }
    silent = [
        seam for seam, answer in functions.items() if f"{seam}(" not in answer["changed"] or "is now" not in answer["changed"]
    ]

    assert len(functions) > 20
    assert silent == []


@pytest.mark.parametrize("script", ["_PYTHON_WORKER_SCRIPT", "_NODEJS_WORKER_SCRIPT"])
def test_a_worker_script_without_the_replaced_lines_stops_the_launch(probed: dict[str, dict[str, str]], script: str) -> None:
    assert "no longer holds" in probed[script]["gone"]
