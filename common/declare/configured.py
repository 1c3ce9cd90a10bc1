"""What an environment's configuration says of the resources that a project declares.

Configuration that nothing uses is a mistake: a renamed function would silently lose its settings.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

from common.base.errors import ConfigError, DeployError, ParameterError
from common.base.suggestions import did_you_mean, known_names
from common.environment.config import Environment
from common.environment.parameter_values import lacking
from common.environment.resource_settings import Settings
from common.model.reference import Ref
from common.model.resource import Key

D = TypeVar("D")
Configured = tuple[Settings | None, Settings | None]
"""What configuration says of one resource, and of all of its kind."""

SECTIONS = {
    "lambda": "functions",
    "glue-job": "jobs",
    "crawler": "crawlers",
    "state-machine": "state_machines",
    "rule": "triggers",
}
"""Where configuration speaks of each kind."""
ROLES = {"rule": "trigger"}
"""Kinds that configuration calls otherwise where it names their roles."""


def settings(env: Environment, key: Key) -> Configured:
    """What configuration says of one resource, and of all of its kind."""
    section = SECTIONS.get(key.kind)
    if section is None:
        return None, None
    nearest: Mapping[str, Settings] = getattr(env.project(key.project), section)
    return nearest.get(key.name), getattr(env.defaults, section.removesuffix("s"))


def check(env: Environment, project: str, declared: Collection[Key], parameters: Collection[str]) -> None:
    """Looks for what nothing uses.

    Args:
        env: the environment.
        project: whose configuration.
        declared: its resources.
        parameters: those that some text has used.

    Raises:
        ConfigError: there is something.
    """
    config = env.project(project)
    for kind, section in SECTIONS.items():
        known = [key.name for key in declared if key.kind == kind]
        for name in getattr(config, section):
            if name not in known:
                hint = did_you_mean(name, known, otherwise=known_names(known))
                raise ConfigError(f"{env.place(project, section, name)}: the project declares no such {kind}.{hint}")
    unused = sorted(set(config.parameters) - set(parameters))
    if unused:
        where = env.place(project, "parameters", unused[0]).rpartition(".")[0]
        raise ConfigError(
            f"{where}: nothing uses {', '.join(unused)}. "
            f'Remove, or refer to it as ${{{unused[0]}}}, in Python as p.parameters["{unused[0]}"].'
        )


def render(env: Environment, project: str, declared: Mapping[Ref, D], rendered: Callable[[D, Ref, Configured], None]) -> None:
    """Renders what a project declares. Whoever adds an environment is told of all the values that it lacks at once.

    Args:
        env: the environment.
        project: whose declarations they are.
        declared: the declarations, by what refers to them.
        rendered: renders one, with what configuration says of it.

    Raises:
        ParameterError: parameters have no values in the environment.
    """
    missing: dict[str, str] = {}
    for ref, declaration in declared.items():
        try:
            rendered(declaration, ref, settings(env, ref.key))
        except ParameterError as error:
            missing = {**error.places, **missing}
        except DeployError:  # may be a consequence of what is missing
            if not missing:
                raise
    if missing:
        raise ParameterError(lacking(env.name, project, missing), missing, project)


def check_roles(env: Environment, declared: Iterable[Key]) -> None:
    """Looks for roles of what no project declares.

    Args:
        env: the environment.
        declared: the resources of all projects.

    Raises:
        ConfigError: there is one.
    """
    known = sorted({f"{ROLES.get(key.kind, key.kind)}/{key.name}" for key in declared if key.kind in SECTIONS})
    for name in env.roles.arns:
        if "/" in name and name not in known:
            hint = did_you_mean(name, known, otherwise=known_names(known))
            raise ConfigError(f"config/{env.name}.json: $.roles.arns.{name}: no project declares it.{hint}")
