"""Killed at any AWS call, the next plain deploy puts everything right."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.commands import ROOT, RUNTIME, clone, ministack

SHARES = 2


def part_of(parts: int) -> int:
    """Which of so many parts is tried: the commit says it, so that a failure comes again; with `FAULTS_PART` that one."""
    if part := os.environ.get("FAULTS_PART"):
        return int(part) % parts
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return int(commit[:8] or "0", 16) % parts  # where there is no git, the first


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


@pytest.mark.parametrize(
    ("case", "parts"), [("first", 6), ("update", 6), ("beside", 1), ("prune", 2), ("rename", 12), ("destroy", 6)]
)
def test_killed_at_any_call_the_next_deploy_converges(
    tmp_path: Path, case: str, parts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everywhere where AWS holds something else, of the longer cases one part a commit; the soak tries all of all.

    In the case "beside" roots arrive after what is sent at the same time: uploads, and the reads before updates.

    Every eighth process is killed for real, the others' worlds are copied at that point; the soak kills them all.
    """
    part = f"{part_of(parts)}/{parts}"
    about, trials = tried(tmp_path, case, "--kill", "8", "--part", part)
    with capsys.disabled():
        killed = sum(trial["killed"] for trial in trials)
        print(f"\n{case}: {about['calls']} calls, part {part}: {len(trials)} boundaries tried, {killed} of them by SIGKILL")
    assert len(trials) == about["boundaries"] > 10
    if case == "beside":
        roots = [trial["number"] for trial in trials if trial["call"].endswith("/release.json")]
        uploads = [trial["number"] for trial in trials if trial["call"].startswith("PUT ") and "/artifacts/" in trial["call"]]
        assert len(uploads) == 2
        assert max(uploads) < min(roots)
    assert [trial for trial in trials if trial["wrong"]] == []
