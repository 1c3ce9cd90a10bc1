"""What is installed is compressed once, and taken as it is into every package."""

import shutil
import zipfile
from pathlib import Path

import pytest

from common.model.resource import Key
from common.packaging import archive, dependencies
from common.packaging.archive import Members, compressed_members, write_zip
from common.packaging.lambda_package import Package
from common.packaging.requirements import Requirements
from common.packaging.source_files import list_files
from common.packaging.target import function_target

X86 = function_target("python3.11", "x86_64")
FILES = {
    "a/__init__.py": "",
    "a/data.json": "{}" * 90_000,
    "Ä ö/ü.txt": "ü" * 3000,
    "z.so": "\0\1" * 700_000,
    "b.py": "x = 1\n" * 40,
}


@pytest.fixture
def folder(tmp_path: Path, index: Path) -> Path:
    """A function that installs something."""
    made = tmp_path / "lambda/Load"
    made.mkdir(parents=True)
    (made / "handler.py").write_text("def handler(event, context): ...\n")
    (made / "requirements.txt").write_text("grain\n")
    dependencies.lock(Requirements(made / "requirements.txt"), {X86})
    return made


def package(folder: Path) -> Package:
    return Package(Key("acres", "artifact", "Load"), "dev/acres/", folder, "handler.handler", "python3.11", "x86_64")


def test_what_was_compressed_before_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(text)
    (tmp_path / "tree/b.py").chmod(0o755)
    files = list_files(tmp_path / "tree")
    write_zip(tmp_path / "kept.zip", files, {})
    taken: Members = compressed_members(tmp_path / "kept.zip")
    assert {name: (file.size, file.is_executable) for name, file in taken.items()} == {
        name: (file.size, file.is_executable) for name, file in files.items()
    }
    mixed: Members = {**taken, "a/data.json": files["a/data.json"]}
    for members, plain in (
        (taken, files),
        (mixed, files),
        ({f"python/{name}": file for name, file in mixed.items()}, {f"python/{name}": file for name, file in files.items()}),
    ):
        write_zip(tmp_path / "one.zip", plain, {}, {"m.txt": "text"})
        write_zip(tmp_path / "two.zip", members, {}, {"m.txt": "text"})
        assert (tmp_path / "two.zip").read_bytes() == (tmp_path / "one.zip").read_bytes()
        with zipfile.ZipFile(tmp_path / "two.zip") as opened:
            assert opened.testzip() is None
            assert opened.read(next(name for name in opened.namelist() if name.endswith("z.so"))) == FILES["z.so"].encode()


def test_an_edit_neither_reads_nor_compresses_what_is_installed(folder: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    first = package(folder)
    first.build(build)
    assert first.sbom_file(build)
    for path in (build / ".dependencies").iterdir():
        if "." not in path.name:
            shutil.rmtree(path)
    shutil.rmtree(tmp_path / "index")
    (folder / "handler.py").write_text("def handler(event, context):\n    return event\n")
    second = package(folder)
    with zipfile.ZipFile(second.build(build)) as opened:
        assert opened.testzip() is None
        assert "grain/__init__.py" in opened.namelist()
        assert opened.read("handler.py").endswith(b"return event\n")
    bill = second.sbom_file(build)
    assert bill is not None
    assert '"name": "grain"' in bill.read_text()


def test_an_edited_package_is_what_is_built_from_nothing(folder: Path, tmp_path: Path) -> None:
    package(folder).build(tmp_path / "build")
    (folder / "handler.py").write_text("def handler(event, context):\n    return event\n")
    edited = package(folder).build(tmp_path / "build").read_bytes()
    assert edited == package(folder).build(tmp_path / "other").read_bytes()


def test_functions_that_leave_out_other_files_share_nothing_of_it(folder: Path, tmp_path: Path) -> None:
    package(folder).build(tmp_path / "build")
    (folder / ".deployignore").write_text("grain/data.json\n*.dist-info/\n")
    with zipfile.ZipFile(package(folder).build(tmp_path / "build")) as opened:
        assert opened.namelist() == [
            "grain/__init__.py",
            "handler.py",
            "husk/__init__.py",
            "husk/check.py",
            "husk/tests/__init__.py",
        ]


def test_what_was_kept_and_is_damaged_is_made_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = tmp_path / "build"
    package(folder).build(build)
    whole = [path.read_bytes() for path in sorted((build / ".dependencies").glob("*/members.zip"))]
    for damage in (lambda data: data[:-10], lambda data: data.replace(b"VERSION", b"VERSIOM"), lambda _: b""):
        for path in (build / ".dependencies").glob("*/members.zip"):
            data = bytearray(damage(path.read_bytes()))
            data[40:41] = b"\0"
            path.write_bytes(data)
        monkeypatch.setattr(archive, "_seen", set())  # another process
        (folder / "handler.py").write_text((folder / "handler.py").read_text() + "# more\n")
        with zipfile.ZipFile(package(folder).build(build)) as opened:
            assert opened.testzip() is None
        assert [path.read_bytes() for path in sorted((build / ".dependencies").glob("*/members.zip"))] == whole
