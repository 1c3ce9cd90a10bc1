"""Node.js functions: what their lock installs, and functions that a command builds."""

import base64
import hashlib
import io
import json
import os
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from common.base.errors import ArtifactError
from common.model.resource import Key
from common.packaging.lambda_package import Package
from common.packaging.node import Command

HANDLER = "import { weigh } from 'scales';\nexport const handler = async () => weigh();\n"
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


def archive(path: Path, name: str) -> str:
    """An npm package; its integrity."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        scripts = {"install": "touch ran"}
        texts = {
            "package.json": json.dumps({"name": name, "version": "1.0.0", "scripts": scripts}),
            "index.js": "exports.weigh = 1",
        }
        for member, text in texts.items():
            info = tarfile.TarInfo(f"package/{member}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed.getvalue())
    return "sha512-" + base64.b64encode(hashlib.sha512(packed.getvalue()).digest()).decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A function with a dependency, and one for development, from archives in its folder."""
    made = tmp_path / "lambda/Weigh"
    made.mkdir(parents=True)
    (made / "index.mjs").write_text(HANDLER)
    manifest = {"dependencies": {"scales": "file:vendor/scales.tgz"}, "devDependencies": {"hammer": "file:vendor/hammer.tgz"}}
    own: dict[str, Any] = {"name": "weigh", "version": "1.0.0", **manifest}
    packages: dict[str, Any] = {"": own}
    for name, more in (("scales", {}), ("hammer", {"dev": True})):
        integrity = archive(made / f"vendor/{name}.tgz", name)
        locked = {"version": "1.0.0", "resolved": f"file:vendor/{name}.tgz", "integrity": integrity, "hasInstallScript": True}
        packages[f"node_modules/{name}"] = {**locked, **more}
    (made / "package.json").write_text(json.dumps(own))
    (made / "package-lock.json").write_text(json.dumps({"name": "weigh", "lockfileVersion": 3, "packages": packages}))
    (made / ".deployignore").write_text("vendor/\n")
    return made


def package(folder: Path, **fields: Any) -> Package:
    all_fields = {"handler": "index.handler", "runtime": "nodejs22.x", "architecture": "x86_64", **fields}
    return Package(Key("acres", "artifact", "Weigh"), "dev/acres/", folder, **all_fields)


def members(built: Path) -> list[str]:
    with zipfile.ZipFile(built) as zipped:
        return zipped.namelist()


@needs_npm
def test_what_the_lock_says_is_packaged_and_no_more(folder: Path, tmp_path: Path) -> None:
    (folder / "node_modules/leftover").mkdir(parents=True)
    (folder / "node_modules/leftover/index.js").write_text("")
    built = package(folder)
    inner = [f"node_modules/scales/{name}" for name in ("index.js", "package.json")]
    assert members(built.build(tmp_path / "build")) == ["index.mjs", *inner, "package.json"], (
        "no hammer, no leftovers, nothing ran"
    )
    assert built.package_names() == ("scales@1.0.0",)
    assert sorted(built.files()) == ["index.mjs", "package-lock.json", "package.json"]


@needs_npm
def test_what_npm_installs_is_told_with_the_hash_of_the_lock(folder: Path, tmp_path: Path) -> None:
    built = package(folder)
    (component,) = built.components(tmp_path / "build")
    content = hashlib.sha512((folder / "vendor/scales.tgz").read_bytes()).hexdigest()
    assert (component.purl, component.hashes) == ("pkg:npm/scales@1.0.0", [("SHA-512", content)]), "no hammer"
    assert built.sbom_file(tmp_path / "build") == built.built_at(tmp_path / "build").with_suffix(".zip.cdx.json")
    (folder / ".deployignore").write_text("vendor/\nnode_modules/scales/package.json\n")
    assert [component.purl for component in package(folder).components(tmp_path / "build")] == ["pkg:npm/scales@1.0.0"]
    (folder / ".deployignore").write_text("vendor/\nscales/\n")
    assert package(folder).components(tmp_path / "build") == []


def test_the_lock_is_an_input_and_its_spelling_is_not(folder: Path) -> None:
    first = package(folder).input_digest()
    lock = json.loads((folder / "package-lock.json").read_text())
    (folder / "package-lock.json").write_text(json.dumps(lock, indent=4, sort_keys=True))
    assert package(folder).input_digest() == first
    assert package(folder, architecture="arm64").input_digest() != first
    (folder / ".deployignore").write_text("vendor/\n.npmrc\n")
    unconfigured = package(folder).input_digest()
    (folder / ".npmrc").write_text("optional=false\n")
    assert package(folder).input_digest() != unconfigured
    lock["packages"]["node_modules/scales"]["version"] = "1.0.1"
    (folder / "package-lock.json").write_text(json.dumps(lock))
    assert package(folder).input_digest() != first


