"""Locking and installing, from an index that is a folder."""

import threading
from pathlib import Path
from platform import machine

import pytest

from common.base.errors import ArtifactError
from common.packaging import dependencies
from common.packaging.dependencies import Dependencies
from common.packaging.requirements import Requirements
from common.packaging.source_files import IgnoreRules
from common.packaging.target import Target, function_target
from tests.packaging.index import wheel

X86, ARM = function_target("python3.11", "x86_64"), function_target("python3.11", "arm64")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "lambda" / "Load"
    made.mkdir(parents=True)
    return made


def locked(folder: Path, text: str, *targets: object) -> Requirements:
    (folder / "requirements.txt").write_text(text)
    requirements = Requirements(folder / "requirements.txt")
    dependencies.lock(requirements, {X86, ARM})
    return requirements


def pins(requirements: Requirements) -> list[str]:
    return [pin.partition(" --hash")[0] for pin in requirements.pins(X86)]


def members(installed: Dependencies, folder: Path, build: Path) -> list[str]:
    return list(installed.members(build, IgnoreRules(folder, ())))


def test_what_is_installed_is_shared_with_no_environment(index: Path, folder: Path, tmp_path: Path) -> None:
    """Else an edit in some site-packages, as people make it to look for an error, would be packaged under the lock's digest."""
    installed = Dependencies(locked(folder, "grain\n"), X86).install(tmp_path / "build")
    assert {path.name: path.stat().st_nlink for path in installed.rglob("*.py") if path.stat().st_nlink != 1} == {}
    assert (installed / "grain/__init__.py").is_file()


def test_a_lock_has_versions_and_hashes_of_everything(index: Path, folder: Path) -> None:
    requirements = locked(folder, "grain\nstraw\n")
    assert pins(requirements) == ["grain==1.0", "husk==1.2", "straw==2.0"]
    assert [pin.count("--hash=sha256:") for pin in requirements.pins(X86)] == [1, 1, 2]
    assert str(folder) not in requirements.lock.read_text()
    assert oct(requirements.lock.stat().st_mode)[-3:] == "644"


def test_locking_again_changes_nothing_and_keeps_versions(index: Path, folder: Path) -> None:
    requirements = locked(folder, "grain\n")
    before = requirements.lock.read_bytes()
    wheel(index, "grain", "1.1")
    assert not dependencies.lock(requirements, {ARM, X86})
    assert requirements.lock.read_bytes() == before
    assert pins(locked(folder, "grain\nstraw\n")) == ["grain==1.0", "husk==1.2", "straw==2.0"]
    requirements.lock.unlink()
    assert "grain==1.1" in pins(locked(folder, "grain\n"))


def test_what_the_runtime_brings_is_left_out_unless_pinned(index: Path, folder: Path) -> None:
    assert pins(locked(folder, "cloud\nboto3\n")) == ["cloud==1.0", "husk==1.2"]
    assert pins(locked(folder, "cloud\nboto3==1.40.0\n")) == ["boto3==1.40.0", "botocore==1.40.0", "cloud==1.0", "husk==1.2"]


def test_a_package_without_a_wheel_is_named(index: Path, folder: Path) -> None:
    with pytest.raises(ArtifactError) as caught:
        locked(folder, "grain\nchaff\n")
    assert "lambda/Load/requirements.txt for python3.11" in str(caught.value)
    assert "chaff has no wheel for this platform, and nothing is compiled here" in str(caught.value)
    assert not (folder / "requirements.lock").exists()
    with pytest.raises(ArtifactError, match="uv could not find or fetch the packages"):
        locked(folder, "nonesuch\n")


def test_a_package_gets_what_runs_and_no_traces(index: Path, folder: Path, tmp_path: Path) -> None:
    installed = Dependencies(locked(folder, "grain\n"), X86)
    assert members(installed, folder, tmp_path / "build") == [
        "grain-1.0.dist-info/METADATA",
        "grain-1.0.dist-info/WHEEL",
        "grain-1.0.dist-info/entry_points.txt",
        "grain/__init__.py",
        "grain/data.json",
        "husk-1.2.dist-info/METADATA",
        "husk-1.2.dist-info/WHEEL",
        "husk/__init__.py",
        "husk/check.py",
        "husk/tests/__init__.py",
    ], "tests that a module imports stay"
    (folder / ".deployignore").write_text("*.dist-info/\nhusk/check.py\n")
    assert members(installed, folder, tmp_path / "build") == ["grain/__init__.py", "grain/data.json", "husk/__init__.py"]
    assert installed.names() == ("grain==1.0", "husk==1.2")


def test_each_architecture_gets_its_own_wheel(index: Path, folder: Path, tmp_path: Path) -> None:
    requirements = locked(folder, "straw\n")
    x86, arm = Dependencies(requirements, X86), Dependencies(requirements, ARM)
    assert x86.digest() != arm.digest()
    assert "straw/arm.txt" in members(arm, folder, tmp_path / "build")
    assert "straw/arm.txt" not in members(x86, folder, tmp_path / "build")


