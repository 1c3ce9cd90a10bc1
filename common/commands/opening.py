"""Opens the session of the commands that plan and deploy."""

from collections.abc import Collection
from pathlib import Path

from common.base.terminal import asking
from common.commands.invocation import Invocation
from common.declare import projects
from common.engine.session import Session
from common.model import steps
from common.model.choices import Choices
from common.model.events import Report
from common.report.deploy_report import JsonReport, TextReport


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
