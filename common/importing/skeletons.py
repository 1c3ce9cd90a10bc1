"""Writes tests of an imported project to begin with: what every file must be, and a place for what each function must do."""

import json
from collections.abc import Mapping, Sequence

from common.importing.entries import Entry

FILES = '''"""Every file of {project} can be read: sources compile, definitions are JSON."""

import json
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for place in ("lambda", "glue") for path in (PROJECT / place).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_sources_compile(path: Path) -> None:
    compile(path.read_bytes(), str(path), "exec")


@pytest.mark.parametrize("path", sorted(PROJECT.glob("*.asl.json")), ids=lambda path: path.name)
def test_definitions_are_objects(path: Path) -> None:
    definition = json.loads(path.read_text(encoding="utf-8"))
    assert definition["StartAt"] in definition["States"]
'''
FUNCTIONS = '''"""What the functions of {project} do: give each an event, and look at what it returns."""

import pytest

FUNCTIONS = {names}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_function_does(name: str) -> None:
    pytest.skip(f"Write what {{name}} must do, then take it out of this list.")
'''


def of(project: str, entries: Sequence[Entry]) -> Mapping[str, str]:
    """The tests of a new project, by path."""
    names = [entry.key for entry in entries if entry.resource.kind == "lambda"]
    files = {"tests/test_files.py": FILES.format(project=project)}
    if names:
        files["tests/test_functions.py"] = FUNCTIONS.format(project=project, names=json.dumps(names))
    return files
