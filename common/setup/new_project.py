"""Writes a new project from a template: its folder, and its configuration for every environment.

Both are written elsewhere first and get their places by being renamed. Then every environment is loaded with the project in it,
and where one refuses it (a name that is too long, a shared resource that is not declared), all of it is taken back.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from common.base.errors import DeployError, UsageError
from common.declare import project_names, projects
from common.environment import config_files, config_json
from common.environment.config import Environment
from common.model.resource import SHARED
from common.setup import templates
from common.setup.staging import staging, write_files


class NewProject(NamedTuple):
    """A project that was written.

    Args:
        name: its name.
        template: the template that it was written from.
        files: its files, by their paths in the repository.
    """

    name: str
    template: str
    files: list[str]


def create(root: Path, name: str, template: str) -> NewProject:
    """Writes a project.

    Raises:
        UsageError: no project can be called so, something of this name exists, or there is no such template.
        DeployError: an environment would refuse the project. Nothing stays written.
    """
    project_names.check_name(name, "The name of the project")
    templates.check(template)
    environments = {env: config_files.load(root, env) for env in config_json.environments(root)}
    _check_free(root, name, environments)
    own = {env: environments[env] for env in environments if not config_files.inherits(root, env)}
    contents = templates.project_files(template, name)
    configured = templates.config_files(template, name, own)
    folder, config = root / "projects" / name, root / "config" / name
    with staging(root) as stage:
        write_files(stage / "project", contents)
        write_files(stage / "config", {f"{env}.json": content for env, content in configured.items()})
        folder.parent.mkdir(exist_ok=True)
        try:
            (stage / "project").rename(folder)
            if configured:
                (stage / "config").rename(config)
            for env in environments:
                _check_accepted(root, name, env)
        except BaseException:
            for written in (folder, config):
                shutil.rmtree(written, ignore_errors=True)
            raise
    files = [f"projects/{name}/{path}" for path in contents]
    return NewProject(name, template, [*files, *(f"config/{name}/{env}.json" for env in configured)])


def _check_free(root: Path, name: str, environments: Mapping[str, Environment]) -> None:
    """Checks that nothing is called as the project will be.

    Raises:
        UsageError: something is.
    """
    folders = [
        path for place in ("projects", "config") for path in (root / place).glob("*") if path.is_dir() or path.is_symlink()
    ]
    for path in folders:
        if path.name.casefold() == name.casefold():  # one folder on the file systems of macOS and Windows, and one role in IAM
            where = path.relative_to(root).as_posix()
            raise UsageError(f"{where}/ exists already. Choose another name, or remove it first. Nothing was written.")
    for env in environments.values():
        if name in env.projects or env.instances_of(name):
            instance = env.instance_of(name)
            where = env.place(name).removesuffix(": $")
            what = (
                f"{where} configures an instance that is deployed as {name}" if instance else f"{where} configures {name} already"
            )
            raise UsageError(f"{what}. Choose another name, or remove that section first. Nothing was written.")
        for resource in projects.load(root, env, [])[0].rendered():
            if resource.key.project == SHARED and resource.key.name.casefold() == name.casefold():
                raise UsageError(
                    f"deploy.py declares the shared {resource.key}, so a project called {name} would be taken for it. "
                    f"Choose another name. Nothing was written."
                )


def _check_accepted(root: Path, name: str, env: str) -> None:
    """Loads an environment with the new project.

    Raises:
        DeployError: the environment refuses it.
    """
    environment = config_files.load(root, env)
    try:
        projects.load(root, environment, [name], adding=True)
        others = [project for project in project_names.enabled_projects(root, environment) if project != name]
        with _about(f" {name}: "):
            projects.load(root, environment, [*others, name])
    except DeployError as error:
        raise DeployError(f"{error}\nSo says the environment {env} of the new project. Nothing was written.") from None


@contextmanager
def _about(name: str) -> Iterator[None]:
    """Ignores errors that are not about the new project: others may be broken, and no reason to refuse this one."""
    try:
        yield
    except DeployError as error:
        if name not in f" {error}":
            return
        raise
