"""Who deploys what: a commit, and which files are not as committed."""

import getpass
import os
from pathlib import Path

import pytest

from common.base import provenance
from tests.support.repository import Repository


def test_a_few_files_are_told_by_name() -> None:
    about = provenance.describe_deploy("c0ffee", {})
    assert (about["commit"], about["clean"], about["holder"]) == ("c0ffee", "yes", getpass.getuser())
    assert about["host"]
    assert about["since"]
    assert "uncommitted" not in about
    about = provenance.describe_deploy("c0ffee", {f"file{number}": "differs from the commit" for number in range(7)})
    assert (about["clean"], about["uncommitted"]) == ("no", "file0, file1, file2, file3, file4, and 2 more")


def test_a_user_whom_the_system_does_not_know_is_named_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2_000_000_017)  # as in a container that is started with --user
    assert provenance.describe_deploy("c0ffee", {})["holder"] == "user 2000000017"


def test_where_git_cannot_tell_nothing_is_claimed(tmp_path: Path) -> None:
    about = provenance.describe_deploy("", None)
    assert (about["commit"], about["clean"]) == ("", "")
    assert provenance.git_ignored(tmp_path) == set()


def test_what_is_ignored_is_told_by_its_path_in_the_folder(repository: Repository) -> None:
    repository.project()
    repository.commit()
    repository.write("build/x", "")
    repository.write("projects/build/x", "")
    repository.write("projects/acres/__pycache__/x.pyc", "")
    assert provenance.git_ignored(repository.root) >= {"build", "projects/build", "projects/acres/__pycache__"}
    assert provenance.git_ignored(repository.root / "projects") == {"build", "acres/__pycache__"}
