"""`invoke list`: shows all tasks."""

from invoke.context import Context
from invoke.program import Program

from common.commands.invocation import INVOCATION
from common.commands.task import task


@task(name="list", default=True, reads_only=True)
def list_tasks(_c: Context) -> None:
    """Show all tasks, as `invoke` alone does."""
    Program().run(["invoke", "--search-root", str(INVOCATION.get().root), "--list"], exit=False)
