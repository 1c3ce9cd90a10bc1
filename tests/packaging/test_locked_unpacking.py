"""What was unpacked can be built at once: its libraries are locked, or they stay as files."""

import json
import zipfile
from pathlib import Path

import pytest

from common.model.resource import Key
from common.packaging import node
from common.packaging.lambda_package import Package as LambdaPackage
from common.packaging.locked_unpacking import unpack_locked
from common.packaging.requirements import Requirements
from common.packaging.target import function_target
from common.packaging.unpacking import Unpacked
from tests.packaging.index import wheel
from tests.support.zips import library, zipped

HANDLER = "def main(event, context):\n    return event\n"
GRAIN = library("grain", "1.0", {"grain/__init__.py": "VERSION = 1\n"}, needs=("husk>=1",))
HUSK = library("husk", "1.2", {"husk.py": "y = 2\n"})
OWN = library("company-geo", "1.4", {"company_geo/__init__.py": "def state(code): ...\n"})


def python(folder: Path, *libraries: dict[str, str]) -> Unpacked:
    data = zipped({"app.py": HANDLER, **{name: text for files in libraries for name, text in files.items()}})
    return unpack_locked(data, folder / "Validate", runtime="python3.11", handler="app.main", architecture="x86_64")


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder / "Validate").as_posix() for path in (folder / "Validate").rglob("*") if path.is_file()}


def test_libraries_of_an_index_are_locked(tmp_path: Path, index: Path) -> None:
    unpacked = python(tmp_path, GRAIN, HUSK)
    assert names(tmp_path) == {"app.py", "requirements.txt", "requirements.lock"}
    assert unpacked.requirements == ("grain==1.0", "husk==1.2")
    pins = Requirements(tmp_path / "Validate/requirements.txt").pins(function_target("python3.11", "x86_64"))
    assert [pin.partition(" ")[0] for pin in pins] == ["grain==1.0", "husk==1.2"]


def test_a_library_that_no_index_offers_stays_as_files(tmp_path: Path, index: Path) -> None:
    unpacked = python(tmp_path, GRAIN, HUSK, OWN)
    assert unpacked.requirements == ("grain==1.0", "husk==1.2")
    assert names(tmp_path) == {"app.py", "requirements.txt", "requirements.lock", *OWN}
    assert "company-geo stays as files: no index that uv asks here offers company-geo==1.4 for this runtime." in unpacked.notes


def test_another_version_of_an_index_is_not_the_one_of_the_package(tmp_path: Path, index: Path) -> None:
    unpacked = python(tmp_path, library("husk", "1.1", {"husk.py": "y = 1\n"}))
    assert unpacked.requirements == ()
    assert "requirements.lock" not in names(tmp_path)


def test_without_an_index_all_libraries_stay_as_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("UV_DEFAULT_INDEX", (tmp_path / "empty").as_uri())
    unpacked = python(tmp_path, GRAIN, HUSK)
    assert unpacked.requirements == ()
    assert names(tmp_path) == {"app.py", *GRAIN, *HUSK}


def test_libraries_that_an_index_offers_but_not_together_stay_as_files(tmp_path: Path, index: Path) -> None:
    """What was vendored may never have fitted: an installer would refuse it."""
    wheel(index, "husk", "2.0")
    wheel(index, "bran", "1.0", needs=("husk>=2",))
    bran = library("bran", "1.0", {"bran/__init__.py": ""})
    unpacked = python(tmp_path, bran, HUSK)
    assert unpacked.requirements == ()
    assert names(tmp_path) == {"app.py", *bran, *HUSK}
    assert "bran stays as files: it cannot be installed together with the others." in unpacked.notes


def test_npm_packages_that_the_registry_does_not_have_stay_as_files_and_are_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    package = json.dumps({"name": "fn", "dependencies": {"company-text": "2.1.0"}})
    inner = json.dumps({"name": "company-text", "version": "2.1.0"})
    modules = {"node_modules/company-text/package.json": inner, "node_modules/company-text/index.js": "exports.x = 1\n"}
    data = zipped({"index.js": "exports.handler = 1\n", "package.json": package, **modules})
    folder = tmp_path / "Tell"
    unpacked = unpack_locked(data, folder, runtime="nodejs22.x", handler="index.handler", architecture="x86_64")
    assert unpacked.notes == ("node_modules/ stays as files: npm cannot install it here.",)
    assert unpacked.same
    assert node.find_node_modules(folder, "x86_64") is None
    archive = LambdaPackage(
        key=Key("", "artifact", "Tell"),
        prefix="",
        folder=folder,
        handler="index.handler",
        runtime="nodejs22.x",
        architecture="x86_64",
    )
    with zipfile.ZipFile(archive.build(tmp_path / "build")) as built:
        assert {*built.namelist()} == {"index.js", "package.json", *modules}
