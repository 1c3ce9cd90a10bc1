"""Asks the checks one after another, and keeps what they found in a file, also of a run that is broken off."""

import json
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import botocore

from common.base.errors import DeployError
from common.base.git import NoCommitError, Repository
from tests.account.findings import Check, Finding, Verdict, not_asked, publishable
from tests.account.place import Place

Tell = Callable[[Check, Finding], None]


class Run:
    """The findings so far.

    Args:
        place: what is asked.
        path: the file that keeps them.
        began: when, as in ``2026-11-25T21:57:07Z``.
    """

    def __init__(self, place: Place, path: Path, began: str) -> None:
        self._place, self._path, self._rows = place, path, list[dict[str, Any]]()
        self.findings: dict[str, Finding] = {}
        self._about = {
            "schema": 1,
            "began": began,
            "commit": _commit(),
            "region": place.env.region,
            "embedded": place.embedded,
            "endpoints": sorted(place.env.endpoints),
            "patience": place.patience,
            "python": platform.python_version(),
            "botocore": botocore.__version__,
        }

    def ask(self, checks: Sequence[Check], tell: Tell) -> None:
        """Asks them; each is told and kept when it is over."""
        for check in checks:
            began, self._place.raw = time.monotonic(), []
            finding = self._finding(check)
            self.findings[check.name] = finding
            row: dict[str, Any] = {
                "name": check.name,
                "question": check.question,
                "verdict": finding.verdict,
                "what": finding.what,
            }
            row |= {"measured": finding.measured, "seconds": round(time.monotonic() - began, 1)}
            self._rows.append({**publishable(row, self._place.env.account_id), "raw": self._place.raw})
            self._keep()
            tell(check, finding)

    def _finding(self, check: Check) -> Finding:
        before = self.findings.get(check.after or "")
        if before is not None and before.verdict is Verdict.DIFFERENT:
            return not_asked(f"{check.after!r} did not end as expected.")
        try:
            finding = check.ask(self._place)
        except (DeployError, RuntimeError, LookupError, ValueError) as error:
            return Finding(Verdict.DIFFERENT, f"The check could not go on: {type(error).__name__}: {error}")
        if refused := self._place.refused():
            self._place.note(refused=refused)
            what = f"{finding.what} The printed policy did not allow all of it: {refused[0]}."
            return Finding(Verdict.DIFFERENT, what, finding.measured)
        return finding

    def _keep(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".part")
        beside.write_text(json.dumps({**self._about, "checks": self._rows}, indent=1) + "\n")
        beside.replace(self._path)


def _commit() -> str:
    try:
        return Repository(Path(__file__).parent).commit()
    except NoCommitError:
        return ""
