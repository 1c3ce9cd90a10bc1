"""What `invoke doctor` found, as lines of text."""

from collections.abc import Iterator, Sequence

from common.base.folding import fold
from common.base.plural import counted
from common.base.terminal import Screen
from common.setup.finding import FINE, NOTE, PROBLEM, Finding
from common.setup.machine_checks import states

SIGNS = {FINE: " ", PROBLEM: "!"}


def lines(findings: Sequence[Finding], env: str | None, screen: Screen) -> Iterator[str]:
    """A line for each finding, with what to do below it, and a summary; folded where the screen has no room."""
    width = max(len(finding.about) for finding in findings)
    for finding in findings:
        heading = f"{SIGNS.get(finding.state, '-')} {finding.about:{width}}  "
        first, *rest = fold(screen, "\n".join(filter(None, (finding.text, finding.advice))), len(heading)) or [heading]
        yield heading + first[len(heading) :]
        yield from rest
    counts = states([*findings])
    yield ""
    where = (
        f"this machine, this repository and {env}"
        if env
        else "this machine and this repository (--env NAME looks at an account, too)"
    )
    notes = counted(counts[NOTE], "note")
    outcome = f"{counted(counts[PROBLEM], 'problem')}, {notes}: see lines with !" if counts[PROBLEM] else f"No problems, {notes}"
    yield from fold(screen, f"{outcome}. Looked at {where}.")
