"""Parameters whose value stands in Parameter Store: ``ssm:/path`` in configuration, read at plan time.

Secrets are refused: a value that is read here would end in variables, arguments, plans and records. Their names may go there.
"""

from collections.abc import Mapping

from common.aws.protocol import Aws
from common.base.errors import ConfigError
from common.base.text_rules import plain
from common.environment.config import Environment
from common.environment.parameter_values import SSM, Value

AT_ONCE = 10
"""Parameter Store reads at most this many parameters in one call."""


def read(env: Environment, aws: Aws, wanted: list[str]) -> Environment:
    """The environment with every ``ssm:/path`` of the `wanted` projects replaced by its value.

    Raises:
        ConfigError: a parameter does not exist, or is a secret; all such in one message.
    """
    paths = {path: where for where, path in _named(env, wanted)}
    values: dict[str, Value] = {}
    errors: list[str] = []
    names = sorted(paths)
    for start in range(0, len(names), AT_ONCE):
        for one in aws.call("ssm", "GetParameters", Names=names[start : start + AT_ONCE])["Parameters"]:
            name = f"{one['Name']}{one.get('Selector', '')}"
            values[name] = one["Value"].split(",") if one["Type"] == "StringList" else one["Value"]
            try:
                plain(one["Value"])
            except ValueError as error:
                errors.append(f"{paths[name]}: {name}: {error}.")
            if one["Type"] == "SecureString":
                errors.append(f"{paths[name]}: {name} is a secret. Pass its name to the code that needs it instead.")
    missing = [name for name in names if name not in values]
    errors += [f"{paths[name]}: Parameter Store has no {name} in {env.region}. Create it, or correct it." for name in missing]
    if errors:
        raise ConfigError("\n".join(errors))
    return _replaced(env, values)


def are_named(env: Environment, wanted: list[str]) -> bool:
    """Whether the configuration of the `wanted` projects names any; this is known before any declaration is loaded."""
    return bool(_named(env, wanted))


def _named(env: Environment, wanted: list[str]) -> list[tuple[str, str]]:
    """Each place that names a path, and the path."""
    return [
        (env.place(project, "parameters", parameter), value.removeprefix(SSM))
        for project in wanted
        for parameter, value in env.project(project).parameters.items()
        if isinstance(value, str) and value.startswith(SSM)
    ]


def _replaced(env: Environment, values: Mapping[str, Value]) -> Environment:
    def value_of(given: Value) -> Value:
        return values.get(given.removeprefix(SSM), given) if isinstance(given, str) and given.startswith(SSM) else given

    projects = {}
    for name, section in env.projects.items():
        found = {key: value_of(given) for key, given in section.parameters.items()}
        projects[name] = section.model_copy(update={"parameters": found})
    return env.model_copy(update={"projects": projects})
