"""Who may import whom, and how long a file may be."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import common
from tests.repository import ROOT

LAYERS = (
    {"encoding", "schedules", "search_path", "suggestions", "versions"},
    {"interpreter", "typed"},
    {
        "build_folder",
        "cells",
        "clock",
        "comparison",
        "digest",
        "endpoints",
        "errors",
        "extent",
        "fence",
        "history",
        "markup",
        "new_file",
        "profile",
        "rates",
        "retries",
        "source",
        "texts",
        "states",
        "stopping",
        "table",
        "tags",
        "task_options",
    },
    {"git", "partitions", "settings", "values", "yaml_text"},
    {"config_errors"},
    {"aws_sessions", "choices", "config", "definition", "invocation", "packaging", "resource", "screen", "stat_cache"}
    | {"accepted", "provenance"},
    {
        "aws_common",
        "committed",
        "core_options",
        "default_environment",
        "desired",
        "express",
        "hiding",
        "index",
        "python_errors",
        "reasons",
    }
    | {"remains", "renewing"},
    {"release"},
    {
        "artifact",
        "aws",
        "events",
        "failure",
        "local",
        "lock",
        "looking",
        "naming",
        "originals",
        "parameters",
        "places",
        "prediction",
        "project_folder",
        "protection",
        "records",
        "reference",
        "resources",
        "scheduling",
        "selection",
    }
    | {"command_line", "executor", "steps"},
    {
        "acting",
        "advice",
        "connecting",
        "configured",
        "field_types",
        "listing",
        "given",
        "old_layers",
        "package",
        "pruning",
        "releases",
        "tally",
        "trust",
    },
    {"claims", "drift", "inputs", "quotas"},
    {"deciding"},
    {
        "declaration",
        "old_records",
        "garbage",
        "layers",
        "permissions",
        "planning",
        "preview",
        "report",
        "policy_names",
        "targets",
    },
    {"execution", "integrations", "libraries", "projects", "roots", "shared"},
    {"leases", "rendering", "run_report"},
    {"engine", "missing", "vetting"},
    {"pipeline", "session"},
    {"answering", "opening", "packing", "policy", "running", "status", "watching"},
    {"bills", "destroying", "drift_report", "garbage_report", "releases_report", "unlocking"},
)
"""Modules of `common`, the lowest first. Each may import from the layers below its own. A new module goes to where it fits."""
DECLARING = {"declaration", "definition", "given", "integrations", "layers", "permissions", "pipeline"}
DECLARING |= {"reference", "rendering", "resources", "settings", "shared", "targets", "field_types"}
DOING = {
    "aws",
    "aws_common",
    "connecting",
    "engine",
    "leases",
    "lock",
    "planning",
    "pruning",
    "records",
    "release",
    "report",
    "scheduling",
    "session",
}
SEEN_BY_DOING = {"declaration", "resources", "settings", "shared"}
"""Of what declares: the protocol of a declared pipeline, the types by their kinds, and the names of shared resources."""

RUNTIME = ROOT / "common/local/runtime"
FOUND = [path for folder in ("common", "projects", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
SOURCES = [*(path for path in FOUND if "__pycache__" not in path.parts), ROOT / "tasks.py", ROOT / "deploy.py"]
COMMON = [path for path in SOURCES if path.is_relative_to(ROOT / "common") and not path.is_relative_to(RUNTIME)]
DECLARATIONS = [ROOT / "deploy.py", *(path for path in SOURCES if path.parent.parent == ROOT / "projects")]
OURS = [*COMMON, *DECLARATIONS, ROOT / "tasks.py"]


def imported(path: Path) -> Iterator[str]:
    """What a file imports anywhere, dotted: modules, and names that may be modules."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def from_common(path: Path) -> set[str]:
    """The modules of `common` that a file imports."""
    return {name.split(".")[1] for name in imported(path) if name.startswith("common.")}


