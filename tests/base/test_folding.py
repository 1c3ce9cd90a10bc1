"""Text that a terminal has no room for."""

import pytest

from common.base.folding import fold
from common.base.terminal import Screen
from tests.support.terminal import on_screen
from tests.support.waiting import until


def test_a_live_line_that_is_cut_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_screen(monkeypatch, 40)
    screen = Screen(stream)
    screen.live("fetching packages of ministack, 2.3 of 72.9 MiB: botocore")
    until(lambda: " fetching packages of ministack, 2.3…" in stream.text())  # it is drawn some times a second
    screen.live("")


def test_text_is_folded_between_words_and_commands_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "first: there is no environment 'locl'\n  below: `invoke plan --env dev --project orders` shows it"
    screen = Screen(on_screen(monkeypatch, 36))
    assert fold(screen, text, 2) == [
        "  first: there is no environment",
        "    'locl'",
        "    below:",
        "      `invoke plan --env dev --project orders`",
        "      shows it",
    ]
