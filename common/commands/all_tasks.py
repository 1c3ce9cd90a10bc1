"""All tasks, as Invoke finds them. What a task needs is imported when it runs: a list of tasks takes no time.

A command line that names tasks and their own options, and nothing else, gets those tasks alone. Invoke copies everything that it
knows of each task, so with all of them it took a tenth of the CPU time of an unchanged deploy: 35 ms of 370.
"""

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from invoke.collection import Collection
from invoke.exceptions import Exit
from invoke.tasks import Task

from common.base import error_screen, signals, terminal
from common.base.errors import UsageError
from common.commands import spelling

STEPS = (
    *("deploy-shared", "deploy-roles", "deploy-lambdas", "upload-glue", "deploy-jobs", "deploy-crawlers", "deploy-sfn"),
    *("deploy-triggers", "deploy"),
)
"""The tasks in the file of `deploy`."""
NAMES = (
    *("package-lambdas", *STEPS, "plan", "check", "completion", "run", "logs", "status", "drift", "pull", "history", "unlock"),
    *("destroy", "doctor", "unbind", "gc", "graph", "import", "init", "new", "upgrade", "policy", "query", "report", "types"),
    *("version", "list"),
)
"""The names of the tasks, except those about `local`. Each has a file of its own that is called like it."""
IN_OTHER_FILES = {"import": "import_project", "list": "list_tasks"}
"""The files of tasks that are called otherwise, and the names of the tasks in them."""
SHOWING_ALL = frozenset({"completion", "list"})
"""The tasks that show all tasks, and so need all of them."""


def namespace(names: Iterable[str] = NAMES) -> Collection:
    """The tasks with these names; without names all tasks, with those about `local`."""
    tasks = Collection(*map(_task, names))
    if names is NAMES:
        from common.commands import local

        tasks.add_collection(Collection("local", local.start, local.stop, local.reset))
    return tasks


def checked_namespace(words: Sequence[str]) -> Collection:
    """The tasks of a command line, if it can be obeyed; otherwise the command ends with a message.

    Args:
        words: the command line, its program included.
    """
    named = [name for name in NAMES if name in words[1:]]
    if named and SHOWING_ALL.isdisjoint(named) and spelling.is_plain(tasks := namespace(named), words):
        return tasks
    if not {"--help", "-h"}.isdisjoint(words) or {*words[1:2]} & {"--list", "-l"}:
        signals.end_with_the_reader()  # Invoke prints these itself, and nothing else happens
    tasks = namespace()
    spelling.take_subjects(tasks, words[1:])
    try:
        spelling.check(tasks, words)
    except UsageError as error:
        with terminal.prepared_streams():
            error_screen.show(str(error))
        raise Exit(code=1) from None
    return tasks


def _task(name: str) -> Task[Any]:
    attribute = IN_OTHER_FILES.get(name, name.replace("-", "_"))
    task: Task[Any] = getattr(import_module(f"common.commands.{'deploy' if name in STEPS else attribute}"), attribute)
    return task