def top_level(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def module(path: Path) -> str:
    """As the tables call it: folders stand for all that is in them."""
    return path.relative_to(ROOT / "common").parts[0].removesuffix(".py")


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_module_has_a_layer() -> None:
    placed = [name for layer in LAYERS for name in layer]
    assert sorted(placed) == sorted({module(path) for path in COMMON} - {"__init__"}), "LAYERS has a line for every module, once"


@pytest.mark.parametrize("number", range(len(LAYERS)))
def test_imports_lead_down(number: int) -> None:
    below = set().union(*LAYERS[:number])
    for path in COMMON:
        if module(path) in LAYERS[number]:
            within = {"local", "packaging"} & {module(path)}
            assert from_common(path) <= below | within, shown(path)


def test_types_of_resources_know_neither_each_other_nor_who_uses_them() -> None:
    for path in (ROOT / "common/resources").glob("*.py"):
        allowed = {"accepted", "comparison", "desired", "digest", "errors", "remains", "renewing", "resource", "settings", "tags"}
        assert from_common(path) <= allowed, shown(path)


def test_declaring_and_doing_know_nothing_of_each_other() -> None:
    for path in COMMON:
        if module(path) in DECLARING:
            assert not from_common(path) & DOING, shown(path)
        if module(path) in DOING:
            assert from_common(path) & DECLARING <= SEEN_BY_DOING, shown(path)


def test_two_modules_speak_to_aws_and_four_to_invoke() -> None:
    speaking = {shown(path) for path in OURS if top_level(path) & {"boto3", "botocore"}}
    assert speaking == {"common/aws_common.py", "common/aws_sessions.py"}
    speaking = {shown(path) for path in OURS if "invoke" in top_level(path)}
    assert speaking == {"common/command_line.py", "common/core_options.py", "common/executor.py", "tasks.py"}
    hashing = {shown(path) for path in OURS if "hashlib" in top_level(path)}
    assert hashing <= {"common/digest.py", "common/local/environments.py"}, "digests are made in one place"


def writes_to_the_terminal(path: Path) -> bool:
    """Whether a file prints, names a standard stream that is written to, or makes a console of its own."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "input"}:
            return True
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr", "sys.__stdout__", "os.write"}:
            return True
        if isinstance(node, ast.ImportFrom) and node.module in {"rich", "rich.console", "rich.markup", "rich.live", "sys"}:
            return {alias.name for alias in node.names} != {"box"}
    return False


def test_one_module_writes_to_the_terminal() -> None:
    """The others: a pipe between two processes of ours, and a constant that a signal's handler writes."""
    writing = {shown(path) for path in OURS if writes_to_the_terminal(path)}
    assert writing == {"common/screen.py", "common/stopping.py"}


@pytest.mark.parametrize("path", DECLARATIONS, ids=shown)
def test_declarations_use_what_common_offers_and_their_own(path: Path) -> None:
    own = f"projects.{path.parent.name}."
    for name in imported(path):
        if name.startswith("common"):
            assert name.removeprefix("common.") in common.__all__
        else:
            assert name.partition(".")[0] in sys.stdlib_module_names or name.startswith(own), name


def test_code_that_runs_elsewhere_imports_nothing_of_ours() -> None:
    deployed = [
        path for path in SOURCES if {"lambda", "glue"} & set(path.relative_to(ROOT).parts[2:-1]) and "tests" not in path.parts
    ]
    assert deployed
    for path in (*deployed, *RUNTIME.rglob("*.py")):
        assert not top_level(path) & {"common", "projects", "tests", "tasks", "deploy"}, shown(path)


def test_the_deployer_knows_no_pipeline_by_name() -> None:
    names = [path.parent.name for path in (ROOT / "projects").glob("*/deploy.py")]
    assert names
    for path in (*COMMON, ROOT / "tasks.py"):
        text = path.read_text()
        assert not [name for name in names if name in text], shown(path)


def test_common_offers_what_it_says() -> None:
    for name in common.__all__:
        assert getattr(common, name).__name__ == name
    checked = {name.rpartition(".")[2] for name in imported(ROOT / "common/__init__.py") if name.startswith("common.")}
    assert checked - {"search_path", "source"} == set(common.__all__), "what type checkers see is what there is"
    with pytest.raises(AttributeError, match="has no attribute 'Engine'"):
        common.Engine  # noqa: B018 - looking is the test


def test_no_file_is_long() -> None:
    assert {shown(path): lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > 300} == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [shown(path) for path in SOURCES if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_bytes()))] == []
