"""Alerts: a topic is notified of every failure in a project, with a sentence for people.

Executions, job runs and crawls that fail are events, for which a rule publishes by a role of its own. Errors of functions,
express executions that fail, and rules and schedules that cannot start their targets are metrics, so each has an alarm.
CloudWatch publishes by the policy of the topic, and the one that a topic is created with allows that to alarms of its account.

The metrics of EventBridge Scheduler are of a whole group of schedules, so what a schedule cannot start goes to a queue, and
an alarm watches the metric of the queue.

Follows https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from common.base.errors import DeclarationError
from common.base.lean_dataclass import dataclass
from common.declare import failures, targets
from common.declare.declaration import Configured
from common.declare.failures import SUBJECTS, UNDELIVERED, Alarm, Subject
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND
from common.declare.targets import CRAWLER, FUNCTION, JOB, MACHINE
from common.declare.triggers import RuleDeclaration
from common.model.generated import GeneratedRef, marked_keys
from common.model.reference import Ref
from common.model.resource import Key, Resource
from common.resources import kind_of
from common.resources.cloud_control import CloudResource
from common.resources.queue import Queue
from common.resources.rule import Rule
from common.resources.topic import Topic

ERRORS = "errors"
"""The keys and names of the alarms of functions end with this word."""
WATCHED = {"alert-machines": MACHINE, "alert-jobs": JOB, "alert-crawlers": CRAWLER}
"""The types whose failures are events, by the names of the rules that wait for them."""
KEPT_SECONDS = 1_209_600
"""A queue keeps what could not be started for two weeks, which is the longest."""
CLOUDWATCH = "cloudwatch.amazonaws.com"
"""The principal of alarms."""
Refs = Callable[[], list[Ref]]
"""Returns the references to all that a project declares."""


@dataclass(frozen=True, kw_only=True)
class AlertDeclaration:
    """A rule that notifies a topic of the failures of one type; `Alerts.alert` explains it."""

    after_others: ClassVar[bool] = True
    type_name: str
    topic: Ref
    refs: Refs

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the rule and its role, if the project has anything of the type."""
        resources = project.known()
        of_type = [declared for declared in self.refs() if targets.type_of(declared) == self.type_name]
        if not (watched := [declared for declared in of_type if not failures.is_express(resources.get(declared.key))]):
            return
        subject = SUBJECTS[self.type_name]
        for number, pattern in enumerate(subject.patterns(subject.names(watched)), 1):
            rule_ref = ref if number == 1 else _further(project, ref, number)
            needs = [declared for declared in watched if isinstance(declared, GeneratedRef)]
            add_rule(project, rule_ref, configured, self.topic, subject, pattern, needs, role_ref=ref)


def add_rule(
    project: ProjectResources,
    ref: Ref,
    configured: Configured,
    notify: Ref,
    subject: Subject,
    pattern: Mapping[str, object],
    needs: Iterable[Ref] = (),
    role_ref: Ref | None = None,
) -> None:
    """Adds a rule that reports failures, and its role: a topic gets a sentence, anything else the event as it is.

    Args:
        project: the project.
        ref: the rule.
        configured: what configuration says of it.
        notify: what is notified.
        subject: the failures.
        pattern: which of them.
        needs: what must exist first besides.
        role_ref: the rule whose role it has, if not one of its own.
    """
    rule = RuleDeclaration(target=notify, settings=None, dead_letter=None)
    message = subject.message(project) if targets.type_of(notify) == targets.TOPIC else None
    rule.add(project, ref, rule.merged(project, ref, configured), pattern, needs, message, role_ref)


def _further(project: ProjectResources, ref: Ref, number: int) -> Ref:
    """The reference to one more rule, where one pattern cannot name all resources."""
    kind, key = kind_of(ref.key.kind), ref.key._replace(name=f"{ref.key.name}-{number}")
    name = project.physical.of(kind, key.name)
    return Ref(key, name, kind.arn_of(project.env, name))


