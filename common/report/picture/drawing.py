"""Draws arranged boxes and arrows as SVG elements.

Follows https://www.w3.org/TR/SVG2/
"""

from collections.abc import Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element

from common.base.lean_dataclass import dataclass
from common.report.elements import add, element
from common.report.picture import text
from common.report.picture.layout import Layout, Point, Route

HEAD = 7.0
"""How long the head of an arrow is."""
LINE = 14.0
"""The height of a line of a label."""
PADDING = 12.0
"""The room between the border of a box and its text."""
LONGEST_NAME, LONGEST_LINE, MOST_LINES = 34, 30, 4
"""How many characters of a name and of a line of a label, and how many lines of a label are drawn."""


@dataclass(frozen=True)
class Label:
    """The text along an arrow.

    Args:
        whole: the text.
    """

    whole: str

    @property
    def lines(self) -> list[str]:
        """What is drawn of it."""
        return text.lines_of(self.whole, LONGEST_LINE, MOST_LINES) if self.whole else []

    @property
    def size(self) -> Point:
        """How much room it takes."""
        lines = self.lines
        return (max(text.width_of(line, text.SMALL) for line in lines) + 8.0, LINE * len(lines)) if lines else (0.0, 0.0)


def picture(layout: Layout, content: Sequence[Element], identifier: str, title: str, description: str) -> Element:
    """A whole picture, with what screen readers say of it."""
    return element(
        "svg",
        element("title", title, id=f"{identifier}-title"),
        element("desc", description, id=f"{identifier}-desc"),
        *content,
        class_="picture",
        role="img",
        aria_labelledby=f"{identifier}-title {identifier}-desc",
        viewBox=f"0 0 {layout.width:.0f} {layout.height:.0f}",
        width=round(layout.width),
        height=round(layout.height),
    )


def arrow(route: Route, across: bool, label: Label, kind: str = "", *, both: bool = False) -> Element:
    """An arrow with its label; `both` if it has two heads."""
    points = list(route.points)
    heads = [_head(points, at_end=True), *([_head(points, at_end=False)] if both else [])]
    group = element("g", element("path", class_="arrow", d=_path(points, across)), *heads, class_=f"flow {kind}".strip())
    lines = label.lines
    if not lines:
        return group
    x, y = route.label
    width, height = label.size
    top = y - height / 2
    group.append(element("rect", class_="back", x=round(x - width / 2, 1), y=round(top, 1), width=round(width, 1), height=height))
    if " ".join(lines) != label.whole:
        group.append(element("title", label.whole))
    return add(group, [_centred(line, x, top + LINE * (number + 0.75), "verb") for number, line in enumerate(lines)])


def lines_in_box(
    corner: Point, width: float, height: float, lines: Sequence[tuple[str, str]], *, inset: float = 0
) -> list[Element]:
    """Lines of text in the middle of a box, each with its class."""
    x, y = corner
    room = 17.0
    top = y + height / 2 - room * len(lines) / 2 + 12.5
    return [_centred(line, x + (width + inset) / 2, top + room * number, class_) for number, (line, class_) in enumerate(lines)]


def box_width(lines: Sequence[tuple[str, str]], least: float = 0.0) -> float:
    """How wide a box with these lines is."""
    sizes = {"name": text.SIZE * text.BOLD}
    widest = max((text.width_of(line, sizes.get(class_, text.SMALL)) for line, class_ in lines), default=0.0)
    return max(widest + 2 * PADDING, least)


def _centred(line: str, x: float, y: float, class_: str) -> Element:
    return element("text", line, class_=class_, x=round(x, 1), y=round(y, 1), text_anchor="middle")


def _path(points: Sequence[Point], across: bool) -> str:
    """The way through points: straight, bent, straight, and so on; bends leave and arrive along the way of the arrows."""
    parts = [f"M{_xy(points[0])}"]
    for number, (start, end) in enumerate(pairwise(points)):
        if number % 2 == 0 or start[0] == end[0] or start[1] == end[1]:
            parts.append(f"L{_xy(end)}")
            continue
        middle = (start[0] + end[0]) / 2 if across else (start[1] + end[1]) / 2
        first, second = ((middle, start[1]), (middle, end[1])) if across else ((start[0], middle), (end[0], middle))
        parts.append(f"C{_xy(first)} {_xy(second)} {_xy(end)}")
    return "".join(parts)


def _head(points: Sequence[Point], *, at_end: bool) -> Element:
    """The head of an arrow; the last part of its way that has a length says where it points."""
    way = list(points) if at_end else list(reversed(points))
    tip = way[-1]
    before = next((point for point in reversed(way) if point != tip), tip)
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    x, y = (((dx > 0) - (dx < 0)), 0) if abs(dx) > abs(dy) else (0, (dy > 0) - (dy < 0))
    base = (tip[0] - x * HEAD, tip[1] - y * HEAD)
    side = (y * HEAD * 0.5, x * HEAD * 0.5)
    corners = (tip, (base[0] + side[0], base[1] + side[1]), (base[0] - side[0], base[1] - side[1]))
    return element("path", class_="head", d=f"M{'L'.join(map(_xy, corners))}Z")


def _xy(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
