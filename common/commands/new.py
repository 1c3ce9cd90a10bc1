"""`invoke new`: writes a project from a template, or the configuration of an environment."""

from invoke.context import Context

from common.commands.invocation import INVOCATION
from common.commands.option_help import NEW
from common.commands.task import task


@task(subject="project", help={**NEW, "json": "Print one JSON object instead of text."})
def new(
    _c: Context,
    project: str | None = None,
    template: str | None = None,
    environment: str | None = None,
    like: str | None = None,
    name_prefix: str | None = None,
    account: str | None = None,
    region: str | None = None,
    each_developer: bool = False,
    list: bool = False,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Write a new project, or a new environment.

    `invoke new orders` writes a project from a template that runs and is tested;
    `invoke new --environment cert --like dev` writes an environment.
    """
    from common.base.errors import UsageError
    from common.base.terminal import Screen, prompt
    from common.commands import questions
    from common.declare import project_names
    from common.report import setup_report
    from common.setup import new_environment, new_project, templates

    root, screen = INVOCATION.get().root, Screen()
    of_environments = {"--like": like, "--name-prefix": name_prefix, "--account": account, "--region": region}
    if list:
        lines = setup_report.templates(templates.descriptions())
        screen.object(templates.descriptions()) if json else screen.text("".join(f"{line}\n" for line in lines))
        return
    if environment is not None:
        if project or template:
            raise UsageError("A command writes a project or an environment. Leave out --environment, or the name and --template.")
        wishes = new_environment.Wishes(environment, like, name_prefix, account, region, each_developer)
        path, content = new_environment.create(root, wishes)
        if json:
            screen.object({"environment": environment, "files": [path], "content": content})
        else:
            screen.text("".join(f"{line}\n" for line in setup_report.environment(path, content)))
        return
    if options := [option for option, value in {**of_environments, "--each-developer": each_developer or None}.items() if value]:
        raise UsageError(f"{options[0]} is of an environment: add --environment NAME.")
    ask = None if yes else prompt(json=json)
    if project is None and ask is None:
        raise UsageError("Which project? Type its name: `invoke new orders`.")
    if template is None and ask is None and not yes:
        choices = "\n".join(setup_report.templates(templates.descriptions()))
        raise UsageError(f"Which template? Add --template NAME, or --yes for {templates.DEFAULT}:\n{choices}")
    name = project or (questions.answered(ask, "The name of the project", None, project_names.check_name) if ask else "")
    chosen = template or (questions.chosen_template(ask) if ask else templates.DEFAULT)
    result = new_project.create(root, name, chosen)
    if json:
        screen.object({"project": result.name, "template": result.template, "files": result.files})
    else:
        screen.text("".join(f"{line}\n" for line in setup_report.project(result.name, result.template, result.files)))
