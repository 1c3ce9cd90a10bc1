"""Artifacts: equal inputs give equal bytes, every input counts, and nothing half-built is left."""

import os
import shutil
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.base import digest
from common.base.errors import ArtifactError
from common.model.resource import Key
from common.packaging.artifact import Script
from common.packaging.lambda_package import Package
from common.packaging.size_limit import UNZIPPED_LIMIT

HANDLER = "def handler(event, context):\n    return event\n"
NAMES = st.text("abcdefghij_", min_size=1, max_size=6)
PATHS = st.tuples(NAMES, NAMES).map(lambda parts: f"{parts[0]}.d/{parts[1]}.txt")
TREES = st.dictionaries(PATHS, st.binary(max_size=20), max_size=5)


def package(folder: Path, **fields: Any) -> Package:
    all_fields = {"handler": "handler.handler", "runtime": "python3.11", "architecture": "x86_64", **fields}
    return Package(key=Key("acres", "artifact", "Validate"), prefix="dev/acres/", folder=folder, **all_fields)


def script(path: Path) -> Script:
    return Script(Key("acres", "artifact", "load"), "dev/acres/", path)


def fill(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    for name, data in {"handler.py": HANDLER.encode(), **(files or {})}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "lambda/Validate", {"lib/rules.py": b"LIMIT = 3\n", "lib/codes.json": b"{}"})


@given(TREES)
def test_equal_trees_give_equal_bytes_anywhere(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    digests = {name: digest.of_bytes(data) for name, data in {"handler.py": HANDLER.encode(), **files}.items()}
    fill(here, files)
    before = os.umask(0o077)
    try:
        fill(there, dict(reversed(files.items())))
    finally:
        os.umask(before)
    for path in there.rglob("*"):
        os.utime(path, (1, 1))
    fill(there, {"__pycache__/handler.cpython-311.pyc": b"x", "old.pyc": b"y", ".DS_Store": b"z"})
    first, other = package(here), package(there)
    assert first.input_digest() == other.input_digest()
    assert first.files() == other.files() == {name: f"{content} 644" for name, content in digests.items()}
    built, again = first.build(here.parent / f"{here.name}-build"), other.build(there.parent / f"{there.name}-build")
    assert built.read_bytes() == again.read_bytes()


def test_the_zip_holds_the_tree_and_nothing_of_this_machine(folder: Path, tmp_path: Path) -> None:
    (folder / "lib/run.sh").write_text("#!/bin/sh\n")
    (folder / "lib/run.sh").chmod(0o744)
    (folder / "lib/codes.json").chmod(0o600)
    built = package(folder).build(tmp_path / "build")
    assert built == tmp_path / f"build/acres/Validate/{package(folder).input_digest()}.zip"
    with zipfile.ZipFile(built) as archive:
        assert archive.namelist() == ["handler.py", "lib/codes.json", "lib/rules.py", "lib/run.sh"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        modes = {info.filename: stat.S_IMODE(info.external_attr >> 16) for info in archive.infolist()}
        assert archive.read("handler.py").decode() == HANDLER
    assert modes == {"handler.py": 0o644, "lib/codes.json": 0o644, "lib/rules.py": 0o644, "lib/run.sh": 0o755}


FLIPS: dict[str, Callable[[Path], object]] = {
    "content": lambda folder: fill(folder, {"lib/rules.py": b"LIMIT = 4\n"}),
    "added": lambda folder: fill(folder, {"lib/more.py": b""}),
    "removed": lambda folder: (folder / "lib/codes.json").unlink(),
    "renamed": lambda folder: (folder / "lib/codes.json").rename(folder / "codes.json"),
    "executable": lambda folder: (folder / "handler.py").chmod(0o755),
    "runtime": lambda _: {"runtime": "python3.12"},
    "architecture": lambda _: {"architecture": "arm64"},
}


@pytest.mark.parametrize("flip", FLIPS)
def test_every_input_counts(folder: Path, flip: str) -> None:
    before = package(folder)
    first, where = before.input_digest(), before.location
    fields = FLIPS[flip](folder)
    after = package(folder, **(fields if isinstance(fields, dict) else {}))
    assert after.input_digest() != first
    assert after.location != where
    assert where == f"dev/acres/artifacts/Validate/{first}.zip"


def test_what_is_no_input_does_not_count(folder: Path) -> None:
    first = package(folder).input_digest()
    fill(folder, {"__pycache__/x.pyc": b"", "lib/.pytest_cache/x": b"", "node_modules/.cache/x": b"", "lib/x.pyc": b""})
    (folder / "empty").mkdir()
    (folder / "handler.py").chmod(0o640)
    os.utime(folder / "handler.py", (5, 5))
    assert package(folder).input_digest() == first


def test_what_is_built_is_not_built_again(folder: Path, tmp_path: Path) -> None:
    built = package(folder).build(tmp_path / "build")
    built.write_bytes(b"marked")
    assert package(folder).build(tmp_path / "build").read_bytes() == b"marked"


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        ("handler.handler", {}),
        ("app.main", {"app.py": b"from lib import main\n"}),
        ("app.main", {"app.py": b"from lib import *\n"}),
        ("app.main", {"app.py": b"import lib as main\n"}),
        ("app.main", {"app.py": b"main = print\n"}),
        ("app.main", {"app.py": b"main: object = print\n"}),
        ("app.main", {"app.py": b"try:\n    import x\nexcept ImportError:\n    def main(): ...\n"}),
        ("app.main", {"app.py": b"async def main(): ...\n"}),
        ("app.main", {"app.py": b"class main: ...\n"}),
        ("pkg.app.main", {"pkg/app.py": b"def main(): ...\n"}),
        ("pkg/app.main", {"pkg/app.py": b"def main(): ...\n"}),
        ("pkg.main", {"pkg/__init__.py": b"def main(): ...\n"}),
        ("app.main", {"app.py": b"# -*- coding: latin-1 -*-\nname = '\xe4'\ndef main(): ...\n"}),
    ],
)
def test_a_handler_may_be_defined_in_any_way(tmp_path: Path, handler: str, files: dict[str, bytes]) -> None:
    assert package(fill(tmp_path / "f", files), handler=handler).build(tmp_path / "build").is_file()


