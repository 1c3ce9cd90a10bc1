"""How long to look: the same few cases in every run of the tests, ever new and many more of them in the soak."""

import os

from hypothesis import HealthCheck, settings

SEED = os.environ.get("SOAK_SEED")
"""Of this round of the soak; None outside of it."""


def bounded(examples: int, steps: int = 50) -> settings:
    """So many examples, and so many steps of a sequence."""
    return settings(
        max_examples=examples * (5 if SEED else 1),
        stateful_step_count=steps,
        derandomize=SEED is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
