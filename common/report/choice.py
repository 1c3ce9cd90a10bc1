"""Chooses what shows a deploy: by what reads it, and by what the screen can do."""

from collections.abc import Sequence

from common.base.terminal import Screen
from common.model.events import Report
from common.report.deploy_report import JsonDeployReport, TextReport


def text_report(*, planning: bool = False, verbose: bool = False) -> TextReport:
    """What shows a deploy or a removal to people: by project on a terminal, otherwise and with --verbose one line a resource."""
    if verbose or not Screen().is_live:
        return TextReport(planning=planning, names=verbose)
    from common.report.project_report import ProjectReport  # loads rich, which only a terminal needs

    return ProjectReport(planning=planning)


def report_of(environment: str | None, projects: Sequence[str], *, planning: bool, json: bool, verbose: bool) -> Report:
    """What shows a deploy as text, or as one JSON object.

    Args:
        environment: its name.
        projects: those that the command is about.
        planning: show what would be done instead of what is being done.
        json: print one JSON object.
        verbose: show one line a resource on a terminal, too.
    """
    return JsonDeployReport(environment, projects) if json else text_report(planning=planning, verbose=verbose)