def test_dependencies_without_a_lock_are_refused(folder: Path) -> None:
    (folder / "package-lock.json").unlink()
    with pytest.raises(
        ArtifactError, match=r"lambda/Weigh: package.json has dependencies but no package-lock.json.*npm install --pack"
    ):
        package(folder).input_digest()
    (folder / "package.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"package.json is not JSON"):
        package(folder).input_digest()


@needs_npm
def test_what_npm_refuses_is_told(folder: Path, tmp_path: Path) -> None:
    lock = json.loads((folder / "package-lock.json").read_text())
    other = "sha512-" + base64.b64encode(hashlib.sha512(b"what was there before").digest()).decode()
    lock["packages"]["node_modules/scales"]["integrity"] = other
    (folder / "package-lock.json").write_text(json.dumps(lock))
    with pytest.raises(ArtifactError, match=r"(?s)lambda/Weigh: `npm ci --omit=dev.*has failed with exit code 1:.*integrity"):
        package(folder).build(tmp_path / "build")
    assert list((tmp_path / "build").glob("**/*.zip")) == []


def test_a_folder_without_dependencies_needs_no_npm(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (folder / "package.json").write_text('{"type": "module", "devDependencies": {"hammer": "1"}}')
    (folder / "package-lock.json").unlink()
    assert members(package(folder).build(tmp_path / "build")) == ["index.mjs", "package.json"]


def test_a_command_builds_in_a_copy(folder: Path, tmp_path: Path) -> None:
    before = sorted(folder.rglob("*"))
    command = Command("mkdir out && cat index.mjs index.mjs > out/index.mjs && touch out/notes.md", "out")
    (folder / ".deployignore").write_text("*.md\n")
    built = package(folder, command=command)
    assert members(built.build(tmp_path / "build")) == ["index.mjs"]
    assert sorted(folder.rglob("*")) == before
    assert package(folder).input_digest() != built.input_digest()
    assert package(folder, command=Command(command.line, "other")).input_digest() != built.input_digest()
    (folder / "index.mjs").write_text("")
    assert package(folder, command=command).input_digest() != built.input_digest()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("echo broken >&2; exit 3", r"lambda/Weigh: `echo broken >&2; exit 3` has failed with exit code 3:\n  broken"),
        ("true", r"lambda/Weigh: `true` has made no folder dist/"),
        ("mkdir dist", r"lambda/Weigh: `mkdir dist` has put nothing into dist/"),
        (
            "ln -s . dist",
            r"lambda/Weigh: `ln -s . dist` has made dist a link out of the folder\. Let it put the files themselves",
        ),
    ],
)
def test_a_command_that_fails_leaves_nothing(folder: Path, tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        package(folder, command=Command(line, "dist")).build(tmp_path / "build")
    assert [path for path in (tmp_path / "build").rglob("*") if path.is_file()] == []


def test_what_changes_before_it_is_copied_is_not_built(folder: Path, tmp_path: Path) -> None:
    """Else the outcome of other files would be kept under the digest of these, even once they are as they were."""
    built = package(folder, command=Command("mkdir dist && cp index.mjs dist/", "dist"))
    built.input_digest()
    (folder / "index.mjs").write_text(HANDLER + "// later\n")
    with pytest.raises(ArtifactError, match=r"index\.mjs was changed while it was packaged"):
        built.build(tmp_path / "build")
    assert list((tmp_path / "build").rglob("*.mjs")) == []


def test_a_folder_outside_the_copy_is_never_taken_for_the_output(folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letters.txt").write_text("dear")
    with pytest.raises(ArtifactError, match="has made dist a link out of the folder"):
        package(folder, command=Command(f"ln -s {precious} dist", "dist")).build(tmp_path / "build")
    assert (precious / "letters.txt").read_text() == "dear"


@pytest.mark.parametrize("output", ["/srv/letters", "../letters", "dist/../..", ".", "..", "", "./"])
def test_an_output_that_is_no_folder_within_is_refused(output: str) -> None:
    with pytest.raises(ValueError, match=r"^output='.*' must name a folder within the one that is built, such as 'dist'$"):
        Command("make", output)
    with pytest.raises(ValueError, match=r"^build=' ' is not a command"):
        Command(" ", "dist")


def test_a_command_sees_what_its_digest_covers_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    command = Command(
        "mkdir -p dist && cp index.mjs dist && find . -name dist -prune -o -type f -print | LC_ALL=C sort > dist/seen"
        ' && stat -c "%a %Y" run > dist/how',
        "dist",
    )
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    before = package(folder, command=command)
    first = before.build(tmp_path / "first").read_bytes()
    for name in (".cache/a", ".venv/b", ".mypy_cache/c", "lib.pyc", "dist/by_hand.mjs", "node_modules/d", "venv/e"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    (folder / "run").chmod(0o700)
    os.utime(folder / "run", (1, 1))
    after = package(folder, command=command)
    assert after.input_digest() == before.input_digest()
    assert after.build(tmp_path / "second").read_bytes() == first
    with zipfile.ZipFile(after.build(tmp_path / "second")) as archive:
        seen = archive.read("seen").decode().split()
    assert "./index.mjs" in seen
    assert "./.deployignore" in seen
    assert not {"./.cache/a", "./.venv/b", "./lib.pyc", "./dist/by_hand.mjs", "./node_modules/d", "./venv/e"} & set(seen)


@pytest.mark.parametrize("packages", [[], {"": None}, {"node_modules/scales": "1.0"}, "x"])
def test_a_lock_of_another_shape_is_told(folder: Path, packages: Any) -> None:
    (folder / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))
    with pytest.raises(ArtifactError, match=r"package-lock\.json: `packages` is not as npm writes it\. Delete the file and lock"):
        package(folder).input_digest()


def test_archives_are_taken_from_the_folder_alone(folder: Path, tmp_path: Path) -> None:
    lock = json.loads((folder / "package-lock.json").read_text())
    before = package(folder).input_digest()
    archive(tmp_path / "lambda/outside.tgz", "outside")
    lock["packages"]["node_modules/scales"]["resolved"] = "file:../outside.tgz"
    (folder / "package-lock.json").write_text(json.dumps(lock))
    built = package(folder)
    assert built.input_digest() != before
    with pytest.raises(ArtifactError, match="npm"):
        built.build(tmp_path / "build")
    assert not list((tmp_path / "build").rglob("outside.tgz"))
