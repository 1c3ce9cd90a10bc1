"""Notifications of the failures of one thing: `Pipeline.on_failure`. `Pipeline.alert` is about all things of a project.

What sends events has a rule that waits for them. A function sends what it could not do of its asynchronous invocations to one
destination: to a queue or a function itself, for anything else to the default event bus, where the rule waits. What has only
metrics has an alarm, which publishes to a topic itself; anything else is notified by a rule that waits for the alarm.

Follows https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from dataclasses import replace
from typing import ClassVar

from common.aws.resource_schemas import schema_of
from common.base.errors import DeclarationError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.declare import failures, targets, used_keys
from common.declare.alerts import UndeliveredDeclaration, add_rule, check_key
from common.declare.allowed_actions import allow
from common.declare.cloud_resources import ResourceDeclaration
from common.declare.declaration import Configured
from common.declare.failures import STATE_CHANGE, SUBJECTS, UNDELIVERED, Alarm
from common.declare.naming import Exact
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND, reference_to, token_of
from common.declare.targets import CRAWLER, FUNCTION, JOB, MACHINE, QUEUE, TOPIC
from common.model.existing import ExistingRef
from common.model.generated import GeneratedRef
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import function_versions
from common.resources.rule import Rule

DESTINATION = "AWS::Lambda::EventInvokeConfig"
"""The type of the destinations of a function."""
TRIGGER = "rule"
"""The kind of triggers, also of those that are schedules of EventBridge Scheduler."""
FAILING = (MACHINE, JOB, CRAWLER, FUNCTION)
"""The types of what fails, besides triggers."""


@dataclass(frozen=True, kw_only=True)
class DestinationDeclaration:
    """Where a function sends what it could not do when it is started as triggers start it: directly, or by its alias."""

    config: ResourceDeclaration
    function: Ref

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the destination."""
        publishes = targets.started_arn(project, self.function) != self.function.arn
        qualifier = {"Qualifier": function_versions.ALIAS if publishes else "$LATEST"}
        replace(self.config, properties={**self.config.properties, **qualifier}).render(project, ref, configured)


