"""What belongs to a team and what an upgrade replaces are told apart, and the deployer's rules hold for the deployer alone."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.repository import ROOT

PAGE = (ROOT / "docs/upgrading.md").read_text()
HANDLER = """import os, json
def handler(event,context):
    print(event); assert event
    return {'a':eval("1")}
"""
"""Works, and breaks many of the rules that the deployer keeps to."""
TEST = """import warnings
import pytest

@pytest.mark.ours
def test_something():
    warnings.warn("old", DeprecationWarning)
"""


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True)
    return done.stdout


def sides() -> dict[str, set[str]]:
    """The paths that the page gives to each side."""
    rows = re.findall(r"^\| (`[^|]+) \| (yours|the deployer's|nobody's) \|", PAGE, re.MULTILINE)
    return {whose: set(re.findall(r"`([^`]+)`", " ".join(paths for paths, side in rows if side == whose))) for _, whose in rows}


def test_every_file_is_on_one_side() -> None:
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().split()}
    present = {path.name for path in ROOT.iterdir() if path.name[0] != "." or path.name.startswith((".ci", ".git"))} - ignored
    named = {side: {path.strip("/") for path in paths} for side, paths in sides().items()}
    assert set(named) == {"yours", "the deployer's", "nobody's"}
    assert present - {".git"} - set().union(*named.values()) == set(), "docs/upgrading.md says whose it is"
    assert sum(map(len, named.values())) == len(set().union(*named.values())), "once"
    assert named["the deployer's"] - {"config/schema.json"} <= present


def test_an_upgrade_replaces_the_deployer_whole_and_nothing_else(tmp_path: Path) -> None:
    """The commands of the page, as they stand there."""
    block = next(block for block in re.findall(r"\n\n((?: {4}.*\n)+)", PAGE) if "git rm" in block)
    replaced = {path.strip("/") for path in sides()["the deployer's"]}
    old, new = tmp_path / "ours", tmp_path / "pipeline-deployer"
    for folder in (old, new):
        for path in replaced:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / path).is_dir():
                target.mkdir()
                (target / "present.py").write_text(folder.name)
            else:
                target.write_text(folder.name)
        (folder / "projects/orders").mkdir(parents=True)
        (folder / "projects/orders/deploy.py").write_text(folder.name)
        (folder / "config/dev.json").write_text(folder.name)
        (folder / "README.md").write_text(folder.name)
    (old / "common/gone.py").write_text("a module that the new version does not have any more")
    (new / "common/added.py").write_text("")
    for folder in (old, new):
        git(folder, "init", "--quiet")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "All of it")
    subprocess.run(["bash", "-euc", block], cwd=old, check=True, capture_output=True)
    for path in replaced:
        target = old / path / "present.py" if (old / path).is_dir() else old / path
        assert target.read_text() == "pipeline-deployer", path
    assert not (old / "common/gone.py").exists()
    assert (old / "common/added.py").exists()
    for path in ("projects/orders/deploy.py", "config/dev.json", "README.md"):
        assert (old / path).read_text() == "ours", path
    assert not [line for line in git(old, "status", "--porcelain").splitlines() if line[1] != " "], "all of it is staged"


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A repository in which a team has written a handler, and a test of it, by rules of its own."""
    for name in ("pyproject.toml", "projects/ruff.toml", "projects/pytest.ini", "projects/mypy.ini"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    for path, text in {
        "projects/ruff.toml": '[lint]\nselect = ["S307"]\n',
        "projects/orders/lambda/Validate/handler.py": HANDLER,
        "projects/orders/tests/test_it.py": TEST,
        "common/module.py": HANDLER,
        "deploy.py": HANDLER,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_the_rules_of_style_are_the_teams_own(team: Path) -> None:
    ruff = (sys.executable, "-m", "ruff")
    words = (*ruff, "check", "--no-cache", "--output-format", "json")
    output = json.loads(subprocess.run(words, cwd=team, capture_output=True, text=True, check=False).stdout)
    rules: dict[str, set[str]] = {}
    for violation in output:
        rules.setdefault(Path(violation["filename"]).relative_to(team).as_posix(), set()).add(violation["code"])
    assert rules.pop("common/module.py") >= {"D100", "D103", "E401", "E702", "F401", "S101", "S307", "T201"}
    assert rules == {"projects/orders/lambda/Validate/handler.py": {"S307"}}, "its own rule alone"
    formatted = subprocess.run(
        (*ruff, "format", "--no-cache", "--diff"), cwd=team, capture_output=True, text=True, check=False
    ).stdout
    assert set(re.findall(r"^--- (.*)", formatted, re.MULTILINE)) >= {"common/module.py"}
    assert "--- deploy.py" not in formatted


def test_the_settings_of_tests_are_the_teams_own(team: Path) -> None:
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    for place in ("projects", "projects/orders/tests/test_it.py"):
        done = subprocess.run([*words, place], cwd=team, capture_output=True, text=True, check=False)
        assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_types_are_checked_by_the_teams_own_settings() -> None:
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["files"]
    assert checked == ["tasks.py", "common", "tests"]
    assert "files = deploy.py, projects\n" in (ROOT / "projects/mypy.ini").read_text()
