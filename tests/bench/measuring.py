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
    bare, found = [], []
    for number in range(runs):
        before(number)
        bare.append(run([sys.executable, "-c", BARE], folder, environment))
        found.append(run(command, folder, environment))
    return _summed(found, bare)


def _summed(found: Sequence[Run], bare: Sequence[Run]) -> Measured:
    middle = statistics.median
    ratio = middle(one.wall / other.wall for one, other in zip(found, bare, strict=True))
    wall, cpu = middle(one.wall for one in found), middle(one.cpu for one in found)
    return Measured(len(found), wall, cpu, max(one.peak_mib for one in found), ratio, found[-1].out)


def once(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Runs a command once; there may be nothing yet that the bare process could ask for."""
    found = run(command, folder, environment)
    return Measured(1, found.wall, found.cpu, found.peak_mib, float("nan"), found.out)
