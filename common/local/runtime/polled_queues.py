"""Asks whether a function's role may read the queue that is to call it, where the embedded AWS enforces IAM: as Lambda does.

ministack reads the queue itself, with nobody's credentials.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
"""

from typing import Any

import role_sessions
import seams
import settings as launch_settings
from iam_needs import Asked
from json_types import JsonObject, Response
from ministack.services import lambda_svc

_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_TYPE = "AWS::Lambda::EventSourceMapping"


def install(settings: launch_settings.Settings) -> None:
    """Ask before a mapping is made; nothing where IAM is not enforced."""
    create = seams.use(lambda_svc, "_create_esm", "data")
    seams.use(lambda_svc, "_resolve_existing_esm_function", "function_ref")
    refuse = seams.use(lambda_svc, "error_response_json", "code, message, status, extra, message_key, content_type")
    seams.table(lambda_svc, "_functions")
    if not settings.enforces_iam:
        return

    def judged(data: JsonObject) -> Response:
        if message := _refusal(settings, data):
            return refuse("InvalidParameterValueException", message, 400)
        response: Response = create(data)
        return response

    lambda_svc._create_esm = judged
    from ministack.services.cloudformation import provisioners  # slow to load

    handlers = seams.table(provisioners, "_RESOURCE_HANDLERS")[_TYPE]
    provision = handlers["create"]

    def provision_judged(logical_id: str, properties: JsonObject, stack_name: str) -> Any:
        if message := _refusal(settings, properties):
            raise ValueError(message)
        return provision(logical_id, properties, stack_name)

    handlers["create"] = provision_judged


def _refusal(settings: launch_settings.Settings, mapping: JsonObject) -> str:
    """What Lambda says if the role of the function must not read the queue; empty if it may, or if that is not a queue."""
    source = str(mapping.get("EventSourceArn", ""))
    name, _, error = lambda_svc._resolve_existing_esm_function(mapping.get("FunctionName", ""))
    if source.split(":")[2:3] != ["sqs"] or error:
        return ""
    credentials = role_sessions.of_role(settings, lambda_svc._functions[name]["config"]["Role"], name)
    denial = role_sessions.denial(credentials, [Asked(f"sqs:{action}", source, {}) for action in _ACTIONS])
    if denial is None:
        return ""
    action = denial.question.action.partition(":")[2]
    return f"The function execution role does not have permissions to call {action} on SQS"
