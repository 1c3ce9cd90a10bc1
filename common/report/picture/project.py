"""The picture of a project: who starts, reads and writes what."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from common.declare import flow_words
from common.declare.flows import WORKING, Flow, Node
from common.report.elements import element
from common.report.picture import drawing, layout, text
from common.report.picture.drawing import LONGEST_NAME, Label

HEIGHT = 46.0
"""The height of a box."""
WIDEST = 1130.0
"""A picture wider than this is drawn downwards instead, if that is narrower."""
PILL = 12.0
"""How far the content of a box with round ends stands from them."""
BAR = 5.0
"""The width of the coloured bar that tells what works, holds data and triggers."""


def project(
    name: str,
    flows: Sequence[Flow],
    kinds: Mapping[Node, str],
    identifier: str = "project",
    marks: Mapping[Node, str] | None = None,
) -> Element:
    """The picture of a project.

    Args:
        name: the project.
        flows: its arrows.
        kinds: what people call the kinds of nodes.
        identifier: how the ids of the picture begin.
        marks: how boxes look that something happens to.
    """
    nodes = list(dict.fromkeys(node for flow in flows for node in (flow.source, flow.target)))
    lines = {node: _lines(node, kinds) for node in nodes}
    rooms = {node: BAR + (2 * PILL if _role(node, kinds) == "trigger" else 0.0) for node in nodes}
    boxes = [layout.Box(_id(node), drawing.box_width(lines[node], 96.0) + rooms[node], HEIGHT) for node in nodes]
    merged = _merged(flows, kinds)
    arrows = [layout.Arrow(_id(source), _id(target), *label.size) for source, target, label, _, _ in merged]
    arranged = layout.arranged(boxes, arrows, across=True)
    if arranged.width > WIDEST:
        downwards = layout.arranged(boxes, arrows)
        arranged = downwards if downwards.width < arranged.width else arranged
    drawn = [
        drawing.arrow(route, arranged.across, label, "start" if starts else "", both=both)
        for route, (_, _, label, both, starts) in zip(arranged.routes, merged, strict=True)
    ]
    for node, box in zip(nodes, boxes, strict=True):
        mark = (marks or {}).get(node, "")
        drawn.append(_box(lines[node], arranged.boxes[box.name], box, (_role(node, kinds), mark)))
        drawn[-1].insert(0, element("title", f"{flow_words.kind_of(node, kinds)} {node.name}"))
    words = f"{len(nodes)} parts and {len(merged)} arrows: who starts, reads and writes what."
    return drawing.picture(arranged, drawn, identifier, f"The pipeline {name}", words)


def _merged(flows: Sequence[Flow], kinds: Mapping[Node, str]) -> list[tuple[Node, Node, Label, bool, bool]]:
    """The arrows with their labels, whether they have two heads and whether they start something; two ways are one arrow."""
    verbs = flow_words.verbs(flows, kinds)
    result: dict[tuple[Node, Node], tuple[list[str], bool, bool]] = {}
    for flow in flows:
        there, back = (flow.source, flow.target), (flow.target, flow.source)
        ends = back if back in result else there
        words, both, starts = result.get(ends, ([], False, False))
        own = verbs.get(there, ()) + verbs.get(back, ())
        words += [word for word in own if word not in words]
        result[ends] = (words, both or ends == back, starts or flow.is_start)
    return [(*ends, Label(", ".join(words)), both, starts) for ends, (words, both, starts) in result.items()]


def _box(lines: Sequence[tuple[str, str]], corner: layout.Point, box: layout.Box, look: tuple[str, str]) -> Element:
    x, y = round(corner[0], 1), round(corner[1], 1)
    role, mark = look
    radius = HEIGHT / 2 if role == "trigger" else 3 if role == "data" else 8
    shape = element("rect", class_="box", x=x, y=y, width=round(box.width, 1), height=box.height, rx=radius)
    inset = PILL if role == "trigger" else 0.0
    bar = element("rect", class_=role, x=x + inset, y=y + 10, width=BAR, height=box.height - 20, rx=2)
    texts = drawing.lines_in_box(corner, box.width, box.height, lines, inset=BAR)
    return element("g", shape, bar, *texts, class_=f"node {mark}".strip())


def _lines(node: Node, kinds: Mapping[Node, str]) -> list[tuple[str, str]]:
    return [(text.shortened(node.name, LONGEST_NAME), "name"), (flow_words.kind_of(node, kinds), "kind")]


def _role(node: Node, kinds: Mapping[Node, str]) -> str:
    if node.kind in WORKING:
        return "work"
    return "trigger" if flow_words.is_trigger(node, kinds) else "data"


def _id(node: Node) -> str:
    return f"{node.kind}/{node.name}"
