"""What Invoke's own options, variables and configuration files ask for is done, or refused before anything is done."""

from pathlib import Path

import pytest

from common.base.errors import UsageError
from common.commands import invoke_options
from tests.support.repository import Repository
from tests.support.terminal import squeezed

WRITES = ("Create", "Put", "Delete", "Update", "Tag")
OUR_OPTIONS = [
    (("--echo",), "--echo"),
    (("--hide", "both"), "--hide"),
    (("--pty",), "--pty"),
    (("--warn-only",), "--warn-only"),
    (("--command-timeout", "5"), "--command-timeout"),
    (("--no-dedupe",), "--no-dedupe"),
]
SETTINGS = [
    ("run: {echo: true}", "run.echo"),
    ("run: {warn: true}", "run.warn"),
    ("run: {env: {A: b}}", "run.env"),
    ("sudo: {user: root}", "sudo.user"),
    ("timeouts: {command: 3}", "timeouts.command"),
    ("tasks: {dedupe: false}", "tasks.dedupe"),
    ("tasks: {executor_class: invoke.executor.Executor}", "tasks.executor_class"),
]
VARIABLES = [
    ("INVOKE_RUN_ECHO", "1"),
    ("INVOKE_RUN_WARN", "1"),
    ("INVOKE_TASKS_DEDUPE", "0"),
    ("INVOKE_TASKS_EXECUTOR_CLASS", "invoke.executor.Executor"),
    ("INVOKE_TASKS_SEARCH_ROOT", "/elsewhere"),
    ("INVOKE_SUDO_PASSWORD", "x"),
]


@pytest.fixture
def project(repository: Repository) -> Repository:
    repository.project("acres")
    return repository


def changing(aws_calls: list[str]) -> list[str]:
    return [call for call in aws_calls if call.partition(":")[2].startswith(WRITES)]


@pytest.mark.usefixtures("moto")
@pytest.mark.parametrize(
    "words",
    [
        ("--dry", "deploy", "--env", "dev"),
        ("-R", "deploy", "--env", "dev", "--yes"),
        ("deploy", "--env", "dev", "--dry"),
        ("deploy", "--env", "dev", "--dry-run"),
        ("deploy", "--env", "dev", "--dry-run", "--prune", "--force"),
        ("deploy-jobs", "--env", "dev", "--dry-run"),
        ("deploy-roles", "--env", "dev", "--dry-run", "deploy-jobs", "--env", "dev", "--dry-run"),
    ],
)
def test_a_dry_deploy_is_a_plan(project: Repository, aws_calls: list[str], words: tuple[str, ...]) -> None:
    before = project.files()
    done = project.invoke(*words)
    assert (done.code, done.err) == (2, "")
    assert "create" in done.out
    assert "created" not in done.out
    assert aws_calls
    assert changing(aws_calls) == []
    assert {path for path in project.files() if not path.startswith("build/")} == {
        path for path in before if not path.startswith("build/")
    }


@pytest.mark.usefixtures("moto_dates")
def test_it_says_what_plan_says_and_ends_as_it_does(project: Repository) -> None:
    def told(*words: str) -> tuple[int, list[str]]:
        done = project.invoke(*words)
        return done.code, [line for line in done.out.splitlines() if " AWS calls" not in line]

    assert told("deploy", "--env", "dev", "--dry-run") == told("plan", "--env", "dev")
    assert project.invoke("deploy", "--env", "dev").code == 0
    assert told("--dry", "deploy", "--env", "dev") == told("plan", "--env", "dev")
    assert told("plan", "--env", "dev")[0] == 0


@pytest.mark.usefixtures("moto_dates")
@pytest.mark.parametrize("dry", [("--dry-run",), ("--dry",)])
def test_nothing_is_destroyed_or_collected_for_show(project: Repository, aws_calls: list[str], dry: tuple[str, ...]) -> None:
    assert project.invoke("deploy", "--env", "dev").code == 0
    aws_calls.clear()
    done = project.invoke("destroy", "--env", "dev", "--data", "--yes", "dev", *dry)
    assert (done.code, done.err) == (0, "")
    assert "- lambda/Validate delete" in squeezed(done.out)
    assert "Nothing was deleted." in done.out
    assert project.invoke("gc", "--env", "dev", *dry).code == 0
    assert changing(aws_calls) == []


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize("task", ["run", "unlock", "package-lambdas", "local.stop", "local.reset"])
def test_what_cannot_be_shown_is_refused(project: Repository, aws_calls: list[str], task: str) -> None:
    done = project.invoke("--dry", task)
    assert (done.code, done.out, aws_calls) == (1, "", [])
    name = task.rpartition(".")[2]
    assert done.err.startswith("error: --dry, or run.dry (in INVOKE_RUN_DRY or a configuration file of Invoke), is not possible")
    assert done.err.endswith(f"with {name}: it cannot show what it would do. Nothing was done.\n")


