"""Pre-tasks get the caller's options, one command is one session, and errors become messages."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from invoke.collection import Collection
from invoke.context import Context
from invoke.program import Program
from invoke.tasks import task

from common.base.errors import AwsError, DeployError, FailedError, LockedError, StoppedError
from common.commands.executor import Executor
from common.commands.invocation import INVOCATION
from tests.support.repository import ROOT, SHARED, Repository

Seen = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def seen() -> Seen:
    return []


@pytest.fixture
def tasks(seen: Seen) -> Collection:
    @task(positional=[])
    def first(_c: Context, env: str | None = None, force: bool = False) -> None:
        seen.append(("first", {"env": env, "force": force}))

    @task(positional=[], pre=[first])
    def second(_c: Context, env: str | None = None, jobs: str = "16") -> None:
        seen.append(("second", {"env": env, "jobs": jobs}))

    @task(positional=[], pre=[second])
    def third(_c: Context, env: str | None = None, force: bool = False, only: str | None = None) -> None:
        seen.append(("third", {"env": env, "force": force, "only": only}))
        seen.append(("requested", {"names": INVOCATION.get().requested()}))

    return Collection(first, second, third)


def run(tasks: Collection, line: str) -> int:
    try:
        Program(namespace=tasks, executor_class=Executor).run(["invoke", *line.split()])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_options_reach_every_task_that_knows_them(tasks: Collection, seen: Seen) -> None:
    assert run(tasks, "third --env dev --force --only x") == 0
    assert seen == [
        ("first", {"env": "dev", "force": True}),
        ("second", {"env": "dev", "jobs": "16"}),
        ("third", {"env": "dev", "force": True, "only": "x"}),
        ("requested", {"names": ["third"]}),
    ]


@pytest.mark.parametrize("code", [0, None, 3, "stopped"])
def test_what_exits_in_the_middle_of_a_command_is_an_error(code: int | str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """As code of a declaration may that is only called when it is planned."""

    @task(positional=[])
    def planning(_c: Context, json: bool = False) -> None:
        sys.exit(code)

    assert run(Collection(planning), "planning --json") == 1
    output = capsys.readouterr()
    assert "error: code of a declaration called sys.exit while the command was at work" in output.err
    assert json.loads(output.out)["outcome"] == "failed"


def test_a_task_that_several_need_runs_once(tasks: Collection, seen: Seen) -> None:
    assert run(tasks, "second --env dev third --env dev") == 0
    assert [name for name, _ in seen] == ["first", "second", "third", "requested"]
    assert dict(seen)["requested"] == {"names": ["second", "third"]}


def failing(raised: BaseException, closing: DeployError | None = None, closed: list[str] | None = None) -> Collection:
    def close(name: str) -> None:
        if closed is not None:
            closed.append(name)
        if closing is not None:
            raise closing

    @task
    def go(_c: Context) -> None:
        for name in ("one", "two"):
            INVOCATION.get().keep(name, partial(str, name), close)
        raise raised

    return Collection(go)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DeployError("acres: lambda/x: what to do"), 1, "error: acres: lambda/x: what to do"),
        (AwsError("s3", "PutObject", "AccessDenied", "no"), 1, "error: s3:PutObject was refused: AccessDenied: no"),
        (StoppedError(2), 130, "error: Stopped."),
        (StoppedError(15), 143, "error: Stopped."),
        (KeyboardInterrupt(), 130, "Stopped."),
        (PermissionError(13, "Permission denied", "build/x"), 1, "error: [Errno 13] Permission denied: 'build/x'"),
    ],
)
def test_errors_are_messages_and_exit_codes(
    error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(failing(error), "go") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(message)
    assert "Traceback" not in err


def test_an_error_of_the_deployer_itself_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run(failing(ZeroDivisionError()), "go")


def test_everything_is_closed_and_the_first_error_is_the_one_told(capsys: pytest.CaptureFixture[str]) -> None:
    closed: list[str] = []
    assert run(failing(LockedError("somebody deploys"), FailedError("3 not tried"), closed), "go") == 1
    assert closed == ["one", "two"]
    assert capsys.readouterr().err == "error: somebody deploys\n"


def test_an_error_while_closing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def close(_: str) -> None:
        raise FailedError("1 failed")

    @task
    def go(_c: Context) -> None:
        INVOCATION.get().keep("one", str, close)

    assert run(Collection(go), "go") == 1
    assert capsys.readouterr().err == "error: 1 failed\n"


def test_one_command_is_one_session(repository: Repository, moto: None) -> None:
    done = repository.invoke("deploy-lambdas", "deploy-roles", "--env", "dev")
    assert (done.code, done.out) == (1, ""), "options belong to the task before them"
    assert done.err.startswith("error: Which environment? Add --env NAME; config/ has dev. ")
    done = repository.invoke("deploy-roles", "--env", "dev", "deploy-lambdas", "--env", "dev")
    assert done.code == 0
    assert done.out.count("AWS calls") == 1
    assert [line.split()[0] for line in done.out.splitlines() if line.startswith("deploy-")] == [
        "deploy-shared", "deploy-roles", "deploy-lambdas",
    ]  # fmt: skip


def test_a_step_of_which_nothing_is_chosen_says_so(repository: Repository, moto_dates: None) -> None:
    repository.project("acres")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    done = repository.invoke("deploy", "--env", "dev", "--only", "role/*")
    assert (done.code, done.err) == (0, "")
    results = dict(line.split(maxsplit=1) for line in done.out.splitlines() if line.startswith(("deploy-", "upload-")))
    assert results["deploy-shared"] != "nothing chosen", "the artifact bucket comes along with whatever is chosen"
    assert [name for name, text in results.items() if text == "nothing chosen"] == [
        "deploy-lambdas", "upload-glue", "deploy-jobs",
    ]  # fmt: skip
    assert [name for name, text in results.items() if text == "nothing declared"] == [
        "deploy-crawlers", "deploy-sfn", "deploy-triggers",
    ]  # fmt: skip


def test_declarations_are_scripts(repository: Repository) -> None:
    repository.write("deploy.py", SHARED)
    repository.project("acres")
    help_of_task = repository.shell("python", "deploy.py", "--help")
    assert help_of_task.code == 0
    assert "Usage: invoke [--core-opts] deploy-shared" in help_of_task.out
    packaged = repository.shell("python", "-m", "projects.acres.deploy", "--env", "dex")
    assert (packaged.code, packaged.out) == (1, "")
    assert packaged.err == "error: There is no environment 'dex': config/ has dev. Did you mean 'dev'?\n"


@pytest.mark.usefixtures("no_credentials")
def test_packaging_needs_neither_credentials_nor_environment(repository: Repository, aws_calls: list[str]) -> None:
    repository.project("acres")
    packaged = repository.invoke("package-lambdas")
    assert (packaged.code, packaged.err) == (0, "")
    assert packaged.out == "  built acres/Validate 0.2 KiB: never built here\n    1 file: handler.py\n"
    assert repository.invoke("package-lambdas").out.startswith("  unchanged acres/Validate")
    assert len(list(repository.root.glob("build/artifacts/acres/Validate/*.zip"))) == 1
    assert aws_calls == []


@pytest.mark.parametrize("name", [path.parent.name for path in sorted((ROOT / "projects").glob("*/deploy.py"))])
def test_the_examples_run_as_scripts_from_any_folder(name: str, tmp_path: Path) -> None:
    declaration = str(ROOT / "projects" / name / "deploy.py")
    shown = subprocess.run(
        [sys.executable, declaration, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert "deploy" in shown
    assert "--env" in shown


def test_what_tasks_import_is_compiled_once(tmp_path: Path) -> None:
    """Invoke tells Python to keep no compiled modules; compiling ours each time takes as long as all else."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for writing in ({}, {"PYTHONDONTWRITEBYTECODE": "1"}):
        kept = tmp_path / str(len(writing))
        command = [sys.executable, "-m", "invoke", "--list"]
        subprocess.run(command, cwd=ROOT, env={**environment, **writing, "PYTHONPYCACHEPREFIX": str(kept)}, check=True)
        assert bool(list(kept.rglob("steps.*.pyc"))) is not bool(writing), "the user's own choice is kept to"


def test_declarations_are_compiled_anew_and_what_they_import_is_not(repository: Repository) -> None:
    """Within one second Python cannot tell an edited file from the one that it has compiled."""
    repository.project("acres")
    ended = repository.shell("invoke", "package-lambdas", PYTHONDONTWRITEBYTECODE="")
    assert ended.code == 0, ended.err
    kept = {path.name.partition(".")[0] for path in (repository.root / "common").rglob("*.pyc")}
    assert {"package_lambdas", "pipeline", "project_resources"} <= kept
    assert not list(repository.root.glob("projects/**/__pycache__"))
