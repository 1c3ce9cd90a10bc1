"""Escapes and strips the markup of rich without loading rich, which is slow and needed only on a terminal."""

import re

TAG = re.compile(r"(\\*)(\[[a-z#/@][^[]*?])")
"""Matches a tag and the backslashes before it; an odd number of backslashes makes the tag plain text."""


def escape(text: str) -> str:
    """Returns markup that shows the text literally."""
    escaped = TAG.sub(r"\1\1\\\2", text)
    return f"{escaped}\\" if escaped.endswith("\\") and not escaped.endswith("\\\\") else escaped


def strip_markup(markup: str) -> str:
    """Returns the text that markup shows, without styles."""
    return TAG.sub(lambda match: "\\" * (len(match[1]) // 2) + (match[2] if len(match[1]) % 2 else ""), markup)
