"""`invoke upgrade` replaces the deployer whole, or changes nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from common.base.errors import DeployError, UsageError
from common.setup import changelog, deployer_files, upgrading
from tests.support.repository import ROOT

PARTS = "CHANGELOG.md\ncommon\nconfig/schema.json\ntasks.py\n"
LOG = "# Changelog\n\n## [Unreleased]\n\n## [0.3.0] - 2027\n\n- New.\n\n## [0.2.1]\n\n- Fixed.\n\n## [0.2.0]\n\n- Old.\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def deployer(root: Path, version: str, **files: str) -> Path:
    """A small deployer of this version."""
    own = {deployer_files.LIST: PARTS, deployer_files.VERSION_FILE: f'VERSION = "{version}"\n', "CHANGELOG.md": LOG}
    return write(root, {**own, "tasks.py": f"# {version}\n", "config/schema.json": "{}\n", **files})


def contents(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A team's repository with version 0.2.0."""
    root = tmp_path / "team"
    root.mkdir()
    deployer_files.copy(
        deployer(tmp_path / "old", "0.2.0", **{"common/gone.py": "", "common/same.py": "", "CHANGELOG.md": ""}), root
    )
    return write(root, {"config/dev.json": "{}", "projects/sales/deploy.py": "mine", "README.md": "mine"})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return deployer(tmp_path / "new", "0.3.0", **{"common/added.py": "", "common/same.py": "", "README.md": "theirs"})


def test_the_deployer_is_replaced_whole_and_nothing_else(team: Path, source: Path) -> None:
    result = upgrading.upgrade(team, str(source))
    assert (result.before, result.after, result.added, result.removed) == (
        "0.2.0",
        "0.3.0",
        ["common/added.py"],
        ["common/gone.py"],
    )
    assert result.changed == ["CHANGELOG.md", "common/base/version.py", "tasks.py"]
    assert result.news == "## [0.3.0] - 2027\n\n- New.\n\n## [0.2.1]\n\n- Fixed."
    now = contents(team)
    assert (now["README.md"], now["projects/sales/deploy.py"], now["config/dev.json"]) == ("mine", "mine", "{}")
    assert "common/gone.py" not in now
    assert json.loads(now[deployer_files.MANIFEST])["version"] == "0.3.0"
    assert not [path for path in now if path.startswith("build/")]
    recorded = deployer_files.recorded(team)
    assert recorded is not None
    assert deployer_files.edited(team, recorded) == []
    assert upgrading.upgrade(team, str(source)).is_empty


def test_what_was_edited_by_hand_is_refused_by_name(team: Path, source: Path) -> None:
    write(team, {"tasks.py": "edited", "common/mine.py": "", "common/__pycache__/x.pyc": ""})
    (team / "common/same.py").unlink()
    before = contents(team)
    with pytest.raises(UsageError) as refused:
        upgrading.upgrade(team, str(source))
    for line in ("tasks.py was edited", "common/mine.py was added", "common/same.py was removed", "Nothing was changed."):
        assert line in str(refused.value)
    assert "__pycache__" not in str(refused.value)
    assert contents(team) == before
    upgrading.upgrade(team, str(source), discard_edits=True)
    assert "common/mine.py" not in contents(team)


def test_a_repository_without_a_manifest_gets_one_only_on_request(team: Path, source: Path) -> None:
    (team / deployer_files.MANIFEST).unlink()
    with pytest.raises(UsageError, match=r"There is no common/manifest\.json"):
        upgrading.upgrade(team, str(source))
    upgrading.upgrade(team, str(source), discard_edits=True)
    assert deployer_files.recorded(team) is not None


def test_a_dry_run_changes_nothing(team: Path, source: Path) -> None:
    before = contents(team)
    assert upgrading.upgrade(team, str(source), dry_run=True).after == "0.3.0"
    assert contents(team) == before


def test_what_is_no_newer_deployer_is_refused(team: Path, source: Path, tmp_path: Path) -> None:
    before = contents(team)
    older = deployer(tmp_path / "older", "0.1.0")
    edited = tmp_path / "edited"
    edited.mkdir()
    deployer_files.copy(source, edited)
    write(edited, {"tasks.py": "edited"})
    (tmp_path / "empty").mkdir()
    for place, message in (
        (older, "has version 0.1.0, which is older than 0.2.0"),
        (edited, "was edited by hand: tasks.py was edited"),
        (team, "which is this repository"),
        (tmp_path / "empty", "is not a repository with the deployer"),
        (tmp_path / "nowhere", "there is no such folder"),
    ):
        with pytest.raises(UsageError, match=message):
            upgrading.upgrade(team, str(place))
    write(team, {deployer_files.MANIFEST: "{"})
    with pytest.raises(DeployError, match="cannot be read"):
        upgrading.upgrade(team, str(source))
    write(team, {deployer_files.MANIFEST: before[deployer_files.MANIFEST]})
    assert contents(team) == before


@pytest.mark.parametrize("number", range(8))
def test_a_rename_that_fails_is_undone_with_all_before_it(
    team: Path, source: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before, rename, renamed = contents(team), Path.rename, list[Path]()

    def failing(self: Path, target: Path) -> Path:
        renamed.append(self)
        if len(renamed) == number + 1:
            raise PermissionError(13, os.strerror(13), str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(DeployError, match=r"cannot be moved: Permission denied\. Everything is as before\."):
        upgrading.upgrade(team, str(source))
    assert contents(team) == before


def test_the_changelog_tells_what_is_between_two_versions() -> None:
    assert changelog.since(LOG, "0.3.0") == ""
    assert changelog.since(LOG, "0.2.1").startswith("## [0.3.0]")
    unreleased = LOG.replace("## [Unreleased]\n", "## [Unreleased]\n\n- Soon.\n")
    assert changelog.since(unreleased, "0.3.0") == "## [Unreleased]\n\n- Soon."
    assert changelog.since(unreleased, "0.3.0", unreleased) == ""


def test_a_deployer_that_lacks_a_file_says_which(tmp_path: Path) -> None:
    write(tmp_path, {"common/commands/all_tasks.py": "import common.base.markup\n", "common/base/__init__.py": ""})
    shutil.copy(ROOT / "tasks.py", tmp_path)
    done = subprocess.run([sys.executable, "tasks.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    message = "error: The deployer has no common/base/markup.py. Bring it back, for example by `git checkout HEAD common`.\n"
    assert (done.returncode, done.stderr) == (1, message)
