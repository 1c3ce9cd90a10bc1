"""What triggers reach: the permission that the role of a rule or schedule needs for it.

A target is one of ours, of others, or a resource of any type; `ACTIONS` lists the types. Rules reach all of them
by a role, so that nothing is added to the policies of functions, queues and topics.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
"""

from collections.abc import Collection

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.declare import grants, permissions
from common.declare.permissions import Statement
from common.declare.project_resources import ProjectResources
from common.model.generated import GeneratedRef, has_mark
from common.model.reference import Ref
from common.resources.function import Function
from common.resources.queue import FIFO
from common.resources.state_machine import StateMachine

MACHINE, FUNCTION, JOB = "AWS::StepFunctions::StateMachine", "AWS::Lambda::Function", "AWS::Glue::Job"
QUEUE, TOPIC, STREAM, BUS = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Kinesis::Stream", "AWS::Events::EventBus"
BUCKET, TABLE, CRAWLER = "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Glue::Crawler"
DELIVERY, DESTINATION = "AWS::KinesisFirehose::DeliveryStream", "AWS::Events::ApiDestination"
TYPES = {
    "state-machine": MACHINE,
    "lambda": FUNCTION,
    "glue-job": JOB,
    "queue": QUEUE,
    "topic": TOPIC,
    "table": TABLE,
    "bucket": BUCKET,
    "crawler": CRAWLER,
}
"""The types, as CloudFormation names them, of kinds of resources that have a method of their own."""
WORDS = {
    MACHINE: "state machine",
    FUNCTION: "function",
    JOB: "job",
    QUEUE: "queue",
    TOPIC: "topic",
    STREAM: "Kinesis stream",
    BUS: "event bus",
    DELIVERY: "Firehose stream",
    DESTINATION: "API destination",
    BUCKET: "bucket",
}
"""What messages call the types of targets."""
ACTIONS = {
    MACHINE: ("states:StartExecution",),
    FUNCTION: ("lambda:InvokeFunction",),
    JOB: ("glue:StartJobRun",),
    QUEUE: ("sqs:SendMessage",),
    TOPIC: ("sns:Publish",),
    STREAM: ("kinesis:PutRecord",),
    BUS: ("events:PutEvents",),
    DELIVERY: ("firehose:PutRecord", "firehose:PutRecordBatch"),
    DESTINATION: ("events:InvokeApiDestination",),
}
"""The IAM actions by which a trigger reaches a target, by the type of the target."""
OF_RULES = (MACHINE, FUNCTION, QUEUE, TOPIC, STREAM, DELIVERY, BUS, DESTINATION)
"""The types of what a rule can start."""
OF_SCHEDULES = (MACHINE, FUNCTION, JOB, QUEUE, TOPIC, STREAM, DELIVERY, BUS)
"""The types of what a schedule can start."""


def type_of(ref: Ref) -> str:
    """The type of what is referred to, as CloudFormation names it; empty for a kind that no trigger is about."""
    return ref.type_name if isinstance(ref, GeneratedRef) else TYPES.get(ref.key.kind, "")


def check(what: str, ref: Ref, types: Collection[str]) -> Ref:
    """Returns what is referred to, if it is of one of these types.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(ref, Ref) or type_of(ref) not in types:
        words = [WORDS[name] for name in types]
        listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
        raise TypeError(f"{what} must be a {listed}, not {shown(ref)}")
    return ref


def check_order(target: Ref, fields: JsonMapping) -> Ref:
    """Returns a target, unless it is a FIFO queue or topic to whose messages the fields of the trigger give no group.

    Raises:
        TypeError: it is one.
    """
    has_group = "MessageGroupId" in (fields.get("SqsParameters") or {}) and type_of(target) == QUEUE
    if target.name.endswith(FIFO) and not has_group:
        group = 'properties={"SqsParameters": {"MessageGroupId": "…"}}'
        advice = f"say {group}" if type_of(target) == QUEUE else "start a function that sends them"
        raise TypeError(f"target: {target.key} is FIFO, and its messages need a group: {advice}")
    return target


def check_dead_letter(queue: Ref) -> Ref:
    """Returns the queue that takes what could not be delivered.

    Raises:
        TypeError: it is not a queue.
        ValueError: it is FIFO.
    """
    if check("dead_letter", queue, [QUEUE]).name.endswith(FIFO):
        raise ValueError(f"dead_letter: {queue.key} is FIFO, and EventBridge takes standard queues alone")
    return queue


def shown(ref: object) -> str:
    """What is referred to, with its type if it has one, as messages name it."""
    if isinstance(ref, GeneratedRef):
        return f"{ref.key} ({ref.type_name})"
    return str(ref.key) if isinstance(ref, Ref) else repr(ref)


def of_rule(target: Ref, fields: JsonMapping, what: str = "target") -> Ref:
    """Returns what a rule starts, whose target has these fields.

    Raises:
        TypeError: a rule cannot start it.
    """
    if isinstance(target, Ref) and type_of(target) == JOB:
        raise TypeError(f"{what}: a rule cannot start {target.key}. Start a state machine that runs it, or use p.schedule")
    return check_order(check(what, target, OF_RULES), fields)


def of_schedule(target: Ref, fields: JsonMapping) -> Ref:
    """Returns what a schedule starts, whose target has these fields.

    Raises:
        TypeError: a schedule cannot start it.
    """
    if type_of(check("target", target, OF_SCHEDULES)) == BUS and "EventBridgeParameters" not in fields:
        example = '{"EventBridgeParameters": {"Source": "orders", "DetailType": "New day"}}'
        raise TypeError(f"target: the events that {target.key} gets need a source and a type: say properties={example}")
    return check_order(target, fields)


def statements(project: ProjectResources, ref: Ref, target: Ref) -> list[Statement]:
    """What the role of a trigger is allowed: to start its target, and nothing else.

    Raises:
        DeclarationError: EventBridge starts nothing in another region.
    """
    check_region(project, ref, target)
    allowed = permissions.allow(ACTIONS[type_of(target)], [started_arn(project, target)])
    return [allowed, *grants.encryption(project, [target], writing=True)]


def started_arn(project: ProjectResources, target: Ref) -> str:
    """The ARN by which a target is started: of a state machine or function that publishes versions, that of its alias."""
    resource = project.known().get(target.key)
    return resource.start_arn if isinstance(resource, StateMachine | Function) else target.arn


def check_region(project: ProjectResources, ref: Ref, target: Ref) -> None:
    """Checks that a target is where triggers and alarms can reach it. What AWS names is in the region of its project.

    Raises:
        DeclarationError: it is in another region.
    """
    arn = target.arn
    if not has_mark(arn) and (region := arn.split(":")[3]) != project.env.region:
        raise DeclarationError(
            f"{project.where(ref)}: {arn} is in {region}, and a trigger starts what is in its own region, {project.env.region}."
        )
