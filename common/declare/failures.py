"""How AWS reports failures: as events, for which a rule waits, or as metrics, for which an alarm does.

Standard executions, job runs and crawls that fail are events. So is a failed asynchronous invocation of a function that has the
default bus for its destination. Executions of express machines, errors of functions and rules that cannot deliver are metrics.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html,
https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html,
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from common.aws.resource_schemas import schema_of
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.declare import cloud_resources
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND, stand_in
from common.declare.targets import CRAWLER, FUNCTION, JOB, MACHINE
from common.environment import partitions
from common.environment.setting_types import PATTERN_CHARACTERS
from common.model import comparison
from common.model.existing import ExistingRef
from common.model.lookup import ALARMS
from common.model.reference import Ref
from common.model.resource import Key, Resource
from common.resources.cloud_control import CloudResource
from common.resources.rule import Rule
from common.resources.state_machine import StateMachine

ALARM = "AWS::CloudWatch::Alarm"
ALARM_SECONDS = 60
"""An alarm counts what fails within this many seconds together."""
UNDELIVERED = "undelivered"
"""Ends the keys and names of what is about targets that could not be started."""
EXPRESS_METRICS = ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted")
"""The metrics of executions that do not succeed; express machines send no events."""


@dataclass(frozen=True)
class Subject:
    """The events that report failures of a type of resources, and the message about them.

    Args:
        source: the source of the events.
        event: their detail type.
        field: the field of the detail that names the resource; a dot stands before a field within a field.
        statuses: the field of the detail with the status, and those that are reported; without any all are.
        paths: the JSON paths of the parts of the message.
        text: the message; parts stand in angle brackets.
        link: the address of the thing in AWS's console, without the beginning.
    """

    source: str
    event: str
    field: str
    statuses: tuple[str, tuple[str, ...]]
    paths: Mapping[str, str]
    text: str
    link: str

    def pattern(self, names: Sequence[Json]) -> JsonObject:
        """The pattern of the failures of these resources."""
        field, statuses = self.statuses
        detail = comparison.merged(_within(field, statuses), _within(self.field, names)) if field else _within(self.field, names)
        return {"source": [self.source], "detail-type": [self.event], "detail": detail}

    def patterns(self, names: Sequence[str]) -> Iterator[JsonObject]:
        """Yields event patterns that name all these resources together, each short enough for EventBridge."""
        chosen = list[str]()
        for name in names:
            if chosen and len(json.dumps(self.pattern([*chosen, name]))) > PATTERN_CHARACTERS:
                yield self.pattern(chosen)
                chosen = []
            chosen.append(name)
        yield self.pattern(chosen)

    def names(self, refs: Sequence[Ref]) -> list[str]:
        """What the events call these resources."""
        return sorted(ref.arn if self.field.endswith("Arn") else ref.name for ref in refs)

    def message(self, project: ProjectResources) -> tuple[Mapping[str, str], str]:
        """The JSON paths of a readable message about an event, and its template."""
        text = f"{project.env.name}, {project.project}: {self.text}.{_see(project, self.link)} (<time>)"
        return {**self.paths, "time": "$.time"}, json.dumps(text)


SUBJECTS = {
    MACHINE: Subject(
        source="aws.states",
        event="Step Functions Execution Status Change",
        field="stateMachineArn",
        statuses=("status", ("FAILED", "TIMED_OUT", "ABORTED")),
        paths={
            "machine": "$.detail.stateMachineArn",
            "status": "$.detail.status",
            "execution": "$.detail.executionArn",
            "error": "$.detail.error",
            "cause": "$.detail.cause",
        },
        text="an execution of <machine> is <status>: <error> <cause>",
        link="states/home?region={region}#/v2/executions/details/<execution>",
    ),
    JOB: Subject(
        source="aws.glue",
        event="Glue Job State Change",
        field="jobName",
        statuses=("state", ("FAILED", "TIMEOUT")),
        paths={"job": "$.detail.jobName", "status": "$.detail.state", "run": "$.detail.jobRunId", "why": "$.detail.message"},
        text="the run <run> of the job <job> is <status>: <why>",
        link="gluestudio/home?region={region}#/job/<job>/run/<run>",
    ),
    CRAWLER: Subject(
        source="aws.glue",
        event="Glue Crawler State Change",
        field="crawlerName",
        statuses=("state", ("Failed",)),
        paths={"crawler": "$.detail.crawlerName", "why": "$.detail.errorMessage"},
        text="the crawler <crawler> has failed: <why>",
        link="glue/home?region={region}#/v2/data-catalog/crawlers/view/<crawler>",
    ),
    FUNCTION: Subject(
        source="lambda",
        event="Lambda Function Invocation Result - Failure",
        field="requestContext.functionArn",
        statuses=("", ()),
        paths={
            "function": "$.detail.requestContext.functionArn",
            "condition": "$.detail.requestContext.condition",
            "request": "$.detail.requestContext.requestId",
            "error": "$.detail.responsePayload.errorType",
            "why": "$.detail.responsePayload.errorMessage",
        },
        text="the invocation <request> of <function> has failed (<condition>): <error> <why>",
        link="lambda/home?region={region}#/functions",
    ),
}
"""The failures that are reported as events, by the type of what fails."""
STATE_CHANGE = Subject(
    source="aws.cloudwatch",
    event="CloudWatch Alarm State Change",
    field="alarmName",
    statuses=("state.value", ("ALARM",)),
    paths={"alarm": "$.detail.alarmName", "what": "$.detail.configuration.description", "why": "$.detail.state.reason"},
    text="<what> <why>",
    link="cloudwatch/home?region={region}#alarmsV2:alarm/<alarm>",
)
"""The events of alarms. By them a metric reaches what an alarm itself cannot notify."""


def is_express(machine: Resource | None) -> bool:
    """Whether a machine is an express one, of which there are no events."""
    if isinstance(machine, StateMachine):
        return machine.settings.type == "EXPRESS"
    return isinstance(machine, CloudResource) and machine.properties.get("StateMachineType") == "EXPRESS"


@dataclass(frozen=True)
class Alarm:
    """An alarm that goes off as soon as a metric is above zero.

    Args:
        reference: the name in its key.
        about: what it is about.
        ending: ends its name in AWS.
        text: what has happened when it goes off.
        metrics: what it watches.
        link: the address of the thing in AWS's console, without the beginning.
    """

    reference: str
    about: Ref
    ending: str
    text: str
    metrics: JsonMapping
    link: str

    def key(self, project: ProjectResources) -> Key:
        """Its key in a project."""
        return project.key(KIND, self.reference)

    def add(self, project: ProjectResources, topics: Sequence[Ref] = ()) -> Ref:
        """Adds it to a project, with the topics that it notifies; one that is there already notifies those of both."""
        env, schema, key = project.env, schema_of(ALARM, project.env.region), self.key(project)
        stands_for = stand_in(env, key, schema, f"{self.about.name}-{self.ending}")
        alarm: JsonObject = {
            "AlarmName": stands_for.name,
            "AlarmDescription": f"{env.name}, {project.project}: {self.text}.{_see(project, self.link)}",
            **self.metrics,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
        earlier = project.known().get(key)
        notified = [*earlier.properties.get("AlarmActions", ())] if isinstance(earlier, CloudResource) else []
        if actions := list(dict.fromkeys([*notified, *(topic.arn for topic in topics)])):
            alarm["AlarmActions"] = actions
        notifying = [replace(topic, purposes=(ALARMS,)) if isinstance(topic, ExistingRef) else topic for topic in topics]
        identity = project.identity(stands_for, [self.about, *notifying])
        if isinstance(earlier, CloudResource):
            needs, uses = dict.fromkeys((*earlier.needs, *identity.needs)), dict.fromkeys((*earlier.uses, *identity.uses))
            identity = replace(identity, needs=tuple(needs), uses=tuple(uses))
        project.add(cloud_resources.resource_of(identity, schema, alarm, env, f"{env.where(project.project)}: {key}"))
        return stands_for


def metric(namespace: str, name: str, dimension: str, value: str) -> JsonObject:
    """The metric of an alarm."""
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": dimension, "Value": value}],
        "Statistic": "Sum",
        "Period": ALARM_SECONDS,
    }


def express_alarm(machine: Ref) -> Alarm:
    """The alarm of an express machine: the metrics of its executions that do not succeed, added up."""
    dimensions = [{"Name": "StateMachineArn", "Value": machine.arn}]
    queries: list[JsonObject] = [
        {
            "Id": f"m{number}",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/States", "MetricName": name, "Dimensions": dimensions},
                "Period": ALARM_SECONDS,
                "Stat": "Sum",
            },
        }
        for number, name in enumerate(EXPRESS_METRICS)
    ]
    added = "+".join(f"FILL({query['Id']},0)" for query in queries)
    metrics = {"Metrics": [*queries, {"Id": "failures", "Expression": added, "ReturnData": True}]}
    text, link = f"an execution of {machine.name} has failed", f"states/home?region={{region}}#/statemachines/view/{machine.arn}"
    return Alarm(f"{machine.key.name}.failures", machine, "failures", text, metrics, link)


def rule_alarm(rule: Ref, resource: Rule | None = None) -> Alarm:
    """The alarm of a rule that could not start its target. What goes to a dead letter queue does not count as failed."""
    has_queue = resource is not None and "DeadLetterConfig" in resource.properties
    text = f"the rule {rule.name} could not start its target"
    link = f"events/home?region={{region}}#/eventbus/default/rules/{rule.name}"
    metrics = metric("AWS/Events", "InvocationsSentToDlq" if has_queue else "FailedInvocations", "RuleName", rule.name)
    return Alarm(f"{rule.key.name}.{UNDELIVERED}", rule, UNDELIVERED, text, metrics, link)


def queue_alarm(queue: Ref) -> Alarm:
    """The alarm of a queue that takes what schedules could not start."""
    text = f"a schedule could not start its target; the attributes of the messages in the queue {queue.name} say which, and why"
    metrics = metric("AWS/SQS", "NumberOfMessagesSent", "QueueName", queue.name)
    return Alarm(f"{queue.key.name}.filled", queue, "filled", text, metrics, "sqs/v3/home?region={region}#/queues")


def _see(project: ProjectResources, link: str) -> str:
    """Where people look it up in AWS's console, as a sentence; empty if its address is not known."""
    console = partitions.console(project.env.partition, project.env.region)
    return f" See {console}/{link.replace('{region}', project.env.region)}" if console else ""


def _within(path: str, values: Sequence[Json]) -> JsonObject:
    """The part of a pattern in which a field has one of these values."""
    outer, dot, inner = path.partition(".")
    return {outer: _within(inner, values) if dot else [*values]}
