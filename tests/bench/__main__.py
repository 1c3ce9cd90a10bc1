"""How fast the deployer is: ``uv run python -m tests.bench``.

A generated project of N functions, N jobs, N/5 crawlers and N/10 state machines goes to the embedded AWS behind a proxy that lets
every call wait. Prints a table, and with --json writes what it is made of.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

from tests.bench import measuring
from tests.bench.critical_path import HEAD, chain_line, phases, profile
from tests.bench.embedded import ACCOUNT, Aws, embedded_aws
from tests.bench.generated import PROJECT, Size, edit_function, edit_job, generate
from tests.bench.hashing import hashing
from tests.support.repository import ROOT, Repository

INVOKE = str(Path(sys.executable).with_name("invoke"))
"""The program that people start."""
COLUMNS = ("N", "delay ms", "situation", "calls", "seconds", "x bare", "CPU s", "peak MiB")


class Bench:
    """One project of one size, behind one delay."""

    def __init__(self, root: Path, aws: Aws, number: int, delay: int, runs: int) -> None:
        self.repository, self.number, self.delay, self.runs = Repository(root), number, delay, runs
        self._aws = aws
        generate(self.repository, Size.of(number), ACCOUNT, aws.proxy)
        (root / "common").symlink_to(ROOT / "common")
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))} | {
            "BARE_ENDPOINT": aws.proxy,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": aws.secret,
            "BARE_BUCKET": f"t-dev-artifacts-{ACCOUNT}",
            "BARE_KEY": f"dev/{PROJECT}/release.json",
        }

    def situations(self) -> Iterator[dict[str, Any]]:
        """What is measured, in order."""
        yield self._row("first deploy", ["deploy", "--env", "dev"], first=True)
        yield self._row("nothing changed", ["deploy", "--env", "dev"])
        yield self._row("plan, nothing changed", ["plan", "--env", "dev"])
        yield self._row("one Glue script changed", ["deploy", "--env", "dev"], self._edit(edit_job))
        yield self._row("one function changed", ["deploy", "--env", "dev"], self._edit(edit_function))
        yield self._row("package-lambdas, unchanged", ["package-lambdas"])

    def profiles(self) -> Iterator[str]:
        """The critical paths of a first deploy, an unchanged one, and one of a script or a function's code."""
        edits: dict[str, Callable[[], object]] = {
            "first deploy": lambda: None,
            "nothing changed": lambda: None,
            "one Glue script changed": lambda: edit_job(self.repository, "edited"),
            "one function changed": lambda: edit_function(self.repository, "edited"),
        }
        for situation, edit in edits.items():
            edit()
            self._aws.set_delay(self.delay)
            started, ended, marks = profile(["deploy", "--env", "dev"], self.repository.root, self._environment)
            yield f"\n{situation}, N = {self.number}, {self.delay} ms a call: {ended - started:.2f} s\n\n{HEAD}"
            calls = self._aws.set_delay(0)
            yield from (phase.line(started) for phase in phases(started, ended, marks, calls))
            yield f"\n{chain_line(calls)}"

    def _edit(self, edit: Callable[[Repository, str], None]) -> Callable[[int], None]:
        return lambda number: edit(self.repository, f"edit {number}")

    def _row(
        self, name: str, words: list[str], before: Callable[[int], None] = lambda _: None, *, first: bool = False
    ) -> dict[str, Any]:
        command = [INVOKE, *words, "--json"]
        if not first:
            measuring.run([INVOKE, "plan", "--env", "dev"], self.repository.root, self._environment)
        self._aws.set_delay(self.delay)
        if first:
            measured = measuring.once(command, self.repository.root, self._environment)
        else:
            measured = measuring.measure(command, self.repository.root, self._environment, self.runs, before)
        calls = len(self._aws.set_delay(0))
        output = json.loads(measured.out)
        bare = 0 if first else measured.runs  # one call each
        seen = (calls - bare) / measured.runs
        row = {"N": self.number, "delay_ms": self.delay, "situation": name, "calls_seen_by_proxy": seen}
        row |= {"api_calls": output["api_calls"], **asdict(measured)}
        del row["out"]
        return row


def shown(row: dict[str, Any]) -> str:
    ratio = "" if row["ratio"] != row["ratio"] else f"{row['ratio']:.2f}"
    cells = (row["N"], row["delay_ms"], row["situation"], f"{row['calls_seen_by_proxy']:.0f}", f"{row['wall']:.2f}", ratio)
    return "| " + " | ".join(map(str, (*cells, f"{row['cpu']:.2f}", f"{row['peak_mib']:.0f}"))) + " |"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 50, 100, 500, 1000], help="N; default: %(default)s")
    parser.add_argument("--delays", type=int, nargs="+", default=[0, 50], help="milliseconds; default: %(default)s")
    parser.add_argument("--runs", type=int, default=5, help="of each situation but the first deploy; default: %(default)s")
    parser.add_argument("--profile", action="store_true", help="print the critical path of single commands instead")
    parser.add_argument("--json", type=Path, help="where to write everything")
    chosen = parser.parse_args()
    rows = []
    if chosen.profile:
        for number, delay in product(chosen.sizes, chosen.delays):
            with prepared(number, delay, chosen.runs) as bench:
                for line in bench.profiles():
                    print(line, flush=True)
        return
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs\n")
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    for number, delay in product(chosen.sizes, chosen.delays):
        with prepared(number, delay, chosen.runs) as bench:
            for row in bench.situations():
                rows.append(row)
                print(shown(row), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        hashed = hashing(Path(folder))
    print(f"\nhashing 1 GiB: {hashed['seconds']:.2f} s, {hashed['ratio']:.2f} x hashlib alone")
    if chosen.json:
        chosen.json.write_text(json.dumps({"rows": rows, "hashing": hashed}, indent=2))


@contextmanager
def prepared(number: int, delay: int, runs: int) -> Iterator[Bench]:
    """The project of one size, behind one delay, on an empty AWS."""
    with embedded_aws() as aws, tempfile.TemporaryDirectory() as folder:
        yield Bench(Path(folder), aws, number, delay, runs)


if __name__ == "__main__":
    main()
