"""Schedules in declarations: a rule of EventBridge, or a schedule of EventBridge Scheduler where only that can do it.

A rule starts a state machine by UTC. Time zones, flexible windows, single times, retries, dead letters and other targets are of
Scheduler. What is declared as one and was deployed as the other is replaced in one deploy: see `common.engine.moving`.

Follows https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from zoneinfo import available_timezones

from common.aws.resource_schemas import schema_of
from common.base import schedules
from common.base.json_types import JsonMapping, JsonObject
from common.base.suggestions import did_you_mean
from common.declare import cloud_resources, configuration, properties, targets, validation
from common.declare.allowed_actions import FurtherAccess, Permission
from common.declare.declaration import Configured
from common.declare.naming import Exact
from common.declare.project_resources import ProjectResources
from common.declare.triggers import Triggers, role_of
from common.declare.validation import Reason
from common.environment.resource_settings import TriggerSettings
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import kind_of
from common.resources.queue import FIFO
from common.resources.rule import Rule

SCHEDULE = "AWS::Scheduler::Schedule"
PRINCIPAL = "scheduler.amazonaws.com"
ROLE_WORD = "schedule"
"""Ends the names of the roles of schedules, so that a rule that is replaced keeps its own role until it is deleted."""
API = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:[a-z0-9]+:[a-z][A-Za-z0-9]+")
"""The ARN of an operation of any service that a schedule calls."""
START_JOB = "scheduler:::aws-sdk:glue:startJobRun"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What only EventBridge Scheduler can do; `Schedules.schedule` explains every field."""

    timezone: str | None = None
    flexible_minutes: int = 0
    retries: int | None = None
    dead_letter: Ref | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleDeclaration:
    """A schedule; `Schedules.schedule` explains every field."""

    target: Ref | str
    properties: JsonMapping
    expression: str
    input: JsonMapping
    is_default_input: bool
    options: Options
    access: FurtherAccess

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the rule or the schedule, and its role."""
        settings = configuration.merged(TriggerSettings, configured, {"properties": self.properties}, project.where(ref))
        expression = settings.expression or self.expression
        needs_scheduler = self.options != Options() or self.access != FurtherAccess() or schedules.is_once(expression)
        if isinstance(self.target, Ref) and self.target.key.kind == "state-machine" and not needs_scheduler:
            self._render_rule(project, ref, settings, expression, self.target)
        else:
            self._render_schedule(project, ref, settings, expression)

    def _render_rule(self, project: ProjectResources, ref: Ref, settings: TriggerSettings, expression: str, machine: Ref) -> None:
        role = role_of(project, ref, settings, machine)
        constant, refs = project.names.substitute(dict(self.input), project.where(ref))
        fields, named = properties.render(project, ref, settings.properties)
        identity = project.identity(ref, [*role.needs, *named, machine, *refs], settings.verify, role)
        rule = Rule(
            properties=fields,
            identity=replace(identity, replaces=(_schedule_key(ref.key), _role_key(ref.key, ROLE_WORD))),
            enabled=settings.enabled,
            target_arn=machine.arn,
            role_arn=role.arn,
            schedule=expression,
            input=constant,
            is_default_input=self.is_default_input,
        )
        project.add(rule)

    def _render_schedule(self, project: ProjectResources, ref: Ref, settings: TriggerSettings, expression: str) -> None:
        env, where = project.env, project.where(ref)
        constant, refs = project.names.substitute(dict(self.input), where)
        fields, named = properties.render(project, ref, settings.properties)
        used = [target for target in (self.target, self.options.dead_letter) if isinstance(target, Ref)]
        statements = [statement for target in used for statement in targets.statements(project, ref, target)]
        role = project.role(ref, settings.role, statements, self.access, used, runs_as=(PRINCIPAL, ROLE_WORD))
        arn, content = self._called(env.partition, constant)
        target: JsonObject = {**fields, "Arn": arn, "RoleArn": role.arn}
        target["Input"] = json.dumps(content, sort_keys=True, ensure_ascii=False)  # marks stay as they are
        options = self.options
        if options.retries is not None:
            target["RetryPolicy"] = {**target.get("RetryPolicy", {}), "MaximumRetryAttempts": options.retries}
        if options.dead_letter is not None:
            target["DeadLetterConfig"] = {"Arn": options.dead_letter.arn}
        minutes = options.flexible_minutes
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes} if minutes else {"Mode": "OFF"}
        schema, key = schema_of(SCHEDULE, env.region), _schedule_key(ref.key)
        identity = project.identity(ref, [*role.needs, *named, *used, *refs], settings.verify, role)
        stands_for = cloud_resources.named(env, key, schema, ref.name)
        own = replace(
            identity,
            key=key,
            name=stands_for.name,
            arn=stands_for.arn,
            replaces=(ref.key, _role_key(ref.key, kind_of(ref.key.kind).role_name)),
        )
        declared = {
            "Name": ref.name,
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": options.timezone or "UTC",
            "FlexibleTimeWindow": window,
            "State": "ENABLED" if settings.enabled else "DISABLED",
            "Target": target,
        }
        project.add(cloud_resources.resource_of(own, schema, declared, env, where))

    def _called(self, partition: str, constant: JsonMapping) -> tuple[str, JsonMapping]:
        """What the schedule calls, and with what."""
        if isinstance(self.target, str):
            return self.target, constant
        if self.target.key.kind == "glue-job":
            arguments = {"Arguments": constant} if constant else {}
            return f"arn:{partition}:{START_JOB}", {"JobName": self.target.name, **arguments}
        return self.target.arn, constant


class Schedules(Triggers):
    """The methods by which pipelines declare schedules and other triggers."""

    def schedule(
        self,
        reference: str,
        /,
        target: Ref | str,
        expression: str,
        constant: JsonMapping | None = None,
        *,
        timezone: str | None = None,
        flexible_minutes: int = 0,
        retries: int | None = None,
        dead_letter: Ref | None = None,
        permissions: Iterable[Permission] = (),
        accept_secret: Reason = None,
        properties: JsonMapping | None = None,
        name: str | None = None,
        role_name: str | None = None,
        role: Ref | None = None,
    ) -> Ref:
        """Starts `target` by time, with a constant input.

        Args:
            reference: what references call it.
            target: a state machine, a function, a job, a queue or a topic, or any operation of AWS as
                ``arn:aws:scheduler:::aws-sdk:service:operation``.
            expression: ``cron(…)`` or ``rate(…)``, or ``at(2027-01-31T06:30:00)`` for a single time.
            constant: the input; of a job its arguments, of an operation its parameters.
            timezone: the time zone of the expression, as in ``America/Chicago``, with its summer time; else UTC.
            flexible_minutes: how late it may start, so that many schedules do not start at once.
            retries: how often a start that fails is tried again.
            dead_letter: the queue that takes what could not be started.
            permissions: what its role is allowed, if it calls an operation, as in ``[allow("glue:StartCrawler", …)]``.
            accept_secret: see `function`.
            properties: fields of its target in AWS's own spelling, as in ``{"RetryPolicy": {"MaximumRetryAttempts": 3}}``.
            name: see `function`.
            role_name: see `function`.
            role: see `function`.
        """
        called: Ref | str = _check_api(target) if isinstance(target, str) else targets.of_schedule(target)
        access = FurtherAccess.of(permissions, ())
        if isinstance(called, str) != bool(access.permissions) and role is None:
            raise TypeError(
                "permissions: say what the schedule's role is allowed if its target is an operation, as in "
                "permissions=[allow('glue:StartCrawler', on=crawler)], and only then"
            )
        declaration = ScheduleDeclaration(
            target=called,
            properties=validation.check_object("properties", properties or {}),
            expression=validation.check_schedule(expression),
            input=validation.check_object("constant", constant or {}),
            is_default_input=constant is None,
            options=Options(
                timezone=_check_timezone(timezone),
                flexible_minutes=validation.check_integer("flexible_minutes", flexible_minutes, 0, 1440),
                retries=None if retries is None else validation.check_integer("retries", retries, 0, 185),
                dead_letter=_check_dead_letter(dead_letter),
            ),
            access=access,
        )
        self._physical.declare(_role_key(Key(self.name, "rule", reference), ROLE_WORD), role_name)
        return self._declarations.add("rule", reference, declaration, accept_secret, Exact(name, role_name), role)


def _schedule_key(key: Key) -> Key:
    """The key of the schedule of a declaration; no author can give a resource this name, because it has a dot."""
    return key._replace(kind=cloud_resources.KIND, name=f"{key.name}.{ROLE_WORD}")


def _role_key(key: Key, word: str) -> Key:
    return key._replace(kind="role", name=f"{key.name}-{word}")


def _check_api(arn: str) -> str:
    if not API.fullmatch(arn):
        raise ValueError(f"target: {arn!r} is no operation to call, as in arn:aws:scheduler:::aws-sdk:glue:startCrawler")
    return arn


def _check_timezone(name: str | None) -> str | None:
    if name is None:
        return None
    if not isinstance(name, str):
        raise TypeError(f"timezone is a text such as 'America/Chicago', not {name!r}")
    names = available_timezones()
    if names and name not in names:  # without a database of time zones AWS decides
        raise ValueError(f"timezone: there is no time zone {name!r}.{did_you_mean(name, names)}")
    return name


def _check_dead_letter(queue: Ref | None) -> Ref | None:
    if queue is not None and validation.check_kind("dead_letter", queue, "queue").name.endswith(FIFO):
        raise ValueError(f"dead_letter: {queue.key} is FIFO, and Scheduler takes standard queues alone")
    return queue
