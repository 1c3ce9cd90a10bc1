"""The style sheet of pages: narrow and wide screens, light and dark ones, and paper."""

from pathlib import Path

from common.report.picture import style

FILE = Path(__file__).with_name("page.css")
"""How the parts of pages look, in the colours of `style`."""


def sheet() -> str:
    """The whole style sheet of a page."""
    return style.variables() + FILE.read_text(encoding="utf-8").replace("FONT", style.FONT) + style.PICTURE
