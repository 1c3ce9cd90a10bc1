"""What `invoke doctor` finds out, one thing at a time."""

from typing import Final, Literal, NamedTuple

FINE: Final = "fine"
NOTE: Final = "note"
PROBLEM: Final = "problem"


class Finding(NamedTuple):
    """One thing that was looked at.

    Args:
        about: what was looked at.
        state: a note stops nothing, a problem does.
        text: what was found.
        advice: what to do; empty if there is nothing to do.
    """

    about: str
    state: Literal["fine", "note", "problem"]
    text: str
    advice: str = ""
