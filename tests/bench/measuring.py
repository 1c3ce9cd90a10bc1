"""Whole processes, measured from outside: seconds on the clock, seconds of CPU, the peak of the largest one's memory."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BARE = """
import boto3, os
from botocore.config import Config
where = os.environ["BARE_ENDPOINT"]
client = boto3.client("s3", region_name="eu-central-1", endpoint_url=where, config=Config(s3={"addressing_style": "path"}))
client.get_object_tagging(Bucket=os.environ["BARE_BUCKET"], Key=os.environ["BARE_KEY"])
"""
"""What everything is compared with."""


@dataclass(frozen=True)
class Run:
    """One process from its start to its exit, what it waited for included."""

    wall: float
    cpu: float
    peak_mib: float
    out: str


@dataclass(frozen=True)
class Measured:
    """Medians of some runs, and of each run's ratio to the bare process that ran just before it."""

    runs: int
    wall: float
    cpu: float
    peak_mib: float
    ratio: float
    out: str
    """Of the last run."""


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Run:
    """Runs a command.

    Raises:
        RuntimeError: it failed.
    """
    out = folder / "build" / "out.txt"
    out.parent.mkdir(exist_ok=True)
    with out.open("wb") as file:
        began = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=file, stderr=file)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    text = out.read_text()
    if child.returncode not in {0, 2}:
        raise RuntimeError(f"{command} ended with {child.returncode}: {text}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, text)


def measure(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    runs: int,
    before: Callable[[int], None] = lambda _: None,
) -> Measured:
    """Runs a command some times, each time after the bare process, so that a machine that slows down slows both."""
    bare, whole = [], []
    for number in range(runs):
        before(number)
        bare.append(run([sys.executable, "-c", BARE], folder, environment))
        whole.append(run(command, folder, environment))
    return _summed(whole, bare)


def _summed(runs: Sequence[Run], bare: Sequence[Run]) -> Measured:
    middle = statistics.median
    ratio = middle(whole.wall / other.wall for whole, other in zip(runs, bare, strict=True))
    wall, cpu = middle(whole.wall for whole in runs), middle(whole.cpu for whole in runs)
    return Measured(len(runs), wall, cpu, max(whole.peak_mib for whole in runs), ratio, runs[-1].out)


def once(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Runs a command once; there may be nothing yet that the bare process could ask for."""
    single = run(command, folder, environment)
    return Measured(1, single.wall, single.cpu, single.peak_mib, float("nan"), single.out)
