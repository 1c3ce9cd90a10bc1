"""What resources are called in AWS: names computed from the environment, checked before anything is asked.

Follows the limits of each service's reference, as in
https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html and, for variables,
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from collections.abc import Mapping

from common.base.errors import DeclarationError
from common.environment.config import Environment
from common.model.kind import Kind

RESERVED = frozenset(
    {
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
    }
)
"""Variables of a function that Lambda sets."""


def physical_name(env: Environment, project: str, kind: Kind, name: str) -> str:
    """The name of a resource in AWS.

    Raises:
        DeclarationError: it is longer than AWS allows, or has characters that some service does not allow.
    """
    if not kind.declared_name.fullmatch(name):
        raise DeclarationError(f"projects/{project}: {kind.name}/{name}: {kind.declared_words}.")
    physical = env.resource_name(project, name)
    if len(physical) > kind.names.most:
        raise DeclarationError(
            f"projects/{project}: {kind.name}/{name} would be called {physical!r}: {len(physical)} characters; AWS allows "
            f"{kind.names.most}. Shorten its name, the project's, or name_prefix in config/{env.name}.json."
        )
    return physical


def check_variables(variables: Mapping[str, str], where: str) -> dict[str, str]:
    """A function's variables, by names that Lambda leaves to it.

    Raises:
        DeclarationError: Lambda sets one of them itself, and refuses a function that does.
    """
    for name in variables:
        if name in RESERVED:
            raise DeclarationError(f"{where}: environment.{name}: Lambda sets this variable itself. Choose another name.")
    return dict(variables)
