"""Spells commands as the user must type them, for messages: with `uv run`, unless the environment is activated."""

import os

UV = "UV_RUN_RECURSION_DEPTH"
"""The variable that `uv run` sets for the programs that it starts: https://docs.astral.sh/uv/reference/environment/"""


def typed(words: str) -> str:
    """Returns a command of this repository as it must be typed, as in ``typed("deploy --env dev")``."""
    return f"{'uv run ' if UV in os.environ else ''}invoke {words}"
