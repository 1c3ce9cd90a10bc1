"""The cache is speed and nothing else: whatever becomes of it, digests are those of the bytes."""

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.base import digest, digest_cache
from common.base.digest import Digest
from common.base.digest_cache import StatCache, has_changed
from common.model.resource import Key
from common.packaging.artifact import Script
from common.packaging.lambda_package import Package

LATER = 3600 * 10**9


def later() -> int:
    """A clock by which everything that exists is old."""
    return time.time_ns() + LATER


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "build" / "stat-cache.json"


@pytest.fixture
def tree(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "tree" / f"{number}.py" for number in range(5)]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"print({path.stem})\n")
    return paths


def told(kept: Path, paths: list[Path], clock: Callable[[], int] = later) -> tuple[dict[Path, Digest], list[Path]]:
    """One run: what it says of each file, and which files' entries it had to make."""
    with StatCache(kept, clock) as cache:
        before = dict(cache._known)
        digests = {path: cache.of_file(path, path.stat()) for path in paths}
        made = [path for path in paths if cache._used.get(str(path)) is not before.get(str(path)) or str(path) not in before]
    return digests, made


def true(paths: list[Path]) -> dict[Path, Digest]:
    return {path: digest.of_file(path) for path in paths}


def test_what_has_not_changed_is_not_read_again(kept: Path, tree: list[Path]) -> None:
    assert told(kept, tree) == (true(tree), tree)
    assert told(kept, tree) == (true(tree), [])


def test_the_cache_keeps_two_digests_of_one_file(kept: Path, tree: list[Path]) -> None:
    read: list[Path] = []

    def md5(path: Path) -> Digest:
        read.append(path)
        return digest.md5(path)

    for _ in range(2):
        with StatCache(kept, later) as cache:
            assert cache.of("md5 ", md5, tree[0], tree[0].stat()) == digest.md5(tree[0])
            assert cache.of_file(tree[0], tree[0].stat()) == digest.of_file(tree[0])
    assert read == tree[:1]


def test_nothing_is_written_when_nothing_is_new(kept: Path, tree: list[Path]) -> None:
    told(kept, tree)
    before = kept.stat()
    told(kept, tree)
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("change", ["size", "same size", "same size and mtime", "replaced, same size and mtime", "touched"])
def test_a_changed_file_is_read_again(kept: Path, tree: list[Path], change: str) -> None:
    told(kept, tree)
    path, before = tree[0], tree[0].stat()
    match change:
        case "size":
            path.write_text("print(10)\n")
        case "same size":
            path.write_text("print(9)\n")
        case "same size and mtime":
            path.write_text("print(9)\n")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        case "replaced, same size and mtime":
            path.with_suffix(".new").write_text("print(9)\n")
            os.utime(path.with_suffix(".new"), ns=(before.st_atime_ns, before.st_mtime_ns))
            path.with_suffix(".new").replace(path)
        case "touched":
            os.utime(path)
    assert told(kept, tree) == (true(tree), [path])


def test_a_file_as_young_as_its_own_timestamp_is_not_remembered(kept: Path, tree: list[Path]) -> None:
    """Two changes within a tick of the file system's clock, between which the digest was taken."""
    path = tree[0]
    seen = path.stat()
    with StatCache(kept, lambda: seen.st_mtime_ns + digest_cache.YOUNG_NS // 2) as cache:
        cache.of_file(path, seen)
    path.write_text("print(9)\n")

    class SameTick:
        """What `stat` would say had the clock not moved on."""

        st_size, st_mtime_ns, st_ctime_ns, st_ino = seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino

    with StatCache(kept, later) as cache:
        assert cache.of_file(path, SameTick()) == digest.of_file(path)  # type: ignore[arg-type]  # all that is asked for


def test_a_file_from_the_future_is_not_remembered(kept: Path, tree: list[Path]) -> None:
    ahead = time.time_ns() + 10 * LATER
    os.utime(tree[0], ns=(ahead, ahead))
    told(kept, tree)
    assert told(kept, tree)[1] == [tree[0]]


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "one digit", "other digest", "other schema", "a folder", "no JSON"])
def test_damage_changes_speed_and_not_results(kept: Path, tree: list[Path], damage: str) -> None:
    told(kept, tree)
    data = kept.read_bytes()
    forged = json.dumps({str(path): [*_seen(path), "0" * 64] for path in tree}).encode()
    match damage:
        case "gone":
            kept.unlink()
        case "empty":
            kept.write_bytes(b"")
        case "cut":
            kept.write_bytes(data[:-20])
        case "one digit":
            kept.write_bytes(data.replace(true(tree)[tree[0]].encode(), b"0" * 64))
        case "other digest":
            kept.write_bytes(data.partition(b"\n")[0] + b"\n" + forged)
        case "other schema":
            kept.write_bytes(f"{digest_cache.SCHEMA + 1} {digest.of_bytes(forged)}\n".encode() + forged)
        case "a folder":
            kept.unlink()
            kept.mkdir()
        case "no JSON":
            kept.write_bytes(b"\xff\xfe\n{")
    assert told(kept, tree) == (true(tree), tree)
    assert told(kept, tree)[0] == true(tree)


