"""The sections about everything at once: drift, permissions, cost and history."""

import json
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from common.base.json_types import Json, JsonMapping
from common.base.plural import counted
from common.engine.drift import ABSENT, Drifted
from common.execution import cost
from common.execution.recent import DAYS
from common.model import generated
from common.model.resource import Action, Resource
from common.report import cell_formats
from common.report.change_lines import PAST, SIGNS
from common.report.elements import Content as Inner
from common.report.elements import element
from common.report.page import parts
from common.report.page.content import Content
from common.resources.role import Role
from common.state.releases import Release
from common.state.stored_objects import printable

VALUE_WIDTH = 300
"""How many characters of a value are shown."""
SIGN_CLASSES = {"+": "plus", "-": "minus", "~": "tilde", "±": "tilde", "↑": "plus"}


def drift(content: Content) -> Element:
    """What is not as the last deploy left it."""
    result = content.drift
    if result is None:
        return parts.section("drift", "Drift", parts.note("Live resources were not compared: --no-drift was given."))
    if isinstance(result, str):
        return parts.section("drift", "Drift", parts.message(f"It could not be read: {result}", tone="warn"))
    count = counted(result.checked, "resource")
    summary = f"{count} compared with AWS, field by field: {len(result.drifted) or 'none'} changed since the last deploy."
    inner: list[Inner] = [element("p", summary)]
    inner += [_drifted(item) for item in result.drifted]
    if result.drifted:
        inner.append(parts.note(parts.code("invoke deploy --verify"), " puts it back."))
    if result.undeployed:
        inner.append(parts.note(f"Not deployed yet: {', '.join(result.undeployed)}."))
    if result.left_over:
        inner.append(parts.note(f"Deployed and no longer declared, or not by this name: {', '.join(result.left_over)}."))
    if result.kept:
        rows = [
            (parts.code(f"{kept.project}: {kept.key}"), printable(", ".join(kept.fields), VALUE_WIDTH)) for kept in result.kept
        ]
        kept = parts.table("Settings that nobody declared; every deploy keeps them", ("resource", "settings"), rows)
        inner.append(parts.details([f"{counted(len(rows), 'resource')} with settings that nobody declared"], kept))
    return parts.section("drift", "Drift", *inner)


def _drifted(item: Drifted) -> Element:
    heading = element("h3", parts.code(f"{item.project}: {item.key}"), " ", parts.badge(item.how, "bad"))
    if not item.fields:
        return element("div", heading, element("p", printable(item.what)))
    rows: list[tuple[Inner, ...]] = [
        (
            field.label or field.name,
            *(parts.code(_value(value, field.text)) for value in (field.applied, field.declared, field.live)),
        )
        for field in item.fields
    ]
    columns = ("field", "last applied", "declared", "live")
    return element("div", heading, parts.table(f"Changed fields of {item.key}", columns, rows))


def _value(value: Json, text: str) -> str:
    if text and value != ABSENT:
        return text.strip("()")
    return printable(value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False), VALUE_WIDTH)


def permissions(content: Content) -> Element:
    """What each role may do."""
    roles = [resource for resource in content.resources if isinstance(resource, Role)]
    users: dict[str, list[str]] = {}
    for resource in content.resources:
        for need in resource.needs:
            users.setdefault(f"{need.project}:{need}", []).append(str(resource.key))
    inner: list[Inner] = [
        element(
            "p",
            "What each role allows follows from the declaration; it is what the next deploy applies.",
        )
    ]
    inner += [_role(role, users.get(f"{role.key.project}:{role.key}", [])) for role in roles]
    others = _foreign(content.resources)
    if others:
        rows = [(parts.code(arn), parts.listed(keys)) for arn, keys in others.items()]
        inner += [element("h3", "Roles of others"), parts.table("Roles that exist already", ("role", "used by"), rows)]
    if not roles and not others:
        inner.append(parts.note("No role is declared."))
    return parts.section("permissions", "Permissions by role", *inner)


def _role(role: Role, users: list[str]) -> Element:
    statements = list(role.statements)
    used = ", ".join(user for user in users if not user.startswith("role/")) or "nothing"
    summary: list[Inner] = [
        f"{role.key.project}: {role.key.name} ",
        element("span", f"used by {used}; {counted(len(statements), 'statement')}", class_="rest"),
    ]
    rows = [
        (parts.listed(_texts(statement.get("Action"))), parts.listed(_texts(statement.get("Resource"))), _condition(statement))
        for statement in statements
    ]
    made = parts.table(f"What {role.name} may do", ("actions", "on", "only if"), rows)
    return parts.details(summary, made)


def _texts(value: Json) -> list[str]:
    return [generated.shown(text) for text in ([value] if isinstance(value, str) else map(str, value or ()))]


def _condition(statement: JsonMapping) -> Inner:
    condition = statement.get("Condition")
    return parts.code(generated.shown(json.dumps(condition, ensure_ascii=False))) if condition else "always"


