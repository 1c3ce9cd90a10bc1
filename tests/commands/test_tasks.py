"""What the command line takes: options have one name, in every task the same, and help that says what they are without."""

import inspect
import re
import subprocess
import sys
from contextlib import suppress

import pytest
from invoke.exceptions import Exit

from common.base.errors import UsageError
from common.commands import all_tasks
from common.model.choices import Choices, parallel
from tests.support.repository import ROOT, Repository

TASKS = ("package-lambdas", "deploy", "plan", "run", "status", "drift", "history", "unlock", "destroy", "gc", "policy")


@pytest.mark.parametrize("task", [*TASKS, "local.start"])
def test_options_have_no_letters(repository: Repository, task: str) -> None:
    """A letter would be the first that is free in a task, so another option's in the next."""
    help_text = repository.invoke(task, "--help")
    assert help_text.code == 0
    options = re.findall(r"^  (-\S+)", help_text.out, re.MULTILINE)
    assert [name for name in options if not re.match(r"--[a-z]", name)] == []
    assert "--env" in help_text.out


def test_the_list_of_tasks_has_a_line_for_each_and_their_help_fits_a_terminal() -> None:
    """Invoke breaks neither the lines of a docstring nor words with hyphens as it should."""
    tasks = all_tasks.namespace()
    for name in tasks.task_names:
        first, *more = (inspect.getdoc(tasks[name]) or "").splitlines()
        assert 0 < len(first) <= 58, name
        assert re.fullmatch(r"[A-Z].*\.", first), name
        assert [line for line in more if len(line) > 78] == [], name
        assert [argument.name for argument in tasks[name].get_arguments() if not argument.help] == [], name


@pytest.mark.parametrize(("task", "default"), [("deploy", "32"), ("run", "32"), ("gc", "30"), ("history", "20")])
def test_help_tells_defaults(repository: Repository, task: str, default: str) -> None:
    assert f"(default: {default})" in " ".join(repository.invoke(task, "--help").out.split())


def test_unlock_is_about_one_project(repository: Repository) -> None:
    help_text = repository.invoke("unlock", "--help").out
    assert "default: all" not in help_text


@pytest.mark.parametrize("project", ["", " ", "acres,", ",acres"])
def test_a_project_without_a_name_is_not_all_of_them(repository: Repository, project: str) -> None:
    repository.project("acres")
    done = repository.invoke("deploy", "--env", "dev", "--project", project)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"error: --project is {project!r}, which names no project. Leave it out for all of them.\n"
    assert Choices(project="acres, other").project == "acres, other"


def test_jobs_are_a_number() -> None:
    assert parallel("4") == 4
    with pytest.raises(UsageError, match="at least 1"):
        parallel("0")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("deploy --env local", {"deploy"}),
        ("deploy --env=local --yes plan --env dev", {"deploy", "plan"}),
        ("deploy --env plan", {"deploy", "plan"}),  # a value that is a task's name, too
        ("import --env local", {"import"}),
    ],
)
def test_a_plain_command_line_gets_its_tasks_alone(line: str, names: set[str]) -> None:
    assert {*all_tasks.checked_namespace(["invoke", *line.split()]).task_names} == names
    assert all_tasks.namespace().task_names.keys() >= names


@pytest.mark.parametrize(
    "line",
    [
        *(
            "",
            "--list",
            "list",
            "completion --tasks",
            "deploy --help",
            "--help deploy",
            "deploy -e x",
            "new orders",
            "local.start",
        ),
        *("--no-dedupe deploy --env local", "deploy local.start", "deploy --env local orders"),
    ],
)
def test_any_other_command_line_gets_all_tasks(line: str) -> None:
    with suppress(Exit):  # what Invoke does not know is refused with what it may mean, which takes all tasks
        assert all_tasks.checked_namespace(["invoke", *line.split()]).task_names == all_tasks.namespace().task_names


def test_a_plain_deploy_loads_no_other_command() -> None:
    code = (
        "import sys\nfrom common.commands import all_tasks\n"
        "all_tasks.checked_namespace(['invoke', 'deploy', '--env', 'local'])\n"
        "print([name for name in ('plan', 'status', 'local', 'doctor') if f'common.commands.{name}' in sys.modules])\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"