@pytest.mark.parametrize("ending", ["js", "mjs", "cjs"])
def test_node_handlers_are_files(tmp_path: Path, ending: str) -> None:
    folder = fill(tmp_path / "f", {f"index.{ending}": b"export const handler = 1"})
    assert package(folder, handler="index.handler", runtime="nodejs20.x").build(tmp_path / "build").is_file()
    with pytest.raises(ArtifactError, match=r"f: the handler 'other.handler' needs a file other.js there"):
        package(folder, handler="other.handler", runtime="nodejs20.x").check_handler()


@pytest.mark.parametrize(
    ("handler", "files", "message"),
    [
        ("app.main", {}, "the handler 'app.main' needs a file app.py there. Add it, or name another handler in the declaration."),
        ("handler", {}, "the handler 'handler' needs to be written as file.function."),
        ("handler.main", {}, "handler.py does not define 'main', which the handler 'handler.main' names."),
        ("app.main", {"app.py": b"def outer():\n    main = 1\n"}, "app.py does not define 'main'"),
        ("app.main", {"app.py": b"print(main)\n"}, "app.py does not define 'main'"),
        ("app.main", {"app.py": b"def main(:\n"}, "app.py:1: invalid syntax."),
        ("handler.handler", {"lib/rules.py": b"x = 1\nif x\n"}, "lib/rules.py:2: expected ':'."),
        ("handler.handler", {"nul.py": b"\0"}, "nul.py"),
        ("handler.handler", {"latin.py": b"name = '\xe4'\n"}, "latin.py:1: (unicode error)"),
    ],
)
def test_what_would_not_run_is_not_built(tmp_path: Path, handler: str, files: dict[str, bytes], message: str) -> None:
    folder = fill(tmp_path / "lambda/Validate", files)
    with pytest.raises(ArtifactError) as caught:  # noqa: PT012 - the first of the two may be the one
        package(folder, handler=handler).check_handler()
        package(folder, handler=handler).build(tmp_path / "build")
    assert message in str(caught.value)
    assert not (tmp_path / "build").exists()


