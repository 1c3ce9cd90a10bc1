"""`invoke init`: makes a repository of a team's own."""

from invoke.context import Context

from common.commands.invocation import INVOCATION
from common.commands.task import task


@task(
    subject="folder",
    help={
        "folder": "The folder to make; it may stand without the option.",
        "project": "The name of the first project (default: sales).",
        "template": "What the project is made from; `invoke new --list` shows all of them (default: s3-to-parquet).",
        "name_prefix": "Begins all names in AWS (default: the name of the folder).",
        "account": "The AWS account of a first environment, `dev`.",
        "region": "The region of that environment (default: us-east-1).",
        "yes": "Ask nothing: the defaults hold for what no option says.",
        "json": "Print one JSON object instead of text.",
    },
)
def init(
    _c: Context,
    folder: str | None = None,
    project: str | None = None,
    template: str | None = None,
    name_prefix: str | None = None,
    account: str | None = None,
    region: str | None = None,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Make a repository of your own, with one project.

    It has the deployer, configuration, CI, and one project that runs and is
    tested.
    """
    from pathlib import Path

    from common.base.errors import UsageError
    from common.base.terminal import Screen, prompt
    from common.commands import questions
    from common.report import setup_report
    from common.setup import new_repository

    ask = None if yes else prompt(json=json)
    source = INVOCATION.get().root
    if folder:
        place = Path(folder)
    elif ask is not None:
        place = questions.new_folder(ask, source)
    else:
        raise UsageError("Which folder? Type its path: `invoke init ../pipelines`.")
    wishes = new_repository.RepositoryWishes(place, project, template, name_prefix, account, region)
    if ask is not None:
        wishes = questions.about_repository(ask, source, wishes)
    result = new_repository.create(source, wishes)
    if json:
        Screen().object({**result._asdict(), "folder": str(result.folder)})
    else:
        lines = setup_report.repository(
            str(result.folder), result.version, result.environments, result.project, is_in_git=result.is_in_git
        )
        Screen().text("".join(f"{line}\n" for line in lines))
