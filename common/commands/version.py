"""`invoke version`: shows the versions of the deployer and of what it runs with."""

from invoke.context import Context

from common.base.terminal import show
from common.commands import invoke_options
from common.commands.task import task


@task(reads_only=True)
def version(_c: Context) -> None:
    """Show the versions of the deployer, Invoke and Python.

    `invoke --version` is Invoke's own, and tells Invoke's alone.
    """
    show(invoke_options.versions())
