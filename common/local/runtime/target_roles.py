"""Asks whether the role of a rule or a schedule allows what it does to its target, where the embedded AWS enforces IAM.

An event that may not be delivered is not, as in AWS, where nothing but a metric and a dead letter queue tells of it. Here the log
of the embedded AWS tells, too.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-iam-roles.html
"""

import role_sessions
import seams
import settings as launch_settings
from iam_needs import Asked
from json_types import Json, JsonObject
from ministack.services import eventbridge

_ACTIONS = {
    "states": "states:StartExecution",
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "events": "events:PutEvents",
}


def install(settings: launch_settings.Settings) -> None:
    """Ask before an event is delivered; nothing where IAM is not enforced."""
    invoke = seams.use(eventbridge, "_invoke_target", "target, event, rule, view")
    if not settings.enforces_iam:
        return

    def judged(target: JsonObject, event: JsonObject, rule: JsonObject, view: Json = None) -> None:
        arn, role = str(target.get("Arn", "")), str(target.get("RoleArn", ""))
        action = _ACTIONS.get(arn.split(":")[2]) if arn.count(":") > 4 else None
        if role and action:
            credentials = role_sessions.of_role(settings, role, "events")
            if role_sessions.denial(credentials, [Asked(action, arn, {})]):
                return
        invoke(target, event, rule, view)

    eventbridge._invoke_target = judged
