"""Killed at any AWS call, the next plain deploy puts everything right."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.commands import RUNTIME, clone, ministack

SHARES = 2


def tried(tmp_path: Path, case: str, *more: str) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """How many calls and boundaries there are, and what became of each trial."""
    python = [sys.executable, "-m", "tests.faults.crashes", "--python", str(ministack()), "--runtime", str(RUNTIME)]
    running = [
        subprocess.Popen(
            [*python, "--case", case, "--share", f"{share}/{SHARES}", *more],
            cwd=clone(tmp_path / f"clone{share}"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for share in range(SHARES)
    ]
    lines: list[dict[str, Any]] = []
    for process in running:
        out, err = process.communicate()
        assert process.returncode == 0, err
        lines += [json.loads(line) for line in out.splitlines()]
    return lines[0], [line for line in lines if "wrong" in line]


@pytest.mark.parametrize("case", ["first", "update", "prune", "destroy"])
def test_killed_at_any_call_the_next_deploy_converges(tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Everywhere where AWS holds something else; every eighth process is killed for real, the soak kills them all."""
    about, trials = tried(tmp_path, case, "--kill", "8")
    with capsys.disabled():
        killed = sum(one["killed"] for one in trials)
        print(f"\n{case}: {about['calls']} calls, {len(trials)} boundaries tried, {killed} of them by SIGKILL")
    assert len(trials) == about["boundaries"]
    assert [one for one in trials if one["wrong"]] == []
