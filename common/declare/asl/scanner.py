"""Reads a text from left to right, for the parsers of paths and of intrinsic functions."""

import re

SPACE = re.compile(r"\s*")
STRING = re.compile(r"""'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)\"""", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
SHOWN = 25
"""How many characters of the rest of a text an error shows."""


class ScanError(ValueError):
    """A text that cannot be read; the message says where and what is expected.

    Args:
        message: a part of a sentence.
        suggestion: a sentence to append, as `did_you_mean` returns it.
    """

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


class Scanner:
    """A text and how far it has been read.

    Args:
        text: the whole text.
    """

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    @property
    def ended(self) -> bool:
        """Whether the whole text has been read."""
        return self.at >= len(self.text)

    def sees(self, *beginnings: str) -> bool:
        """Whether the rest begins with one of these."""
        return self.text.startswith(beginnings, self.at)

    def take(self, beginning: str) -> bool:
        """Reads this, if the rest begins with it."""
        if not self.sees(beginning):
            return False
        self.at += len(beginning)
        return True

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Reads what the pattern matches at this place, if anything."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def skip_space(self) -> None:
        """Reads spaces and line ends, if there are any."""
        self.match(SPACE)

    def expect(self, beginning: str, expected: str) -> None:
        """Reads this, or refuses the text.

        Raises:
            ScanError: the rest does not begin with it.
        """
        if not self.take(beginning):
            raise self.error(expected)

    def string(self) -> str | None:
        """Reads a quoted text and returns it without its quotes and escapes; None if there is none."""
        match = self.match(STRING)
        if match is None:
            return None
        return ESCAPED.sub(r"\1", match[1] if match[1] is not None else match[2])

    def error(self, expected: str) -> ScanError:
        """Returns an error that says what is expected at this place."""
        rest = self.text[self.at :]
        where = "at its end" if not rest else f"at {rest[:SHOWN]!r}"
        return ScanError(f"{where}, {expected}")
