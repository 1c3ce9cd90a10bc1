"""What authors of `deploy.py` files may use; everything else below `common` is the deployer's own.

Names are imported when they are first used, so that a command loads nothing that it does not need. Whatever way a command came
here, from now on modules are looked for as `import_path` says, and those of this repository are loaded as `import_source` says.
"""

import sys

if sys.platform == "win32":
    sys.exit(
        "error: Windows is not supported: this needs Linux or macOS. Install WSL (type `wsl --install`), "
        "open its shell, and type the same command in a clone of this repository there."
    )

from common.base import import_path

import_path.arrange_path()

from importlib import import_module
from typing import TYPE_CHECKING, Any

from common.base import import_source

import_source.install()

if TYPE_CHECKING:
    from common.commands.executor import main
    from common.declare.allowed_actions import Permission, allow
    from common.declare.named_access import key, parameter, secret
    from common.declare.pipeline import Pipeline
    from common.declare.shared import SharedResources
    from common.environment.config import Environment
    from common.environment.resource_settings import (
        CrawlerSettings,
        FunctionSettings,
        JobSettings,
        Network,
        StateMachineSettings,
        TriggerSettings,
    )
    from common.model.reference import Location, Ref

__all__ = [
    "CrawlerSettings",
    "Environment",
    "FunctionSettings",
    "JobSettings",
    "Location",
    "Network",
    "Permission",
    "Pipeline",
    "Ref",
    "SharedResources",
    "StateMachineSettings",
    "TriggerSettings",
    "allow",
    "key",
    "main",
    "parameter",
    "secret",
]
_MODULES = {
    "Environment": "environment.config",
    "Location": "model.reference",
    "Permission": "declare.allowed_actions",
    "Pipeline": "declare.pipeline",
    "Ref": "model.reference",
    "SharedResources": "declare.shared",
    "allow": "declare.allowed_actions",
    "key": "declare.named_access",
    "main": "commands.executor",
    "parameter": "declare.named_access",
    "secret": "declare.named_access",
}


def __getattr__(name: str) -> Any:  # type checkers read the imports below TYPE_CHECKING
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'environment.resource_settings')}"), name)