def _seen(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


@given(st.binary(max_size=200))
def test_no_bytes_are_believed_that_were_not_saved(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    assert digest_cache._parse(data) == {}


def test_a_folder_that_cannot_be_written_costs_speed(tmp_path: Path, tree: list[Path]) -> None:
    (tmp_path / "file").write_text("")
    kept = tmp_path / "file" / "stat-cache.json"
    assert told(kept, tree) == told(kept, tree) == (true(tree), tree)


def test_a_run_that_fails_leaves_no_half_of_a_file(kept: Path, tree: list[Path]) -> None:
    def interrupted() -> None:
        with StatCache(kept, later) as cache:
            cache.of_file(tree[0], tree[0].stat())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert told(kept, tree)[1] == tree[1:]


def test_a_part_of_the_tree_does_not_forget_the_rest_until_there_is_too_much(
    kept: Path, tree: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    told(kept, tree[:2])
    told(kept, tree[2:])
    assert told(kept, tree)[1] == []
    monkeypatch.setattr(digest_cache, "MAX_FILES", 4)
    tree[4].write_text("print(44)\n")
    told(kept, tree[3:])
    assert told(kept, tree)[1] == tree[:3]


def test_many_at_once_leave_a_whole_file(kept: Path, tree: list[Path]) -> None:
    threads = [threading.Thread(target=told, args=(kept, tree[number % 5 :])) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert digest_cache._parse(kept.read_bytes())
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert told(kept, tree)[0] == true(tree)


def test_artifacts_take_their_digests_from_it(kept: Path, tree: list[Path]) -> None:
    def artifacts() -> tuple[Package, Script]:
        folder = Package(Key("p", "artifact", "f"), "dev/p/", tree[0].parent, "0.handler", "python3.11", "x86_64")
        return folder, Script(Key("p", "artifact", "s"), "dev/p/", tree[1])

    plain = [artifact.input_digest() for artifact in artifacts()]
    for _ in range(2):
        with StatCache(kept, later) as cache:
            cached = artifacts()
            for artifact in cached:
                artifact.hash_files(cache.of_file)
        assert [artifact.input_digest() for artifact in cached] == plain
        assert cached[0].files() == {path.name: f"{content} 644" for path, content in true(tree).items()}
    assert set(cache._used) == {str(path) for path in tree}
    assert not cache._fresh


def test_only_a_file_that_held_other_bytes_counts_as_changed(kept: Path, tree: list[Path]) -> None:
    def changed(clock: Callable[[], int] = later) -> int:
        with StatCache(kept, clock) as cache:
            for path in tree:
                cache.of_file(path, path.stat())
            return cache.changed

    assert changed() == 0, "of what was never seen nothing is known"
    os.utime(tree[0], (1, 1))
    assert changed() == 0, "touched, and the same"
    tree[0].write_text("print('other')\n")
    assert changed(time.time_ns) == 1
    assert changed(time.time_ns) == 0, "too young to be believed, but read again it is the same"


def test_whether_a_file_has_changed_is_told_without_a_list_of_files(kept: Path, tree: list[Path]) -> None:
    below = (f"{tree[0].parent}/",)
    assert not has_changed(kept, below), "of what was never seen nothing is known"
    told(kept, tree)
    assert not has_changed(kept, below)
    os.utime(tree[0], (1, 1))
    assert not has_changed(kept, below), "touched, and the same"
    tree[0].unlink()
    assert not has_changed(kept, below), "gone"
    tree[1].write_text("print('other')\n")
    assert has_changed(kept, below)
    assert not has_changed(kept, (f"{tree[0].parent}/elsewhere/",)), "a file of another project"
    kept.write_bytes(b"1 damaged")
    assert not has_changed(kept, below)
