"""The page of `invoke plan --html`: what a deploy would do, and where in the pictures."""

from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from common.declare import flow_words
from common.declare.flows import Node, flows, node_of
from common.declare.workspace import DeclaredPipelines
from common.engine.prediction import predict
from common.model.resource import SHARED, Action, Change, Plan
from common.report.change_lines import IDLE, SIGNS, besides_reason, reason_besides_fields, values
from common.report.elements import Content as Inner
from common.report.elements import element
from common.report.page import parts
from common.report.page.tables import SIGN_CLASSES
from common.report.picture import project

TONES = {
    Action.CREATE: "good",
    Action.UPLOAD: "good",
    Action.UPDATE: "warn",
    Action.REPLACE: "bad",
    Action.DELETE: "bad",
    Action.ORPHAN: "warn",
}
"""The colour of each action; others have none."""
MARKS = {"good": "succeeded", "warn": "handled", "bad": "failed"}
"""How boxes of these colours are drawn."""
LEGEND = "Green borders: created. Brown: updated. Red: replaced or deleted. What has a thin border stays as it is."


def page(declarations: DeclaredPipelines, plan: Plan, made: datetime) -> str:
    """The whole page as HTML.

    Args:
        declarations: what is declared for the environment.
        plan: what a deploy would do.
        made: when it was planned.
    """
    env = declarations.env
    shown = [change for change in plan.changes if change.action is not Action.NOOP]
    projects = list(dict.fromkeys(change.key.project for change in shown))
    sections = [_section(declarations, name, shown) for name in projects]
    where = "embedded AWS" if env.embedded is not None else f"account {env.account_id}"
    subtitle: list[Inner] = [f"{where} · {env.region} · planned ", parts.moment(made), " UTC"]
    summary = element("ul", *_tiles(plan), class_="tiles", aria_label="Summary")
    nothing = None if shown else parts.section("nothing", "Nothing to do", element("p", "Everything is as it is declared."))
    foot = (
        "Made by `invoke plan --html`. Nothing was changed. `invoke deploy` does what stands here, if nothing changes meanwhile."
    )
    return parts.page(f"Plan for {env.name}", subtitle, [*sections, *([nothing] if nothing is not None else [])], [summary], foot)


def _tiles(plan: Plan) -> list[Element]:
    counts = plan.counts()
    tiles = [
        parts.tile(f"To {action}", f"{counts[action]:,}", tone=TONES.get(action, "plain"))
        for action in Action
        if counts[action] and action not in IDLE
    ]
    if counts[Action.ORPHAN]:
        tiles.append(parts.tile("No longer declared", f"{counts[Action.ORPHAN]:,}", "deploy --prune deletes it", "warn"))
    cost = predict(plan)
    tiles.append(parts.tile("Up to date", f"{counts[Action.NOOP]:,}", tone="good"))
    if not plan.is_empty:
        tiles.append(
            parts.tile("To apply it", f"about {cost.calls:,} calls", f"{cost.seconds:.0f} s or more" if cost.seconds >= 1 else "")
        )
    return tiles


def _section(declarations: DeclaredPipelines, name: str, changes: Sequence[Change]) -> Element:
    inner: list[Inner] = [_table(name, [change for change in changes if change.key.project == name])]
    kinds = flow_words.descriptions(declarations.resources)
    arrows = flows(declarations.resources, name, declarations.env.artifact_bucket)
    if arrows:
        marks = _marks([change for change in changes if change.key.project in {name, SHARED}])
        drawn = project.project(name, arrows, kinds, f"picture-{name}", marks)
        inner.append(parts.figure(drawn, LEGEND))
    return parts.section(f"project-{name}", name, *inner)


def _table(name: str, changes: Sequence[Change]) -> Element:
    rows: list[tuple[Inner | list[Inner], ...]] = [
        (
            element("span", SIGNS[change.action].strip(), class_=f"sign {SIGN_CLASSES.get(SIGNS[change.action], '')}".strip()),
            parts.code(str(change.key)),
            parts.badge("no longer declared" if change.action is Action.ORPHAN else str(change.action), TONES.get(change.action)),
            [reason_besides_fields(change), _fields(change)],
        )
        for change in changes
    ]
    columns = ("", "resource", "what", "why")
    return parts.table(f"Changes of {name}", columns, rows, tight=(0, 2))


def _marks(changes: Sequence[Change]) -> dict[Node, str]:
    tones = {node_of(change.key): TONES.get(change.action, "") for change in changes}
    return {node: MARKS[tone] for node, tone in tones.items() if tone}


def _fields(change: Change) -> Element | None:
    """The fields that change, one a line, without those that the reason tells."""
    lines = [
        element(
            "li",
            element("span", field.sign, class_=f"sign {SIGN_CLASSES.get(field.sign, '')}".strip()),
            f" {field.label or field.name} ",
            parts.code(values(field)),
        )
        for field in besides_reason(change)
    ]
    return element("ul", *lines, class_="plainlist") if lines else None
