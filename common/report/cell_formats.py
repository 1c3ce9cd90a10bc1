"""Values as tables show them, short enough for a line of 80 characters; `--json` has all of each."""

from collections.abc import Mapping
from datetime import UTC, datetime

from common.report.change_lines import PAST
from common.report.outcome import CHANGING_ORDER

MINUTE = "%Y-%m-%d %H:%M"
COMMIT = 8
"""Digits of a commit."""


def minute(when: str) -> str:
    """A time, as in ISO 8601, to the minute and in UTC; what is not a time as it is."""
    try:
        return datetime.fromisoformat(when).astimezone(UTC).strftime(MINUTE)
    except (ValueError, OverflowError):
        return when


def author(about: Mapping[str, str]) -> str:
    """Who, and on which machine, without its domain."""
    return "@".join(filter(None, (about.get("holder"), about.get("host", "").partition(".")[0])))


def commit(about: Mapping[str, str]) -> str:
    """The commit, and whether files differed from it; empty if there was no commit."""
    commit = about.get("commit", "")[:COMMIT]
    return f"{commit} + changes" if commit and about.get("clean") == "no" else commit


def changes(counts: Mapping[str, int]) -> str:
    """How many changes of a release had each outcome, such as ``5 updated, 1 uploaded, 1 failed``."""
    done = [f"{counts[action]} {PAST[action]}" for action in CHANGING_ORDER if action in counts]
    return ", ".join([*done, *(f"{count} {outcome}" for outcome, count in counts.items() if outcome not in {*CHANGING_ORDER})])