def test_what_only_reads_does_so_when_it_is_dry(project: Repository, moto: None) -> None:
    assert project.invoke("--dry", "status", "--env", "dev").code == 0


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize(("words", "message"), OUR_OPTIONS)
def test_options_without_a_meaning_here_are_refused(
    project: Repository, aws_calls: list[str], words: tuple[str, ...], message: str
) -> None:
    for line in ([*words, "deploy", "--env", "dev"], ["deploy", "--env", "dev", *words]):
        done = project.invoke(*line)
        assert (done.code, done.out, aws_calls) == (1, "", [])
        assert done.err.startswith(f"error: {message}, or ")
        assert done.err.endswith("Leave it out. Nothing was done.\n")
        assert done.err.count("\n") == 1


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize(("text", "setting"), SETTINGS)
def test_configuration_files_are_held_to_the_same(
    project: Repository, aws_calls: list[str], tmp_path: Path, text: str, setting: str
) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    done = project.invoke("--config", str(tmp_path / "mine.yaml"), "deploy", "--env", "dev")
    assert (done.code, done.out, aws_calls) == (1, "", [])
    assert setting in done.err
    assert done.err.count("\n") == 1


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize(("variable", "value"), VARIABLES)
def test_variables_without_a_meaning_here_are_refused(
    project: Repository, aws_calls: list[str], monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    done = project.invoke("deploy", "--env", "dev")
    assert (done.code, done.out, aws_calls) == (1, "", [])
    assert variable in done.err
    assert done.err.count("\n") == 1


@pytest.mark.usefixtures("moto")
def test_a_variable_and_a_file_make_a_deploy_dry(
    project: Repository, monkeypatch: pytest.MonkeyPatch, aws_calls: list[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("run: {dry: true}")
    assert project.invoke("--config", str(tmp_path / "mine.yaml"), "deploy", "--env", "dev").code == 2
    monkeypatch.setenv("INVOKE_RUN_DRY", "1")
    assert project.invoke("deploy", "--env", "dev").code == 2
    assert changing(aws_calls) == []


def test_a_variable_that_cannot_be_used_is_told(project: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVOKE_RUN_WATCHERS", "x")
    assert project.invoke("status", "--env", "dev").err.startswith("error: One of the variables INVOKE_… cannot be used: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--prompt-for-sudo-password", "plan"), "--prompt-for-sudo-password is about shell commands"),
        (("plan", "--prompt-for-sudo-password"), "--prompt-for-sudo-password is about shell commands"),
        (("--list", "--list-format", "odd"), "--list-format is 'odd'; it must be one of flat, nested, json."),
        (("--list", "--list-format=odd"), "--list-format is 'odd'"),
        (("-f", "missing.yaml", "plan"), "--config names missing.yaml, and there is no such file."),
        (("--config=missing.yaml", "plan"), "--config names missing.yaml"),
        (("--config", __file__ + "c", "plan"), "--config names"),
    ],
)
def test_what_invoke_itself_would_fail_on_is_told(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        invoke_options.check_words(words)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("name", "text"), [("odd.md", "x"), ("odd.yaml", "a: [")])
def test_a_file_that_invoke_cannot_read_is_told(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match="which Invoke cannot read"):
        invoke_options.check_words(["--config", str(tmp_path / name), "plan"])


def test_the_command_line_itself_is_looked_at(project: Repository) -> None:
    done = project.shell("invoke", "--prompt-for-sudo-password", "status", "--env", "dev")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: --prompt-for-sudo-password is about shell commands")


@pytest.mark.usefixtures("moto_dates")
def test_each_environment_of_one_command_is_done_with_before_the_next(project: Repository) -> None:
    project.configure("next", name_prefix="t-next", artifact_bucket="t-next-artifacts")
    done = project.invoke("deploy", "--env", "dev", "deploy-roles", "--env", "next")
    assert (done.code, done.err) == (0, "")
    first, second = done.out.split(" AWS calls", 1)
    assert "acres: lambda/Validate" in first
    assert "acres: role/Validate-lambda" in second
    assert "acres: lambda/Validate" not in second, "the second environment is deployed up to its own last task"
    assert done.out.count(" AWS calls") == 2
    both = project.invoke("plan", "--env", "dev", "deploy-lambdas", "--env", "next")
    assert (both.code, both.out.count(" AWS calls")) == (0, 2)
    assert "+ lambda/Validate create" in squeezed(both.out.split(" AWS calls", 1)[1])
    stopped = project.invoke("plan", "--env", "next", "deploy", "--env", "dev")
    assert (stopped.code, "deploy-shared" in stopped.out) == (2, False), "who plans first has to look at what is planned"


@pytest.mark.usefixtures("moto_dates")
def test_pruning_ends_the_last_task_of_its_environment(project: Repository) -> None:
    project.configure("next", name_prefix="t-next", artifact_bucket="t-next-artifacts")
    project.write("projects/acres/lambda/Old/handler.py", "def handler(event, context):\n    return 1\n")
    assert project.invoke("deploy", "--env", "dev").code == 0
    (project.root / "projects/acres/lambda/Old/handler.py").unlink()
    (project.root / "projects/acres/lambda/Old").rmdir()
    done = project.invoke("deploy", "--env", "dev", "--prune", "deploy-roles", "--env", "next")
    assert (done.code, done.err) == (0, "")
    assert project.invoke("plan", "--env", "dev", "--prune").code == 0


def test_debugging_shows_what_invoke_does_and_no_token_of_a_session(project: Repository) -> None:
    """Botocore logs each request with its headers, and each response with all that is in it."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "t0ken-of-a-session"}
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9"}
    done = project.shell("invoke", "--debug", "plan", "--env", "dev", **keys, **nowhere)
    assert done.code == 1
    assert "invoke.executor" in done.err
    assert "t0ken-of-a-session" not in done.out + done.err
