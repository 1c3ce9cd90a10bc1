"""The arrangement of boxes and arrows: nothing overlaps, whatever is drawn."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.report.picture.layout import Arrow, Box, Layout, Point, arranged

NAMES = "abcdefgh"
BOXES = st.lists(st.sampled_from(NAMES), min_size=1, unique=True).flatmap(
    lambda names: st.tuples(
        st.tuples(*(st.builds(Box, st.just(name), st.floats(20, 240), st.floats(20, 90)) for name in names)),
        st.lists(
            st.builds(
                Arrow,
                st.sampled_from(names),
                st.sampled_from(names),
                st.sampled_from((0.0, 40.0, 120.0)),
                st.just(14.0),
                st.sampled_from((1.0, 0.04)),
            ),
            max_size=14,
        ),
    )
)
Area = tuple[float, float, float, float]
TOLERANCE = 1e-6


def area(corner: Point, width: float, height: float) -> Area:
    return corner[0], corner[1], corner[0] + width, corner[1] + height


def overlap(first: Area, other: Area) -> bool:
    return all(first[side] < other[side + 2] - TOLERANCE and other[side] < first[side + 2] - TOLERANCE for side in (0, 1))


def label_areas(layout: Layout, arrows: list[Arrow]) -> list[Area]:
    return [
        area((route.label[0] - arrow.width / 2, route.label[1] - arrow.height / 2), arrow.width, arrow.height)
        for route, arrow in zip(layout.routes, arrows, strict=True)
        if arrow.width
    ]


@given(BOXES, st.booleans())
@settings(max_examples=60, deadline=None)
def test_nothing_overlaps_and_all_is_in_the_picture(drawn: tuple[tuple[Box, ...], list[Arrow]], across: bool) -> None:
    """Loops stand on the right, which is drawn downwards alone: machines have them, projects do not."""
    boxes, arrows = drawn
    if across:
        arrows = [arrow for arrow in arrows if arrow.source != arrow.target]
    layout = arranged(boxes, arrows, across=across)
    areas = [area(layout.boxes[box.name], box.width, box.height) for box in boxes]
    labels = label_areas(layout, arrows)
    for first, other in combinations([*areas, *labels], 2):
        assert not overlap(first, other)
    for left, top, right, bottom in (*areas, *labels):
        assert left >= 0
        assert top >= 0
        assert right <= layout.width + TOLERANCE
        assert bottom <= layout.height + TOLERANCE


@given(BOXES)
@settings(max_examples=40, deadline=None)
def test_arrows_end_at_their_boxes_and_run_straight_beside_others(drawn: tuple[tuple[Box, ...], list[Arrow]]) -> None:
    boxes, arrows = drawn
    layout = arranged(boxes, arrows)
    sizes = {box.name: box for box in boxes}
    for arrow, route in zip(arrows, layout.routes, strict=True):
        for name, point in ((arrow.source, route.points[0]), (arrow.target, route.points[-1])):
            left, top, right, bottom = area(layout.boxes[name], sizes[name].width, sizes[name].height)
            assert left - TOLERANCE <= point[0] <= right + TOLERANCE
            assert min(abs(point[1] - top), abs(point[1] - bottom)) < TOLERANCE or arrow.source == arrow.target
        for start, end in zip(route.points[::2], route.points[1::2], strict=True):
            assert start[0] == pytest.approx(end[0]) or start[1] == pytest.approx(end[1])
        for box in boxes:
            left, top, right, bottom = area(layout.boxes[box.name], box.width, box.height)
            for start, end in pairwise(route.points):
                along = (min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1]))
                if box.name not in {arrow.source, arrow.target}:
                    assert not overlap((along[0], along[1], along[2] + 0.01, along[3] + 0.01), (left, top, right, bottom))


def test_a_chain_is_one_straight_line() -> None:
    boxes = [Box(name, 60 + 20 * number, 40) for number, name in enumerate("abcd")]
    layout = arranged(boxes, [Arrow("a", "b", 40, 14), Arrow("b", "c", 40, 14), Arrow("c", "d", 40, 14)])
    assert len({round(point[0], 3) for route in layout.routes for point in route.points}) == 1


def test_arrows_do_not_cross_where_they_need_not() -> None:
    """Each of three sources leads to the target that was named in the opposite order."""
    boxes = [Box(name, 50, 40) for name in "abcxyz"]
    layout = arranged(boxes, [Arrow("a", "z"), Arrow("b", "y"), Arrow("c", "x"), Arrow("a", "y"), Arrow("b", "x")])
    places = {name: layout.boxes[name][0] for name in "abcxyz"}
    assert (places["a"] < places["b"] < places["c"]) == (places["z"] < places["y"] < places["x"])


def test_what_leads_back_is_drawn_against_the_direction() -> None:
    layout = arranged([Box(name, 50, 40) for name in "abc"], [Arrow("a", "b"), Arrow("b", "c"), Arrow("c", "a", 30, 14)])
    assert layout.boxes["a"][1] < layout.boxes["b"][1] < layout.boxes["c"][1]
    assert layout.routes[2].points[0][1] > layout.routes[2].points[-1][1]
