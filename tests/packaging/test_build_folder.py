"""What is tidied up of what was built, and what never is."""

import os
import time
from pathlib import Path

import pytest

from common.packaging.build_folder import DAY_SECONDS, KEPT_DAYS, BuildFolder, mark_used
from tests.support.repository import HANDLER, Repository

OLD, NEW = "0" * 64, "1" * 64
NOW = time.time()  # that of the files, which no test can set
LONG_AGO = NOW - (KEPT_DAYS + 1) * DAY_SECONDS


def made(path: Path, at: float) -> Path:
    """A file, last used at that time; the folder that it is in, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    os.utime(path, (at, at))
    return path


def left(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def tidied(folder: Path, last: float = NOW - 2 * DAY_SECONDS) -> set[str]:
    """What a command leaves that ends now, when one had tidied up at `last`."""
    building = BuildFolder(folder, lambda: NOW)
    os.utime(folder / ".lock", (last, last))
    building.close()
    return left(folder)


def aged(folder: Path, at: float) -> None:
    """Nothing there was used since."""
    for path in folder.rglob("*"):
        os.utime(path, (at, at))


def test_what_was_not_used_for_long_goes(tmp_path: Path) -> None:
    for name in (
        f"acres/Load/{OLD}.zip",
        f"acres/Gone/{OLD}.zip",
        f"acres/x.wheels.y/{OLD}/y-1.whl",
        f".dependencies/{OLD}/y.py",
    ):
        made(tmp_path / name, LONG_AGO)
    aged(tmp_path, LONG_AGO)
    made(tmp_path / f"acres/Load/{NEW}.zip", NOW)
    made(tmp_path / f"acres/Load/{NEW}.json", LONG_AGO)
    assert tidied(tmp_path) == {f"acres/Load/{NEW}.zip", f"acres/Load/{NEW}.json"}, "what tells of a package stays with it"
    assert not (tmp_path / "acres/Gone").exists()


def test_use_keeps(tmp_path: Path) -> None:
    file, folder = made(tmp_path / f"acres/Load/{OLD}.zip", LONG_AGO), tmp_path / f".dependencies/{OLD}"
    made(folder / "y.py", LONG_AGO)
    aged(tmp_path, LONG_AGO)
    assert mark_used(file)
    assert mark_used(folder)
    assert not mark_used(tmp_path / "nothing")
    assert tidied(tmp_path) == {f"acres/Load/{OLD}.zip", f".dependencies/{OLD}/y.py"}


def test_what_a_killed_command_had_begun_goes(tmp_path: Path) -> None:
    made(tmp_path / "acres/Load/.new-abc", NOW)
    made(tmp_path / ".dependencies/.new-def/half.py", NOW)
    assert tidied(tmp_path) == set()


def test_once_a_day_is_enough(tmp_path: Path) -> None:
    made(tmp_path / f"acres/Load/{OLD}.zip", LONG_AGO)
    assert len(tidied(tmp_path, NOW - DAY_SECONDS / 2)) == 1
    assert len(tidied(tmp_path)) == 0
    assert (tmp_path / ".lock").stat().st_mtime == pytest.approx(NOW)


def test_nothing_goes_while_another_command_is_at_work(tmp_path: Path) -> None:
    made(tmp_path / f"acres/Load/{OLD}.zip", LONG_AGO)
    other = BuildFolder(tmp_path)
    assert len(tidied(tmp_path)) == 1
    other.close()
    assert len(tidied(tmp_path)) == 0


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("a file")
    BuildFolder(tmp_path / "build").close()


@pytest.mark.usefixtures("no_credentials")
def test_packages_of_before_go_and_current_ones_stay(repository: Repository) -> None:
    repository.project("acres")
    handler = "projects/acres/lambda/Validate/handler.py"
    for edit in range(3):
        repository.write(handler, f"# {edit}\n{HANDLER}")
        assert repository.invoke("package-lambdas").code == 0
    folder = repository.root / "build/artifacts"
    assert len(list(folder.glob("acres/Validate/*.zip"))) == 3
    aged(folder, time.time() - (KEPT_DAYS + 1) * DAY_SECONDS)
    assert repository.invoke("package-lambdas").out.startswith("  unchanged acres/Validate")
    assert len(list(folder.glob("acres/Validate/*"))) == 3, "the package, its manifest and its digest"
    assert repository.invoke("package-lambdas").out.startswith("  unchanged acres/Validate")
