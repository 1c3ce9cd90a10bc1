"""`invoke report`: writes a page that shows a whole environment: what is deployed, how it runs, what it may do, what it costs."""

from invoke.context import Context

from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices, parallel


@task(
    help=options(
        *("env", "project", "jobs"),
        out="The file to write (default: report.html).",
        drift="Compare every live resource, which takes most of the calls; --no-drift leaves that out.",
    ),
    reads_only=True,
)
def report(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    out: str = "report.html",
    drift: bool = True,
    jobs: str = "32",
) -> None:
    """Write one page about all that is deployed.

    It has pictures, executions, drift, permissions, cost and history. Reads only.
    """
    from common.commands.environment_command import opened
    from common.commands.report_reading import read
    from common.report import picture_file
    from common.report.deploy_report import TextReport
    from common.report.page import report as report_page

    picture_file.check_writable(out)
    command = opened(Choices(env=env, project=project, jobs=parallel(jobs)), TextReport(), must_exist=True)
    declarations = command.declarations()
    command.edited(declarations)
    content = read(command.workspace, command.connection(), declarations, with_drift=drift)
    picture_file.write_text(out, report_page.page(content))
    command.say(f"{out} is written. Open it in a browser; it needs no network.")
