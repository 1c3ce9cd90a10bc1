"""Triggers that wait for events in declarations: new objects below a place, or what matches a pattern."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.base.text_rules import check_text
from common.declare import configuration, dead_letters, event_patterns, targets, validation
from common.declare.declaration import Configured, DeclaredSettings
from common.declare.naming import Exact
from common.declare.pipeline_parts import PipelineParts
from common.declare.project_resources import ProjectResources, UsedRole
from common.environment.resource_settings import TriggerSettings
from common.model.existing import ExistingRef
from common.model.lookup import EVENTS
from common.model.reference import Location, Ref
from common.model.resource import Resource
from common.resources.bucket import Bucket
from common.resources.cloud_control import CloudResource
from common.resources.rule import Rule, object_created

OBJECT_PATHS = {"bucket": "$.detail.bucket.name", "key": "$.detail.object.key"}
"""The JSON paths at which an event of EventBridge names the new object."""
OBJECT_INPUT = '{"bucket": <bucket>, "key": <key>}'
"""The input of an execution that a new object starts."""
OF_SCHEDULES = ("expression", "timezone", "flexible_minutes", "start", "end")
"""The settings of schedules alone."""


@dataclass(frozen=True, kw_only=True)
class RuleDeclaration:
    """What all declarations of rules for events have."""

    target: Ref
    settings: DeclaredSettings
    dead_letter: Ref | None

    def merged(self, project: ProjectResources, ref: Ref, configured: Configured) -> TriggerSettings:
        """Returns the settings of the rule.

        Raises:
            DeclarationError: configuration gives it a schedule.
        """
        settings = configuration.merged(TriggerSettings, configured, self.settings, project.where(ref))
        check_no_schedule(configured, project.where(ref))
        return settings

    def add(
        self,
        project: ProjectResources,
        ref: Ref,
        settings: TriggerSettings,
        pattern: JsonMapping,
        needs: Iterable[Ref],
        transformer: tuple[Mapping[str, str], str] | None = None,
        role_ref: Ref | None = None,
    ) -> None:
        """Adds the rule and its role.

        Args:
            project: the project.
            ref: the rule.
            settings: its settings.
            pattern: the events that it waits for.
            needs: what must exist first besides its target.
            transformer: the JSON paths in an event and the template that make the input of its target; None hands on the event.
            role_ref: the rule whose role it has, if not one of its own.
        """
        role = role_of(project, role_ref or ref, settings, self.target)
        fields, named = dead_letters.fields_of(project, ref, settings, self.dead_letter)
        description, described = description_of(project, ref, settings)
        rule = Rule(
            properties=fields,
            description=description,
            identity=project.identity(ref, [*role.needs, *named, *described, self.target, *needs], settings.verify, role),
            enabled=settings.enabled,
            target_arn=targets.started_arn(project, self.target),
            role_arn=role.arn,
            pattern=pattern,
            input_transformer=transformer,
        )
        project.add(rule)


@dataclass(frozen=True, kw_only=True)
class ObjectTriggerDeclaration(RuleDeclaration):
    """A rule that starts its target for every new object at a place; `Pipeline.on_object` explains every field."""

    location: Location
    suffix: str

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the rule and its role."""
        settings, bucket = self.merged(project, ref, configured), self.location.bucket
        if project.env.is_away and bucket.key.project != project.project:
            home, region = project.env.home_region, project.env.region
            raise DeclarationError(
                f"{project.where(ref)}: S3 sends the events of {bucket.key} in the bucket's region, {home}, and the project is "
                f"in {region}, where no rule gets them. Start {self.target.key} on a schedule instead."
            )
        _check_events(project.known().get(bucket.key), project.where(ref))
        bucket = replace(bucket, purposes=(EVENTS,)) if isinstance(bucket, ExistingRef) else bucket
        pattern = object_created(bucket.name, f"{self.location.prefix}*{self.suffix}")
        self.add(project, ref, settings, pattern, [bucket], (OBJECT_PATHS, OBJECT_INPUT))


