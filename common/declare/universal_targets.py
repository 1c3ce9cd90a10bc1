"""Operations of any service that a schedule calls: the ARN that names one, and its parameters.

They are checked against the models of the installed botocore, which only a declaration that calls an operation loads. Parameters
are spelled as in `aws-sdk:` integrations of state machines.

Follows https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

import re

from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean
from common.model.generated import has_mark

API = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:(?P<service>[a-z0-9]+):(?P<action>[a-z][A-Za-z0-9]+)")
"""The ARN of an operation of any service that a schedule calls."""
EXAMPLE = "arn:aws:scheduler:::aws-sdk:glue:startCrawler"
READS = re.compile(
    r"(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe|batchRead|"
    r"transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized|invokeModel)(?![a-z])"
)
"""Matches the beginnings of operations that only read, which Scheduler does not call."""
KEYWORD = re.compile(r"<aws\.scheduler\.[a-z-]+>")
"""Matches what Scheduler replaces when it calls, as in ``<aws.scheduler.scheduled-time>``."""


def check(arn: str) -> str:
    """Returns the ARN of an operation.

    Raises:
        ValueError: there is no such operation, or Scheduler does not call it.
    """
    _, action, _ = _operation(arn)
    if READS.match(action):
        raise ValueError(
            f"target: {arn}: {action} only reads, and Scheduler calls no such operation. Start a function that reads"
        )
    return arn


def check_input(arn: str, parameters: JsonMapping, where: str) -> None:
    """Checks the parameters of an operation.

    Raises:
        DeclarationError: AWS would not accept them; one message names all problems.
    """
    from common.aws import api_models
    from common.declare.asl.parameters import Parameters
    from common.declare.asl.walk import Place

    service, action, operation = _operation(arn)
    shapes, shape = api_models.model_of(service)["shapes"], api_models.input_shape(service, operation)
    accepted = Parameters(shapes, shape, as_object=False, language="", is_later=_is_later)
    if problems := list(accepted.problems(parameters, Place(("constant",)))):
        raise DeclarationError("\n".join([f"{where}: {action}:", *(f"  {problem}" for problem in problems)]))


def _operation(arn: str) -> tuple[str, str, str]:
    """The service of an operation, its action as the ARN spells it, and the operation as botocore spells it.

    Raises:
        ValueError: there is no such operation.
    """
    from common.aws import sdk_services

    match = API.fullmatch(arn)
    if match is None:
        raise ValueError(f"target: {arn!r} is not an operation to call, as in {EXAMPLE}")
    name, action = match["service"], match["action"]
    service = sdk_services.service_of(name)
    if service is None:
        raise ValueError(f"target: {arn}: the AWS SDK has no service {name!r}.{sdk_services.suggested_service(name)}")
    operation = sdk_services.operation_of(service, action)
    if operation is None:
        raise ValueError(f"target: {arn}: {name} has no action {action!r}.{did_you_mean(action, sdk_services.actions(service))}")
    return service, action, operation


def _is_later(value: Json) -> bool:
    """Whether a value is a text that is known only later: AWS gives it, or Scheduler replaces it."""
    return isinstance(value, str) and (has_mark(value) or KEYWORD.search(value) is not None)
