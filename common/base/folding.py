"""Folds text to the width of a terminal; elsewhere a line stays one line, so that programs find it."""

from common.base.terminal import Screen, visible


def fold(screen: Screen, text: str, indent: int = 0) -> list[str]:
    """Returns the lines of a text as a screen shows them, broken between words where a terminal has no room.

    Args:
        screen: where they will be written.
        text: plain text of any origin, of one line or of several.
        indent: how many blanks are to stand before each line.
    """
    before = " " * indent
    if screen.room is None:
        return [f"{before}{line}" for line in visible(text).split("\n")]
    from common.base import text_fit  # loads rich, which only a terminal needs

    return text_fit.paragraphs(screen.spelled(visible(text)), screen.room - indent, before)
