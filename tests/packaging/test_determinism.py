"""The same tree gives the same input digest and the same bytes, wherever, whenever and by whomever it is packaged."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from common.packaging import dependencies
from common.packaging.requirements import Requirements
from common.packaging.target import function_target
from tests.support.repository import ROOT

X86 = function_target("python3.11", "x86_64")
FILES = {
    "lambda/Load/handler.py": "from shared import codes\nfrom helpers import b\n\ndef handler(event, context): ...\n",
    "lambda/Load/helpers/b.py": "",
    "lambda/Load/helpers/Ä ö.txt": "ü" * 3000,
    "lambda/Load/run.sh": "#!/bin/sh\n" + "\n".join(f"echo {number * number}" for number in range(900)),
    "shared/codes.py": "from shared.texts import clean\n",
    "shared/texts.py": "def clean(): ...\n",
    "shared/codes.json": "{}",
    "shared/unused.py": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a function that has shared code, a link and a program."""
    root = tmp_path / "project"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "lambda/Load/run.sh").chmod(0o755)
    (root / "lambda/Load/link.py").symlink_to("helpers/b.py")
    return root


@pytest.fixture
def project_with_dependencies(project: Path, index: Path) -> Path:
    """The same, with a locked dependency."""
    (project / "lambda/Load/requirements.txt").write_text("grain\n")
    dependencies.lock(Requirements(project / "lambda/Load/requirements.txt"), {X86})
    return project


def built(root: Path, build: Path, *differences: str, **variables: str) -> tuple[str, ...]:
    """Input digest, digests of the bytes and of the bill of materials if there is one, size; from a process of its own."""
    command = [sys.executable, "-m", "tests.packaging.probe", str(root / "lambda/Load"), str(build), *differences]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(done.stdout.split())


def test_whatever_does_not_belong_to_the_tree_changes_nothing(project_with_dependencies: Path, tmp_path: Path) -> None:
    here = built(project_with_dependencies, tmp_path / "build")
    assert len(here) == 4
    other = tmp_path / "another place" / "with a longer name"
    shutil.copytree(project_with_dependencies, other, symlinks=True)
    for path in other.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
    odd = {"LC_ALL": "C", "LANG": "C", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "HOME": "/nowhere"}
    odd |= {"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_LINK_MODE": "copy", "UV_COMPILE_BYTECODE": "1"}
    assert built(other, tmp_path / "build 2", "umask", "order", "case", **odd) == here


def test_another_user_makes_the_same(project: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(project, Path(place, "project"), symlinks=True)
        Path(place, "build").mkdir()
        for folder in (Path(place), Path(place, "build")):
            folder.chmod(0o777)
        assert built(Path(place, "project"), Path(place, "build"), "user") == built(project, tmp_path / "build")


def test_another_zlib_makes_other_bytes_of_the_same_inputs(project: Path, tmp_path: Path) -> None:
    here, there = built(project, tmp_path / "build"), built(project, tmp_path / "build 2", "zlib")
    assert here[0] == there[0]
    assert here[1] != there[1]


def test_modes_and_links_survive(project: Path, tmp_path: Path) -> None:
    digest, *_ = built(project, tmp_path / "build", "umask")
    with zipfile.ZipFile(tmp_path / "build" / "acres" / "Load" / f"{digest}.zip") as archive:
        modes = {info.filename: oct(info.external_attr >> 16) for info in archive.infolist()}
    plain = dict.fromkeys(("handler.py", "helpers/b.py", "helpers/Ä ö.txt", "link.py"), "0o100644")
    shared = dict.fromkeys(("shared/codes.json", "shared/codes.py", "shared/texts.py"), "0o100644")
    assert modes == {**plain, **shared, "run.sh": "0o100755"}


@pytest.mark.parametrize("difference", ["umask", "case"])
def test_a_name_in_another_case_is_another_name_everywhere(project: Path, tmp_path: Path, difference: str) -> None:
    (project / "lambda/Load/handler.py").write_text("import shared.Codes\ndef handler(event, context): ...\n")
    with pytest.raises(AssertionError, match=r"handler.py:1 imports shared.Codes, which .*shared does not have"):
        built(project, tmp_path / "build", difference)
