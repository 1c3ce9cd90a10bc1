"""Opens the session of the commands that plan and deploy."""

from collections.abc import Collection
from pathlib import Path

from common import projects, steps
from common.choices import Choices
from common.events import Report
from common.invocation import Invocation
from common.report import JsonReport, TextReport
from common.screen import asking
from common.session import Session


def opened(
    root: Path,
    choices: Choices,
    invocation: Invocation,
    requested: Collection[str],
    *,
    planning: bool,
    json: bool,
) -> Session:
    """The session for these choices, about the requested tasks; opened once, closed when the invocation is done with them."""

    def make() -> Session:
        wanted = projects.chosen(root, choices.project)
        report: Report = (
            JsonReport(choices.env or "", wanted, jobs=choices.jobs) if json else TextReport(planning=planning, jobs=choices.jobs)
        )
        return Session(root, choices, steps.covered(requested), report, asking(json=json), invocation.began)

    return invocation.keep(choices, make, Session.close)
