"""Packages of a repository as its commands see them: what is built, why, and what is not built at all."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from common.base import digest
from common.declare.package_builds import MIN_PACKAGES_FOR_PROCESSES
from common.resources.job import Job
from tests.packaging.index import wheel
from tests.support.repository import HANDLER, ROOT, Repository
from tests.support.waiting import until

HANDLERS = "projects/acres/lambda"
SHARED = "projects/acres/shared"


@pytest.fixture
def acres(repository: Repository) -> Repository:
    """Functions of which some share code, and one that asks for a package."""
    repository.project("acres", 'p.library("libs/geo")', 'p.job("load", includes=["shared.plugins"])')
    repository.write("libs/geo/__init__.py", "")
    repository.write(f"{SHARED}/codes.py", "from shared import texts\n")
    repository.write(f"{SHARED}/texts.py", "TEXT = 1\n")
    repository.write(f"{SHARED}/plugins/first.py", "import geo\n")
    for name, source in {"One": "import shared.codes\n", "Two": "from shared import texts\n", "Three": "import geo\n"}.items():
        repository.write(f"{HANDLERS}/{name}/handler.py", source + HANDLER)
    return repository


def packaged(repository: Repository, *words: str) -> dict[str, dict[str, Any]]:
    ended = repository.invoke("package-lambdas", "--json", *words)
    assert ended.code == 0, ended.err
    return {package["name"]: package for package in json.loads(ended.out)["packages"]}


def reasons(repository: Repository, *words: str) -> dict[str, str]:
    return {name: package["reason"] for name, package in packaged(repository, *words).items() if package["built"]}


def deployed(repository: Repository, *words: str, task: str = "deploy") -> dict[str, str]:
    ended = repository.invoke(task, "--env", "dev", "--json", *words)
    assert ended.code in {0, 2}, ended.err
    output = json.loads(ended.out)
    assert output["failed"] == {}
    return {change["key"]: change["reason"] for change in output["changes"] if change["action"] != "noop"}


def zips(repository: Repository) -> list[Path]:
    return sorted(repository.root.glob("build/artifacts/[!.]*/*/*.zip"))


def group_exists(number: int) -> bool:
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_shared_code_is_in_what_imports_it_and_nowhere_else(acres: Repository) -> None:
    packages = packaged(acres)
    assert sorted(packages["One"]["files"]) == ["handler.py", "shared/codes.py", "shared/texts.py"]
    assert sorted(packages["Two"]["files"]) == ["handler.py", "shared/texts.py"]
    assert sorted(packages["Three"]["files"]) == ["geo/__init__.py", "handler.py"]
    assert sorted(packages["Validate"]["files"]) == ["handler.py"]
    assert all(package["reason"] == "never built here" for package in packages.values())


def test_a_change_of_shared_code_rebuilds_just_what_imports_it_and_says_so(acres: Repository) -> None:
    packaged(acres)
    assert reasons(acres) == {}
    acres.write(f"{SHARED}/texts.py", "TEXT = 2\n")
    acres.write(f"{SHARED}/unused.py", "")
    because = "shared/texts.py changed"
    assert reasons(acres) == {"One": because, "Two": because}
    acres.write(f"{SHARED}/codes.py", "")
    assert reasons(acres) == {"One": "shared/codes.py changed, shared/texts.py removed"}
    acres.write("libs/geo/__init__.py", "X = 1")
    assert reasons(acres) == {"Three": "geo/__init__.py changed"}


def test_many_are_built_as_few_are(acres: Repository) -> None:
    for number in range(MIN_PACKAGES_FOR_PROCESSES):
        acres.write(f"{HANDLERS}/Fn{number}/handler.py", f"# {number}\n{HANDLER}")
    broken = acres.write(f"{HANDLERS}/Fn7/broken.py", "def broken(\n")
    ended = acres.invoke("package-lambdas")
    assert ended.code == 1
    assert ended.err == f"error: {HANDLERS}/Fn7/broken.py:1: '(' was never closed.\n"
    broken.unlink()
    assert reasons(acres) == {"Fn7": "never built here"}, "the others were built all the same"
    by_many = {path: path.read_bytes() for path in zips(acres)}
    assert len(by_many) == MIN_PACKAGES_FOR_PROCESSES + 4
    for path in list(by_many)[:5]:
        path.unlink()
    assert len(reasons(acres)) == 5
    assert {path: path.read_bytes() for path in zips(acres)} == by_many


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they are built by threads")
def test_a_command_that_is_killed_leaves_nobody_at_work(acres: Repository) -> None:
    for number in range(MIN_PACKAGES_FOR_PROCESSES):
        acres.write(f"{HANDLERS}/Fn{number}/handler.py", f"{HANDLER}\n" + f"# {number}\nx = [1]\n" * 5000)
    (acres.root / "common").symlink_to(ROOT / "common")
    command = [sys.executable, "-m", "invoke", "package-lambdas"]
    with subprocess.Popen(command, cwd=acres.root, stdout=subprocess.DEVNULL, start_new_session=True) as running:
        until(lambda: running.poll() is not None or [*acres.root.glob("build/artifacts/acres/Fn*/*.zip")])
        assert running.poll() is None
        running.kill()
    until(lambda: not group_exists(running.pid))
    assert len(reasons(acres)) > 0, "the next command goes on"


def test_a_missing_module_is_told_before_anything_is_built(acres: Repository) -> None:
    acres.write(f"{HANDLERS}/One/handler.py", "from shared import cods\n" + HANDLER)
    ended = acres.invoke("package-lambdas")
    message = "error: projects/acres/lambda/One/handler.py:1 imports shared.cods, which projects/acres/shared does not have."
    assert (ended.code, ended.err.strip()) == (1, message)


def test_a_job_gets_shared_code_under_an_immutable_key(acres: Repository, moto: None) -> None:
    first = deployed(acres)
    assert first["artifact/load.shared"] == "not uploaded yet"
    job = acres.resources()["glue-job/load"]
    assert isinstance(job, Job)
    assert job.shared_code is not None
    uri = f"s3://t-dev-artifacts/dev/acres/artifacts/load.shared/{job.shared_code.input_digest()}.zip"
    assert job.desired()["DefaultArguments"]["--extra-py-files"] == uri
    (built,) = acres.root.glob("build/artifacts/acres/load.shared/*.zip")
    assert names(built) == ["geo/__init__.py", "shared/__init__.py", "shared/plugins/__init__.py", "shared/plugins/first.py"]
    assert deployed(acres) == {}
    acres.write(f"{SHARED}/plugins/first.py", "import geo  # again\n")
    assert deployed(acres, task="plan").keys() == {"artifact/load.shared", "glue-job/load"}
    because = deployed(acres)
    assert because["artifact/load.shared"] == "shared/plugins/first.py changed"
    assert because["glue-job/load"] == "shared/plugins/first.py changed; DefaultArguments.--extra-py-files changed"
    acres.write(f"{SHARED}/texts.py", "TEXT = 3\n")
    assert deployed(acres, "--only", "glue-job/*") == {}


def test_a_python_shell_gets_shared_code_as_a_wheel(repository: Repository, moto: None) -> None:
    repository.project("acres", 'p.job("load", shell=True)')
    repository.write("projects/acres/glue/landing/load.py", "import shared.codes\n")
    repository.write(f"{SHARED}/codes.py", "")
    deployed(repository)
    (wheel,) = repository.root.glob("build/artifacts/acres/load.shared/*/shared_code-1.0.0-py3-none-any.whl")
    assert names(wheel) == [
        "shared/codes.py",
        *(f"shared_code-1.0.0.dist-info/{name}" for name in ("METADATA", "RECORD", "WHEEL")),
    ]


def test_arguments_of_the_declaration_stay(repository: Repository) -> None:
    repository.project("acres", 'p.job("load", arguments={"--extra-py-files": "s3://b/mine.zip", "--x": "1"})')
    repository.write("projects/acres/glue/landing/load.py", "import shared.codes\n")
    repository.write(f"{SHARED}/codes.py", "")
    arguments = repository.resources()["glue-job/load"].desired()["DefaultArguments"]
    assert arguments["--extra-py-files"].endswith(".zip,s3://b/mine.zip")
    assert arguments["--x"] == "1"


def test_another_machine_builds_nothing(acres: Repository, moto: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed(acres)
    assert zips(acres)
    second = tmp_path / "second machine"
    shutil.copytree(acres.root, second, ignore=shutil.ignore_patterns("build", "second machine"))
    monkeypatch.chdir(second)
    clone = Repository(second)
    assert deployed(clone) == {}
    assert zips(clone) == []
    acres.configure(defaults={"function": {"memory_mb": 512}})
    clone.configure(defaults={"function": {"memory_mb": 512}})
    changed = deployed(clone)
    assert {key.partition("/")[0] for key in changed} == {"lambda"}
    assert zips(clone) == [], "another configuration is no other code"


def test_an_environment_that_has_the_code_is_not_asked_for_it_again(acres: Repository) -> None:
    acres.configure("prod")
    assert len(packaged(acres)) == 4
    assert len(zips(acres)) == 4
    assert packaged(acres, "--env", "prod").keys() == {"One", "Two", "Three", "Validate"}
    assert len(zips(acres)) == 4


def test_locks_are_written_for_all_environments_and_packages_follow(repository: Repository, index: Path, moto: None) -> None:
    repository.project("acres")
    repository.configure("prod", projects={"acres": {"functions": {"Validate": {"architecture": "arm64"}}}})
    repository.write(f"{HANDLERS}/Validate/requirements.txt", "straw\nboto3\n")
    refused = repository.invoke("deploy", "--env", "dev")
    assert refused.code == 1
    assert "projects/acres/lambda/Validate/requirements.txt has no lock file" in refused.err
    assert "Run `invoke package-lambdas --lock` and commit requirements.lock." in refused.err
    locked = repository.invoke("package-lambdas", "--lock")
    assert (locked.code, locked.err) == (0, "")
    assert f"{HANDLERS}/Validate/requirements.lock written" in locked.out
    assert locked.out.count("    1 package: straw==2.0\n    2 files: handler.py, requirements.lock\n") == 2
    plain, arm = sorted(zips(repository), key=lambda path: "straw/arm.txt" in names(path))
    assert "straw/__init__.py" in names(plain)
    assert "straw/arm.txt" in names(arm)
    assert "requirements.txt" not in names(plain)
    again = repository.invoke("package-lambdas", "--lock", "--only", "role/*", "--env", "dev")
    assert "requirements.lock is up to date" in again.out
    deployed(repository)
    repository.write(f"{HANDLERS}/Validate/requirements.txt", "straw  # of barley\n")
    assert "is stale" in repository.invoke("plan", "--env", "dev").err, "boto3 is no longer asked for"
    repository.invoke("package-lambdas", "--lock")
    assert deployed(repository) == {}, "what is installed is the same"
    repository.write(f"{HANDLERS}/Validate/requirements.txt", "straw\nhusk\n")
    assert packaged(repository, "--lock", "--env", "dev")["Validate"]["reason"] == "requirements.lock changed"
    assert deployed(repository)["lambda/Validate"].startswith("requirements.lock changed")


@pytest.mark.parametrize("more", ["", ", shell=True", ', settings=JobSettings(glue_version="4.0")'])
def test_a_job_gets_wheels_that_need_no_index(repository: Repository, index: Path, moto: None, more: str) -> None:
    repository.project("acres", "from common import JobSettings", f'p.job("load", requirements="glue/all.txt"{more})')
    if "4.0" in more:
        declared = (repository.root / "deploy.py").read_text()
        repository.write("deploy.py", declared.replace('"glue/output"', '"glue"'))
    repository.write("projects/acres/glue/all.txt", "grain\n")
    assert "glue/all.txt has no lock file" in repository.invoke("plan", "--env", "dev").err
    repository.invoke("package-lambdas", "--lock")
    first = deployed(repository)
    assert first["artifact/load.wheels.grain"] == "not uploaded yet"
    arguments = repository.resources()["glue-job/load"].desired()["DefaultArguments"]
    uris = arguments["--extra-py-files" if "shell" in more else "--additional-python-modules"].split(",")
    folders = [uri.removeprefix("s3://t-dev-artifacts/dev/acres/artifacts/") for uri in uris]
    assert [folder.partition("/")[0] for folder in folders] == ["load.wheels.grain", "load.wheels.husk"]
    assert [folder.rpartition("/")[2] for folder in folders] == ["grain-1.0-py3-none-any.whl", "husk-1.2-py3-none-any.whl"]
    assert arguments.get("--python-modules-installer-option") == (None if "shell" in more else "--no-index")
    assert deployed(repository) == {}
    wheel(index, "husk", "1.3")
    (repository.root / "projects/acres/glue/all.lock").unlink()
    repository.invoke("package-lambdas", "--lock")
    assert deployed(repository).keys() == {"artifact/load.wheels.husk", "glue-job/load"}, "the other is as it was"


def test_a_wheel_is_whole_and_asks_for_nothing(repository: Repository, index: Path, moto: None, tmp_path: Path) -> None:
    repository.project("acres")
    repository.write("projects/acres/glue/landing/load.requirements.txt", "grain\n")
    repository.invoke("package-lambdas", "--lock")
    deployed(repository)
    (built,) = repository.root.glob("build/artifacts/acres/load.wheels.grain/*/*.whl")
    with zipfile.ZipFile(built) as archive:
        assert "grain/data.json" in archive.namelist()
        rows = archive.read("grain-1.0.dist-info/RECORD").decode().split()
        assert [row.partition(",")[0] for row in rows[:-1]] == [
            name for name in archive.namelist() if not name.endswith("RECORD")
        ]
        metadata = archive.read("grain-1.0.dist-info/METADATA").decode()
    assert "License: MIT\n" in metadata
    assert "Requires-Dist" not in metadata
    installed = tmp_path / "installed"
    pip = [sys.executable, "-m", "uv", "pip", "install", "--no-index", "--require-hashes", "--target", str(installed)]
    requirements = tmp_path / "asked.txt"
    requirements.write_text(f"{built} --hash=sha256:{digest.of_file(built)}\n")
    done = subprocess.run([*pip, "-r", str(requirements)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (installed / "grain" / "__init__.py").is_file()


def test_a_job_that_names_modules_itself_says_how_they_are_installed(repository: Repository, index: Path) -> None:
    repository.project("acres", 'p.job("load", arguments={"--additional-python-modules": "polars==1.9.0"})')
    repository.write("projects/acres/glue/landing/load.requirements.txt", "husk\n")
    repository.invoke("package-lambdas", "--lock")
    arguments = repository.resources()["glue-job/load"].desired()["DefaultArguments"]
    assert arguments["--additional-python-modules"].endswith("/husk-1.2-py3-none-any.whl,polars==1.9.0")
    assert "--python-modules-installer-option" not in arguments
