"""The commit that screens show, read from git's files."""

import subprocess
from pathlib import Path

from common.base.git import checked_out


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    return subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True).stdout.strip()


def test_it_is_what_git_says_of_branches_detached_heads_packed_references_and_work_trees(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "projects").mkdir(parents=True)
    assert checked_out(root) == "", "there is no repository"
    git(root, "init", "--quiet")
    assert checked_out(root) == "", "there is no commit"
    git(root, "commit", "--quiet", "--allow-empty", "--message", "one")
    first = git(root, "rev-parse", "HEAD")
    assert checked_out(root / "projects") == first
    git(root, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    git(root, "pack-refs", "--all")
    assert (checked_out(root), checked_out(tmp_path / "side")) == (first, first)
    git(root, "checkout", "--quiet", "--detach")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "two")
    assert checked_out(root) == git(root, "rev-parse", "HEAD") != first
    (root / ".git" / "HEAD").write_bytes(b"\xff")
    assert checked_out(root) == ""
