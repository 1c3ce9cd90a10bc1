"""What declarations have used besides the folders that are always looked at."""

import os
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from common.declare.inputs import Inputs
from common.declare.used_files import UsedFiles, find_used
from tests.support.repository import Repository, fresh_imports


def used(root: Path, *opened: str, listed: tuple[str, ...] = ()) -> UsedFiles | None:
    """What counts of files that are opened and folders that are listed, by their paths in the repository or in all."""
    with fresh_imports():
        inputs = Inputs(root)
        for path in opened:
            inputs.note(str(root / path))
        inputs.listed |= {str(root / path) for path in listed}
        return find_used(root, inputs, ())


@pytest.fixture
def root(repository: Repository) -> Path:
    for path in ("build/version.txt", "build/gen/a.json", "build/index/dev.json", "libs/a.py", "projects/acres/.cache/m.txt"):
        repository.write(path, "")
    return repository.root


@pytest.mark.parametrize("path", ["build/version.txt", "build/gen/a.json", "projects/acres/.cache/m.txt", ".env", ".git/HEAD"])
def test_a_file_counts_wherever_a_declaration_reads_it(root: Path, path: str) -> None:
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).touch()
    assert used(root, path) == UsedFiles((), (str(root / path),))


@pytest.mark.parametrize("path", ["build/gen", ".gen", "projects/acres/.cache"])
def test_the_names_in_a_folder_count_that_is_listed(root: Path, path: str) -> None:
    assert used(root, listed=(path,)) == UsedFiles((), (str(root / path),))


@pytest.mark.parametrize("path", ["libs", "libs/tables"])
def test_a_folder_of_the_repository_counts_as_a_whole(root: Path, path: str) -> None:
    assert used(root, listed=(path,)) == used(root, "libs/a.py") == UsedFiles((str(root / "libs"),), ())


def test_what_is_looked_at_anyway_does_not_count(root: Path) -> None:
    own = ("build/index/dev.json", "deploy.py", "config/dev.json", os.__file__, pytest.__file__)
    assert used(root, *own, listed=("projects", "")) == UsedFiles((), ())


def test_a_folder_elsewhere_that_is_listed_may_hold_anything(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert used(root, listed=(str(elsewhere),)) is None
    (elsewhere / "a.txt").touch()
    assert used(root, str(elsewhere / "a.txt")) == UsedFiles((), (str(elsewhere / "a.txt"),))


def test_beside_python_files_count(root: Path) -> None:
    """The prefix of a system's Python is /usr, where there is more than Python."""
    path = f"{sys.base_prefix}/share/acme/tables.json"
    assert used(root, path) == UsedFiles((), (path,))


def test_where_packages_are_is_looked_up_once_for_all_modules(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """The deployer is in the repository, with hundreds of modules: a first deploy took 0.2 s longer."""
    for number in range(100):
        module = ModuleType(f"module_{number}")
        module.__file__ = str(root / "common" / f"module_{number}.py")
        monkeypatch.setitem(sys.modules, module.__name__, module)
    calls = Counter[str]()
    sys.setprofile(lambda frame, event, _: calls.update([frame.f_code.co_name] if event == "call" else []))
    try:
        used(root)
    finally:
        sys.setprofile(None)
    assert calls["get_path"] <= 10
