"""Commands as they must be typed, for messages: `invoke` alone is found only where the environment is activated."""

import os

UV = "UV_RUN_RECURSION_DEPTH"
"""A variable that `uv run` sets for what it runs: https://docs.astral.sh/uv/reference/environment/"""


def typed(words: str) -> str:
    """A command of this repository, as in ``typed("deploy --env dev")``."""
    return f"{'uv run ' if UV in os.environ else ''}invoke {words}"
