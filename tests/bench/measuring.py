"""Whole processes, measured from outside: seconds on the clock, seconds of CPU, the peak of the largest one's memory."""

import atexit
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BARE = """
import boto3, os
from botocore.config import Config
where = os.environ["BARE_ENDPOINT"]
client = boto3.client("s3", region_name="eu-central-1", endpoint_url=where, config=Config(s3={"addressing_style": "path"}))
client.get_object_tagging(Bucket=os.environ["BARE_BUCKET"], Key=os.environ["BARE_KEY"])
"""
"""What everything is compared with."""


STARTER = """
import json, os, sys, time

for line in sys.stdin:
    command, folder, environment, out = json.loads(line)
    began = time.perf_counter()
    child = os.fork()
    if not child:
        os.chdir(folder)
        written = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(written, 1)
        os.dup2(written, 2)
        os.execvpe(command[0], command, environment)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - began
    print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)]), flush=True)
"""
"""Starts processes one after the other. It is small: Linux counts the memory of whoever starts a process to the peak of that."""


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
    starter = _starter()
    assert starter.stdin is not None
    assert starter.stdout is not None
    starter.stdin.write(json.dumps([[*command], str(folder), dict(environment), str(out)]) + "\n")
    starter.stdin.flush()
    wall, cpu, peak_mib, code = json.loads(starter.stdout.readline())
    text = out.read_text()
    if code not in {0, 2}:
        raise RuntimeError(f"{command} ended with {code}: {text}")
    return Run(wall, cpu, peak_mib, text)


@cache
def _starter() -> subprocess.Popen[str]:
    """See `STARTER`. It ends with this process, which closes its input."""
    command = [sys.executable, "-I", "-S", "-c", STARTER]
    starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(starter.communicate)
    return starter


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
