"""What lies in the current folder, in a project and beside tasks.py is never run in place of what is installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.base import programs
from common.base.uncommitted import Committed
from tests.support.repository import ROOT, Ended, Repository

STANDARD = (
    "queue",
    "json",
    "socket",
    "sitecustomize",
    "usercustomize",
    "typing",
    "random",
    "subprocess",
    "threading",
    "tempfile",
)
INSTALLED = ("boto3", "botocore", "yaml", "pydantic", "rich", "pathspec", "packaging", "common")
PLANTED = """
import os
os.write(os.open({told!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT), f"{{__file__}}, ".encode())
raise SystemExit(9)
"""
NOWHERE = "http://127.0.0.1:9"
BIN = Path(sys.executable).parent


@pytest.fixture
def planted(repository: Repository) -> Iterator[Repository]:
    """A repository with modules of such names everywhere, and an embedded AWS that has its packages already."""
    marker = str(repository.root / "told")
    repository.project("acres")
    repository.configure("dev", endpoints={"default": NOWHERE})
    repository.configure("local", embedded={}, account_id="000000000000", region="us-east-1")
    shutil.copytree(ROOT / "common", repository.root / "common", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("", "projects/", "projects/acres/", "projects/acres/lambda/", "config/", "elsewhere/"):
        for name in (*STANDARD, *INSTALLED):
            if f"{folder}{name}" != "common":
                repository.write(f"{folder}{name}.py", PLANTED.format(told=marker))
    (repository.root / "build/local").mkdir(parents=True)
    (ROOT / "build/local/env").mkdir(parents=True, exist_ok=True)
    (repository.root / "build/local/env").symlink_to(ROOT / "build/local/env")
    yield repository
    run(repository, "", "local.stop")


def run(repository: Repository, folder: str, *words: str, command: tuple[str, ...] = (), **more: str) -> Ended:
    """A command typed in a folder of the repository."""
    program = command or (str(BIN / "invoke"), "--search-root", str(repository.root))
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [*program, *words],
        cwd=repository.root / folder,
        env={**variables, **more},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def told(repository: Repository) -> str:
    return path.read_text() if (path := repository.root / "told").exists() else ""


@pytest.mark.parametrize("folder", ["", "projects/acres", "projects/acres/lambda", "elsewhere"])
def test_commands_run_nothing_of_the_folders_that_they_are_typed_in(planted: Repository, folder: str) -> None:
    for words in (("package-lambdas",), ("policy", "--env", "dev"), ("plan", "--env", "dev"), ("--list",)):
        ended = run(planted, folder, *words, AWS_MAX_ATTEMPTS="1")
        assert told(planted) == "", ended.err
        assert ended.code == (1 if words[0] == "plan" else 0), ended.err


def test_the_embedded_aws_runs_nothing_of_them_either(planted: Repository) -> None:
    for words in (("deploy", "--env", "local"), ("plan", "--env", "local"), ("status", "--env", "local"), ("local.stop",)):
        ended = run(planted, "projects/acres", *words)
        assert (told(planted), ended.code) == ("", 0), ended.out + ended.err


def test_a_declaration_that_runs_as_a_module_runs_none_of_them(planted: Repository) -> None:
    for name in ("subprocess", "threading", "tempfile"):  # Python itself may take them before anything of ours is asked
        (planted.root / f"{name}.py").unlink()
    ended = run(planted, "", "--help", command=(sys.executable, "-m", "projects.acres.deploy"))
    assert (told(planted), ended.code) == ("", 0), ended.err


def test_programs_of_the_current_folder_are_not_run(planted: Repository) -> None:
    """An empty or relative entry of PATH stands for the current folder, whatever that is when a program is started."""
    for folder in ("", "projects/acres/", "projects/acres/lambda/Validate/"):
        for name in ("git", "uv", "npm", "node", "java"):
            program = planted.write(f"{folder}{name}", f"#!/bin/sh\necho {folder}{name} >> {planted.root / 'told'}\nexit 9\n")
            program.chmod(0o755)
    planted.commit()
    path = f":.:{os.environ['PATH']}"
    for words in (("package-lambdas",), ("deploy", "--env", "local"), ("history", "--env", "local", "--json")):
        ended = run(planted, "", *words, PATH=path)
        assert (told(planted), ended.code) == ("", 0), ended.err
    assert '"commit": "' in ended.out
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(planted.root)
        patched.setenv("PATH", path)
        assert programs.search_path() == os.pathsep.join(entry for entry in path.split(os.pathsep) if entry.startswith("/"))
        assert Committed(planted.root).commit
    assert told(planted) == ""
