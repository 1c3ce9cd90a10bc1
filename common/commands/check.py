"""`invoke check`: checks the declarations and the state machines of all projects, without calling anything."""

from invoke.context import Context

from common.commands.option_help import options
from common.commands.task import task


@task(help=options("project"), for_all=True, reads_only=True)
def check(_c: Context, project: str | None = None) -> None:
    """Check declarations and state machines. Needs no environment and no credentials."""
    from common.base.errors import DeclarationError
    from common.commands.environment_command import opened
    from common.declare.checking import check_all
    from common.model.choices import Choices
    from common.report.deploy_report import TextReport

    command = opened(Choices(project=project), TextReport(), must_exist=True)
    checked = check_all(command.workspace, command.say)
    if checked.problems:
        raise DeclarationError("\n".join(checked.problems))
    projects = {key.project for key in checked.machines}
    machines = f"{len(checked.machines)} state machine{'' if len(checked.machines) == 1 else 's'}"
    command.say(f"checked {machines} in {len(projects)} project{'' if len(projects) == 1 else 's'}: no problems.")
