"""What starts a state machine, as pipelines declare it: a schedule with a constant input, or new objects below a place."""

from dataclasses import dataclass

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.declare import configuration, permissions
from common.declare.declaration import Configured
from common.declare.project_resources import ProjectResources
from common.environment.resource_settings import TriggerSettings
from common.model.reference import Location, Ref
from common.model.resource import Resource
from common.resources.bucket import Bucket
from common.resources.rule import Rule, object_created

OBJECT_PATHS = {"bucket": "$.detail.bucket.name", "key": "$.detail.object.key"}
"""Where an event of EventBridge names the new object."""
OBJECT_INPUT = '{"bucket": <bucket>, "key": <key>}'
"""What an execution gets that a new object has started."""


@dataclass(frozen=True, kw_only=True)
class ScheduleDeclaration:
    """Starts a state machine by time; `Pipeline.schedule` tells every field."""

    machine: Ref
    expression: str
    input: JsonMapping

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the rule and its role."""
        settings = configuration.merged(TriggerSettings, configured, None, project.where(ref))
        role = project.role(ref, settings.role, [permissions.allow(["states:StartExecution"], [self.machine.arn])])
        constant, refs = project.names.substitute(dict(self.input), project.where(ref))
        rule = Rule(
            identity=project.identity(ref, [*role.needs, self.machine.key, *(other.key for other in refs)]),
            enabled=settings.enabled,
            target_arn=self.machine.arn,
            role_arn=role.arn,
            schedule=settings.expression or self.expression,
            input=constant,
        )
        project.add(rule)


@dataclass(frozen=True, kw_only=True)
class ObjectTriggerDeclaration:
    """Starts a state machine for every new object at a place; `Pipeline.on_object` tells every field."""

    machine: Ref
    location: Location
    suffix: str

    def render(self, project: ProjectResources, ref: Ref, configured: Configured) -> None:
        """Adds the rule and its role."""
        settings = configuration.merged(TriggerSettings, configured, None, project.where(ref))
        if getattr(configured.own, "expression", None):
            raise DeclarationError(
                f"{project.where(ref)}: it waits for new objects, so it has no schedule. Take `expression` away."
            )
        bucket = self.location.bucket
        _check_events(project.borrowed.get(bucket.key), project.where(ref))
        role = project.role(ref, settings.role, [permissions.allow(["states:StartExecution"], [self.machine.arn])])
        rule = Rule(
            identity=project.identity(ref, [*role.needs, self.machine.key, bucket.key]),
            enabled=settings.enabled,
            target_arn=self.machine.arn,
            role_arn=role.arn,
            pattern=object_created(bucket.name, f"{self.location.prefix}*{self.suffix}"),
            input_transformer=(OBJECT_PATHS, OBJECT_INPUT),
        )
        project.add(rule)


def _check_events(bucket: Resource | None, where: str) -> None:
    """Looks whether a bucket tells of its new objects: a rule waits for ever for one that does not.

    Raises:
        DeclarationError: it does not.
    """
    if isinstance(bucket, Bucket) and not bucket.event_bridge:
        name = bucket.key.name
        raise DeclarationError(
            f"{where}: {bucket.key} tells nobody of new objects. Declare it with shared.bucket({name!r}, event_bridge=True)."
        )
