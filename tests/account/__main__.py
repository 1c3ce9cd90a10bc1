"""Asks a real account what no emulator can tell: ``uv run python -m tests.account --env dev``.

It says what it is going to create and what that costs, asks, deploys a small repository of its own under names of its own, puts
one question after another, and deletes everything again. docs/first-account.md tells how to read what it found.
"""

import argparse
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError

from common.base.errors import DeployError
from common.environment import config_files
from tests.account import leftovers
from tests.account.checks import CHECKS
from tests.account.commands import asks_for_a_code_once
from tests.account.findings import Check, Finding, Verdict
from tests.account.leftovers import PREFIX, Left
from tests.account.place import Place
from tests.account.runner import Run
from tests.support.repository import ROOT

COSTS = """\
It costs less than 0.20 US dollars, at prices of us-east-1 as of November 2026: two runs of a Glue job with two workers (each
0.44 an hour, one minute at least: 0.02 for such a run), and fractions of a cent for requests, storage and logs. The crawler
and the rule are scheduled for once a year, and are gone before then."""
EXIT_CODES = {Verdict.DIFFERENT: 1, Verdict.NOT_ASKED: 2, Verdict.EXPECTED: 0}
"""The first that occurs is the exit code."""


def main(arguments: list[str] | None = None) -> int:
    """Asks, or cleans up; the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        env = config_files.load(ROOT, chosen.env)
        with tempfile.TemporaryDirectory() as folder:
            began = datetime.now(UTC)
            with closing(Place(Path(folder), env, f"{PREFIX}{began:%m%d%H%M}", chosen.minutes * 60, mfa=chosen.mfa)) as place:
                place.aws.guard()
                if chosen.cleanup:
                    return clean_up(place, leftovers.found(place.peek), ask=not chosen.yes)
                return prove(place, chosen.to, began, yes=chosen.yes)
    except (DeployError, BotoCoreError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.account", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--env", required=True, help="whose account and region are asked; nothing that it deployed is touched")
    parser.add_argument("--minutes", type=float, default=10, help="to wait at most for one thing; default: %(default)s")
    parser.add_argument("--mfa", action="store_true", help="count how often a code is asked for; needs a terminal")
    parser.add_argument("--yes", action="store_true", help="do not ask before anything is created or deleted")
    parser.add_argument("--cleanup", action="store_true", help="only delete what former runs have left")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "account", help="the folder of the result")
    return parser


@contextmanager
def closing(place: Place) -> Iterator[Place]:
    """Closes the place in the end."""
    try:
        yield place
    finally:
        place.close()


def prove(place: Place, folder: Path, began: datetime, *, yes: bool) -> int:
    """Asks all checks and deletes what they made, whatever happened."""
    announce(place)
    if not yes and not agreed("Create this"):
        print("Nothing was created.")
        return 1
    path = folder / f"{began:%Y%m%dT%H%M%SZ}.json"
    run = Run(place, path, f"{began:%Y-%m-%dT%H:%M:%SZ}")
    try:
        run.ask([check for check in CHECKS if check.ask is not asks_for_a_code_once or place.mfa], tell)
    finally:
        if run.findings:
            print(f"\n{summary(run)}\nThe raw answers are in {path}.")
        again = f"uv run python -m tests.account --env {place.source.name} --cleanup"
        print(f"Looking for what is left. If this breaks off: `{again}`", flush=True)
        cleaned = clean_up(place, leftovers.found(place.peek, place.prefix), ask=False)
    verdicts = {finding.verdict for finding in run.findings.values()}
    return cleaned or next(code for verdict, code in EXIT_CODES.items() if verdict in verdicts)


def announce(place: Place) -> None:
    """Says what is going to be created, what it costs, and what former runs have left."""
    kinds = Counter(key.partition("/")[0] for key in place.declared())
    counted = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    where = "the embedded AWS" if place.embedded else f"account {place.env.account_id}, {place.env.region}"
    print(f"In {where} this creates {sum(kinds.values())} resources: {counted}.")
    for resource in place.declared().values():
        print(f"  {resource.name}")
    print(f"  {place.prefix}-deployer (a role that may do what `invoke policy` prints, and that you may assume)")
    print(f"  {place.prefix}-scratch-{place.env.account_id} (a bucket, for a moment)")
    print("Everything is deleted in the end, also after Ctrl-C.")
    print("It costs nothing." if place.embedded else f"{COSTS}\nIt takes 15 to 60 minutes.")
    former = leftovers.found(place.peek)
    if former:
        print(f"Former runs have left {len(former)} resources: --cleanup deletes them.")


def agreed(question: str) -> bool:
    """Whether somebody at the terminal says yes."""
    return sys.stdin.isatty() and input(f"{question}? (yes/no) ").strip().lower() in {"y", "yes"}


def tell(check: Check, finding: Finding) -> None:
    """One check is over."""
    print(f"{finding.verdict:12} {check.name}: {finding.what}", flush=True)


def summary(run: Run) -> str:
    """One line for each check, and how many ended how."""
    verdicts = [(check, run.findings[check.name].verdict) for check in CHECKS if check.name in run.findings]
    rows = [f"| {check.name} | {verdict} | {check.question} |" for check, verdict in verdicts]
    counts = Counter(finding.verdict for finding in run.findings.values())
    counted = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
    return "\n".join(["| check | verdict | question |", "|---|---|---|", *rows, "", counted + "."])


def clean_up(place: Place, left: list[Left], *, ask: bool) -> int:
    """Deletes what is left; 0 if nothing is left then."""
    for entry in left:
        print(f"  {entry.kind} {entry.name}")
    if not left:
        print("Nothing is left.")
        return 0
    if ask and not agreed(f"Delete these {len(left)} resources"):
        print("Nothing was deleted.")
        return 1
    refused: dict[str, str] = {}

    def gone() -> bool:
        refused.clear()
        refused.update({entry.name: code for entry in left if (code := leftovers.delete(place.peek, entry))})
        return not refused

    place.until(gone)  # what is just being created cannot be deleted yet
    for name, code in refused.items():
        print(f"error: {name} could not be deleted: {code}", file=sys.stderr)
    print(f"{len(left) - len(refused)} deleted.")
    return int(bool(refused))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was made is deleted then, too
    sys.exit(main())
