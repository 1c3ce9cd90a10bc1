"""The services and actions of `aws-sdk:` integrations, found in the models of the installed botocore.

Step Functions names them as the AWS SDK for Java 2 does: a service is called by its id without spaces, and an action begins with
a small letter.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

import re
from collections.abc import Mapping
from functools import cache

from common.aws.api_models import model_of, service_ids
from common.base.suggestions import did_you_mean

RENAMED = {"cloudwatchevents": "events", "wafregional": "waf-regional"}
"""Services that Step Functions calls otherwise than their id says."""
OFTEN = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs", "costexplorer": "ce"}
OFTEN |= {name: name for name in ("athena", "batch", "dynamodb", "ec2", "ecs", "glue", "lambda", "rds", "s3", "sns", "sqs")}
"""Services that are called often, for looking through all takes half a second."""


@cache
def services() -> Mapping[str, str]:
    """The name of each service in botocore, by that in `aws-sdk:` integrations."""
    names = dict(RENAMED)
    for service, service_id in service_ids().items():
        identifier = re.sub(r"[^a-z0-9]", "", service_id.lower())
        names.setdefault(identifier, service)
        names.setdefault(identifier.removesuffix("service"), service)
    return names


def service_of(name: str) -> str | None:
    """The name in botocore of a service of `aws-sdk:` integrations; None if there is none."""
    return OFTEN.get(name) or services().get(name)


def suggested_service(name: str) -> str:
    """A sentence with the service that was probably meant."""
    by_botocore = {service: identifier for identifier, service in services().items()}
    if name in by_botocore:
        return f" Did you mean {by_botocore[name]!r}?"
    return did_you_mean(name, services())


@cache
def operation_of(service: str, action: str) -> str | None:
    """The operation of a service (of botocore) that an action names; None if there is none."""
    operations = model_of(service)["operations"]
    folded = action.casefold()
    for operation in operations:
        exact = f"{operation[0].lower()}{operation[1:]}"
        if action == exact or (operation[:2].isupper() and folded == operation.casefold()):
            return str(operation)
    return None


def actions(service: str) -> list[str]:
    """The actions of a service (of botocore), as Step Functions writes them."""
    return [f"{operation[0].lower()}{operation[1:]}" for operation in model_of(service)["operations"]]