@pytest.mark.parametrize(
    ("system", "machine", "platform"),
    [
        ("linux", "x86_64", "x86_64-manylinux2014"),
        ("linux", "aarch64", "aarch64-manylinux2014"),
        ("darwin", "arm64", "aarch64-apple-darwin"),
        ("darwin", "x86_64", "x86_64-apple-darwin"),
    ],
)
def test_what_runs_on_this_machine_is_for_it(system: str, machine: str, platform: str) -> None:
    """See https://docs.astral.sh/uv/reference/cli/#uv-pip-install--python-platform."""
    for target in (X86, ARM):
        assert target.here(system, machine) == Target("3.11", platform)


def test_what_runs_here_is_installed_for_this_machine_by_the_lock_of_its_target(
    index: Path, folder: Path, tmp_path: Path
) -> None:
    """The pins are those of the target, with or without markers; uv knows how to install them on a Mac."""
    is_arm = machine() in {"arm64", "aarch64"}
    (folder / "requirements.txt").write_text("straw\nhusk ; platform_machine == 'aarch64'\n")
    requirements = Requirements(folder / "requirements.txt")
    dependencies.lock(requirements, {X86, ARM})
    away, here = Dependencies(requirements, ARM), Dependencies(requirements, ARM, here=True)
    assert (here.digest() == away.digest()) is is_arm
    assert here.names() == away.names() == ("husk==1.2", "straw==2.0")
    installed_here = members(here, folder, tmp_path / "build")
    assert "husk/__init__.py" in installed_here
    assert ("straw/arm.txt" in installed_here) is is_arm
    assert "straw/arm.txt" in members(away, folder, tmp_path / "build")
    assert {component.name for component in here.components(tmp_path / "build", IgnoreRules(folder, ()))} == {"husk", "straw"}
    dependencies.lock(requirements, {ARM})
    with pytest.raises(ArtifactError, match=r"was not made for python3\.11 x86_64"):
        Dependencies(Requirements(requirements.path), X86, here=True).digest()


def test_the_hash_of_what_is_installed_is_the_locked_one(index: Path, folder: Path, tmp_path: Path) -> None:
    installed = Dependencies(locked(folder, "husk\n"), X86)
    wheel(index, "husk", "1.2", files={"husk/evil.py": ""})
    with pytest.raises(ArtifactError, match=r"(?s)uv could not find or fetch.*[Hh]ash"):
        installed.install(tmp_path / "build")
    assert list((tmp_path / "build").glob(".dependencies/*")) == []


def test_what_is_installed_once_is_shared_even_by_builds_at_the_same_time(index: Path, folder: Path, tmp_path: Path) -> None:
    requirements = locked(folder, "grain\n")
    paths: list[Path] = []
    threads = [
        threading.Thread(target=lambda: paths.append(Dependencies(requirements, X86).install(tmp_path / "build")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 1
    name = paths[0].name
    assert {path.name for path in (tmp_path / "build/.dependencies").iterdir()} == {name, f"{name}.sha256"}
    for wheel_file in [*index.glob("*.whl")]:
        wheel_file.unlink()
    assert Dependencies(requirements, X86).install(tmp_path / "build") == paths[0]


def test_a_folder_asks_by_either_file(index: Path, folder: Path) -> None:
    assert dependencies.find_dependencies(folder, X86) is None
    (folder / "pyproject.toml").write_text('[project]\nname = "load"\nversion = "1"\ndependencies = ["husk"]\n')
    installed = dependencies.find_dependencies(folder, X86)
    assert installed is not None
    dependencies.lock(installed.requirements, {X86})
    assert installed.names() == ("husk==1.2",)
    assert list(installed.files()) == ["requirements.lock"]
    (folder / "requirements.txt").write_text("# nothing\n")
    assert dependencies.find_dependencies(folder, X86) is not None


def test_what_another_target_gets_changes_nothing_here(index: Path, folder: Path) -> None:
    (folder / "requirements.txt").write_text("husk\nstraw ; platform_machine == 'aarch64'\n")
    requirements = Requirements(folder / "requirements.txt")
    dependencies.lock(requirements, {X86})
    alone = Dependencies(requirements, X86).digest()
    dependencies.lock(requirements, {X86, ARM})
    assert "straw" in requirements.lock.read_text()
    both = Dependencies(Requirements(requirements.path), X86)
    assert both.digest() == alone
    assert both.names() == ("husk==1.2",)
    assert Dependencies(requirements, ARM).names() == ("husk==1.2", "straw==2.0")
    wheel(index, "husk", "1.3")
    requirements.lock.unlink()
    dependencies.lock(requirements, {X86, ARM})
    assert Dependencies(Requirements(requirements.path), X86).digest() != alone


def test_constraints_hold_for_what_something_else_asks_for(index: Path, folder: Path) -> None:
    wheel(index, "husk", "1.1")
    (folder.parent / "limits.txt").write_text("husk<1.2\n")
    assert pins(locked(folder, "-c ../limits.txt\ngrain\n")) == ["grain==1.0", "husk==1.1"]
