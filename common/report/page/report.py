"""The page of `invoke report`."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from common.base.plural import counted
from common.execution.recent import DAYS, Executions
from common.report import cell_formats
from common.report.elements import Content as Inner
from common.report.elements import element
from common.report.page import deployed, parts, tables
from common.report.page.content import Content


def page(content: Content) -> str:
    """The whole page as HTML."""
    env = content.env
    where = "embedded AWS" if env.embedded is not None else f"account {env.account_id}"
    projects = [
        deployed.section(content, of_project, number)
        for number, of_project in enumerate(content.projects)
        if number or of_project.resources or of_project.deployed
    ]
    sections = [
        *projects[1:],
        *projects[:1],
        *(tables.drift(content), tables.permissions(content), tables.costs(content), tables.history(content)),
    ]
    summary = element("ul", *_tiles(content), class_="tiles", aria_label="Summary")
    subtitle: list[Inner] = [f"{where} · {env.region} · read ", parts.moment(content.made), " UTC"]
    foot = f"Made by `invoke report`, read by {content.caller}. Nothing was changed."
    names = ", ".join(of_project.name for of_project in content.projects[1:])
    return parts.page(f"{env.name}: {names}", subtitle, sections, [summary], foot)


def _tiles(content: Content) -> Iterator[Element]:
    here = sum(len(of_project.deployed) for of_project in content.projects)
    missing = sum(
        str(resource.key) not in of_project.deployed for of_project in content.projects for resource in of_project.resources
    )
    yield parts.tile(
        "Deployed",
        counted(here, "resource"),
        f"{missing} not deployed yet" if missing else "all that is declared",
        "warn" if missing else "good",
    )
    latest = max((of_project.status.released.get("since", ""), of_project.name) for of_project in content.projects)
    about = next(of_project.status.released for of_project in content.projects if of_project.name == latest[1])
    if latest[0]:
        commit = cell_formats.commit(about) or "no commit"
        yield parts.tile(
            "Last release (UTC)", cell_formats.minute(latest[0]), f"{latest[1]}, {commit}, by {cell_formats.author(about)}"
        )
    yield _executions(content)
    yield _drift(content)
    total = sum(item.dollars or 0.0 for item in content.costs)
    yield parts.tile(f"Cost of {DAYS} days", parts.dollars(total), "an estimate; see what is not counted")


def _executions(content: Content) -> Element:
    all_read = [last for of_project in content.projects for _, last in of_project.machines if isinstance(last, Executions)]
    last = [read.last[0] for read in all_read if read.last]
    count = sum(read.count for read in all_read)
    if not last:
        return parts.tile("Last executions", "none", f"in the last {DAYS} days")
    bad = [execution for execution in last if parts.STATUSES.get(execution.status) == "bad"]
    value = f"{len(bad)} of {len(last)} failed" if bad else "all succeeded" if not _running(content) else "under way"
    return parts.tile(
        "Last execution of each machine", value, f"{counted(count, 'execution')} in {DAYS} days", "bad" if bad else "good"
    )


def _running(content: Content) -> bool:
    read = [last for of_project in content.projects for _, last in of_project.machines if isinstance(last, Executions)]
    return any(each.last and each.last[0].status == "RUNNING" for each in read)


def _drift(content: Content) -> Element:
    result = content.drift
    if result is None or isinstance(result, str):
        return parts.tile("Drift", "not compared", "" if result is None else "it could not be read")
    count = len(result.drifted)
    value = f"{counted(count, 'resource')} changed" if count else "none"
    return parts.tile("Drift", value, f"{counted(result.checked, 'resource')} compared", "bad" if count else "good")
