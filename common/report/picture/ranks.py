"""Distributes the boxes of a picture to layers, so that arrows lead from one layer to a later one.

These are the first two stages of the method of Sugiyama, Tagawa and Toda (1981): arrows of circles are turned around, and each
box gets the earliest layer that its arrows allow; a box that starts a path comes as close as possible to what it leads to.
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def without_circles(nodes: Sequence[N], arrows: Sequence[tuple[N, N]]) -> list[tuple[N, N]]:
    """The arrows, those that lead back turned around. Walks begin at nodes that no arrow leads to, in the order of `nodes`."""
    targets: dict[N, list[N]] = {node: [] for node in nodes}
    for source, target in arrows:
        targets[source].append(target)
    entered = {target for _, target in arrows}
    open_nodes, closed, back = set[N](), set[N](), set[tuple[N, N]]()
    for start in sorted(nodes, key=lambda node: node in entered):
        if start in closed:
            continue
        open_nodes.add(start)
        path = [(start, [*targets[start]])]
        while path:
            node, following = path[-1]
            if not following:
                path.pop()
                open_nodes.discard(node)
                closed.add(node)
            elif (target := following.pop(0)) in open_nodes:
                back.add((node, target))
            elif target not in closed:
                open_nodes.add(target)
                path.append((target, [*targets[target]]))
    return [(target, source) if (source, target) in back else (source, target) for source, target in arrows]


def ranks(nodes: Sequence[N], arrows: Sequence[tuple[N, N]]) -> dict[N, int]:
    """The number of the layer of each node, from 0.

    Args:
        nodes: the nodes.
        arrows: pairs of nodes without circles.
    """
    before: dict[N, list[N]] = {node: [] for node in nodes}
    after: dict[N, list[N]] = {node: [] for node in nodes}
    for source, target in arrows:
        before[target].append(source)
        after[source].append(target)
    order = _topological(nodes, before, after)
    result: dict[N, int] = {}
    for node in order:
        result[node] = max((result[source] + 1 for source in before[node]), default=0)
    for node in reversed(order):
        if after[node] and len(after[node]) > len(before[node]):
            result[node] = min(result[target] for target in after[node]) - 1
    lowest = min(result.values(), default=0)
    return {node: rank - lowest for node, rank in result.items()}


def _topological(nodes: Sequence[N], before: dict[N, list[N]], after: dict[N, list[N]]) -> list[N]:
    missing = {node: len(before[node]) for node in nodes}
    order = [node for node in nodes if not missing[node]]
    for node in order:
        for target in after[node]:
            missing[target] -= 1
            if not missing[target]:
                order.append(target)
    return order
