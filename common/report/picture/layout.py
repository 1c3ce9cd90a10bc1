"""Arranges boxes and arrows: boxes stand in layers, arrows lead from layer to layer, and each label has room of its own.

A layer lies between any two layers of boxes. There every arrow has a slot as large as its label, so labels overlap neither each
other nor arrows. Within a layer an arrow runs straight through its slot, and between layers it bends. So arrows touch no boxes.

The method is that of Sugiyama, Tagawa and Toda (1981), as described in https://www.graphviz.org/documentation/TSE93.pdf
"""

from collections.abc import Sequence
from itertools import pairwise

from common.base.lean_dataclass import dataclass, field
from common.report.picture import order, ranks

Point = tuple[float, float]
MARGIN = 12.0
"""The room around the picture."""
SPACE = 18.0
"""The room between neighbours in a layer."""
PORT = 18.0
"""The room between two arrows at one side of a box, if the side is long enough."""
LANE = 6.0
"""The room that an arrow without a label takes in a layer."""
STRAIGHT = 9.0
"""How far an arrow leaves a box, or arrives at one, before it may bend."""
LOOP = 22.0
"""How far an arrow from a box to itself stands out."""


@dataclass(frozen=True)
class Box:
    """A box by its name and size."""

    name: str
    width: float
    height: float


@dataclass(frozen=True)
class Arrow:
    """An arrow between boxes by their names, with the size of its label, which is 0 without one.

    Args:
        weight: how much it matters that this arrow is straight, compared with others.
    """

    source: str
    target: str
    width: float = 0.0
    height: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True)
class Route:
    """Where an arrow runs.

    Args:
        points: its points: straight from the first to the second, bent to the third, straight to the fourth, and so on.
        label: the middle of its label.
    """

    points: tuple[Point, ...]
    label: Point


@dataclass(frozen=True)
class Layout:
    """Where everything stands, in a picture of this size; boxes by the names, with their upper left corners."""

    width: float
    height: float
    boxes: dict[str, Point]
    routes: tuple[Route, ...]
    across: bool = False
    """Whether arrows run from left to right instead of downwards."""


@dataclass(frozen=True)
class _Node:
    """A box, or the slot of an arrow in a layer: its size along the layer and across it."""

    along: float
    depth: float
    is_box: bool = False
    extra: float = 0.0
    """How much of the room is beside the box, for an arrow to itself."""


@dataclass
class _Graph:
    nodes: list[_Node] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    chains: list[list[int]] = field(default_factory=list)
    pull: dict[tuple[int, int], float] = field(default_factory=dict)
    """How strongly two neighbours come to stand in line, in both orders."""

    def add(self, node: _Node, rank: int) -> int:
        self.nodes.append(node)
        self.rank.append(rank)
        return len(self.nodes) - 1


def arranged(boxes: Sequence[Box], arrows: Sequence[Arrow], *, across: bool = False) -> Layout:
    """The arrangement of boxes and arrows.

    Args:
        boxes: the boxes; the first of several that nothing leads to comes first.
        arrows: the arrows between them.
        across: arrows run from left to right instead of downwards.
    """
    parts = _connected(boxes, arrows)
    layouts = [
        _arranged(part, [arrow for arrow in arrows if arrow.source in {box.name for box in part}], across) for part in parts
    ]
    places: dict[str, Point] = {}
    routes: dict[int, Route] = {}
    along, depth = MARGIN, 0.0
    for part, layout in zip(parts, layouts, strict=True):
        names = {box.name for box in part}
        shift = (0.0, along) if across else (along, 0.0)
        places |= {name: (x + shift[0], y + shift[1]) for name, (x, y) in layout.boxes.items()}
        own = (number for number, arrow in enumerate(arrows) if arrow.source in names)
        routes |= {number: _shifted(route, shift) for number, route in zip(own, layout.routes, strict=True)}
        along += (layout.height if across else layout.width) + SPACE * 1.5
        depth = max(depth, layout.width if across else layout.height)
    along += MARGIN - SPACE * 1.5
    size = (depth + 2 * MARGIN, along) if across else (along, depth + 2 * MARGIN)
    aside = (MARGIN, 0.0) if across else (0.0, MARGIN)
    moved = {name: (x + aside[0], y + aside[1]) for name, (x, y) in places.items()}
    return Layout(*size, moved, tuple(_shifted(routes[number], aside) for number in sorted(routes)), across)


