"""Makes a function an Invoke task of ours: one that runs with our executor alone, and says whether it changes anything."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.tasks import Task
from invoke.tasks import task as invoke_task

from common.commands import invoke_options
from common.commands.invocation import INVOCATION

T = TypeVar("T", bound=Callable[..., object])


class OurTask(Task[T]):
    """A task that runs with our executor alone.

    Args:
        body: what it does.
        reads_only: it changes nothing, so with ``--dry`` it does what it always does.
        for_all: without ``--env`` it is about all environments.
        subject: the option whose value may also stand alone, without the option, as in ``invoke new orders``.
        named: the other arguments of `Task`.
    """

    def __init__(
        self,
        body: T,
        reads_only: bool = False,
        for_all: bool = False,
        subject: str = "",
        **named: Any,  # each has a type of its own, which `Task` checks
    ) -> None:
        super().__init__(body, **named)
        self.reads_only, self.for_all, self.subject = reads_only, for_all, subject

    def __deepcopy__(self, memo: object) -> "OurTask[T]":
        """The task itself: nothing changes it, and Invoke copies all tasks for each command."""
        return self

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """The arguments with their help, at every call: Invoke removes the help of a task when it is first read."""
        options_help = dict(self.help)
        try:
            arguments: list[Argument] = super().get_arguments(ignore_unknown_help)
        finally:
            self.help = options_help
        return arguments

    def __call__(self, *args: object, **options: object) -> T:
        """Runs it, once everything that tasks with other options have opened is closed."""
        invocation = INVOCATION.get(None)
        if invocation is None:
            raise Exit(f"error: {invoke_options.refused_executor()} Nothing was done.")
        invocation.begin(options)
        return super().__call__(*args, **options)


task = partial(invoke_task, positional=[], auto_shortflags=False, klass=OurTask)
"""Decorates the function of a task.

Invoke would take `--help` for the value of a positional argument, and would give two options that begin alike one letter that
means something else in each task.
"""
