"""The job's transform."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture
def flatten(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script of the job, as a module."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("flatten", HERE.parent / "glue" / "flatten" / "flatten.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_sample_becomes_a_row_for_each_sensor(flatten: ModuleType) -> None:
    rows = flatten.transform(json.loads((HERE / "data" / "answer.json").read_text()))
    assert [tuple(row.values()) for row in rows] == [
        ("W-2", "Story City", 42.19, -93.6, "rain", 1.5),
        ("W-7", "Ames", 42.03, -93.62, "rain", 0),
        ("W-7", "Ames", 42.03, -93.62, "wind", 4.1),
    ]
    assert all(list(row) == flatten.COLUMNS for row in rows)


def test_without_stations_there_are_no_rows(flatten: ModuleType) -> None:
    assert flatten.transform({"stations": []}) == []
