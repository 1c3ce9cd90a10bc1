"""What the command line takes: options have one name, in every task the same, and help that says what they are without."""

import inspect
import re

import pytest

from common.base.errors import UsageError
from common.commands.all_tasks import namespace
from common.model.choices import Choices, parallel
from tests.support.repository import Repository

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
    tasks = namespace()
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
