"""What `invoke doctor` found, as lines of text."""

from collections.abc import Iterator, Sequence

from common.base.plural import counted
from common.setup.finding import FINE, NOTE, PROBLEM, Finding
from common.setup.machine_checks import states

SIGNS = {FINE: " ", PROBLEM: "!"}


def lines(findings: Sequence[Finding], env: str | None) -> Iterator[str]:
    """A line for each finding, with what to do below it, and a summary."""
    width = max(len(finding.about) for finding in findings)
    for finding in findings:
        first, *rest = finding.text.splitlines() or [""]
        yield f"{SIGNS.get(finding.state, '-')} {finding.about:{width}}  {first}"
        yield from (f"  {'':{width}}  {line}" for line in (*rest, *finding.advice.splitlines()))
    counts = states([*findings])
    yield ""
    where = (
        f"this machine, this repository and {env}"
        if env
        else "this machine and this repository (--env NAME looks at an account, too)"
    )
    if counts[PROBLEM]:
        yield f"{counted(counts[PROBLEM], 'problem')}, {counted(counts[NOTE], 'note')}: see lines with !. Looked at {where}."
    else:
        yield f"No problems, {counted(counts[NOTE], 'note')}. Looked at {where}."
