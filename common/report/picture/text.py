"""How wide a text is drawn, and how it is broken into lines. No font is asked: estimates leave some room in every usual one."""

import unicodedata

NARROW, WIDE = frozenset("iljtfrI.,:;'|!()[]{} /\\`-"), frozenset("mwMW@%—…")
SIZE = 13.0
"""The size of usual text in pixels."""
SMALL = 11.0
"""The size of what explains."""
BOLD = 1.12
"""How much wider bold text is."""


def width_of(text: str, size: float = SIZE) -> float:
    """How wide a line of text is at most, in pixels."""
    return sum(map(_em, text)) * size


def shortened(text: str, limit: int) -> str:
    """A text of so many characters at most: of a longer one the beginning and the end, which tells names apart."""
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 3
    return f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"


def lines_of(text: str, limit: int, most: int) -> list[str]:
    """A text broken between words into lines of `limit` characters; if there are more than `most`, the last ends with dots."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > limit:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    short = [shortened(line, limit) for line in lines]
    return short if len(short) <= most else [*short[: most - 1], f"{short[most - 1][: limit - 2]} …"]


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 1.05
    if character in NARROW:
        return 0.39
    if character in WIDE:
        return 0.95
    return 0.73 if character.isupper() else 0.62
