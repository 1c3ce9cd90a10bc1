"""Files are compared with the commit one by one, whatever git remembers of them."""

import os
from pathlib import Path

import pytest

from common.base import digest
from common.base.uncommitted import NEW, OTHER, Committed
from common.declare.inputs import Inputs
from tests.support.git import git


def differing(root: Path, *names: str) -> dict[str, str]:
    return Committed(root).differing({root / name: digest.of_file(root / name) for name in names})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    git(root, "init", "--quiet")
    return root


def commit(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "All")


def test_line_ends_are_those_that_the_commit_asks_for(tree: Path) -> None:
    (tree / ".gitattributes").write_text("crlf eol=crlf\n")
    commit(tree, crlf="one\ntwo\n", lf="one\n")
    (tree / "crlf").unlink()
    git(tree, "checkout", "--quiet", "crlf")
    assert (tree / "crlf").read_bytes() == b"one\r\ntwo\r\n"
    assert differing(tree, "crlf", "lf") == {}
    (tree / ".git/info/attributes").write_text("lf eol=crlf\n")
    (tree / "lf").write_bytes(b"one\r\n")
    assert differing(tree, "lf") == {"lf": OTHER}


def test_a_pointer_of_lfs_stands_for_just_its_bytes(tree: Path) -> None:
    large = b"large\n" * 9
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest.of_bytes(large)}\nsize {len(large)}\n"
    commit(tree, model=pointer)
    assert differing(tree, "model") == {}
    (tree / "model").write_bytes(large)
    assert Committed(tree).reason(tree / "model", digest.of_bytes(large)) == ""
    (tree / "model").write_bytes(large + b"x")
    assert Committed(tree).reason(tree / "model", None) == OTHER


def test_what_is_in_a_submodule_is_compared_with_the_commit_that_is_named(tree: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    commit(inner, lib__rules="LIMIT = 3\n")
    git(tree, "submodule", "--quiet", "add", str(inner), "geo")
    commit(tree)
    name = "geo/lib/rules"
    assert differing(tree, name) == {}
    commit(tree / "geo", lib__rules="LIMIT = 4\n")
    assert differing(tree, name)[name] == OTHER, "it is committed there, and the outer commit names another"
    commit(tree)
    assert differing(tree, name) == {}
    git(tree / "geo", "update-index", "--assume-unchanged", "lib/rules")
    (tree / name).write_text("LIMIT = 5\n")
    (tree / "geo/new").write_text("")
    assert Committed(tree).reason(tree / name, None) == OTHER
    assert Committed(tree).reason(tree / "geo/new", None) == NEW


def test_links_are_followed_as_they_are_committed(tree: Path, tmp_path: Path) -> None:
    (tree / "configs").symlink_to("real")
    (tree / "out").symlink_to(tmp_path)
    (tree / "round").symlink_to("round")
    commit(tree, real__a="a")
    (tmp_path / "b").write_text("b")
    committed = Committed(tree)
    assert committed.reason(tree / "configs/a", None) == ""
    assert committed.reason(tree / "out/b", None) == "is not in the repository"
    assert committed.reason(tree / "round", None) == "is behind links that lead in a circle"
    assert committed.reason(tmp_path / "b", None) == "is not in the repository"
    (tree / "configs").unlink()
    (tree / "configs").symlink_to("out")
    assert committed.reason(tree / "configs/a", None) == "is behind the link configs, which is not as in the commit"


def test_what_changes_after_it_was_read_is_told(tree: Path) -> None:
    commit(tree, a="a")
    assert Committed(tree).reason(tree / "a", digest.of_bytes(b"b")) == "was changed after it was read"


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_part_of_a_repository_is_compared_by_itself(tmp_path: Path, form: str) -> None:
    git(tmp_path, "init", "--quiet", f"--object-format={form}")
    commit(tmp_path, pipelines__a="a", other__b="b")
    alias = tmp_path.with_name(f"{tmp_path.name}-alias")
    alias.symlink_to(tmp_path)
    for root in (tmp_path / "pipelines", alias / "pipelines"):
        assert differing(root, "a") == {}
        (root / "a").write_text("c")
        assert differing(root, "a") == {"a": OTHER}
        (root / "a").write_text("a")
    (tmp_path / "other/b").write_text("c")
    assert differing(tmp_path / "pipelines", "a") == {"../other/b": OTHER}


def test_a_worktree_has_a_commit_of_its_own(tree: Path, tmp_path: Path) -> None:
    commit(tree, a="a")
    git(tree, "worktree", "add", "--quiet", str(tmp_path / "second"))
    commit(tree, a="b")
    assert differing(tmp_path / "second", "a") == differing(tree, "a") == {}
    (tmp_path / "second/a").write_text("b")
    assert differing(tmp_path / "second", "a") == {"a": OTHER}


def test_what_was_read_before_it_was_as_committed_is_told(tree: Path) -> None:
    commit(tree, a="a", b="b")
    times = (tree / "a").stat()
    (tree / "a").write_text("c")
    inputs = Inputs(tree)
    assert (tree / "a").read_text() + (tree / "b").read_text() == "cb"
    (tree / "a").write_text("a")
    os.utime(tree / "a", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert inputs.uncommitted([]) == {"a": "was changed after it was read"}


def test_before_the_first_commit_nothing_is_committed(tree: Path) -> None:
    (tree / "a").write_text("a")
    assert Committed(tree).commit == ""
    assert differing(tree, "a") == {"a": NEW}


def test_replaced_objects_are_not_the_commit(tree: Path) -> None:
    commit(tree, a="a")
    first = git(tree, "rev-parse", "HEAD")
    commit(tree, a="b")
    second = git(tree, "rev-parse", "HEAD")
    git(tree, "reset", "--quiet", "--hard", first)
    (tree / "a").write_text("b")
    git(tree, "replace", first, second)
    assert Committed(tree).reason(tree / "a", None) == OTHER


def test_files_are_noted_when_they_are_opened_for_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b/c", "build/d", ".venv/e", "lib/site-packages/f", "gone"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    inputs = Inputs(tmp_path)
    Path("a").read_text()
    os.close(os.open(tmp_path / "b/c", os.O_RDONLY))
    for name in ("build/d", ".venv/e", "lib/site-packages/f", "gone"):
        (tmp_path / name).read_text()
    (tmp_path / "written").write_text("")
    (tmp_path / "gone").unlink()
    assert {path.relative_to(tmp_path).as_posix() for path in inputs.files([])} == {"a", "b/c"}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_a_repository_of_somebody_else_is_compared_too(tree: Path) -> None:
    """Git refuses to run in one, unless `safe.directory` names it, as its settings could start programs; none is started here."""
    commit(tree, a="a")
    for path in (tree, tree / ".git"):
        os.chown(path, 12345, 12345)
    assert differing(tree, "a") == {}
