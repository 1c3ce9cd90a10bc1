"""Seconds are those that people have waited."""

import json
import subprocess
import sys
import time

import pytest

from common.base import process_clock
from common.commands.invocation import Invocation
from tests.support.repository import ROOT, Repository

LATE = """
import sys, time
time.sleep(1.5)
sys.argv = ["invoke", "--search-root", {root!r}, *{words!r}, "--json"]
from invoke.main import program
program.run()
"""


@pytest.mark.parametrize("command", ["package-lambdas", "plan", "deploy", "status", "drift", "history", "gc", "destroy", "run"])
def test_seconds_are_counted_from_the_start_of_the_process(repository: Repository, no_credentials: None, command: str) -> None:
    """Every command with an environment ends when it finds no credentials, and says how long that took."""
    repository.project("acres")
    words = (command,) if command == "package-lambdas" else (command, "--env", "dev")
    source = f"import sys; sys.path.append({str(ROOT)!r})\n{LATE.format(root=str(repository.root), words=words)}"
    begun = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    output = json.loads(ended.stdout)
    assert (ended.returncode, output["outcome"]) == ((0, "succeeded") if command == "package-lambdas" else (1, "failed"))
    assert 1.5 <= output["seconds"] <= time.monotonic() - begun


def test_what_comes_second_counts_from_the_end_of_what_came_first() -> None:
    invocation = Invocation([], began := time.monotonic() - 60)
    invocation.begin({"env": "dev"})
    assert invocation.began == began
    invocation.keep("session", object, lambda _: None)
    invocation.begin({"env": "dev"})
    assert invocation.began == began
    invocation.begin({"env": "prod"})
    assert invocation.began > began + 59


def test_the_start_of_this_process_was_before_its_modules_were_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < process_clock.LOADED - process_clock.process_started() < 3600
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)  # as on macOS
    assert process_clock.process_started() == process_clock.LOADED


def test_jobs_count_in_what_plan_foretells(repository: Repository, moto: None) -> None:
    repository.project("acres")

    def foretold(*words: str) -> tuple[int, float]:
        predicted = json.loads(repository.invoke("plan", "--env", "dev", "--json", *words).out)["predicted"]
        return predicted["calls"], predicted["seconds"]

    (calls, seconds), (same, longer) = foretold(), foretold("--jobs", "1")
    assert calls == same
    assert longer == pytest.approx(calls * 0.05, abs=0.06)
    assert seconds < longer / 3  # what is left is the rate at which log groups get their retentions
    assert f"AWS calls, {longer:.0f} s or more" in repository.invoke("plan", "--env", "dev", "--jobs", "1").out
