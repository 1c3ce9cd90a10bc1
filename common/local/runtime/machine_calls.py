"""Judges what a state machine calls by the policies of its role, where the embedded AWS enforces IAM.

ministack makes these calls itself, with nobody's credentials.
https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
"""

import re
from collections.abc import Iterator

import iam_questions
import role_sessions
import seams
import settings as launch_settings
from iam_needs import Asked
from json_types import Json, JsonObject
from ministack.services import stepfunctions
from step_functions import current

_PARAMETERS = "resource, input_data"
_NAMES = {"states": "stepfunctions", "sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}
"""botocore's names of the services that a resource of a state names otherwise."""
_SYNC = {
    "glue:startJobRun": ("GetJobRun", "GetJobRuns", "BatchStopJobRun"),
    "states:startExecution": ("DescribeExecution", "StopExecution"),
}
"""The calls that Step Functions makes besides, in order to wait for what it has started."""
_ERRORS = {"lambda": "Lambda.AWSLambdaException"}
"""What the error of a refused call is called, where it is not AccessDeniedException."""


def install(settings: launch_settings.Settings) -> None:
    """Ask before each call; nothing where IAM is not enforced."""
    invoke = seams.use(stepfunctions, "_invoke_resource", _PARAMETERS)
    failed = seams.use(stepfunctions, "_ExecutionError", "error, cause")
    titles = {**seams.table(stepfunctions, "_AWS_SDK_ERROR_PREFIX"), "stepfunctions": "StepFunctions"}
    if not settings.enforces_iam:
        return

    def judged(resource: str, input_data: Json) -> Json:
        running = stepfunctions._executions.get(current(), {})
        machine = stepfunctions._state_machines.get(running.get("stateMachineArn"), {})
        credentials = role_sessions.of_role(settings, machine.get("roleArn", ""), str(running.get("name", "execution")))
        parameters = input_data if isinstance(input_data, dict) else {}
        for service, questions in _asked(resource, parameters):
            if denial := role_sessions.denial(credentials, questions):
                title = titles.get(service, service.capitalize())
                raise failed(
                    _ERRORS.get(service, f"{title}.AccessDeniedException"), f"{denial} (Service: {title}, Status Code: 403)"
                )
        return invoke(resource, input_data)

    stepfunctions._invoke_resource = judged


def _asked(resource: str, parameters: JsonObject) -> Iterator[tuple[str, list[Asked]]]:
    """The services that a state calls, and what IAM is asked about these calls; nothing of an activity."""
    if ":lambda:" in resource and ":function:" in resource:
        yield "lambda", iam_questions.of_call("lambda", "Invoke", {"FunctionName": resource})
    elif match := re.fullmatch(r"arn:aws[\w-]*:states:::(aws-sdk:)?(\w+):(\w+)(\.\S+)?", resource):
        _, name, action, pattern = match.groups()
        service = _NAMES.get(name, name)
        yield service, iam_questions.of_call(service, action[0].upper() + action[1:], _lower(service, parameters))
        for operation in _SYNC.get(f"{name}:{action}", ()) if (pattern or "").startswith(".sync") else ():
            yield service, iam_questions.of_call(service, operation, {**_lower(service, parameters), **_started(parameters)})


def _lower(service: str, parameters: JsonObject) -> JsonObject:
    """Parameters as the service itself names them: states spell those of Step Functions with a capital letter."""
    return {name[0].lower() + name[1:]: value for name, value in parameters.items()} if service == "stepfunctions" else parameters


def _started(parameters: JsonObject) -> JsonObject:
    """The execution that a state will have started, for the calls that wait for it."""
    machine = str(parameters.get("StateMachineArn", ""))
    return {"executionArn": f"{machine.replace(':stateMachine:', ':execution:')}:started"} if machine else {}