def test_an_empty_folder_has_no_handler(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    with pytest.raises(ArtifactError, match=r"needs a file handler\.py"):
        package(tmp_path / "f").build(tmp_path / "build")


def test_links_within_the_folder_are_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "codes.json").symlink_to("lib/codes.json")
    (folder / "vendored").symlink_to("lib", target_is_directory=True)
    with zipfile.ZipFile(package(folder).build(tmp_path / "build")) as archive:
        names = archive.namelist()
    assert names == ["codes.json", "handler.py", "lib/codes.json", "lib/rules.py", "vendored/codes.json", "vendored/rules.py"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("../outside", "is a link out of its folder. Put the file itself there."),
        ("../outside/secret", "is a link out of its folder"),
        ("/etc", "is a link out of its folder"),
        ("nothing", "is a link to nothing"),
        ("link", "is a link to nothing"),
        (".", "is a link in a circle"),
        ("lib", None),
    ],
)
def test_links_that_lead_elsewhere_are_refused(folder: Path, target: str, message: str | None) -> None:
    fill(folder.parent / "outside", {"secret": b"s"})
    (folder / "link").symlink_to(target)
    if message is None:
        assert package(folder).input_digest()
        (folder / "lib/back").symlink_to("../lib", target_is_directory=True)
        message = "is a link in a circle"
    with pytest.raises(ArtifactError, match=message):
        package(folder).input_digest()


def test_what_is_neither_file_nor_folder_is_refused(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(ArtifactError, match="pipe is neither a file nor a folder"):
        package(folder).input_digest()


def test_lambda_takes_only_so_much(folder: Path, tmp_path: Path) -> None:
    with (folder / "model.bin").open("wb") as file:
        file.truncate(UNZIPPED_LIMIT)
    with pytest.raises(ArtifactError) as caught:
        package(folder).build(tmp_path / "build")
    assert "lambda/Validate: 250 MB unzipped; Lambda accepts 250 MB, layers included." in str(caught.value)
    assert "The largest: model.bin 250 MB, handler.py 0 MB" in str(caught.value)
    assert not (tmp_path / "build").exists()


def test_a_build_that_fails_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    built = package(folder)
    assert built.input_digest()
    (folder / "lib/codes.json").unlink()
    (folder / "lib/codes.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        built.build(tmp_path / "build")
    assert [path for path in (tmp_path / "build").rglob("*") if path.is_file()] == []


def test_a_script_is_itself_under_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "load.py"
    path.write_text("print(1)\n")
    artifact = script(path)
    built = artifact.build(tmp_path / "build")
    assert built.read_text() == "print(1)\n"
    assert built.name == f"{artifact.input_digest()}.py"
    assert artifact.location == f"dev/acres/artifacts/load/{artifact.input_digest()}.py"
    assert artifact.files() == {"load.py": digest.of_file(path)}
    copy = tmp_path / "elsewhere/load.py"
    copy.parent.mkdir()
    shutil.copyfile(path, copy)
    os.utime(copy, (1, 1))
    assert script(copy).input_digest() == artifact.input_digest()
    copy.write_text("print(2)\n")
    assert script(copy).input_digest() != artifact.input_digest()


@pytest.mark.parametrize("later", ["LIMIT = 4\n", "LIMIT = 5000\n"])
def test_what_changes_while_it_is_packaged_is_not_kept(folder: Path, tmp_path: Path, later: str) -> None:
    """Else whoever has these files again would be given others under their digest, on any machine."""
    path = folder / "lib/rules.py"
    for artifact in (script(path), package(folder)):
        artifact.input_digest()
        before = path.stat()
        path.write_text(later)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        with pytest.raises(ArtifactError, match=r"rules\.py was changed while it was packaged"):
            artifact.build(tmp_path / "build")
        assert not artifact.built_at(tmp_path / "build").exists()
        path.write_text("LIMIT = 3\n")


def test_a_script_that_does_not_compile_is_not_built(tmp_path: Path) -> None:
    path = tmp_path / "load.py"
    path.write_text("rows = [\n")
    with pytest.raises(ArtifactError, match=r"load.py:1: '\[' was never closed\.$"):
        script(path).build(tmp_path / "build")
    assert not (tmp_path / "build").exists()


def test_modules_of_lambda_runtimes_newer_than_this_python_are_left_to_lambda(tmp_path: Path) -> None:
    newer = f"python3.{sys.version_info.minor + 1}"
    folder = fill(tmp_path / "f", {"handler.py": b"def handler(event, context): return event\nnew syntax\n"})
    assert package(folder, runtime=newer).build(tmp_path / "build").is_file()
