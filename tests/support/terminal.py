"""A stream that says it is a terminal."""

import io
import re

import pytest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        """What a person reads: all that was written, without the sequences that style it or move the cursor."""
        return re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", self.getvalue())


def on_screen(monkeypatch: pytest.MonkeyPatch, columns: int = 100) -> Terminal:
    """A terminal of so many columns."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    return Terminal()


def squeezed(text: str) -> str:
    """The text with columns one space apart, however wide they are."""
    return re.sub(r"(?<=\S) +", " ", text)