@dataclass(frozen=True, kw_only=True)
class FailureDeclaration:
    """What reports the failures of one thing; `Failures.on_failure` explains every field."""

    after_others: ClassVar[bool] = True
    of: Ref
    notify: Ref

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds a rule, or an alarm, or both."""
        of, notify = self.of, self.notify
        if (alarm := self._alarm(project)) is not None:
            targets.check_region(project, ref, notify)
            if targets.type_of(notify) == TOPIC:
                check_key(project, notify)
                alarm.add(project, [notify])
                return
            watched = alarm.add(project)
            add_rule(project, ref, configured, notify, STATE_CHANGE, STATE_CHANGE.pattern([watched.name]), [watched])
        elif is_sent_directly(of, notify):
            used_keys.allow(project, of, [notify], writing=True)
        elif of.key.kind != TRIGGER:
            subject = SUBJECTS[targets.type_of(of)]
            names = [of.arn, {"prefix": f"{of.arn}:"}] if targets.type_of(of) == FUNCTION else subject.names([of])
            add_rule(project, ref, configured, notify, subject, subject.pattern(names), [of])

    def _alarm(self, project: ProjectResources) -> Alarm | None:
        """The alarm about what sends no events; None if what fails reaches what is notified without one."""
        resource = project.known().get(self.of.key)
        if failures.is_express(resource):
            return failures.express_alarm(self.of)
        if self.of.key.kind != TRIGGER:
            return None
        if isinstance(resource, Rule):
            return failures.rule_alarm(self.of, resource)
        queue = self._dead_letter(project)
        return None if queue == self.notify else failures.queue_alarm(queue)

    def _dead_letter(self, project: ProjectResources) -> Ref:
        """The queue that takes what a schedule could not start.

        Raises:
            DeclarationError: nothing is known of that queue but its ARN, or another queue is to be notified.
        """
        where, queue = project.where(self.of), project.dead_letters.get(self.of.key)
        if queue is None:
            raise DeclarationError(
                f"{where}: its properties name the ARN of its dead letter queue, which is not enough for p.on_failure. Give a "
                f"reference to the queue as dead_letter of p.schedule, such as p.existing.queue(…)."
            )
        if targets.type_of(self.notify) == QUEUE and queue != self.notify:
            raise DeclarationError(
                f"{where}: what it cannot start goes to {queue.key}, so it cannot go to {self.notify.key}. Take the dead letter "
                f"or p.on_failure away."
            )
        return queue


def is_sent_directly(of: Ref, notify: Ref) -> bool:
    """Whether a function itself sends what it could not do: to what reads the whole record."""
    return targets.type_of(of) == FUNCTION and targets.type_of(notify) in {QUEUE, FUNCTION}


class Failures(PipelineParts):
    """The method by which pipelines declare what is notified of the failures of one thing."""

    def on_failure(
        self,
        of: Ref,
        notify: Ref,
        *,
        reference: str | None = None,
        name: str | None = None,
        role_name: str | None = None,
        role: Ref | None = None,
    ) -> None:
        """Tells `notify` of each failure of one thing.

        Args:
            of: a state machine, a job, a crawler, a function of the project (of its asynchronous invocations), or a trigger that
                could not start its target.
            notify: a topic, which gets a sentence; or a queue, a function, a state machine, a stream or an event bus, which get
                the whole event. A queue takes what a schedule could not start itself, and a queue or a function what a function
                could not do.
            reference: what configuration calls it in `triggers`; by default the name of the thing with ``-failed``.
            name: see `function`.
            role_name: see `function`.
            role: see `function`.
        """
        if not isinstance(of, Ref) or (of.key.kind != TRIGGER and targets.type_of(of) not in FAILING):
            raise TypeError(f"of must be a state machine, job, crawler, function or trigger, not {targets.shown(of)}")
        notify = targets.of_rule(notify, {}, "notify")
        if of == notify:
            raise ValueError(f"{of.key} would be notified of its own failures, again and again: notify something else")
        if targets.type_of(of) == FUNCTION:
            self._send_failures(of, notify)
        elif of.key.kind == TRIGGER:
            self._collect_undelivered(of, notify)
        declaration = FailureDeclaration(of=of, notify=notify)
        exact = Exact(name, role_name)
        self._declarations.add(TRIGGER, reference or f"{of.key.name}-failed", declaration, exact=exact, role=role)

    def _send_failures(self, function: Ref, notify: Ref) -> None:
        """Gives a function its destination, and its role the permission to send there."""
        if isinstance(function, ExistingRef | GeneratedRef):
            raise TypeError(f"of: {function.key} has a role of somebody else, which would need permission to report failures")
        key = Key(self.name, KIND, f"{function.key.name}.failures")
        if key.name in self._declarations.names(KIND):
            raise ValueError(
                f"{function.key} has one destination for its failures: say on_failure once, with a topic for several"
            )
        directly = is_sent_directly(function, notify)
        bus = self.env.arn("events", "event-bus/default")
        destination = token_of(notify) if directly else bus
        schema = schema_of(DESTINATION, self.env.region)
        declared: JsonObject = {
            "FunctionName": token_of(function, "name"),
            "DestinationConfig": {"OnFailure": {"Destination": destination}},
        }
        config = ResourceDeclaration(schema=schema, properties=declared, name="")
        self._declarations.keep(reference_to(self.env, key, schema, ""), DestinationDeclaration(config=config, function=function))
        actions = targets.ACTIONS[targets.type_of(notify)] if directly else ("events:PutEvents",)
        self._declarations.allow(function, allow(*actions, on=notify if directly else bus))

    def _collect_undelivered(self, trigger: Ref, notify: Ref) -> None:
        """Gives a schedule a queue for what it could not start: the one that is notified, or else its own; a rule needs none."""
        if targets.type_of(notify) == QUEUE:
            self._declarations.collect_undelivered(notify, trigger)
        elif not self._declarations.collects_undelivered(trigger):
            queue = self._declarations.add("queue", f"{trigger.key.name}-{UNDELIVERED}", UndeliveredDeclaration())
            self._declarations.collect_undelivered(queue, trigger)
