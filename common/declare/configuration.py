"""Looks up the configuration of a project's resources, and refuses configuration that nothing uses.

Unused configuration is a mistake: a renamed function would silently lose its settings.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from pydantic import ValidationError

from common.base.errors import ConfigError, DeclarationError, DeployError, ParameterError
from common.base.suggestions import did_you_mean, known_names
from common.declare.asl.definition_check import DefinitionError, WrongDeclarationsError
from common.declare.declaration import Configured, DeclaredSettings
from common.declare.project_resources import Declaration, ProjectResources
from common.environment.config import Environment
from common.environment.names import DEFAULT
from common.environment.parameter_values import missing_values_message
from common.environment.resource_settings import Settings
from common.environment.settings_model import explain_settings_error
from common.model.reference import Ref
from common.model.resource import SHARED, Key
from common.resources import kind_of, kinds

S = TypeVar("S", bound=Settings)


def configured(env: Environment, key: Key) -> Configured:
    """Returns the configuration of a resource."""
    section = kind_of(key.kind).section
    if not section:
        return Configured()
    named: Mapping[str, Settings] = getattr(env.project(key.project), section)
    return Configured(named.get(key.name), getattr(env.defaults, section.removesuffix("s")))


def merged(model: type[S], configuration: Configured, declared: DeclaredSettings, where: str) -> S:
    """Merges the settings of a resource: configured settings win over declared ones, and declared ones over defaults.

    Raises:
        DeclarationError: the settings of the declaration are wrong.
    """
    own = configuration.own if isinstance(configuration.own, model) else None
    if own is None and declared is None and isinstance(configuration.default, model):
        return configuration.default  # one object for all of which nobody says anything: a large project has hundreds
    try:
        return (own or model()).over(declared, configuration.default)
    except ValidationError as error:
        raise DeclarationError(f"{where}: {explain_settings_error(error)}") from None


def check(env: Environment, project: str, declared: Collection[Key], parameters: Collection[str]) -> None:
    """Refuses configuration of a project that nothing uses.

    Args:
        env: the environment.
        project: the name of the project.
        declared: the resources of the project.
        parameters: the parameters that were used.

    Raises:
        ConfigError: something in the configuration is not used.
    """
    config = env.project(project)
    for kind in kinds().values():
        declared_names = [key.name for key in declared if key.kind == kind.name]
        for name in getattr(config, kind.section) if kind.section else ():
            if name not in declared_names:
                hint = did_you_mean(name, declared_names, otherwise=known_names(declared_names))
                raise ConfigError(f"{env.place(project, kind.section, name)}: the project declares no such {kind.name}.{hint}")
    check_exact_names(env, project, declared)
    unused = sorted(set(config.parameters) - set(parameters))
    if unused:
        where = env.place(project, "parameters", unused[0]).rpartition(".")[0]
        raise ConfigError(
            f"{where}: nothing uses {', '.join(unused)}. "
            f'Remove, or refer to it as ${{{unused[0]}}}, in Python as p.parameters["{unused[0]}"].'
        )


def check_templates(env: Environment) -> None:
    """Refuses templates of names for a kind that does not exist.

    Raises:
        ConfigError: there is such a template.
    """
    kind_names = [DEFAULT, *(name for name, kind in kinds().items() if kind.arn is not None or kind.is_assumed or kind.generates)]
    for key in env.names:
        if (name := key.partition("/")[0]) not in kind_names:
            where = f"config/{env.name}.json: $.names.{key}"
            raise ConfigError(
                f"{where}: there is no kind {name!r}.{did_you_mean(name, kind_names, otherwise=known_names(kind_names))}"
            )


def check_exact_names(env: Environment, project: str, declared: Collection[Key]) -> None:
    """Looks for names of what is not declared.

    Args:
        env: the environment.
        project: whose resources.
        declared: all that it declares.

    Raises:
        ConfigError: there is one, or the name stands at the wrong place.
    """
    exact = [key for key in env.names if "/" in key] if project == SHARED else env.project(project).names
    groups = {"log-group/glue"} if any(str(key).startswith("log-group/glue/") for key in declared) else set()
    declared_keys = sorted({str(key) for key in declared} | groups)
    for key in exact:
        kind, _, name = key.partition("/")
        where = f"config/{env.name}.json: $.names.{key}" if project == SHARED else env.place(project, "names", key)
        if project != SHARED and kind in kinds() and (section := kinds()[kind].section):
            raise ConfigError(f'{where}: this name stands at the resource: "{section}": {{"{name}": {{"name": …}}}}.')
        if key not in declared_keys:
            whose = "deploy.py" if project == SHARED else "the project"
            raise ConfigError(f"{where}: {whose} declares no such resource.{did_you_mean(key, declared_keys)}")


def render(project: ProjectResources, declarations: Mapping[Ref, Declaration]) -> None:
    """Renders the declarations of a project. All parameters without values are reported in one error.

    Raises:
        ParameterError: parameters have no values in the environment.
        DeclarationError: declarations are wrong; all broken definitions of state machines are in one message.
    """
    missing: dict[str, str] = {}
    broken: list[DeclarationError] = []
    for ref, declaration in declarations.items():
        try:
            declaration.render(project, ref, configured(project.env, ref.key))
        except ParameterError as error:
            missing = {**error.places, **missing}
        except DeclarationError as error:  # may be a consequence of what is missing
            broken.append(error)
            if ref.key.kind != "state-machine" and not missing:
                break
        except DeployError:
            if not missing:
                raise
    if missing:
        raise ParameterError(
            missing_values_message(project.env.name, project.project, project.env.section_path(project.project), missing),
            missing,
            project.project,
        )
    if project.checked:
        from common.declare.machine_calls import finish  # only what declares state machines has a use for it

        broken = [*(error for error in broken if not isinstance(error, DefinitionError)), *finish(project)]
    if broken:
        raise broken[0] if len(broken) == 1 and not project.warnings else WrongDeclarationsError(broken, project.warnings)


def check_roles(env: Environment, declared: Iterable[Key]) -> None:
    """Refuses configured roles of resources that no project declares.

    Args:
        env: the environment.
        declared: the resources of all projects.

    Raises:
        ConfigError: there is such a role.
    """
    kind_and_name = ((kinds()[key.kind], key.name) for key in declared if key.kind in kinds())
    declared_names = sorted({f"{kind.role_name}/{name}" for kind, name in kind_and_name if kind.principal})
    for name in env.roles.arns:
        if "/" in name and name not in declared_names:
            hint = did_you_mean(name, declared_names, otherwise=known_names(declared_names))
            raise ConfigError(f"config/{env.name}.json: $.roles.arns.{name}: no project declares it.{hint}")
