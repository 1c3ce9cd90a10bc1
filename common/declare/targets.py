"""What triggers start: the permission that the role of a rule or schedule needs for it.

Rules reach functions, queues and topics by a role, too, so that nothing is added to the policies of these.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

from common.base.errors import DeclarationError
from common.declare import permissions
from common.declare.permissions import Statement
from common.declare.project_resources import ProjectResources
from common.model.reference import Ref
from common.resources.queue import FIFO

RULE_ACTIONS = {
    "state-machine": "states:StartExecution",
    "lambda": "lambda:InvokeFunction",
    "queue": "sqs:SendMessage",
    "topic": "sns:Publish",
}
"""The IAM action by which a rule reaches a target, by the kind of the target."""
SCHEDULE_ACTIONS = {**RULE_ACTIONS, "glue-job": "glue:StartJobRun"}
"""The same of a schedule."""


def of_rule(target: Ref) -> Ref:
    """Returns what a rule starts.

    Raises:
        TypeError: a rule cannot start it.
    """
    if isinstance(target, Ref) and target.key.kind == "glue-job":
        raise TypeError(f"target: a rule cannot start {target.key}. Start a state machine that runs it, or use p.schedule")
    return _checked(target, RULE_ACTIONS)


def of_schedule(target: Ref) -> Ref:
    """Returns what a schedule starts.

    Raises:
        TypeError: a schedule cannot start it.
    """
    return _checked(target, SCHEDULE_ACTIONS)


def statements(project: ProjectResources, ref: Ref, target: Ref) -> list[Statement]:
    """What the role of a trigger is allowed: to start its target, and nothing else.

    Raises:
        DeclarationError: EventBridge starts nothing in another region.
    """
    check_region(project, ref, target)
    allowed = permissions.allow([SCHEDULE_ACTIONS[target.key.kind]], [target.arn])
    return [allowed, *permissions.encryption([target], writing=True)]


def check_region(project: ProjectResources, ref: Ref, target: Ref) -> None:
    """Checks that a target is where triggers and alarms can reach it.

    Raises:
        DeclarationError: it is in another region.
    """
    if (region := target.arn.split(":")[3]) != project.env.region:
        raise DeclarationError(
            f"{project.where(ref)}: {target.arn} is in {region}, and a trigger starts what is in its own region, "
            f"{project.env.region}."
        )


def _checked(target: Ref, actions: dict[str, str]) -> Ref:
    if not isinstance(target, Ref) or target.key.kind not in actions:
        shown = target.key if isinstance(target, Ref) else repr(target)
        raise TypeError(f"target is one of {', '.join(actions)}, not {shown}")
    if target.name.endswith(FIFO):
        raise TypeError(f"target: {target.key} is FIFO, and its messages need a group: start a function that sends them")
    return target
