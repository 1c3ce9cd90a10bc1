"""Finds which items of two lists are the same: equal ones, wherever they stand, and then those that are similar."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from common.base.json_types import Json

SIMILAR = 0.6
"""How similar the texts of two items are if one became the other, from 0 to 1."""
MOST_PAIRS = 400
"""How many pairs of changed items are compared at most; of more, those at one place are the same."""


def paired_items(before: Sequence[Json], after: Sequence[Json]) -> dict[int, int]:
    """Returns the number that each item of a list had in the list of before; new items are left out."""
    old, new = ([json.dumps(item, sort_keys=True) for item in items] for items in (before, after))
    pairs = {
        new_from + offset: old_from + offset
        for word, old_from, old_to, new_from, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if word == "equal"
        for offset in range(old_to - old_from)
    }
    for number, former in _candidates(old, new, pairs):
        if number not in pairs and former not in pairs.values():
            pairs[number] = former
    return pairs


def moved_items(pairs: Mapping[int, int]) -> list[tuple[int, int]]:
    """Returns the items that another one of before overtook or that overtook it: their numbers, and those of before."""
    numbers = sorted(pairs)
    kept = SequenceMatcher(None, sorted(pairs.values()), [pairs[number] for number in numbers], autojunk=False)
    in_order = {number for block in kept.get_matching_blocks() for number in numbers[block.b : block.b + block.size]}
    return [(number, pairs[number]) for number in numbers if number not in in_order]


def _candidates(old: Sequence[str], new: Sequence[str], pairs: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Yields the numbers of items that may be the same, the most likely ones first."""
    added = [number for number in range(len(new)) if number not in pairs]
    gone = [number for number in range(len(old)) if number not in pairs.values()]
    if len(added) * len(gone) <= MOST_PAIRS:
        ratios = [(SequenceMatcher(None, old[i], new[j], autojunk=False).ratio(), j, i) for j in added for i in gone]
        likely = sorted(ratios, key=lambda pair: (-pair[0], abs(pair[1] - pair[2])))
        yield from ((j, i) for ratio, j, i in likely if ratio > SIMILAR)
    if len(added) == len(gone):
        yield from zip(added, gone, strict=True)
