"""Tables within a terminal's width: what gives way, and what does not."""

import io

import pytest
from rich.console import Console

from common.base import text_table
from common.base.terminal import Screen
from common.report import cell_formats

COLUMNS = ("when", "project", "changes")
ROWS = [["2026-11-23 08:43", "fpac_pipeline", "39 create, 10 upload"], ["2026-11-22 10:00", "orders", "x" * 60]]


def shown(width: int) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width, color_system=None)
    console.print(text_table.lay_out(COLUMNS, ROWS, width, whole=[0], folding=[2])[0], soft_wrap=False)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_the_widest_column_of_a_table_is_folded_first() -> None:
    lines = shown(60)
    assert "2026-11-23 08:43  fpac_pipeline  39 create, 10 upload" in lines
    assert max(map(len, lines)) == 60


def test_what_shall_stay_whole_wraps_last_and_between_words() -> None:
    assert any(line.startswith("2026-11-23 08:43  fpac_pipeline  39 create,") for line in shown(45))
    lines = shown(36)
    assert any(line.startswith("2026-11-23  fpac_pipeline  39") for line in lines)
    assert any(line.startswith("08:43 ") for line in lines)
    assert max(map(len, lines)) <= 36


def test_without_a_terminal_no_value_of_a_table_is_cut() -> None:
    stream = io.StringIO()
    Screen(stream).table(COLUMNS, ROWS, folding=[2])
    assert "x" * 60 in stream.getvalue()


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("2026-11-23T09:43:12+01:00", "2026-11-23 08:43"),
        ("2026-11-23T08:43:12Z", "2026-11-23 08:43"),
        ("0001-01-01T00:00:00+23:00", "0001-01-01T00:00:00+23:00"),
        ("soon", "soon"),
    ],
)
def test_times_are_told_to_the_minute(when: str, text: str) -> None:
    assert cell_formats.minute(when) == text


def test_who_and_what_from_is_short() -> None:
    about = {"holder": "ann", "host": "mill.example.com", "commit": "0123456789abcdef", "clean": "no"}
    assert (cell_formats.author(about), cell_formats.commit(about)) == ("ann@mill", "01234567 + changes")
    assert (cell_formats.author({}), cell_formats.commit({})) == ("", "")
