"""Which tests are slow: those that take seconds each, in a process or a server of their own or with many deploys.

``uv run pytest -m "not slow"`` leaves them out, for the time between two edits; nothing lands without all of them.
"""

import pytest

FILES = frozenset(
    {
        "faults",
        "local",
        "soak",
        "packaging/test_determinism.py",
        "packaging/test_layers.py",
        "packaging/test_packages.py",
        "resources/test_lifecycle.py",
        "resources/test_settings.py",
        "test_account.py",
        "test_bills.py",
        "test_budgets.py",
        "test_clock.py",
        "test_core_options.py",
        "test_cut_short.py",
        "test_damaged.py",
        "test_destroying.py",
        "test_diversions.py",
        "test_end_to_end.py",
        "test_ending.py",
        "test_endpoints.py",
        "test_environment_moved.py",
        "test_executor.py",
        "test_fence.py",
        "test_isolation.py",
        "test_layers.py",
        "test_old_layers.py",
        "test_operations_end_to_end.py",
        "test_ownership.py",
        "test_poisoning.py",
        "test_renaming.py",
        "test_running.py",
        "test_samples.py",
        "test_status.py",
        "test_watching.py",
    }
)
"""Files, and folders of them, in tests/ whose tests are slow."""
FIXTURES = frozenset({"embedded", "planted", "spark_results"})
"""Who asks for one of these, by name or as a parameter, has a server or Spark started."""


def mark(items: list[pytest.Item]) -> None:
    """Marks the slow ones."""
    here = __name__.partition(".")[0]
    for item in items:
        path = item.path.relative_to(item.config.rootpath).as_posix()
        within = path.removeprefix(f"{here}/")
        names = {within, within.partition("/")[0]} if path != within else set()
        asks = {*getattr(item, "fixturenames", ()), *item.name.replace("]", "-").replace("[", "-").split("-")}
        if names & FILES or FIXTURES & asks:
            item.add_marker(pytest.mark.slow)
