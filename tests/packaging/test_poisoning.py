"""No bytes get a name that stands for others, whenever a file is saved and whenever the process that builds dies."""

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.base import digest
from common.base.errors import ArtifactError
from common.model.resource import Key
from common.packaging.artifact import Script, Sources
from common.packaging.imports import Libraries
from common.packaging.job_imports import SharedCode
from common.packaging.lambda_package import Package
from common.packaging.layer_package import LayerPackage
from common.packaging.node import Command, NodeModules

BEFORE, LATER = "LIMIT = 3\n", "LIMIT = 4\n"
HANDLER = "import shared.rules\n\ndef handler(event, context):\n    return event\n"
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
CHANGED, KILLED = 3, 9
COMMAND = Command("mkdir dist && cp *.py dist/", "dist")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"shared/rules.py": BEFORE, "lambda/Load/handler.py": HANDLER, "lambda/Load/rules.py": BEFORE}
    files |= {"glue/load.py": BEFORE, "glue/imports.py": "import shared.rules\n"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def package(project: Path, kind: type[Package] = Package, **fields: Any) -> Package:
    libraries = Libraries({"shared": project / "shared"})
    all_fields = {
        "handler": "handler.handler",
        "runtime": "python3.11",
        "architecture": "x86_64",
        "libraries": libraries,
        **fields,
    }
    return kind(Key("acres", "artifact", "Load"), "dev/acres/", project / "lambda/Load", **all_fields)


def shared(project: Path, *, shell: bool) -> SharedCode:
    libraries = Libraries({"shared": project / "shared"})
    return SharedCode(Key("acres", "artifact", "Load"), "dev/acres/", project / "glue/imports.py", libraries, shell=shell)


CASES: dict[str, tuple[str, Callable[[Path], Sources]]] = {
    "script": ("glue/load.py", lambda project: Script(Key("acres", "artifact", "load"), "dev/acres/", project / "glue/load.py")),
    "package": ("lambda/Load/rules.py", package),
    "shared code of a package": ("shared/rules.py", package),
    "layer": ("lambda/Load/rules.py", lambda project: package(project, LayerPackage, handler="")),
    "shared code of a job": ("shared/rules.py", lambda project: shared(project, shell=False)),
    "shared code of a shell": ("shared/rules.py", lambda project: shared(project, shell=True)),
    "command": ("lambda/Load/rules.py", lambda project: package(project, command=COMMAND)),
}


def save(path: Path, text: str) -> None:
    """Saves a file so that neither its size nor its time of change tells of it."""
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def holds(built: Path) -> set[str]:
    """What modules called `rules`, or else the only one, hold."""
    if not zipfile.is_zipfile(built):
        return {built.read_text()}
    with zipfile.ZipFile(built) as archive:
        return {archive.read(name).decode() for name in archive.namelist() if name.endswith("rules.py")}


def in_child(program: Callable[[], object]) -> int:
    """Runs something in a process of its own; its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            program()
            code = 0
        except ArtifactError:
            code = CHANGED
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def build_badly(artifact: Sources, build_dir: Path, victim: Path, reading: int, dying: int) -> None:
    """Builds; just before the victim is read for the `reading`-th time it is saved, and at the `dying`-th event it is over."""
    artifact.input_digest()
    reads = events = 0
    within = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal reads, events, within
        if within or event not in {"open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "os.utime", "subprocess.Popen"}:
            return
        within = True
        if event == "open" and arguments[0] in {victim, str(victim)}:
            reads += 1
            if reads == reading:
                save(victim, LATER)
        events += 1
        if events == dying:
            os._exit(KILLED)
        within = False

    sys.addaudithook(hook)
    artifact.build(build_dir)


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_saved_and_whenever_the_build_dies_the_next_build_has_the_right_bytes(project: Path, case: str) -> None:
    name, made = CASES[case]
    victim, build_dir = project / name, project / "build"
    codes = set()
    for reading in (1, 2, 3):
        dying, code = 0, KILLED
        while code == KILLED:
            dying += 1
            code = in_child(lambda: build_badly(made(project), build_dir, victim, reading, dying))  # noqa: B023 - runs at once
            codes.add(code)
            save(victim, BEFORE)
            assert holds(made(project).build(build_dir)) == {BEFORE}
            shutil.rmtree(build_dir)
    assert codes >= {CHANGED, KILLED}
    assert codes <= {0, CHANGED, KILLED}


def test_a_change_that_times_do_not_show_says_what_to_do(project: Path) -> None:
    script = Script(Key("acres", "artifact", "load"), "dev/acres/", project / "glue/load.py")
    script.hash_files(lambda _path, _found: digest.of_bytes(b""))  # as a cache does that is wrong
    with pytest.raises(
        ArtifactError, match=r"load\.py was changed while it was packaged\. Its times do not .*run `touch .*load\.py`"
    ):
        script.build(project / "build")


def test_two_processes_may_build_the_same_at_the_same_time(project: Path) -> None:
    vendored = project / "lambda/Load/oats-1.0.dist-info/METADATA"
    vendored.parent.mkdir()
    vendored.write_text(METADATA.format(name="oats"))

    def build() -> None:
        artifact = package(project)
        built, its_bill = artifact.build(project / "build"), artifact.sbom_file(project / "build")
        assert its_bill is not None
        assert holds(built) == {BEFORE}
        assert json.loads(its_bill.read_text())["components"][0]["name"] == "oats"

    for _ in range(20):
        children = [os.fork() or _end(in_child(build)) for _ in range(2)]
        assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
        shutil.rmtree(project / "build")


def _end(code: int) -> int:
    os._exit(code)


def test_a_bill_of_materials_is_of_what_is_packaged(project: Path) -> None:
    vendored = project / "lambda/Load/oats-1.0.dist-info/METADATA"
    vendored.parent.mkdir()
    vendored.write_text(METADATA.format(name="oats"))
    artifact = package(project)
    built = artifact.build(project / "build")
    save(vendored, METADATA.format(name="rice"))
    with pytest.raises(ArtifactError, match="METADATA was changed while it was packaged"):
        artifact.sbom_file(project / "build")
    assert list(built.parent.glob("*.cdx.json")) == []
    save(vendored, METADATA.format(name="oats"))
    assert [component.name for component in package(project).components(project / "build")] == ["oats"]


def test_a_bill_of_other_bytes_is_made_again(project: Path) -> None:
    vendored = project / "lambda/Load/oats-1.0.dist-info/METADATA"
    vendored.parent.mkdir()
    vendored.write_text(METADATA.format(name="oats"))
    first = package(project).sbom_file(project / "build")
    assert first is not None
    right = first.read_bytes()
    for wrong in (right.replace(b'"content": "', b'"content": "0'), b"{", b"[]"):
        first.write_bytes(wrong)
        assert package(project).sbom_file(project / "build") == first
        assert first.read_bytes() == right


@pytest.fixture
def npm(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A function of Node.js, and an npm that installs what it is given: it shows what it gets."""
    program = project / "bin/npm"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nmkdir -p node_modules/given && cp package.json .npmrc *.tgz node_modules/given/\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    folder = project / "lambda/Weigh"
    folder.mkdir()
    packages = {"node_modules/scales": {"version": "1.0.0", "resolved": "file:scales.tgz"}}
    (folder / "package-lock.json").write_text(json.dumps({"packages": packages}))
    (folder / "package.json").write_text(json.dumps({"dependencies": {"scales": "1"}, "overrides": {"oats": "1"}}))
    (folder / ".npmrc").write_text("omit=1\n")
    (folder / "scales.tgz").write_text("scales 1")
    return folder


@pytest.mark.parametrize("name", ["package.json", ".npmrc", "scales.tgz"])
def test_npm_is_given_what_was_digested(npm: Path, tmp_path: Path, name: str) -> None:
    modules, victim = NodeModules(npm, "x86_64"), npm / name
    identity, before = modules.digest(), victim.read_text()
    save(victim, before.replace("1", "2"))
    with pytest.raises(ArtifactError, match=rf"{name} was changed while it was packaged"):
        modules.install(tmp_path / "build")
    assert NodeModules(npm, "x86_64").digest() != identity == modules.digest()
    assert not (tmp_path / "build/.dependencies" / identity).exists()
    save(victim, before)
    again = NodeModules(npm, "x86_64").install(tmp_path / "build")
    assert again.name == identity
    assert (again / "node_modules/given" / name).read_text() == before


def test_what_stays_out_of_installed_packages_is_what_was_digested(npm: Path, tmp_path: Path) -> None:
    (npm / ".deployignore").write_text("*.tgz\n")
    (npm / "index.js").write_text("exports.handler = 1\n")

    def made() -> Package:
        fields: dict[str, Any] = {"handler": "index.handler", "runtime": "nodejs22.x", "architecture": "x86_64"}
        return Package(Key("acres", "artifact", "Weigh"), "dev/acres/", npm, **fields)

    first = made()
    first.input_digest()
    save(npm / ".deployignore", "*.ini\n")
    with zipfile.ZipFile(first.build(tmp_path / "build")) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".tgz")]
    assert made().input_digest() != first.input_digest()


def test_what_stays_out_of_what_a_command_makes_is_what_was_digested(project: Path) -> None:
    (project / "lambda/Load/.deployignore").write_text("*.txt\n")
    first, other = package(project, command=COMMAND), package(project, command=COMMAND)
    assert list(first._ignoring.patterns) == ["*.txt"]
    save(project / "lambda/Load/.deployignore", "*.tmp\n")
    assert first.input_digest() != other.input_digest(), (
        "both hold the new file, and the first would leave out what the old one says"
    )
