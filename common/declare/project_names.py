"""The names of projects: those of folders, and those under which they are deployed, as instances or as they are."""

from collections.abc import Collection
from pathlib import Path

from common.base.errors import DeclarationError, UsageError
from common.base.suggestions import did_you_mean
from common.base.text_rules import check_file_name
from common.environment import config_files, config_json
from common.environment.config import Environment
from common.model.resource import PROJECT_NAME, SHARED


def list_projects(root: Path) -> list[str]:
    """The projects of a repository, by folder name; hidden folders are none.

    Raises:
        DeclarationError: a folder is called as no project can be: its records would not be found again.
    """
    folders = sorted(path.parent.name for path in (root / "projects").glob("[!.]*/deploy.py"))
    for name in folders:
        if not PROJECT_NAME.fullmatch(name):
            raise DeclarationError(
                f"projects/: the folder {name!r} cannot be a project: a name has up to 64 letters (a to z), digits, - and _, and "
                f"begins with a letter or _. Rename it, or take its deploy.py away."
            )
        try:
            check_file_name(name)
        except ValueError as error:
            raise DeclarationError(f"projects/{name}/: {error}. Rename the folder.") from None
    return folders


def check_name(project: str, where: str = "--project") -> None:
    """Checks that a new project can have this name.

    Args:
        project: the name.
        where: what messages call it.

    Raises:
        UsageError: no project can be called so.
    """
    if not PROJECT_NAME.fullmatch(project) or project == SHARED:
        raise UsageError(
            f"{where} is {project!r}. A project's name has up to 64 letters (a to z), digits, - and _, begins with a letter "
            f"or _, and is not {SHARED!r}."
        )
    try:
        check_file_name(project)
    except ValueError as error:
        raise UsageError(f"{where} is {project!r}: {error}.") from None


def deployed_projects(root: Path, env: Environment) -> list[str]:
    """Returns the names under which projects are deployed to an environment, enabled or not: a folder's, or its instances'."""
    return [project for folder in list_projects(root) for project in env.instances_of(folder) or [folder]]


def enabled_projects(root: Path, env: Environment) -> list[str]:
    """Returns the projects that are enabled in an environment."""
    return [name for name in deployed_projects(root, env) if env.project(name).enabled]


def enabled_among(root: Path, env: Environment, selected: Collection[str]) -> list[str]:
    """Returns the enabled projects that are selected by the name under which they are deployed, or by that of their folder."""
    return [name for name in enabled_projects(root, env) if name in selected or env.folder(name) in selected]


def check_projects(root: Path, project: str | None) -> list[str]:
    """Returns the names in a comma-separated list, or all folders, as far as can be told without an environment.

    Raises:
        UsageError: a name is neither a folder's nor can it be that of an instance, which its environment has to know.
    """
    folders = list_projects(root)
    selected = folders if project is None else _split(project)
    for name in selected:
        if name not in folders and not any(name.startswith(f"{folder}-") for folder in folders):
            raise _unknown(name, folders)
    return selected


def select_anywhere(root: Path, project: str | None) -> list[str]:
    """Returns the projects of a command without an environment: those in a comma-separated list, or all folders.

    Raises:
        UsageError: a name is neither a folder's nor that of an instance in any environment.
    """
    selected, folders = check_projects(root, project), list_projects(root)
    if unsure := [name for name in selected if name not in folders]:
        loaded = [config_files.load(root, name) for name in config_json.environments(root)]
        instances = sorted({name for env in loaded for name in env.instances()})
        for name in unsure:
            if name not in instances:
                raise _unknown(name, folders, instances)
    return selected


def select_projects(root: Path, project: str | None, env: Environment) -> list[str]:
    """Returns the projects of a command, enabled ones: those in a comma-separated list, or all.

    A folder stands for all its instances; an instance has the name under which it is deployed.

    Raises:
        UsageError: there is no such project, or it is not enabled in the environment.
    """
    if project is None:
        return enabled_projects(root, env)
    deployed = deployed_projects(root, env)
    selected: dict[str, None] = {}
    for name in _split(project):
        names = [name] if name in deployed else env.instances_of(name)
        if not names:
            raise _unknown(name, list_projects(root), env.instances())
        enabled = [name for name in names if env.project(name).enabled]
        if not enabled:
            why = reason_not_declared(root, names[0], env)
            raise UsageError(f"{name} is not for {env.name}: {why}. Take that out, or leave {name} out of --project.")
        selected |= dict.fromkeys(enabled)
    return [*selected]


def _split(project: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in project.split(",")))


def _unknown(name: str, folders: list[str], instances: Collection[str] = ()) -> UsageError:
    existing = [*folders, *instances]
    there_are = ", ".join(folders) or "none"
    also = f", deployed as {', '.join(instances)}" if instances else ""
    return UsageError(f"There is no project {name!r}: projects/ has {there_are}{also}.{did_you_mean(name, existing)}")


def reason_not_declared(root: Path, name: str, env: Environment) -> str:
    """Says why nothing of a project is declared in an environment."""
    folders = list_projects(root)
    if env.instances_of(name):
        return f"{env.place(name, 'instances')} has it deployed as {', '.join(env.instances_of(name))} instead"
    if name not in folders and not env.instance_of(name):
        folder = next((folder for folder in reversed(folders) if name.startswith(f"{folder}-")), None)
        no_instance = (
            f" and no instance {name.removeprefix(f'{folder}-')} of {folder} in config/{env.name}.json" if folder else ""
        )
        return f"there is no projects/{name}/{no_instance} any more"
    return f'{env.place(name, "enabled").removesuffix(".enabled").removesuffix(": $")} says "enabled": false'