@dataclass(frozen=True, kw_only=True)
class EventTriggerDeclaration(RuleDeclaration):
    """A rule that starts its target for every event of a pattern; `Pipeline.on_event` explains every field."""

    pattern: JsonMapping

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the rule and its role."""
        settings = self.merged(project, ref, configured)
        pattern, refs = project.names.substitute(dict(self.pattern), project.where(ref))
        event_patterns.check_length(pattern, settings.pattern_characters, project.where(ref))
        self.add(project, ref, settings, pattern, refs)


def role_of(project: ProjectResources, ref: Ref, settings: TriggerSettings, target: Ref) -> UsedRole:
    """The role of a rule, which may start one target and nothing else.

    Raises:
        DeclarationError: the target is in another region.
    """
    return project.role(ref, settings.role, targets.statements(project, ref, target), uses=[target])


def description_of(project: ProjectResources, ref: Ref, settings: TriggerSettings) -> tuple[str | None, tuple[Ref, ...]]:
    """What a trigger is for, with its tokens replaced, and what these refer to."""
    text, refs = project.names.substitute({"description": settings.description}, project.where(ref), texts=True)
    return text["description"], refs


def check_no_schedule(configured: Configured, where: str) -> None:
    """Checks that configuration gives no schedule to what waits for events.

    Raises:
        DeclarationError: it does.
    """
    for name in OF_SCHEDULES:
        if getattr(configured.own, name, None) is not None:
            raise DeclarationError(f"{where}: it waits for events, so it has no schedule. Take `{name}` away.")


def _check_events(bucket: Resource | None, where: str) -> None:
    """Checks that a bucket sends events for new objects; without them the rule would never start anything.

    Raises:
        DeclarationError: the bucket sends no events.
    """
    if isinstance(bucket, Bucket) and not bucket.event_bridge:
        name = bucket.key.name
        raise DeclarationError(
            f"{where}: {bucket.key} tells nobody of new objects. Declare it with shared.bucket({name!r}, event_bridge=True)."
        )
    if isinstance(bucket, CloudResource):
        events = bucket.properties.get("NotificationConfiguration", {}).get("EventBridgeConfiguration")
        if events is None or not events.get("EventBridgeEnabled", True):
            fields = '"NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}'
            raise DeclarationError(f"{where}: {bucket.key} tells nobody of new objects. Declare it with {fields}.")


def _settings(fields: JsonMapping, description: str | None, retries: int | None) -> JsonObject:
    """What the declaration of a rule says of its settings."""
    return {
        "properties": fields,
        **({} if description is None else {"description": validation.check_length("description", description, longest=512)}),
        **({} if retries is None else {"retries": validation.check_integer("retries", retries, 0, 185)}),
    }


class Triggers(PipelineParts):
    """The methods by which pipelines declare them."""

    def on_object(
        self,
        reference: str,
        /,
        target: Ref,
        location: Location,
        suffix: str = "",
        *,
        description: str | None = None,
        retries: int | None = None,
        dead_letter: Ref | None = None,
        properties: JsonMapping | None = None,
        name: str | None = None,
        role_name: str | None = None,
        role: Ref | None = None,
    ) -> Ref:
        """Starts `target` with ``{"bucket", "key"}`` for each new object at `location` whose key ends with `suffix`.

        The target is a state machine, a function, a queue, a topic, a stream, an event bus or an API destination.

        A delivery that fails is tried again `retries` times within a day, by default 185 times, and then goes to `dead_letter`, a
        queue. `description` says what the rule is for. Names, and a role that exists, are given as to a function.
        """
        place, fields = validation.check_place("location", location), validation.check_object("properties", properties or {})
        declaration = ObjectTriggerDeclaration(
            target=targets.of_rule(target, fields),
            settings=_settings(fields, description, retries),
            dead_letter=None if dead_letter is None else targets.check_dead_letter(dead_letter),
            location=place,
            suffix=check_text(suffix),
        )
        return self._declarations.add("rule", reference, declaration, exact=Exact(name, role_name), role=role)

    def on_event(
        self,
        reference: str,
        /,
        target: Ref,
        pattern: JsonMapping,
        *,
        description: str | None = None,
        retries: int | None = None,
        dead_letter: Ref | None = None,
        properties: JsonMapping | None = None,
        name: str | None = None,
        role_name: str | None = None,
        role: Ref | None = None,
    ) -> Ref:
        """Starts `target` with each event of the default bus that `pattern` matches, as EventBridge writes patterns.

        Tokens in the pattern are replaced.

        The target is a state machine, a function, a queue, a topic, a stream, an event bus or an API destination.

        A delivery that fails is tried again `retries` times within a day, by default 185 times, and then goes to `dead_letter`, a
        queue. `description` says what the rule is for. Names, and a role that exists, are given as to a function.
        """
        fields, waits_for = validation.check_object("properties", properties or {}), validation.check_object("pattern", pattern)
        event_patterns.check(waits_for)
        declaration = EventTriggerDeclaration(
            target=targets.of_rule(target, fields),
            settings=_settings(fields, description, retries),
            dead_letter=None if dead_letter is None else targets.check_dead_letter(dead_letter),
            pattern=waits_for,
        )
        return self._declarations.add("rule", reference, declaration, exact=Exact(name, role_name), role=role)


def machine_of(ref: Ref) -> Ref:
    """The state machine that is started.

    Raises:
        TypeError: it is none.
    """
    return validation.check_kind("machine", ref, "state-machine")
