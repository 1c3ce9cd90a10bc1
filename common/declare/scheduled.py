"""Schedules in declarations: a rule of EventBridge, or a schedule of EventBridge Scheduler where only that can do it.

A rule starts a state machine by UTC. Time zones, flexible windows, single times, retries, dead letters and other targets are of
Scheduler. What is declared as one and was deployed as the other is replaced in one deploy: see `common.engine.moving`.

Follows https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from common.aws.resource_schemas import schema_of
from common.base import schedules
from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.declare import (
    cloud_resources,
    configuration,
    dead_letters,
    grants,
    properties,
    targets,
    universal_targets,
    validation,
)
from common.declare.allowed_actions import FurtherAccess, Permission
from common.declare.declaration import Configured
from common.declare.failures import rule_alarm
from common.declare.naming import Exact
from common.declare.permissions import Statement
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND, stand_in
from common.declare.triggers import Triggers, description_of, role_of
from common.declare.validation import Reason
from common.environment.resource_settings import TriggerSettings
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import kind_of
from common.resources.rule import Rule

SCHEDULE = "AWS::Scheduler::Schedule"
PRINCIPAL = "scheduler.amazonaws.com"
ROLE_WORD = "schedule"
"""Ends the names of the roles of schedules, so that a rule that is replaced keeps its own role until it is deleted."""
START_JOB = "scheduler:::aws-sdk:glue:startJobRun"
OWN_FIELDS = {"Arn": "target", "RoleArn": "role", "Input": "constant"}
"""The fields of the target of a schedule that are arguments of their own."""


@dataclass(frozen=True, kw_only=True)
class ScheduleDeclaration:
    """A schedule; `Schedules.schedule` explains every field."""

    target: Ref | str
    settings: JsonMapping
    input: JsonMapping
    is_default_input: bool
    dead_letter: Ref | None
    access: FurtherAccess

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the rule or the schedule, and its role."""
        settings = configuration.merged(TriggerSettings, configured, self.settings, project.where(ref))
        only_scheduler = settings.timezone, settings.retries, settings.flexible_minutes or None, settings.start, settings.end
        needs_scheduler = {*only_scheduler, self.dead_letter} != {None} or self.access != FurtherAccess()
        if (
            isinstance(self.target, Ref)
            and targets.type_of(self.target) == targets.MACHINE
            and not needs_scheduler
            and not schedules.is_once(str(settings.expression))
        ):
            self._render_rule(project, ref, settings, self.target)
        else:
            self._render_schedule(project, ref, settings)

    def _render_rule(self, project: ProjectResources, ref: Ref, settings: TriggerSettings, machine: Ref) -> None:
        role = role_of(project, ref, settings, machine)
        constant, refs = project.names.substitute(dict(self.input), project.where(ref))
        fields, named = properties.render(project, ref, settings.properties)
        description, described = description_of(project, ref, settings)
        identity = project.identity(ref, [*role.needs, *named, *described, machine, *refs], settings.verify, role)
        rule = Rule(
            properties=fields,
            identity=replace(identity, replaces=(_schedule_key(ref.key), _role_key(ref.key, ROLE_WORD))),
            enabled=settings.enabled and not project.env.pauses_schedules,
            description=description,
            target_arn=targets.started_arn(project, machine),
            role_arn=role.arn,
            schedule=settings.expression,
            input=constant,
            is_default_input=self.is_default_input,
        )
        project.add(rule)

    def _render_schedule(self, project: ProjectResources, ref: Ref, settings: TriggerSettings) -> None:
        env, where = project.env, project.where(ref)
        constant, refs = project.names.substitute(dict(self.input), where)
        if isinstance(self.target, str):
            universal_targets.check_input(self.target, constant, where)
        target, named = self._target(project, ref, settings, constant)
        statements: list[Statement] = []
        dead_letter = self.dead_letter
        if "DeadLetterConfig" in target:
            arn = target["DeadLetterConfig"]["Arn"]
            statements += grants.dead_letter(project, arn, named)
            if (queue := next((queue for queue in named if queue.arn == arn), None)) is not None:
                project.dead_letters[ref.key] = queue
        elif dead_letter is None:
            dead_letter = project.undelivered.get(ref.key) or project.undelivered.get(None)
        if dead_letter is not None:
            target["DeadLetterConfig"] = {"Arn": dead_letter.arn}
            project.dead_letters[ref.key] = dead_letter
        used = [used_ref for used_ref in (self.target, dead_letter) if isinstance(used_ref, Ref)]
        statements += [statement for used_ref in used for statement in targets.statements(project, ref, used_ref)]
        role = project.role(ref, settings.role, statements, self.access, used, runs_as=(PRINCIPAL, ROLE_WORD))
        minutes = settings.flexible_minutes
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes} if minutes else {"Mode": "OFF"}
        schema, key = schema_of(SCHEDULE, env.region), _schedule_key(ref.key)
        description, described = description_of(project, ref, settings)
        identity = project.identity(ref, [*role.needs, *named, *described, *used, *refs], settings.verify, role)
        stands_for = stand_in(env, key, schema, ref.name)
        own = replace(
            identity,
            key=key,
            name=stands_for.name,
            arn=stands_for.arn,
            replaces=(ref.key, _role_key(ref.key, kind_of(ref.key.kind).role_name), rule_alarm(ref).key(project)),
        )
        declared = {
            "Name": ref.name,
            "ScheduleExpression": settings.expression,
            "ScheduleExpressionTimezone": settings.timezone or "UTC",
            "FlexibleTimeWindow": window,
            "State": "ENABLED" if settings.enabled and not env.pauses_schedules else "DISABLED",
            **_period(settings, where),
            **({"Description": description} if description else {}),
            "Target": {**target, "RoleArn": role.arn},
        }
        project.add(cloud_resources.resource_of(own, schema, declared, env, where))

    def _target(
        self, project: ProjectResources, ref: Ref, settings: TriggerSettings, constant: JsonMapping
    ) -> tuple[JsonObject, tuple[Ref, ...]]:
        """The target, and what its properties refer to."""
        fields, named = project.names.substitute(dict(settings.properties), project.where(ref))
        if own := sorted(fields.keys() & OWN_FIELDS.keys()):
            raise DeclarationError(
                f"{project.where(ref)}: properties: {own[0]} has a setting of its own: say {OWN_FIELDS[own[0]]}."
            )
        arn, content = self._called(project, constant)
        if isinstance(self.target, Ref) and targets.type_of(self.target) == targets.JOB:
            universal_targets.check_input(arn, content, project.where(ref))
        target: JsonObject = {**fields, "Arn": arn}
        target["Input"] = json.dumps(content, sort_keys=True, ensure_ascii=False)  # marks stay as they are
        if isinstance(self.target, Ref) and targets.type_of(self.target) == targets.STREAM:
            target = {"KinesisParameters": {"PartitionKey": ref.name}, **target}
        return dead_letters.with_retries(target, settings), named

    def _called(self, project: ProjectResources, constant: JsonMapping) -> tuple[str, JsonMapping]:
        """What the schedule calls, and with what."""
        if isinstance(self.target, str):
            return self.target, constant
        if targets.type_of(self.target) == targets.JOB:
            arguments = {"Arguments": constant} if constant else {}
            return f"arn:{project.env.partition}:{START_JOB}", {"JobName": self.target.name, **arguments}
        return targets.started_arn(project, self.target), constant


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
        description: str | None = None,
        timezone: str | None = None,
        flexible_minutes: int = 0,
        retries: int | None = None,
        dead_letter: Ref | None = None,
        start: str | None = None,
        end: str | None = None,
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
            target: a state machine, a function, a job, a queue, a topic, a stream or an event bus, or any operation of AWS as
                ``arn:aws:scheduler:::aws-sdk:service:operation``.
            expression: ``cron(…)`` or ``rate(…)``, or ``at(2027-01-31T06:30:00)`` for a single time.
            constant: the input; of a job its arguments, of an operation its parameters.
            description: what it is for.
            timezone: the time zone of the expression, as in ``America/Chicago``, with its summer time; else UTC.
            flexible_minutes: how late it may start, so that many schedules do not start at once.
            retries: how often a start that fails is tried again.
            dead_letter: the queue that takes what could not be started.
            start: the moment, in UTC, from which on it starts anything, as in ``2027-01-31T06:30:00``.
            end: the moment after which it starts nothing more.
            permissions: what its role is allowed, if it calls an operation, as in ``[allow("glue:StartCrawler", …)]``.
            accept_secret: see `function`.
            properties: fields of its target in AWS's own spelling, as in ``{"RetryPolicy": {"MaximumRetryAttempts": 3}}``.
            name: see `function`.
            role_name: see `function`.
            role: see `function`.
        """
        fields = validation.check_object("properties", properties or {})
        called = universal_targets.check(target) if isinstance(target, str) else targets.of_schedule(target, fields)
        access = FurtherAccess.of(permissions, ())
        if isinstance(called, str) != bool(access.permissions) and role is None:
            raise TypeError(
                "permissions: say what the schedule's role is allowed if its target is an operation, as in "
                "permissions=[allow('glue:StartCrawler', on=crawler)], and only then"
            )
        options: dict[str, Json] = {
            "expression": validation.check_schedule(expression),
            "description": None if description is None else validation.check_length("description", description, longest=512),
            "timezone": _checked("timezone", timezone, schedules.check_timezone),
            "flexible_minutes": validation.check_integer("flexible_minutes", flexible_minutes, 0, 1440) or None,
            "retries": validation.check_optional_integer("retries", retries, 0, 185),
            "start": _checked("start", start, schedules.check_moment),
            "end": _checked("end", end, schedules.check_moment),
        }
        declaration = ScheduleDeclaration(
            target=called,
            settings={"properties": fields, **{name: value for name, value in options.items() if value is not None}},
            input=validation.check_object("constant", constant or {}),
            is_default_input=constant is None,
            dead_letter=None if dead_letter is None else targets.check_dead_letter(dead_letter),
            access=access,
        )
        self._physical.declare(_role_key(Key(self.name, "rule", reference), ROLE_WORD), role_name)
        return self._declarations.add("rule", reference, declaration, accept_secret, Exact(name, role_name), role)


def _schedule_key(key: Key) -> Key:
    """The key of the schedule of a declaration; no author can give a resource this name, because it has a dot."""
    return key._replace(kind=KIND, name=f"{key.name}.{ROLE_WORD}")


def _role_key(key: Key, word: str) -> Key:
    return key._replace(kind="role", name=f"{key.name}-{word}")


def _checked(what: str, text: str | None, check: Callable[[str], str]) -> str | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise TypeError(f"{what} is a text, not {text!r}")
    try:
        return check(text)
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None


def _period(settings: TriggerSettings, where: str) -> JsonObject:
    """The moments between which a schedule starts anything.

    Raises:
        DeclarationError: there is no time between them, or it is for a single time.
    """
    if settings.start and settings.end and settings.start >= settings.end:
        raise DeclarationError(f"{where}: it would end at {settings.end}, which is not after its start, {settings.start}.")
    if (settings.start or settings.end) and schedules.is_once(str(settings.expression)):
        raise DeclarationError(f"{where}: {settings.expression} is a single time. Take its start and its end away.")
    period = {"StartDate": settings.start, "EndDate": settings.end}
    return {name: moment for name, moment in period.items() if moment}
