"""Widths and lines of texts in pictures."""

from hypothesis import given
from hypothesis import strategies as st

from common.report.picture import text


@given(st.text(max_size=120), st.integers(8, 40))
def test_a_shortened_text_fits(whole: str, limit: int) -> None:
    assert len(text.shortened(whole, limit)) <= limit
    assert all(len(line) <= limit for line in text.lines_of(whole, limit, 3))
    assert len(text.lines_of(whole, limit, 3)) <= 3


def test_the_beginning_and_the_end_of_a_long_name_are_shown() -> None:
    assert text.shortened("a" * 40 + "-end", 20) == "aaaaaaaaaaaaa…aa-end"


def test_wide_characters_take_more_room() -> None:
    assert text.width_of("漢字") > text.width_of("ab") > text.width_of("il") > 0
