"""Which environment a command is about that names none.

The variable DEPLOY_ENV says it, or the one configuration with ``"default": true``, or there is no other. A protected environment
is meant only where somebody has named it, by ``--env`` or in DEPLOY_ENV: nothing in the repository chooses it for everybody.
"""

import os
from pathlib import Path

from common.base.errors import ConfigError, UsageError
from common.base.suggestions import did_you_mean
from common.environment import config

VARIABLE = "DEPLOY_ENV"


def default(root: Path) -> tuple[str, str] | None:
    """The environment's name, and what says so; None where nothing does.

    Raises:
        UsageError: DEPLOY_ENV names no environment.
        ConfigError: several configurations say that they are the default, or one cannot be read.
    """
    known = config.environments(root)
    if name := os.environ.get(VARIABLE):
        if name not in known:
            there_are = f"config/ has {', '.join(known) or 'none'}.{did_you_mean(name, known)}"
            raise UsageError(f"{VARIABLE} is {name!r}, and there is no such environment: {there_are}")
        return name, f"as {VARIABLE} says"
    said = {name: config.parsed(root / "config" / f"{name}.json", root) for name in known}
    defaults = [name for name in known if said[name].get("default") is True]
    if len(defaults) > 1:
        files = " and ".join(f"config/{name}.json" for name in defaults)
        raise ConfigError(f'{files} say "default": true. Leave it in one of them, or add --env NAME.')
    if defaults:
        return defaults[0], f'as config/{defaults[0]}.json says "default": true'
    alone = len(known) == 1 and said[known[0]].get("protected") is not True
    return (known[0], "the only one in config/") if alone else None
