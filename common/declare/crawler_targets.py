"""The targets of a crawler that are not locations in S3, and its queues: what they refer to, and what its role needs for them.

Follows https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html and, for events,
https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-event-notifications.html
"""

from collections.abc import Iterator

from common.base.errors import DeclarationError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.declare import permissions
from common.declare.permissions import Statement
from common.declare.project_resources import ProjectResources
from common.environment.resource_settings import CrawlerSettings
from common.model.generated import has_mark
from common.model.reference import Location, Ref
from common.resources import kind_of
from common.resources.crawler_targets import TARGETS, spelled

_QUEUES = ("event_queue", "event_dead_letter")
_OF_QUEUE = (
    *("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListDeadLetterSourceQueues"),
    *("sqs:ListQueueTags", "sqs:PurgeQueue", "sqs:ReceiveMessage", "sqs:SetQueueAttributes"),
)
"""What Glue does with the queue of events, by the role of the crawler."""


@dataclass(frozen=True)
class OtherTargets:
    """The other targets and the queues of a crawler, by their settings; tokens are replaced.

    Args:
        values: the values of the settings that are set.
        refs: the resources that they refer to.
    """

    values: JsonObject
    refs: tuple[Ref, ...]

    @classmethod
    def of(cls, project: ProjectResources, where: str, settings: CrawlerSettings) -> "OtherTargets":
        """Takes them from settings.

        Raises:
            DeclarationError: properties have targets of the same kind, or a queue is none.
        """
        listed = {name: getattr(settings, name) for name in TARGETS}
        chosen: JsonObject = {
            name: [target.model_dump(exclude_none=True, mode="json") for target in targets]
            for name, targets in listed.items()
            if targets is not None
        }
        chosen |= {name: getattr(settings, name) for name in _QUEUES if getattr(settings, name) is not None}
        in_properties = (settings.properties.get("Targets") or {}).keys()
        for name in chosen.keys() & TARGETS.keys():
            if TARGETS[name].kind in in_properties:
                raise DeclarationError(
                    f"{where}: {name} and properties both set Targets.{TARGETS[name].kind}: take one of them away."
                )
        values, refs = project.names.substitute(chosen, where) if chosen else ({}, ())
        for name in values.keys() & {*_QUEUES}:
            if not has_mark(values[name]) and values[name].split(":")[2:3] != ["sqs"]:
                raise DeclarationError(f"{where}: {name} is {values[name]!r}; it must be an ARN of sqs.")
        return cls(values, refs)

    @property
    def targets(self) -> JsonObject:
        """The targets as Glue spells them."""
        return spelled({name: value for name, value in self.values.items() if name in TARGETS})

    def queue(self, name: str) -> str | None:
        """The ARN of a queue."""
        return self.values.get(name)

    def locations(self, project: ProjectResources) -> tuple[Location, ...]:
        """The places in S3 of Delta Lake and Iceberg tables."""
        tables = [table for target in self.values.get("delta_targets", ()) for table in target["tables"]]
        paths = [path for target in self.values.get("iceberg_targets", ()) for path in target["paths"]]
        return tuple(project.location(uri) for uri in (*tables, *paths))

    def statements(self, project: ProjectResources) -> Iterator[Statement]:
        """Yields what the role of the crawler is allowed for them besides reading these places."""
        env = project.env
        if tables := [target["table"] for target in self.values.get("dynamodb_targets", ())]:
            table = kind_of("table")
            yield permissions.allow(["dynamodb:DescribeTable", "dynamodb:Scan"], [table.arn_of(env, name) for name in tables])
        every = [target for name in TARGETS for target in self.values.get(name, ())]
        if connections := [target["connection"] for target in every if "connection" in target]:
            yield from permissions.connections(env, dict.fromkeys(connections))
        database = kind_of("database")
        for name in dict.fromkeys(target["database"] for target in self.values.get("catalog_targets", ())):
            arn = database.arn_of(env, name)
            yield permissions.allow(database.writes, [arn, *database.granted(arn)])
        if queues := [self.values[name] for name in _QUEUES if name in self.values]:
            yield permissions.allow(_OF_QUEUE, queues)
