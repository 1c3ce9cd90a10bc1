"""Packages of others are unpacked to their own code and to requirements; nothing harmful is written."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from common.base.errors import ArtifactError
from common.packaging.size_limit import UNZIPPED_LIMIT
from common.packaging.unpacking import Unpacked, unpack
from tests.support.zips import code_sha256, library, zipped

HANDLER = "import grain\n\n\ndef main(event, context):\n    return event\n"
GRAIN = library(
    "grain",
    "1.0",
    {"grain/__init__.py": "VERSION = 1\n", "grain/seed.py": "x = 1\n"},
    needs=("husk>=1", "toast; extra == 'test'"),
)
HUSK = library("husk", "1.2", {"husk.py": "y = 2\n"})


def python(data: bytes, folder: Path) -> Unpacked:
    return unpack(data, folder, runtime="python3.11", handler="app.main")


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_libraries_become_requirements_with_exact_versions(tmp_path: Path) -> None:
    caches = {"__pycache__/app.cpython-311.pyc": b"\0", "grain/__pycache__/seed.cpython-311.pyc": b"\0"}
    data = zipped({"app.py": HANDLER, "bin/tool": "#!/bin/bash\n", **GRAIN, **HUSK, **caches}, executable=("bin/tool",))
    unpacked = python(data, tmp_path / "Validate")
    assert names(tmp_path / "Validate") == {"app.py", "bin/tool", "requirements.txt"}
    assert (tmp_path / "Validate/requirements.txt").read_text() == "grain==1.0\nhusk==1.2\n"
    assert unpacked.requirements == ("grain==1.0", "husk==1.2")
    assert (tmp_path / "Validate/bin/tool").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "Validate/app.py").stat().st_mode & 0o777 == 0o644
    assert (unpacked.notes, unpacked.same, unpacked.handler_file) == ((), True, "app.py")
    code, _, files = unpacked.package.rpartition("@")
    assert (code, len(files)) == (code_sha256(data), 64)


@pytest.mark.parametrize(
    ("files", "note"),
    [
        ({**GRAIN, "grain/seed.py": "x = 2  # patched\n"}, "grain stays as files: grain/seed.py is not as it was installed."),
        ({**GRAIN, "grain-1.0.dist-info/direct_url.json": "{}"}, "grain stays as files: it was not installed from an index."),
        (
            {name: text for name, text in GRAIN.items() if "RECORD" not in name},
            "grain stays as files: it has no list of its files",
        ),
        (library("grain", "1.0+ours", {"grain/__init__.py": ""}), "grain stays as files: 1.0+ours is a version of its own"),
        (library("grain", "new", {"grain/__init__.py": ""}), "grain stays as files: 'new' is not a version"),
    ],
)
def test_a_library_that_cannot_be_installed_again_stays_as_files(tmp_path: Path, files: dict[str, str], note: str) -> None:
    unpacked = python(zipped({"app.py": HANDLER, **files}), tmp_path / "Validate")
    assert names(tmp_path / "Validate") == {"app.py", *files}
    assert unpacked.requirements == ()
    assert unpacked.notes[0].startswith(note)


def test_what_a_package_built_here_would_have_besides_is_told(tmp_path: Path) -> None:
    pruned = {name: text for name, text in GRAIN.items() if name != "grain/seed.py"}
    unpacked = python(zipped({"app.py": HANDLER, **pruned, "tests/test_app.py": "", "old.pyc": b"\0"}), tmp_path / "Validate")
    assert unpacked.notes == (
        "old.pyc cannot be in a package that is built here; left out.",
        "grain: an installation also brings grain/seed.py.",
        "grain requires husk, which the package does not have; an installation brings it.",
        "tests/test_app.py would be left out of a package that is built here; .deployignore includes it again.",
    )
    assert not unpacked.same


def test_requirements_that_were_packaged_do_not_pass_for_ours(tmp_path: Path) -> None:
    unpacked = python(zipped({"app.py": HANDLER, "requirements.txt": "numpy\n"}), tmp_path / "Validate")
    assert names(tmp_path / "Validate") == {"app.py", "requirements.packaged.txt"}
    assert unpacked.requirements == ()
    assert "requirements.txt of the package is requirements.packaged.txt here" in unpacked.notes[0]


def npm(name: str, version: str, **fields: object) -> dict[str, str]:
    return {
        f"node_modules/{name}/package.json": json.dumps({"name": name, "version": version, **fields}),
        f"node_modules/{name}/index.js": "",
    }


OWN = {"index.js": "exports.handler = async e => e;", "package.json": json.dumps({"name": "fn", "dependencies": {"a": "^1.0.0"}})}


def node(files: dict[str, str], folder: Path) -> Unpacked:
    return unpack(zipped(files), folder, runtime="nodejs22.x", handler="index.handler")


def test_npm_packages_become_a_lock_of_exactly_these(tmp_path: Path) -> None:
    installed = {**npm("a", "1.2.0", dependencies={"@s/b": "2"}), **npm("@s/b", "2.0.1")}
    unpacked = node({**OWN, **installed}, tmp_path / "Fn")
    assert names(tmp_path / "Fn") == {"index.js", "package.json", "package-lock.json"}
    packages = json.loads((tmp_path / "Fn/package-lock.json").read_text())["packages"]
    assert packages[""] == {"name": "fn", "dependencies": {"a": "^1.0.0"}}
    assert packages["node_modules/a"] == {"version": "1.2.0", "dependencies": {"@s/b": "2"}}
    assert packages["node_modules/@s/b"] == {"version": "2.0.1"}
    assert unpacked.handler_file == "index.js"
    assert not unpacked.same


def test_a_lock_that_names_what_is_there_is_kept(tmp_path: Path) -> None:
    lock = json.dumps({"packages": {"": {}, "node_modules/a": {"version": "1.2.0", "integrity": "sha512-x"}}})
    node({**OWN, **npm("a", "1.2.0"), "package-lock.json": lock}, tmp_path / "Kept")
    assert (tmp_path / "Kept/package-lock.json").read_text() == lock
    node({**OWN, **npm("a", "1.3.0"), "package-lock.json": lock}, tmp_path / "Stale")
    assert json.loads((tmp_path / "Stale/package-lock.json").read_text())["packages"]["node_modules/a"] == {"version": "1.3.0"}
    node({**OWN, **npm("a", "1.2.0"), "node_modules/.package-lock.json": lock}, tmp_path / "Hidden")
    assert "sha512-x" in (tmp_path / "Hidden/package-lock.json").read_text()


def test_npm_packages_that_nothing_asks_for_stay_as_files(tmp_path: Path) -> None:
    bare = {"index.js": OWN["index.js"], **npm("a", "1.2.0")}
    assert "there is no package.json" in node(bare, tmp_path / "Bare").notes[0]
    assert names(tmp_path / "Bare") == set(bare)
    assert "no package asks for c" in node({**OWN, **npm("a", "1.2.0"), **npm("c", "1.0.0")}, tmp_path / "More").notes[0]


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/evil.py", "a/../../evil.py", "..\\evil.py", "C:\\evil.py", "C:evil.py", "./"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArtifactError, match="does not lead to a file below one folder"):
        python(zipped({"app.py": HANDLER, name: "evil"}), tmp_path / "inner/Validate")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def linked(links: dict[str, str], files: dict[str, str]) -> bytes:
    stream = io.BytesIO(zipped(files))
    with zipfile.ZipFile(stream, "a") as archive:
        for name, target in links.items():
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, target)
    return stream.getvalue()


def test_links_become_copies_of_files_of_the_package_and_of_nothing_else(tmp_path: Path) -> None:
    links = {"lib/app.py": "../app.py", "passwords": "/etc/passwd", "up": "../../app.py", "loop": "loop", "twice": "lib/app.py"}
    unpacked = python(linked(links, {"app.py": HANDLER}), tmp_path / "Validate")
    assert names(tmp_path / "Validate") == {"app.py", "lib/app.py", "twice"}
    assert not any(path.is_symlink() for path in (tmp_path / "Validate").rglob("*"))
    assert (tmp_path / "Validate/twice").read_text() == HANDLER
    assert "passwords is a link to /etc/passwd, which is not a file of the package; it was left out." in unpacked.notes


def test_a_zip_that_expands_without_end_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as member:
        for _ in range(UNZIPPED_LIMIT // 2**20 + 1):
            member.write(bytes(2**20))
    with pytest.raises(ArtifactError, match="more than 250 MB"):
        python(stream.getvalue(), tmp_path / "Validate")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"no zip", zipped({"app.py": HANDLER})[:-30], zipped({"a": "", "a/b": ""})])
def test_a_damaged_zip_is_one_message(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"^The zip "):
        python(data, tmp_path / "Validate")
    assert list(tmp_path.iterdir()) == []


def test_names_in_utf8_without_the_flag_are_read_as_utf8(tmp_path: Path) -> None:
    data = zipped({"app.py": HANDLER, "données.txt": "é"})
    for flag in (data.find(b"PK\x03\x04", 10), data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)):
        offset = flag + (6 if data[flag + 2] == 3 else 8)
        data = data[:offset] + b"\0\0" + data[offset + 2 :]
    python(data, tmp_path / "Validate")
    assert names(tmp_path / "Validate") == {"app.py", "données.txt"}


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "Validate").mkdir()
    with pytest.raises(ArtifactError, match="exists already"):
        python(zipped({"app.py": HANDLER}), tmp_path / "Validate")
