"""`invoke completion`: prints the script with which a shell completes tasks, options and their values."""

from typing import TYPE_CHECKING

from invoke.context import Context
from invoke.loader import FilesystemLoader

from common.commands.invocation import INVOCATION
from common.commands.task import task

if TYPE_CHECKING:
    from common.setup.complete import Tasks


@task(
    subject="shell",
    help={
        "shell": "bash, zsh or fish; it may stand without the option.",
        "tasks": "Print all tasks and their options as JSON instead, as the scripts remember them.",
    },
    reads_only=True,
)
def completion(_c: Context, shell: str | None = None, tasks: bool = False) -> None:
    """Print the script that completes words in your shell.

    It completes tasks, options, environments, projects and keys, in bash, zsh
    and fish: `eval "$(uv run invoke completion bash)"`.
    """
    from common.base.errors import UsageError
    from common.base.suggestions import did_you_mean
    from common.base.terminal import Screen
    from common.setup import complete

    if tasks:
        Screen().object(tasks_with_options())
        return
    if shell not in complete.SHELLS:
        there_are = f"There are scripts for {', '.join(complete.SHELLS)}.{did_you_mean(shell, complete.SHELLS)}"
        raise UsageError(f"Which shell? {there_are}")
    path = complete.ROOT / "common" / "setup" / "completion" / shell
    Screen().text(path.read_text(encoding="utf-8"))


def tasks_with_options() -> "Tasks":
    """All tasks by name: their options, each with whether it takes a value, and the one whose value may stand alone."""
    module, _ = FilesystemLoader(start=str(INVOCATION.get().root)).load("tasks")
    collection = module.namespace
    return {
        name: {
            "subject": collection[name].subject,
            "options": {
                str(argument.name).strip("_").replace("_", "-"): argument.takes_value
                for argument in collection[name].get_arguments()
            },
        }
        for name in collection.task_names
    }
