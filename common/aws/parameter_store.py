"""Reads parameters from Parameter Store: ``ssm:/path`` in configuration is replaced by the value at plan time.

Secrets are refused, because a value that is read here ends up in variables, arguments, plans and records. Only their names may.
"""

from collections.abc import Mapping

from common.aws.protocol import Aws
from common.base.errors import ConfigError
from common.base.text_rules import check_text
from common.environment.config import Environment
from common.environment.parameter_values import SSM_PREFIX, Value

BATCH_SIZE = 10
"""How many parameters one call to Parameter Store can read."""


def resolve_parameters(env: Environment, aws: Aws, projects: list[str]) -> Environment:
    """Returns the environment with every ``ssm:/path`` of these projects replaced by its value.

    Raises:
        ConfigError: a parameter does not exist, or is a secret; one message has all errors.
    """
    paths = {path: where for where, path in references(env, projects)}
    values: dict[str, Value] = {}
    errors: list[str] = []
    names = sorted(paths)
    for start in range(0, len(names), BATCH_SIZE):
        for parameter in aws.call("ssm", "GetParameters", Names=names[start : start + BATCH_SIZE])["Parameters"]:
            name = f"{parameter['Name']}{parameter.get('Selector', '')}"
            values[name] = parameter["Value"].split(",") if parameter["Type"] == "StringList" else parameter["Value"]
            try:
                check_text(parameter["Value"])
            except ValueError as error:
                errors.append(f"{paths[name]}: {name}: {error}.")
            if parameter["Type"] == "SecureString":
                errors.append(f"{paths[name]}: {name} is a secret. Pass its name to the code that needs it instead.")
    missing = [name for name in names if name not in values]
    errors += [
        f"{paths[name]}: Parameter Store has no {name} in {env.region}. Create it, or correct the path." for name in missing
    ]
    if errors:
        raise ConfigError("\n".join(errors))
    return _replace_references(env, values)


def has_references(env: Environment, projects: list[str]) -> bool:
    """Whether the configuration of these projects refers to Parameter Store. Knowing this needs no declaration."""
    return bool(references(env, projects))


def references(env: Environment, projects: list[str]) -> list[tuple[str, str]]:
    """Returns each place in the configuration that names a path, and the path."""
    return [
        (env.place(project, "parameters", parameter), value.removeprefix(SSM_PREFIX))
        for project in projects
        for parameter, value in env.project(project).parameters.items()
        if isinstance(value, str) and value.startswith(SSM_PREFIX)
    ]


def _replace_references(env: Environment, values: Mapping[str, Value]) -> Environment:
    def value_of(value: Value) -> Value:
        return (
            values.get(value.removeprefix(SSM_PREFIX), value)
            if isinstance(value, str) and value.startswith(SSM_PREFIX)
            else value
        )

    projects = {}
    for name, section in env.projects.items():
        parameters = {key: value_of(configured) for key, configured in section.parameters.items()}
        projects[name] = section.model_copy(update={"parameters": parameters})
    return env.model_copy(update={"projects": projects})
