"""Who deploys what: a commit, and whether the tree is as committed."""

import subprocess
from pathlib import Path

from common import provenance
from tests.repository import Repository


def test_a_commit_is_clean_until_a_file_differs(repository: Repository) -> None:
    repository.project()
    repository.commit()
    about = provenance.about(repository.root)
    head = subprocess.run(["git", "-C", repository.root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert (about["commit"], about["clean"]) == (head.stdout.strip(), "yes")
    assert all(about[name] for name in ("holder", "host", "since"))
    repository.write("projects/acres/lambda/Validate/handler.py", "changed = 1\n")
    assert provenance.about(repository.root)["clean"] == "no"
    assert provenance.uncommitted(repository.root) == ["M projects/acres/lambda/Validate/handler.py"]


def test_where_there_is_no_repository_nothing_is_claimed(tmp_path: Path) -> None:
    about = provenance.about(tmp_path)
    assert (about["commit"], about["clean"]) == ("", "")
    assert provenance.uncommitted(tmp_path) is None