def _connected(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> list[list[Box]]:
    """The boxes in groups that no arrow connects, the largest first."""
    group = {box.name: {box.name} for box in boxes}
    for arrow in arrows:
        if group[arrow.source] is not group[arrow.target]:
            both = group[arrow.source] | group[arrow.target]
            group |= dict.fromkeys(both, both)
    sets = list({id(names): names for names in group.values()}.values())
    return sorted(([box for box in boxes if box.name in names] for names in sets), key=len, reverse=True)


def _arranged(boxes: Sequence[Box], arrows: Sequence[Arrow], across: bool) -> Layout:
    graph = _Graph()
    names = [box.name for box in boxes]
    others = [arrow for arrow in arrows if arrow.source != arrow.target]
    pairs = ranks.without_circles(names, [(arrow.source, arrow.target) for arrow in others])
    by_rank = ranks.ranks(names, pairs)
    loops: dict[str, list[float]] = {}
    for arrow in arrows:
        if arrow.source == arrow.target:
            loops.setdefault(arrow.source, []).append(arrow.width)
    number: dict[str, int] = {}
    for box in boxes:
        along, depth = (box.height, box.width) if across else (box.width, box.height)
        extra = sum(LOOP + width for width in loops.get(box.name, ()))
        number[box.name] = graph.add(_Node(along + extra, depth, is_box=True, extra=extra), 2 * by_rank[box.name])
    chains = [
        _chain(graph, (number[first], number[last]), arrow, across) for (first, last), arrow in zip(pairs, others, strict=True)
    ]
    placed = _Placed(graph, across)
    turned = [pair != (arrow.source, arrow.target) for pair, arrow in zip(pairs, others, strict=True)]
    lines = iter([placed.route(chain, back) for chain, back in zip(chains, turned, strict=True)])
    around = {
        name: iter([placed.loop(number[name], widths[: place + 1], len(widths)) for place in range(len(widths))])
        for name, widths in loops.items()
    }
    routes = [next(around[arrow.source] if arrow.source == arrow.target else lines) for arrow in arrows]
    corners = {name: placed.corner(node) for name, node in number.items()}
    return Layout(*placed.size, corners, tuple(routes), across)


def _chain(graph: _Graph, ends: tuple[int, int], arrow: Arrow, across: bool) -> list[int]:
    """The nodes of an arrow from one box to another; its label has the slot in the middle."""
    label = (arrow.height, arrow.width) if across else (arrow.width, arrow.height)
    first, last = graph.rank[ends[0]], graph.rank[ends[1]]
    middle = first + 1 + 2 * ((last - first - 2) // 4)
    slots = [
        graph.add(_Node(label[0] + LANE, label[1]) if rank == middle else _Node(LANE, 0.0), rank)
        for rank in range(first + 1, last)
    ]
    chain = [ends[0], *slots, ends[1]]
    for upper, lower in pairwise(chain):
        inside = not (graph.nodes[upper].is_box or graph.nodes[lower].is_box)
        graph.links.append((upper, lower))
        graph.pull[upper, lower] = graph.pull[lower, upper] = arrow.weight * (8.0 if inside else 2.0)
    graph.chains.append(slots)
    return chain


def _shifted(route: Route, by: Point) -> Route:
    points = tuple((x + by[0], y + by[1]) for x, y in route.points)
    return Route(points, (route.label[0] + by[0], route.label[1] + by[1]))


class _Placed:
    """The places of all nodes of a graph."""

    def __init__(self, graph: _Graph, across: bool) -> None:
        self._graph, self._across = graph, across
        before: dict[int, list[int]] = {number: [] for number in range(len(graph.nodes))}
        after: dict[int, list[int]] = {number: [] for number in range(len(graph.nodes))}
        for source, target in graph.links:
            after[source].append(target)
            before[target].append(source)
        rows: list[list[int]] = [[] for _ in range(max(graph.rank, default=-1) + 1)]
        for number, rank in enumerate(graph.rank):
            rows[rank].append(number)
        rows = order.ordered(order.Layers(rows, before, after))
        layers = order.Layers(rows, before, after)
        widths = {number: node.along for number, node in enumerate(graph.nodes)}
        middles = order.places(layers, widths, graph.pull, SPACE)
        self._middle = order.straightened(layers, middles, widths, graph.chains, SPACE)
        lowest = min((self._middle[number] - widths[number] / 2 for number in widths), default=0.0)
        self._middle = {number: middle - lowest for number, middle in self._middle.items()}
        self._ports = self._spread(before, after)
        self._top, self._bottom = self._bands(rows)
        length = max((self._middle[number] + widths[number] / 2 for number in widths), default=0.0)
        depth = self._bottom[-1] if self._bottom else 0.0
        self.size = (depth, length) if across else (length, depth)

    def corner(self, number: int) -> Point:
        """The upper left corner of a box."""
        node, rank = self._graph.nodes[number], self._graph.rank[number]
        depth = (self._top[rank] + self._bottom[rank] - node.depth) / 2
        return self._point(self._middle[number] - node.along / 2, depth)

    def route(self, chain: Sequence[int], back: bool) -> Route:
        """The way of an arrow through its slots; `back` if it leads from the last to the first."""
        points: list[Point] = []
        label: Point = (0.0, 0.0)
        for position, number in enumerate(chain):
            node, rank = self._graph.nodes[number], self._graph.rank[number]
            top, bottom = self._top[rank], self._bottom[rank]
            if node.is_box:
                middle = (top + bottom) / 2
                first = position == 0
                other = chain[1] if first else chain[-2]
                x = self._ports[number, other]
                edge = middle + node.depth / 2 if first else middle - node.depth / 2
                points += [(x, edge), (x, bottom)] if first else [(x, top), (x, edge)]
            else:
                x = self._middle[number]
                points += [(x, top), (x, bottom)]
                if node.along > LANE:
                    label = (x, (top + bottom) / 2)
        turned = [self._point(*point) for point in (reversed(points) if back else points)]
        return Route(tuple(turned), self._point(*label))

    def loop(self, number: int, widths: Sequence[float], count: int) -> Route:
        """The way of an arrow from a box to itself, on its right side, around those that are nearer.

        Args:
            number: the box.
            widths: the widths of the labels of the nearer ones, and of this one.
            count: how many such arrows the box has.
        """
        node, rank = self._graph.nodes[number], self._graph.rank[number]
        middle, right = (self._top[rank] + self._bottom[rank]) / 2, self._middle[number] + node.along / 2 - node.extra
        away = node.depth / 2 * len(widths) / (count + 1)
        out = right + sum(widths[:-1]) + LOOP * len(widths)
        points = ((right, middle - away), (out, middle - away), (out, middle + away), (right, middle + away))
        return Route(tuple(self._point(*point) for point in points), self._point(out + widths[-1] / 2, middle))

    def _spread(self, before: dict[int, list[int]], after: dict[int, list[int]]) -> dict[tuple[int, int], float]:
        """Where each arrow touches a box: spread along its side, in the order of where the arrows come from."""
        result: dict[tuple[int, int], float] = {}
        for number, node in enumerate(self._graph.nodes):
            for neighbours in (before[number], after[number]) if node.is_box else ():
                middle, room = self._middle[number] - node.extra / 2, node.along - node.extra
                step = min(PORT, (room - 2 * LANE) / max(len(neighbours), 1))
                for place, other in enumerate(sorted(neighbours, key=lambda other: self._middle[other])):
                    result[number, other] = middle + (place - (len(neighbours) - 1) / 2) * step
        return result

    def _bands(self, rows: list[list[int]]) -> tuple[list[float], list[float]]:
        """Where each layer begins and ends; where arrows lean much, layers are farther apart."""
        lean = [0.0] * len(rows)
        for source, target in self._graph.links:
            start, end = (
                self._ports.get((number, other), self._middle[number]) for number, other in ((source, target), (target, source))
            )
            matters = min(self._graph.pull[source, target] / 2, 1.0) ** 0.3
            lean[self._graph.rank[target]] = max(lean[self._graph.rank[target]], abs(start - end) * matters)
        tops, bottoms = list[float](), list[float]()
        for number, row in enumerate(rows):
            gap = 8.0 + min(lean[number] * 0.16, 46.0)
            tops.append(bottoms[-1] + gap if bottoms else 0.0)
            bottoms.append(tops[-1] + max((self._room(node) for node in row), default=0.0))
        return tops, bottoms

    def _room(self, number: int) -> float:
        node = self._graph.nodes[number]
        return node.depth + 2 * STRAIGHT if node.is_box else node.depth

    def _point(self, along: float, depth: float) -> Point:
        return (depth, along) if self._across else (along, depth)
