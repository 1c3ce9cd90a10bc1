"""The job's transform."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture
def summary(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script of the job, as a module."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("summary", HERE.parent / "glue" / "summary" / "summary.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_sample_is_summed_up_by_day_and_meter(summary: ModuleType) -> None:
    lines = (HERE / "data" / "readings.jsonl").read_text().splitlines()
    assert summary.transform(lines, 100) == [
        {"day": "2026-03-02", "meter": "m-1", "readings": 2, "kwh": 2.75},
        {"day": "2026-03-02", "meter": "m-2", "readings": 1, "kwh": 0.75},
        {"day": "2026-03-03", "meter": "m-1", "readings": 1, "kwh": 2},
    ]


def test_without_readings_there_are_no_days(summary: ModuleType) -> None:
    assert summary.transform([], 100) == []
    assert summary.transform(["", '{"meter": "m-1", "at": "2026-03-02T00:15:00", "kwh": -1}'], 100) == []
