"""Alerts: a topic is notified of every failure in a project, with a sentence for people.

Executions, job runs and crawls that fail are events, for which a rule publishes by a role of its own. The errors of functions are
a metric, so each function has an alarm. CloudWatch publishes by the policy of the topic, and the one that a topic is created with
allows that to the alarms of its account.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html,
https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html and
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.aws.resource_schemas import schema_of
from common.base.json_types import JsonObject
from common.declare import cloud_resources, configuration, properties, targets
from common.declare.declaration import Configured
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND, stand_in
from common.declare.triggers import check_no_schedule, role_of
from common.environment.resource_settings import TriggerSettings
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import kind_of
from common.resources.rule import Rule

ALARM = "AWS::CloudWatch::Alarm"
ERRORS = "errors"
"""The keys and names of the alarms end with this word."""
PATTERN_CHARACTERS = 2048
"""How long the pattern of a rule may be, unless an account has asked for more.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
"""
ALARM_SECONDS = 60
"""An alarm counts the errors of this many seconds together."""
Refs = Callable[[str], list[Ref]]
"""Returns the references to what a project declares of a kind."""


@dataclass(frozen=True)
class Subject:
    """The events that report failures of a kind of resources, and the message about them.

    Args:
        kind: the kind.
        source: the source of the events.
        event: their detail type.
        field: the field of the detail that names the resource.
        statuses: the field of the detail with the status, and those that are reported.
        paths: the JSON paths of the parts of the message.
        text: the message; parts stand in angle brackets.
    """

    kind: str
    source: str
    event: str
    field: str
    statuses: tuple[str, tuple[str, ...]]
    paths: Mapping[str, str]
    text: str

    def patterns(self, names: Sequence[str]) -> Iterator[JsonObject]:
        """Yields event patterns that name all these resources together, each short enough for EventBridge."""
        field, statuses = self.statuses
        empty: JsonObject = {self.field: [], field: [*statuses]}
        pattern: JsonObject = {"source": [self.source], "detail-type": [self.event], "detail": empty}
        room, chosen = PATTERN_CHARACTERS - len(json.dumps(pattern)), list[str]()
        for name in names:
            if chosen and len(json.dumps([*chosen, name])) > room:
                yield {**pattern, "detail": {**empty, self.field: chosen}}
                chosen = []
            chosen.append(name)
        yield {**pattern, "detail": {**empty, self.field: chosen}}


SUBJECTS = {
    "alert-machines": Subject(
        kind="state-machine",
        source="aws.states",
        event="Step Functions Execution Status Change",
        field="stateMachineArn",
        statuses=("status", ("FAILED", "TIMED_OUT", "ABORTED")),
        paths={"machine": "$.detail.stateMachineArn", "status": "$.detail.status", "execution": "$.detail.executionArn"},
        text="an execution of <machine> is <status>: <execution>",
    ),
    "alert-jobs": Subject(
        kind="glue-job",
        source="aws.glue",
        event="Glue Job State Change",
        field="jobName",
        statuses=("state", ("FAILED", "TIMEOUT")),
        paths={"job": "$.detail.jobName", "status": "$.detail.state", "run": "$.detail.jobRunId", "why": "$.detail.message"},
        text="the run <run> of the job <job> is <status>: <why>",
    ),
    "alert-crawlers": Subject(
        kind="crawler",
        source="aws.glue",
        event="Glue Crawler State Change",
        field="crawlerName",
        statuses=("state", ("Failed",)),
        paths={"crawler": "$.detail.crawlerName", "why": "$.detail.errorMessage"},
        text="the crawler <crawler> has failed: <why>",
    ),
}
"""The failures that are reported, by the names of the rules."""


@dataclass(frozen=True, kw_only=True)
class AlertDeclaration:
    """A rule that notifies a topic of the failures of one kind; `Alerts.alert` explains it."""

    subject: Subject
    topic: Ref
    refs: Refs

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the rule and its role, if the project has anything of the kind."""
        if not (watched := self.refs(self.subject.kind)):
            return
        where, subject = project.where(ref), self.subject
        settings = configuration.merged(TriggerSettings, configured, None, where)
        check_no_schedule(configured, where)
        role = role_of(project, ref, settings, self.topic)
        fields, named = properties.render(project, ref, settings.properties)
        names = sorted(item.arn if subject.field.endswith("Arn") else item.name for item in watched)
        for number, pattern in enumerate(subject.patterns(names), 1):
            rule = Rule(
                properties=fields,
                identity=project.identity(
                    ref if number == 1 else _further(project, ref, number),
                    [*role.needs, *named, self.topic],
                    settings.verify,
                    role,
                ),
                enabled=settings.enabled,
                target_arn=self.topic.arn,
                role_arn=role.arn,
                pattern=pattern,
                input_transformer=(
                    {**subject.paths, "time": "$.time"},
                    json.dumps(f"{project.env.name}, {project.project}: {subject.text} (<time>)"),
                ),
            )
            project.add(rule)


def _further(project: ProjectResources, ref: Ref, number: int) -> Ref:
    """The reference to one more rule, where one pattern cannot name all resources."""
    kind, key = kind_of(ref.key.kind), ref.key._replace(name=f"{ref.key.name}-{number}")
    name = project.physical.of(kind, key.name)
    return Ref(key, name, kind.arn_of(project.env, name))


@dataclass(frozen=True, kw_only=True)
class AlarmsDeclaration:
    """An alarm for the errors of each function of a project; `Alerts.alert` explains it."""

    topic: Ref
    refs: Refs

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # nothing is configured
        """Adds the alarms."""
        targets.check_region(project, ref, self.topic)
        schema = schema_of(ALARM, project.env.region)
        for function in self.refs("lambda"):
            key = ref.key._replace(name=f"{function.key.name}.{ERRORS}")
            stands_for = stand_in(project.env, key, schema, f"{function.name}-{ERRORS}")
            identity = project.identity(stands_for, [function, self.topic])
            alarm: JsonObject = {
                "AlarmName": stands_for.name,
                "AlarmDescription": f"{project.env.name}, {project.project}: the function {function.name} has failed",
                "Namespace": "AWS/Lambda",
                "MetricName": "Errors",
                "Dimensions": [{"Name": "FunctionName", "Value": function.name}],
                "Statistic": "Sum",
                "Period": ALARM_SECONDS,
                "EvaluationPeriods": 1,
                "Threshold": 0,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": [self.topic.arn],
            }
            project.add(cloud_resources.resource_of(identity, schema, alarm, project.env, project.where(ref)))


class Alerts(PipelineParts):
    """The method by which pipelines declare them."""

    def alert(self, topic: Ref) -> None:
        """Notifies a topic of every failure in the project.

        Failures are executions that fail, are aborted or take too long, failed jobs and crawlers, and errors of functions.
        """
        topic, refs = targets.check("topic", topic, [targets.TOPIC]), self._declarations.refs
        for name, subject in SUBJECTS.items():
            self._declarations.add("rule", name, AlertDeclaration(subject=subject, topic=topic, refs=refs))
        key = Key(self.name, KIND, f"alert.{ERRORS}")
        self._declarations.keep(Ref(key, topic.name, topic.arn), AlarmsDeclaration(topic=topic, refs=refs))
