"""Chooses the environment of a command without ``--env``.

It is the one in the variable DEPLOY_ENV, or the one whose configuration has ``"default": true``, or the only one. A protected
environment must be named with ``--env`` or in DEPLOY_ENV: nothing in the repository can choose it for everybody.
"""

import os
from pathlib import Path

from common.base.errors import ConfigError, UsageError
from common.base.suggestions import did_you_mean
from common.environment import config_json

VARIABLE = "DEPLOY_ENV"


def default_environment(root: Path) -> tuple[str, str] | None:
    """Returns the name of the environment and the reason for choosing it; None if none can be chosen.

    Raises:
        UsageError: DEPLOY_ENV names an environment that does not exist.
        ConfigError: several environments are the default, or a configuration cannot be read.
    """
    names = config_json.environments(root)
    if name := os.environ.get(VARIABLE):
        if name not in names:
            there_are = f"config/ has {', '.join(names) or 'none'}.{did_you_mean(name, names)}"
            raise UsageError(f"{VARIABLE} is {name!r}, and there is no such environment: {there_are}")
        return name, f"as {VARIABLE} says"
    contents = {name: config_json.read_file(root / "config" / f"{name}.json", root) for name in names}
    defaults = [name for name in names if contents[name].get("default") is True]
    if len(defaults) > 1:
        files = " and ".join(f"config/{name}.json" for name in defaults)
        raise ConfigError(f'{files} say "default": true. Leave it in one of them, or add --env NAME.')
    if defaults:
        return defaults[0], f'as config/{defaults[0]}.json says "default": true'
    alone = len(names) == 1 and contents[names[0]].get("protected") is not True
    return (names[0], "the only one in config/") if alone else None
