"""What resources are called in AWS: names computed from the environment, checked before anything is asked.

Follows the limits of each service's reference, as in
https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
"""

import re

from common.config import Environment
from common.errors import DeclarationError

LIMITS = {
    "table": 255,
    "lambda": 64,
    "layer": 140,
    "role": 64,
    "glue-job": 255,
    "crawler": 255,
    "state-machine": 80,
    "rule": 64,
}
"""AWS's limits on names, in characters."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def physical_name(env: Environment, project: str, kind: str, name: str) -> str:
    """The name of a resource in AWS.

    Raises:
        DeclarationError: it is longer than AWS allows, or has characters that some service does not allow.
    """
    if not NAME.fullmatch(name):
        raise DeclarationError(
            f"projects/{project}: {kind}/{name}: a name has letters, digits, - and _, and begins with a letter or _."
        )
    physical = env.resource_name(project, name)
    if len(physical) > LIMITS[kind]:
        raise DeclarationError(
            f"projects/{project}: {kind}/{name} would be called {physical!r}: {len(physical)} characters; AWS allows "
            f"{LIMITS[kind]}. Shorten its name, the project's, or name_prefix in config/{env.name}.json."
        )
    return physical
