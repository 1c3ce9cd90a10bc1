"""The job's transform."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script of the job, as a module."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("clean", HERE.parent / "glue" / "clean" / "clean.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("ames.csv", [("A-1", "CORN", 1120.5), ("A-2", "SOYBEANS", 80)]),
        ("story.csv", [("S-9", "WHEAT", 45.5)]),
    ],
)
def test_the_samples_are_cleaned(clean: ModuleType, name: str, rows: list[tuple[str, str, float]]) -> None:
    cleaned = clean.transform((HERE / "data" / name).read_text())
    assert [tuple(row.values()) for row in cleaned] == rows
    assert all(list(row) == clean.COLUMNS for row in cleaned)


def test_a_file_without_rows_stays_without(clean: ModuleType) -> None:
    assert clean.transform("field,crop,acres\n") == []
