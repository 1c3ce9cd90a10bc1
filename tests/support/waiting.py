"""Waits in tests: for what another thread or process does, as long as a busy machine needs for it."""

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.02
"""How long to wait between two looks."""


def until(condition: Callable[[], object], seconds: float = 90) -> None:
    """Waits until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(PAUSE_SECONDS)
