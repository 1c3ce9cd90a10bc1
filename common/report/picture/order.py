"""Orders the nodes within layers so that few arrows cross, and gives each its place along the layer.

The order follows the mean place of the neighbours, sweep by sweep, and then swaps neighbours while that helps. The place is the
one that makes arrows straight: least squares under the condition that neighbours keep their distance, which is an isotonic
regression of each layer.
"""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf
from statistics import median

from common.base.lean_dataclass import dataclass

SWEEPS = 24
"""How many sweeps order the layers."""
ROUNDS = 40
"""How many rounds straighten the arrows."""


@dataclass(frozen=True)
class Layers:
    """Nodes in layers; each arrow leads from a layer to the next.

    Args:
        rows: the nodes of each layer in order.
        before, after: the neighbours of each node in the layer before and after its own.
    """

    rows: list[list[int]]
    before: Mapping[int, Sequence[int]]
    after: Mapping[int, Sequence[int]]


def ordered(layers: Layers) -> list[list[int]]:
    """The rows in an order with few crossings."""
    rows = [list(row) for row in layers.rows]
    best, fewest = [list(row) for row in rows], _crossings(layers, rows)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        neighbours = layers.before if down else layers.after
        numbers = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for number in numbers:
            place = {node: position for position, node in enumerate(rows[number - 1 if down else number + 1])}
            rows[number] = _by_mean(rows[number], neighbours, place)
        _swap(layers, rows)
        if (count := _crossings(layers, rows)) < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def _by_mean(row: list[int], neighbours: Mapping[int, Sequence[int]], place: Mapping[int, int]) -> list[int]:
    """The row by the mean place of neighbours; nodes without any stay where they are."""
    mean = {node: sum(place[other] for other in neighbours[node]) / len(neighbours[node]) for node in row if neighbours[node]}
    moving = iter(sorted((node for node in row if node in mean), key=lambda node: mean[node]))
    return [next(moving) if node in mean else node for node in row]


def _swap(layers: Layers, rows: list[list[int]]) -> None:
    """Swaps neighbours in each row while that removes crossings."""
    for number, row in enumerate(rows):
        places = [
            {node: position for position, node in enumerate(rows[other])} if 0 <= other < len(rows) else {}
            for other in (number - 1, number + 1)
        ]
        for _ in range(len(row)):
            swapped = False
            for left in range(len(row) - 1):
                first, second = row[left], row[left + 1]
                gain = sum(
                    _pairs(neighbours, first, second, place) - _pairs(neighbours, second, first, place)
                    for neighbours, place in zip((layers.before, layers.after), places, strict=True)
                )
                if gain > 0:
                    row[left], row[left + 1], swapped = second, first, True
            if not swapped:
                break


def _pairs(neighbours: Mapping[int, Sequence[int]], left: int, right: int, place: Mapping[int, int]) -> int:
    """How many arrows of two nodes cross if one stands left of the other."""
    return sum(place[near] > place[far] for near in neighbours[left] for far in neighbours[right])


def _crossings(layers: Layers, rows: list[list[int]]) -> int:
    count = 0
    for upper, lower in pairwise(rows):
        place = {node: position for position, node in enumerate(lower)}
        ends: list[int] = []
        for node in upper:
            targets = sorted(place[target] for target in layers.after[node])
            count += sum(len(ends) - bisect_right(ends, target) for target in targets)
            for target in targets:
                insort(ends, target)
    return count


def places(layers: Layers, widths: Mapping[int, float], pull: Mapping[tuple[int, int], float], space: float) -> dict[int, float]:
    """The middle of each node along its layer.

    Args:
        layers: the layers, in their final order.
        widths: how much room each node takes.
        pull: how strongly each pair of neighbours comes to stand in line, in both orders.
        space: the room between neighbours.
    """
    result: dict[int, float] = {}
    for row in layers.rows:
        result |= dict(zip(row, _offsets(row, widths, space), strict=True))
    for number in range(ROUNDS):
        down = number % 2 == 0
        for row in layers.rows if down else reversed(layers.rows):
            wanted: list[float] = []
            weights: list[float] = []
            for node in row:
                sides = (layers.before[node], layers.after[node])
                chosen = [other for side in (sides if number >= 6 else sides[:1] if down else sides[1:]) for other in side]
                pulls = [pull[node, other] for other in chosen]
                total = sum(pulls)
                sought = sum(result[other] * each for other, each in zip(chosen, pulls, strict=True))
                wanted.append(sought / total if total else result[node])
                weights.append(total or 0.05)
            offsets = _offsets(row, widths, space)
            shifted = [place - offset for place, offset in zip(wanted, offsets, strict=True)]
            result |= {node: x + offset for node, x, offset in zip(row, _rising(shifted, weights), offsets, strict=True)}
    return result


def straightened(
    layers: Layers, middles: Mapping[int, float], widths: Mapping[int, float], chains: Sequence[Sequence[int]], space: float
) -> dict[int, float]:
    """The middles with the slots of each chain in line, as far as their neighbours leave room.

    Args:
        layers: the layers, in their final order.
        middles: the middle of each node.
        widths: how much room each node takes.
        chains: the slots of each arrow, from layer to layer.
        space: the room between neighbours.
    """
    result = dict(middles)
    beside: dict[int, tuple[int | None, int | None]] = {}
    for row in layers.rows:
        beside |= dict(zip(row, zip([None, *row[:-1]], [*row[1:], None], strict=True), strict=True))

    def room(node: int) -> tuple[float, float]:
        left, right = beside[node]
        low = -inf if left is None else result[left] + (widths[left] + widths[node]) / 2 + space
        return low, inf if right is None else result[right] - (widths[right] + widths[node]) / 2 - space

    for chain in [chain for chain in sorted(chains, key=len, reverse=True) for _ in range(2)]:
        rest = list(chain)
        while rest:
            run, low, high = [rest[0]], *room(rest[0])
            for node in rest[1:]:
                least, most = room(node)
                if max(low, least) > min(high, most):
                    break
                run, low, high = [*run, node], max(low, least), min(high, most)
            middle = median(result[node] for node in run)
            result |= dict.fromkeys(run, max(low, min(high, middle)) if low <= high else middle)
            rest = rest[len(run) :]
    return result


def _offsets(row: Sequence[int], widths: Mapping[int, float], space: float) -> list[float]:
    """The places of nodes that stand as close as they may, from that of the first."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (widths[left] + widths[right]) / 2 + space)
    return offsets[: len(row)]


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The rising values that are nearest to these: neighbours that fall are replaced by their mean, again and again."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        block = (value, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, mass, count = blocks.pop()
            block = ((mean * mass + block[0] * block[1]) / (mass + block[1]), mass + block[1], count + block[2])
        blocks.append(block)
    return [mean for mean, _, count in blocks for _ in range(count)]
