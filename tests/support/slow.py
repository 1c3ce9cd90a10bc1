"""Which tests are slow: those that take seconds each, in a process or a server of their own or with many deploys.

``uv run pytest -m "not slow"`` leaves them out, for the time between two edits; nothing lands without all of them.
"""

import pytest

FILES = frozenset(
    {
        "commands/test_upgrading.py",
        "faults",
        "local",
        "soak",
        "packaging/test_determinism.py",
        "packaging/test_layers.py",
        "packaging/test_packages.py",
        "resources/test_lifecycle.py",
        "resources/test_settings.py",
        "account/test_account.py",
        "account/test_account_rights.py",
        "commands/test_sbom.py",
        "engine/test_budgets.py",
        "base/test_process_clock.py",
        "commands/test_invoke_options.py",
        "aws/test_cut_short.py",
        "state/test_damaged.py",
        "commands/test_destroy.py",
        "aws/test_diversions.py",
        "test_end_to_end.py",
        "support/test_ending.py",
        "environment/test_endpoints.py",
        "engine/test_environment_moved.py",
        "commands/test_executor.py",
        "aws/test_fence.py",
        "base/test_isolation.py",
        "declare/test_layers.py",
        "declare/test_typed_construction.py",
        "engine/test_old_layers.py",
        "commands/test_operations_end_to_end.py",
        "engine/test_ownership.py",
        "packaging/test_poisoning.py",
        "engine/test_renaming.py",
        "commands/test_run.py",
        "execution/test_samples.py",
        "commands/test_status.py",
        "commands/test_watch.py",
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
