"""What counts as a change of what declarations can depend on, and what does not."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from common.declare import surroundings
from common.declare.trace import trace_file
from common.model.choices import Choices
from tests.support.repository import Repository

Change = Callable[[Path], object]


@pytest.fixture
def root(repository: Repository) -> Path:
    repository.project()
    repository.write("config/acres/dev.json", {"enabled": True})
    repository.write("common/own.py", "")
    repository.write("libs/shared.py", "")
    repository.write("elsewhere/linked/text.txt", "a")
    (repository.root / "projects/acres/linked").symlink_to(repository.root / "elsewhere/linked")
    (repository.root / "projects/acres/second").symlink_to(repository.root / "elsewhere/linked")
    (repository.root / "projects/acres/nowhere").symlink_to("missing")
    (repository.root / "projects/acres/circle").symlink_to(repository.root / "projects")
    return repository.root


def digest(root: Path) -> str:
    return surroundings.look(root, ["dev"]).digest


def replace_by_same_size(path: Path) -> None:
    """Other bytes, with the times of the ones before, as far as programs can set them."""
    status = path.stat()
    path.write_bytes(bytes(path.stat().st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def touch(path: Path) -> None:
    path.parent.mkdir()
    path.touch()


def append_line(path: Path) -> None:
    path.write_text(f"{path.read_text()}\n")


def relink(link: Path, target: Path) -> None:
    link.unlink()
    link.symlink_to(target)


CHANGES: dict[str, Change] = {
    "a declaration is edited": lambda root: append_line(root / "projects/acres/deploy.py"),
    "a file of the same size and time": lambda root: replace_by_same_size(root / "projects/acres/glue/landing/load.py"),
    "a new file of a function": lambda root: (root / "projects/acres/lambda/Validate/more.py").touch(),
    "a hidden file of a function": lambda root: (root / "projects/acres/lambda/Validate/.deployignore").touch(),
    "an empty folder": lambda root: (root / "projects/acres/lambda/New").mkdir(),
    "a file is gone": lambda root: (root / "projects/acres/lambda/Validate/handler.py").unlink(),
    "a file is renamed": lambda root: (root / "projects/acres/deploy.py").rename(root / "projects/acres/other.py"),
    "a file becomes executable": lambda root: (root / "projects/acres/lambda/Validate/handler.py").chmod(0o755),
    "a file behind a link": lambda root: (root / "elsewhere/linked/text.txt").write_text("b"),
    "a link leads somewhere now": lambda root: (root / "projects/acres/missing").touch(),
    "another link to a linked folder": lambda root: (root / "projects/acres/more").symlink_to(root / "elsewhere/linked"),
    "a link leads to another linked folder": lambda root: relink(root / "projects/acres/circle", root / "elsewhere/linked"),
    "a hidden folder of the top folder": lambda root: (root / ".tables").mkdir(),
    "the configuration": lambda root: append_line(root / "config/dev.json"),
    "a section of a project": lambda root: (root / "config/acres/dev.json").unlink(),
    "another environment": lambda root: (root / "config/test.json").touch(),
    "the deployer": lambda root: (root / "common/own.py").write_text("1"),
    "a new module of the deployer": lambda root: (root / "common/new.py").touch(),
    "the shared resources": lambda root: append_line(root / "deploy.py"),
    "a file of the top folder": lambda root: (root / "pyproject.toml").touch(),
    "a hidden file of the top folder": lambda root: (root / ".python-version").touch(),
    "a link to itself": lambda root: (root / "loop").symlink_to("loop"),
    "a link to itself in a project": lambda root: (root / "projects/acres/loop").symlink_to("loop"),
    "a second link is gone": lambda root: (root / "projects/acres/second").unlink(),
    "a new folder of the top folder": lambda root: (root / "yaml").mkdir(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_declaration_can_read_counts(root: Path, change: Change) -> None:
    before = digest(root)
    assert digest(root) == before
    change(root)
    assert digest(root) != before


IGNORED: dict[str, Change] = {
    "bytecode": lambda root: touch(root / "common/__pycache__/own.pyc"),
    "what is built": lambda root: (root / "build/new").touch(),
    "a folder of tools": lambda root: touch(root / ".pytest_cache/new"),
    "what no declaration has used": lambda root: (root / "libs/shared.py").write_text("1"),
}


@pytest.mark.parametrize("change", IGNORED.values(), ids=IGNORED)
def test_what_commands_and_tools_leave_does_not_count(root: Path, change: Change) -> None:
    (root / "build").mkdir()
    before = digest(root)
    change(root)
    assert digest(root) == before


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        *(("REGION", True), ("TZ", True), ("AWS_PROFILE", True), ("DEPLOY_USER", True)),
        *(("AWS_SESSION_TOKEN", False), ("COLUMNS", False), ("PWD", False)),
    ],
)
def test_variables_count_unless_every_command_has_others(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, counts: bool
) -> None:
    before = digest(root)
    monkeypatch.setenv(name, "other")
    assert (digest(root) != before) is counts


def test_the_process_counts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(root)
    installed = root / "elsewhere"
    monkeypatch.setattr(sys, "path", [*sys.path, str(installed)])
    with_another_folder = digest(root)
    (installed / "another_module.py").touch()
    with_another_module = digest(root)
    monkeypatch.chdir(root / "projects")
    assert len({before, with_another_folder, with_another_module, digest(root)}) == 4
    assert surroundings.look(root, ["test"]).digest != digest(root)


def test_single_files_and_folders_count_as_they_are_used(root: Path) -> None:
    def beside() -> str:
        return surroundings.look_beside([str(root / "libs")], [str(root / "elsewhere"), str(root / "missing")])[0]

    seen = [beside()]
    (root / "libs/inner").mkdir()
    seen.append(beside())
    (root / "libs/inner/new.py").touch()
    seen.append(beside())
    (root / "elsewhere/new").touch()
    seen.append(beside())
    (root / "missing").touch()
    seen.append(beside())
    assert len({*seen}) == len(seen)
    (root / "elsewhere/linked/text.txt").write_text("b")
    assert beside() == seen[-1], "of a folder that is listed, only the names count"


def test_the_newest_file_tells_how_young_the_surroundings_are(root: Path) -> None:
    newest = surroundings.look(root, []).newest_ns
    (root / "projects/acres/new").touch()
    assert surroundings.look(root, []).newest_ns >= (root / "projects/acres/new").stat().st_ctime_ns >= newest
    for change in ((root / "projects/acres/new").unlink, lambda: (root / "projects/acres/glue").rename(root / "glue")):
        newest = surroundings.look(root, []).newest_ns
        time.sleep(0.01)  # the tick of the clock of common file systems
        change()
        assert surroundings.look(root, []).newest_ns > newest, "what is gone shows in the time of its folder"


def test_more_files_than_it_saves_time_are_not_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert trace_file(root, Choices(env="dev")) is not None
    monkeypatch.setattr(surroundings, "MAX_FILES", 3)
    with pytest.raises(surroundings.TooManyFilesError):
        surroundings.look(root, [])
    assert trace_file(root, Choices(env="dev")) is None
