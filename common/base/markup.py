"""Rich's markup without rich: what is written where there is no terminal, and what it would leave of it.

Rich takes long to load. Elsewhere than on a terminal it leaves of markup little enough to be had without it.
"""

import re

TAG = re.compile(r"(\\*)(\[[a-z#/@][^[]*?])")
"""A tag, and the backslashes before it: an odd number of them makes it text."""


def escape(text: str) -> str:
    """The text as markup that shows it."""
    escaped = TAG.sub(r"\1\1\\\2", text)
    return f"{escaped}\\" if escaped.endswith("\\") and not escaped.endswith("\\\\") else escaped


def plain(markup: str) -> str:
    """What markup shows, without any style."""
    return TAG.sub(lambda found: "\\" * (len(found[1]) // 2) + (found[2] if len(found[1]) % 2 else ""), markup)
