"""The fault tests for as long as there is time: a real kill at every boundary, and sequences, storms and data never seen.

    uv run python -m tests.soak --minutes 60
    uv run python -m tests.soak --crashes-only

First deploys are killed before and after each of their AWS calls, reads too, in an order of this run's own; then everything else
is tried again and again with other seeds. With `--crashes-only` every boundary is tried once, however long that takes. What
fails is printed with what it takes to see it again, and the exit code is 1.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.faults.commands import ROOT, RUNTIME, clone, ministack

CASES = ("first", "update", "beside", "prune", "rename", "destroy")
CRASHING = 0.6
"""The share of the time for kills; less is taken when all boundaries are done."""
SHARES = 2
NEVER = float("inf")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Runs the fault tests for a while.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--crashes-only", action="store_true", help="every boundary once, and nothing else")
    options = parser.parse_args()
    began = time.time()
    if options.crashes_only:
        return min(sum(crash(case, options.seed, NEVER) for case in CASES), 1)
    end = began + options.minutes * 60
    print(f"{options.minutes:g} minutes, seed {options.seed}", flush=True)
    seconds = options.minutes * 60 * CRASHING / len(CASES)
    wrong = sum(crash(case, options.seed, max(time.time(), began + seconds * turn) + seconds) for turn, case in enumerate(CASES))
    rounds = 0
    while time.time() < end:
        wrong += repeat(options.seed + rounds, end)
        rounds += 1
    print(f"{rounds} rounds of everything else; {wrong} failures in {(time.time() - began) / 60:.1f} minutes")
    return 1 if wrong else 0


def crash(case: str, seed: int, until: float) -> int:
    """Kills deploys of one case at as many boundaries as there is time for; how many of the trials failed."""
    program = [sys.executable, "-m", "tests.faults.crashes", "--python", str(ministack()), "--runtime", str(RUNTIME)]
    options = ["--case", case, "--everything", "--shuffled", str(seed), "--until", str(until)]
    with tempfile.TemporaryDirectory() as folder:
        running = [
            subprocess.Popen(
                [*program, *options, "--share", f"{share}/{SHARES}"],
                cwd=clone(Path(folder) / str(share)),
                stdout=subprocess.PIPE,
                text=True,
            )
            for share in range(SHARES)
        ]
        lines: list[dict[str, Any]] = []
        ended = 0
        for process in running:
            out, _ = process.communicate()
            ended += process.returncode != 0
            lines += [json.loads(line) for line in out.splitlines()]
    trials = [line for line in lines if "wrong" in line]
    bad = [line for line in trials if line["wrong"]]
    every = next((line["boundaries"] for line in lines if "boundaries" in line), 0)
    print(f"{case}: {len(trials)} of {every} boundaries, each by SIGKILL; {len(bad)} wrong", flush=True)
    for line in bad:
        print(f"  {line}", flush=True)
    return len(bad) + ended


def repeat(seed: int, end: float) -> int:
    """Everything but the kills once, with this seed; 1 if anything failed."""
    tests = [
        str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests/faults").glob("test_*.py")) if "crashes" not in path.name
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"--hypothesis-seed={seed}", *tests]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "SOAK_SEED": str(seed)},
            capture_output=True,
            text=True,
            timeout=max(end - time.time(), 1) + 60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 0
    if done.returncode:
        print(f"again: SOAK_SEED={seed} uv run pytest --hypothesis-seed={seed} tests/faults\n{done.stdout[-6000:]}", flush=True)
    return int(done.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
