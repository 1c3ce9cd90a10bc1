"""What resources are called in AWS: names computed from the environment, checked before anything is asked.

Follows the limits of each service's reference, as in
https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html and, for variables,
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

import re
from collections.abc import Mapping

from common.base.errors import DeclarationError
from common.environment.config import Environment

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
ARNS = {
    "lambda": ("lambda", "function:"),
    "layer": ("lambda", "layer:"),
    "glue-job": ("glue", "job/"),
    "crawler": ("glue", "crawler/"),
    "state-machine": ("states", "stateMachine:"),
    "rule": ("events", "rule/"),
    "table": ("dynamodb", "table/"),
}
"""The service and the beginning of the resource part of each kind's ARN."""
PRINCIPALS = {
    "lambda": "lambda.amazonaws.com",
    "glue-job": "glue.amazonaws.com",
    "crawler": "glue.amazonaws.com",
    "state-machine": "states.amazonaws.com",
    "rule": "events.amazonaws.com",
}
"""The service that takes on the role of each kind."""
RESERVED = frozenset(
    {
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
    }
)
"""Variables of a function that Lambda sets."""
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


def arn_of(env: Environment, kind: str, physical: str) -> str:
    """The ARN of a project's resource."""
    service, beginning = ARNS[kind]
    return env.arn(service, f"{beginning}{physical}")


def check_variables(variables: Mapping[str, str], where: str) -> dict[str, str]:
    """A function's variables, by names that Lambda leaves to it.

    Raises:
        DeclarationError: Lambda sets one of them itself, and refuses a function that does.
    """
    for name in variables:
        if name in RESERVED:
            raise DeclarationError(f"{where}: environment.{name}: Lambda sets this variable itself. Choose another name.")
    return dict(variables)
