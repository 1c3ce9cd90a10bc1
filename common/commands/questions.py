"""Questions that `new` and `init` ask the person at a terminal. An answer that cannot be is told why, and asked for again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from common.base.errors import UsageError
from common.base.terminal import say

if TYPE_CHECKING:  # only `init` makes a repository
    from common.setup.new_repository import RepositoryWishes


def answered(ask: Callable[[str], str], question: str, default: str | None, check: Callable[[str], object]) -> str:
    """The answer to a question.

    Args:
        ask: puts a question to the person.
        question: without what stands behind it.
        default: the answer of who presses Enter alone; None if there is none.
        check: raises UsageError for an answer that cannot be.
    """
    shown = f"{question} [{default}]: " if default else f"{question}: "
    while True:
        answer = ask(shown).strip() or (default or "")
        if not answer and default is None:
            continue
        try:
            check(answer)
        except UsageError as error:
            say(f"{error}")
        else:
            return answer


def chosen_template(ask: Callable[[str], str]) -> str:
    """The template that is chosen by its name or number."""
    from common.report import setup_report
    from common.setup import templates

    descriptions: Mapping[str, str] = templates.descriptions()
    names = [*descriptions]

    def named(answer: str) -> str:
        return names[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(names) else answer

    question = "\n".join([*setup_report.templates(descriptions, numbered=True), "The template, its name or number"])
    return named(answered(ask, question, templates.DEFAULT, lambda answer: templates.check(named(answer))))


def new_folder(ask: Callable[[str], str], source: Path) -> Path:
    """The folder that is to become a repository."""
    from common.setup import new_repository

    return Path(answered(ask, "The folder to make", None, lambda answer: new_repository.check_folder(source, Path(answer))))


def about_repository(ask: Callable[[str], str], source: Path, wishes: "RepositoryWishes") -> "RepositoryWishes":
    """Asks for what no option says of a new repository. Nothing is written before the last answer."""
    from common.declare import project_names
    from common.setup import new_repository

    folder = new_repository.check_folder(source, wishes.folder)
    name = wishes.project or answered(ask, "The name of the first project", new_repository.PROJECT, project_names.check_name)
    template = wishes.template or chosen_template(ask)
    default = new_repository.derived_prefix(folder)
    prefix = wishes.prefix or answered(ask, "Names in AWS begin with", default, new_repository.check_prefix)
    account = wishes.account or answered(
        ask, "The AWS account of a first environment, dev (Enter: none yet)", "", new_repository.check_account
    )
    region = wishes.region
    if account and region is None:
        region = answered(ask, "Its region", new_repository.REGION, new_repository.check_region)
    return wishes._replace(folder=folder, project=name, template=template, prefix=prefix, account=account or None, region=region)