def _foreign(resources: tuple[Resource, ...]) -> dict[str, list[str]]:
    """What uses each role that the deployer does not manage."""
    result: dict[str, list[str]] = {}
    for resource in resources:
        if resource.role_needs is not None:
            result.setdefault(resource.role_needs.arn, []).append(str(resource.key))
    return result


def costs(content: Content) -> Element:
    """What the last runs cost, as far as that can be told."""
    items = sorted(content.costs, key=lambda item: item.dollars or 0.0, reverse=True)
    rows = [
        (parts.code(f"{item.project}: {item.key}"), f"{item.runs:,}", item.quantity, parts.dollars(item.dollars), item.note)
        for item in items
        if item.runs or item.note
    ]
    total = sum(item.dollars or 0.0 for item in items)
    inner: list[Inner] = [
        element("p", "About ", element("strong", parts.dollars(total)), f" for the runs of the last {DAYS} days.")
    ]
    if content.env.embedded is not None:
        inner.append(
            parts.note("This is the embedded AWS, which costs nothing: the amounts are what AWS would bill for these durations.")
        )
    if rows:
        columns = ("resource", "runs", "quantity", "about", "note")
        inner.append(parts.table(f"Runs of the last {DAYS} days", columns, rows, right=(1, 2, 3)))
    inner += [parts.message(f"{subject} could not be read: {why}", tone="warn") for subject, why in content.unread.items()]
    idle = [str(item.key) for item in items if not item.runs and not item.note]
    if idle:
        inner.append(parts.note(f"Without runs, or without figures of them: {', '.join(idle)}."))
    inner.append(parts.note(f"Prices: {cost.PRICES_OF}. {_price_list()}"))
    if others := sorted({*content.env.regions(content.env.projects)} - {cost.PRICES_REGION}):
        where = f"{', '.join(others)}, where this environment is"
        inner.append(parts.note(f"Prices differ by region: these are not those of {where}. The quantities hold there, too."))
    inner.append(parts.note(f"Not counted: {', '.join(cost.NOT_COUNTED)}."))
    return parts.section("cost", f"Cost of the last {DAYS} days", *inner)


def _price_list() -> str:
    return (
        f"Glue: ${cost.DPU_HOUR['STANDARD']} a DPU hour (flexible: ${cost.DPU_HOUR['FLEX']}). "
        f"Lambda: ${cost.GB_SECOND['x86_64']:.10f} a GB second (arm64: ${cost.GB_SECOND['arm64']:.10f}), "
        f"${cost.MILLION_REQUESTS:.2f} a million calls, with the present size of memory. "
        f"Step Functions: ${cost.THOUSAND_TRANSITIONS} a thousand transitions."
    )


def history(content: Content) -> Element:
    """Who released what, and what changed."""
    if isinstance(content.releases, str):
        return parts.section("history", "History", parts.message(f"It could not be read: {content.releases}", tone="warn"))
    inner: list[Inner] = [
        _release(release, content.commits.get((release.project, release.written), ()), is_open=number == 0)
        for number, release in enumerate(content.releases)
    ]
    return parts.section("history", "History", *(inner or [parts.note("Nothing was released yet.")]))


def _release(release: Release, commits: tuple[str, ...], *, is_open: bool) -> Element:
    counts = cell_formats.changes(release.counts()) or "no changes"
    summary: list[Inner] = [
        f"{cell_formats.minute(release.written)} {release.project} ",
        parts.badge(release.outcome),
        " ",
        element(
            "span",
            f"{counts}; by {cell_formats.author(release.about)}, commit {cell_formats.commit(release.about) or 'unknown'}",
            class_="rest",
        ),
    ]
    inner: list[Inner] = list(_about(release))
    if commits:
        inner += [parts.note("Commits since the release before:"), parts.listed(commits)]
    rows = [
        (_sign(str(change["action"])), parts.code(str(change["key"])), _done(change), _reason(change))
        for change in release.changes
    ]
    if rows:
        columns = ("", "resource", "what", "why")
        inner.append(
            parts.table(f"Changes of {release.project}, {cell_formats.minute(release.written)}", columns, rows, tight=(0, 2))
        )
    return parts.details(summary, *inner, is_open=is_open)


def _about(release: Release) -> Iterator[Inner]:
    if files := release.about.get("uncommitted"):
        yield parts.note(f"Not as committed: {files}")
    if release.outcome == "interrupted":
        yield parts.message("The deploy was broken off, or is still under way.", tone="warn")


def _done(change: Mapping[str, Json]) -> str:
    outcome = str(change["outcome"])
    if outcome != "done":
        return outcome
    return PAST[Action(change["action"])] if change["action"] in {*Action} else str(change["action"])


def _reason(change: Mapping[str, Json]) -> str:
    return ": ".join(filter(None, (str(change["reason"]), str(change.get("message") or ""))))


def _sign(action: str) -> Element:
    sign = SIGNS[Action(action)].strip() if action in {*Action} else ""
    return element("span", sign, class_=f"sign {SIGN_CLASSES.get(sign, '')}".strip())
