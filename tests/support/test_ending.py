"""Nothing that a test run has started outlives it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.ending import marked
from tests.support.repository import ROOT
from tests.support.waiting import until

TEST = """
import os, subprocess, time

def test_that_takes_long(embedded):
    busy = subprocess.Popen(["sleep", "600"], start_new_session=True)
    with open({told!r}, "w") as file:
        file.write(f"{{embedded.pid}} {{busy.pid}}\\n")
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_test_run_that_is_ended_leaves_no_server(tmp_path: Path, number: signal.Signals) -> None:
    marker = tmp_path / "told"
    (tmp_path / "test_one.py").write_text(TEST.format(told=str(marker)))
    pytest_in_repository = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        "pyproject.toml",
        "--rootdir",
        ".",
        "-p",
        "tests.local.fixtures",
    ]
    with (tmp_path / "log").open("w") as log:
        run = subprocess.Popen([*pytest_in_repository, str(tmp_path / "test_one.py")], cwd=ROOT, stdout=log, stderr=log)
    try:
        until(lambda: (marker.exists() and marker.read_text().endswith("\n")) or run.poll() is not None, 240)
        assert marker.exists(), (tmp_path / "log").read_text()
        started = [int(process) for process in marker.read_text().split()]
        assert all(map(runs, started))
        run.send_signal(number)
        run.wait(60)
        until(lambda: not any(map(runs, started)), 20)
    finally:
        run.kill()


def runs(process: int) -> bool:
    """Whether a process does anything any more: one that has ended may wait for somebody who asks how."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False).stdout
    return state[:1] not in {"", "Z"}


def test_marks_are_found_in_the_variables_of_processes() -> None:
    mark = f"TEST_MARK={os.getpid()}"
    with subprocess.Popen(["sleep", "60"], env={**os.environ, "TEST_MARK": str(os.getpid())}) as sleeping:
        try:
            assert [*marked(mark)] == [sleeping.pid]
        finally:
            sleeping.kill()
    assert [*marked(mark)] == []