@dataclass(frozen=True, kw_only=True)
class AlarmsDeclaration:
    """An alarm for each function, express machine and trigger of a project; `Alerts.alert` explains it."""

    after_others: ClassVar[bool] = True
    topic: Ref
    refs: Refs

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # nothing is configured
        """Adds the alarms."""
        targets.check_region(project, ref, self.topic)
        check_key(project, self.topic)
        resources = project.known()
        for declared in self.refs():
            if (alarm := _alarm(declared, resources.get(declared.key))) is not None:
                alarm.add(project, [self.topic])
        for queue in {queue.key: queue for queue in project.dead_letters.values()}.values():
            failures.queue_alarm(queue).add(project, [self.topic])


def _alarm(ref: Ref, resource: Resource | None) -> Alarm | None:
    """The alarm of a resource whose failures are a metric; None for any other resource."""
    type_name = targets.type_of(ref)
    if type_name == FUNCTION:
        text, link = f"the function {ref.name} has failed", f"lambda/home?region={{region}}#/functions/{ref.name}"
        metric = failures.metric("AWS/Lambda", "Errors", "FunctionName", ref.name)
        return Alarm(f"{ref.key.name}.{ERRORS}", ref, ERRORS, text, metric, link)
    if type_name == MACHINE:
        return failures.express_alarm(ref) if failures.is_express(resource) else None
    return failures.rule_alarm(ref, resource) if isinstance(resource, Rule) and ref.key.name not in WATCHED else None


@dataclass(frozen=True, kw_only=True)
class UndeliveredDeclaration:
    """A queue that takes what schedules could not start, if there are any that have no other for it."""

    after_others: ClassVar[bool] = True

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:  # nothing is configured
        """Adds the queue."""
        if ref.key in {queue.key for queue in project.dead_letters.values()}:
            project.add(Queue(identity=project.identity(ref), retention_seconds=KEPT_SECONDS))


def check_key(project: ProjectResources, topic: Ref) -> None:
    """Checks that alarms can publish to a topic: its key must allow CloudWatch to use it, and AWS's own key does not.

    What somebody else has encrypted is not known here.

    Raises:
        DeclarationError: they cannot.
    """
    resources = project.known()
    resource = resources.get(topic.key)
    name = str(resource.properties.get("KmsMasterKeyId", "")) if isinstance(resource, CloudResource | Topic) else ""
    where = f"{project.env.where(project.project)}: {topic.key}"
    if name.endswith("alias/aws/sns"):
        raise DeclarationError(
            f"{where}: AWS's own key alias/aws/sns encrypts it, which lets no alarm publish to it. Give it a key of yours whose "
            f"policy allows kms:GenerateDataKey and kms:Decrypt to cloudwatch.amazonaws.com, or none."
        )
    for key in marked_keys(name):
        if (policy := _policy_of(resources.get(key))) is not None and CLOUDWATCH not in policy:
            raise DeclarationError(
                f"{where}: {key} encrypts it, and its KeyPolicy does not allow {CLOUDWATCH} to use it, so no alarm could "
                f'publish. Add a statement with "Principal": {{"Service": "{CLOUDWATCH}"}} and "Action": '
                f'["kms:GenerateDataKey*", "kms:Decrypt"].'
            )


def _policy_of(key: Resource | None) -> str | None:
    """The policy of a key as text; None if it is not declared."""
    policy = key.properties.get("KeyPolicy") if isinstance(key, CloudResource) else None
    return None if policy is None else str(policy)


class Alerts(PipelineParts):
    """The method by which pipelines declare them."""

    def alert(self, topic: Ref) -> None:
        """Notifies a topic of every failure in the project.

        Failures are executions that fail, are aborted or take too long, failed jobs and crawlers, errors of functions, and rules
        and schedules that could not start their targets.
        """
        topic = targets.check_order(targets.check("topic", topic, [targets.TOPIC]), {})
        refs = self._declarations.every_ref
        for name, type_name in WATCHED.items():
            self._declarations.add("rule", name, AlertDeclaration(type_name=type_name, topic=topic, refs=refs))
        self._declarations.collect_undelivered(self._declarations.add("queue", f"alert-{UNDELIVERED}", UndeliveredDeclaration()))
        key = Key(self.name, KIND, f"alert.{ERRORS}")
        self._declarations.keep(Ref(key, topic.name, topic.arn), AlarmsDeclaration(topic=topic, refs=refs))
