"""`invoke init` makes a repository of a team's own, whole or not at all."""

import json
import re
from pathlib import Path

import pytest
import yaml
from invoke.parser import Parser
from invoke.program import Program

from common.base.errors import UsageError
from common.base.version import VERSION
from common.commands import all_tasks
from common.setup import deployer_files, new_repository
from common.setup.new_repository import RepositoryWishes
from tests.support.repository import ROOT, fresh_imports


def made(folder: Path, **wishes: str) -> new_repository.NewRepository:
    with fresh_imports():
        return new_repository.create(ROOT, RepositoryWishes(folder, "sales", "python-shell", **wishes))


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("teams") / "acme"
    result = made(folder, account="222222222222", region="eu-central-1")
    assert (result.version, result.environments, result.is_in_git) == (VERSION, ["local", "dev"], True)
    return folder


def test_it_has_the_deployer_and_one_project_and_none_of_the_examples(team: Path) -> None:
    assert {path.name for path in team.iterdir()} == {
        *(
            "ARCHITECTURE.md",
            "CHANGELOG.md",
            "LICENSE",
            "README.md",
            "build",
            "common",
            "config",
            "deploy.py",
            "docs",
            "invoke.yaml",
        ),
        *("projects", "pyproject.toml", "requirements.txt", "tasks.py", ".git", ".gitattributes", ".github", ".gitignore"),
    }
    assert {path.parent.name for path in team.glob("projects/*/deploy.py")} == {"sales"}
    assert {path.name for path in (team / "config").iterdir()} == {"schema.json", "local.json", "dev.json", "sales"}
    assert json.loads((team / "config/dev.json").read_text())["account_id"] == "222222222222"
    assert "--project sales" in (team / "README.md").read_text()
    names = {"fpac_pipeline", "reference_data", "acres"}
    own = [path for place in ("projects", "config", ".github") for path in (team / place).rglob("*") if path.is_file()]
    assert not [path for path in own if path.name != "schema.json" and names & {*re.findall(r"\w+", path.read_text())}]


def test_the_manifest_has_every_file_and_finds_every_edit(team: Path) -> None:
    recorded = deployer_files.recorded(team)
    assert recorded is not None
    assert recorded.version == VERSION
    assert {
        "tasks.py",
        "common/__init__.py",
        "config/schema.json",
        "docs/upgrading.md",
        "requirements.txt",
    } <= recorded.files.keys()
    assert not [path for path in recorded.files if "__pycache__" in path or path.startswith(("tests/", "projects/"))]
    assert deployer_files.edited(team, recorded) == []


def test_what_ci_runs_exists(team: Path) -> None:
    workflow = yaml.safe_load((team / ".github/workflows/pipelines.yml").read_text())
    lines = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    commands = [words.split() for line in lines for words in re.findall(r"invoke ([^|&;#]+)", line)]
    assert len(commands) == 3
    for words in commands:
        Parser(contexts=all_tasks.namespace().to_contexts(), initial=Program().initial_context).parse_argv(words)


def test_the_list_of_files_is_that_of_the_page() -> None:
    """But for what only the deployer's own repository has."""
    rows = re.findall(r"^\| (`[^|]+) \| the deployer's \|", (ROOT / "docs/upgrading.md").read_text(), re.MULTILINE)
    named = {path.strip("/") for path in re.findall(r"`([^`]+)`", " ".join(rows))}
    assert named - {"tests", ".ci", "CONTRIBUTING.md"} == {*deployer_files.parts(ROOT)}


@pytest.mark.parametrize("there", ["file", "full"])
def test_what_is_there_is_not_overwritten(tmp_path: Path, there: str) -> None:
    folder = tmp_path / "acme"
    if there == "file":
        folder.write_text("mine")
    else:
        (folder / "mine").mkdir(parents=True)
    with pytest.raises(UsageError, match="is there already and is not an empty folder"):
        made(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["acme"]


def test_a_clone_of_an_empty_repository_is_filled(tmp_path: Path) -> None:
    """It stays the same folder, for a shell stands in it, and keeps its remotes."""
    folder = tmp_path / "acme"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text("[remote]")
    before = folder.stat().st_ino

    assert made(folder).is_in_git
    assert folder.stat().st_ino == before
    assert (folder / ".git" / "config").read_text() == "[remote]"
    assert (folder / "tasks.py").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["acme"]


def test_nothing_is_left_of_a_repository_that_cannot_be(tmp_path: Path) -> None:
    for wishes in (
        RepositoryWishes(tmp_path / "acme", "2024", "python-shell"),
        RepositoryWishes(tmp_path / "acme", "a", "spark"),
    ):
        with pytest.raises(UsageError):
            new_repository.create(ROOT, wishes)
    with pytest.raises(UsageError, match="is in the deployer's own repository"):
        made(ROOT / "build/acme")
    with pytest.raises(UsageError, match="Make it first"):
        made(tmp_path / "not" / "there")
    assert [*tmp_path.iterdir()] == []
