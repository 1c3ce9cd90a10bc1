"""The subjects of commits between two releases."""

import subprocess
from pathlib import Path

import pytest

from common.base.commits import subjects_between
from common.base.git import Repository


@pytest.fixture
def commits(tmp_path: Path) -> list[str]:
    """The hashes of three commits: of both, of the project a, of the shared part."""
    subprocess.run(["git", "-C", str(tmp_path), "init", "--quiet"], check=True)
    hashes = []
    for subject, paths in (
        ("First", ("projects/a/x", "deploy.py")),
        ("Load <b> faster", ("projects/a/x",)),
        ("More", ("deploy.py",)),
    ):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(subject)
        who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        for words in (("add", "--all"), (*who, "commit", "--quiet", "--message", subject)):
            subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
        hashes.append(Repository(tmp_path).commit())
    return hashes


def test_commits_of_a_project_and_of_what_is_shared(commits: list[str], tmp_path: Path) -> None:
    assert [text.partition(" ")[2] for text in subjects_between(tmp_path, commits[0], commits[2], "a")] == ["Load <b> faster"]
    assert [text.partition(" ")[2] for text in subjects_between(tmp_path, commits[0], commits[2], "shared")] == ["More"]


@pytest.mark.parametrize("earlier", ["", "0" * 40, "--output=/tmp/x", "HEAD~1"])
def test_commits_that_git_does_not_know_have_none_between(commits: list[str], tmp_path: Path, earlier: str) -> None:
    assert subjects_between(tmp_path, earlier, commits[2], "a") == ()


def test_without_git_there_are_none(tmp_path: Path) -> None:
    assert subjects_between(tmp_path, "0" * 40, "1" * 40, "a") == ()
