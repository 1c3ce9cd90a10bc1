"""A Glue crawler over S3 locations.

A crawler cannot be changed while it runs; what a deploy does then is a setting: wait for its end, leave it as it is, or stop it.
Partitions take their schema from their table, so that one odd file does not make a table unreadable.

Follows https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html
"""

import json
from collections.abc import Sequence
from typing import ClassVar

from common.aws.protocol import Aws
from common.base.errors import AwsError, DeclarationError
from common.base.json_types import Json
from common.base.lean_dataclass import dataclass
from common.environment.resource_settings import CrawlerSettings
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole_if_ours
from common.model.kind import AT_ONCE, GLUE_NAMES, ArnForm, Calls, Kind, Passing, Policy, Quota
from common.model.listing import Listing
from common.model.lookup import Lookup
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags
from common.resources import accepted_fields, crawler_runs

_CONFIGURATION = {"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}}
UPDATE_BEHAVIORS = {"update": "UPDATE_IN_DATABASE", "log": "LOG"}
DELETE_BEHAVIORS = {"log": "LOG", "deprecate": "DEPRECATE_IN_DATABASE", "delete": "DELETE_FROM_DATABASE"}
RECRAWL_BEHAVIORS = {"everything": "CRAWL_EVERYTHING", "new_folders": "CRAWL_NEW_FOLDERS_ONLY", "events": "CRAWL_EVENT_MODE"}
_OPTIONAL = ("Schedule", "TablePrefix")
_POLICY = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DEPRECATE_IN_DATABASE"}
"""What Glue does where nobody has set a policy."""

KIND = Kind(
    name="crawler",
    word="crawler",
    service="glue",
    step=steps.CRAWLERS,
    console="glue/home?region={region}#/v2/data-catalog/crawlers/view/{name}",
    arn=ArnForm("glue", "crawler/"),
    names=GLUE_NAMES,
    section="crawlers",
    principal="glue.amazonaws.com",
    listing=Listing("ListCrawlers", "CrawlerNames", tags="Tags", size=("MaxResults", 1000), next_page="NextToken"),
    quota=Quota("Glue crawlers", "glue", "L-11FA2C1A", 1000),
    calls=Calls(("CreateCrawler",), reads_first=True),
    properties=accepted_fields.OF_CRAWLER,
    passing=Passing(
        codes={
            "SchedulerTransitioningException": "the schedule of a crawler is just being switched on or off",
            "VersionMismatchException": AT_ONCE,
        }
    ),
    policy=Policy(
        operations=("UpdateCrawler", "DeleteCrawler", "GetCrawler", "StopCrawler", "GetTags", "TagResource", "UntagResource"),
        everywhere=("ListCrawlers", "GetCrawlers"),
        left_over=("DeleteCrawler", "StopCrawler", "UntagResource"),
        when_created=("glue:CreateCrawler",),
    ),
    lookup=Lookup("GetCrawler", lambda crawler: {"Name": crawler.name}, ("EntityNotFoundException",), abroad=False),
)


@dataclass(frozen=True, kw_only=True)
class Crawler(Declared):
    """A crawler that writes the tables it finds below `targets` into `database`; it needs none for tables of the catalog."""

    removable: ClassVar[frozenset[str]] = accepted_fields.CRAWLER_REMOVABLE
    usual: ClassVar[State] = accepted_fields.USUAL_CRAWLER
    role_arn: str
    database: str | None
    targets: tuple[str, ...]
    settings: CrawlerSettings
    event_queue: str | None = None
    event_dead_letter: str | None = None

    def deployer_needs(self) -> dict[str, tuple[str, ...]]:
        """The permissions to read the log, which Glue writes to groups of the whole account."""
        here = self.arn.partition(":crawler/")[0].replace(":glue:", ":logs:")
        return {f"{here}:log-group:/aws-glue/crawlers*": ("logs:FilterLogEvents",)}

    def desired(self) -> State:
        """The owned fields, spelled as in UpdateCrawler.

        Raises:
            DeclarationError: it has no targets, or settings that Glue does not allow together.
        """
        settings = self.settings
        self._check_targets()
        if settings.recrawl == "new_folders" and (settings.schema_change, settings.deleted_data) != ("log", "log"):
            raise DeclarationError(
                f'{self.key}: with recrawl "new_folders" Glue neither updates nor deletes what it found before: '
                'set schema_change and deleted_data to "log".'
            )
        own = {
            "Role": self.role_arn,
            **({"DatabaseName": self.database} if self.database else {}),
            "Targets": {"S3Targets": [self._target(path) for path in self.targets]},
            "SchemaChangePolicy": {
                "UpdateBehavior": UPDATE_BEHAVIORS[settings.schema_change],
                "DeleteBehavior": DELETE_BEHAVIORS[settings.deleted_data],
            },
            "RecrawlPolicy": {"RecrawlBehavior": RECRAWL_BEHAVIORS[settings.recrawl]},
            "TablePrefix": settings.table_prefix,
            "Schedule": settings.schedule or "",
            "Configuration": self._configuration(),
            "Tags": dict(self.tags),
        }
        return comparison.merged(self._others(), own)

    def _target(self, path: str) -> State:
        return {"Path": path, "Exclusions": list(self.settings.exclusions), **self._of_s3_target()}

    def _of_s3_target(self) -> State:
        """The declared fields that all targets in S3 have in common."""
        fields = {"SampleSize": self.settings.sample_size, "EventQueueArn": self.event_queue}
        fields["DlqEventQueueArn"] = self.event_dead_letter
        return {name: value for name, value in fields.items() if value is not None}

    def _check_targets(self) -> None:
        """Checks that it has targets, and that these can be crawled as it is declared.

        Raises:
            DeclarationError: it has none, or settings that Glue does not allow with them.
        """
        settings, others = self.settings, self.properties.get("Targets", {})
        if not self.targets and not others:
            raise DeclarationError(f"{self.key}: it has no targets. Declare one, or set `targets` in the configuration.")
        if settings.recrawl == "new_folders" and others:
            raise DeclarationError(f'{self.key}: recrawl "new_folders" is for targets in S3 alone.')
        if (settings.recrawl == "events") != (self.event_queue is not None):
            raise DeclarationError(f'{self.key}: recrawl "events" and event_queue belong together. Set both, or none.')
        if self._of_s3_target() and not self.targets:
            raise DeclarationError(f"{self.key}: sample_size and event_queue are of targets in S3, and it has none.")
        if "CatalogTargets" in others and settings.deleted_data != "log":
            raise DeclarationError(f'{self.key}: with catalog_targets Glue deletes nothing: set deleted_data to "log".')

    def _configuration(self) -> State:
        """The JSON object of its configuration: ours, with what the properties say."""
        ours = {} if self.settings.configuration == "unmanaged" else _CONFIGURATION
        return comparison.merged(json.loads(self.properties.get("Configuration", "{}")), ours)

    def _others(self) -> State:
        """The properties without the configuration, which is compared as the object that its text contains."""
        return {name: value for name, value in self.properties.items() if name != "Configuration"}

    def read(self, aws: Aws) -> Live | None:
        """The live state."""
        live = crawler_runs.live(aws, self)
        if live is None:
            return None
        tags = aws.call("glue", "GetTags", ResourceArn=self.arn).get("Tags")
        s3_targets = [
            {
                "Path": target["Path"],
                "Exclusions": target.get("Exclusions", []) if self._excludes(target["Path"]) else [],
                **{name: target.get(name) for name in self._of_s3_target()},
            }
            for target in live["Targets"].get("S3Targets", ())
        ]
        configuration, _ = comparison.split(json.loads(live.get("Configuration") or "{}"), self._configuration())
        state = {
            "Role": _arn(live["Role"], self.role_arn),
            **({"DatabaseName": live.get("DatabaseName")} if self.database else {}),
            "Targets": {"S3Targets": s3_targets},
            "SchemaChangePolicy": {**_POLICY, **(live.get("SchemaChangePolicy") or {})},
            "RecrawlPolicy": live.get("RecrawlPolicy") or {"RecrawlBehavior": RECRAWL_BEHAVIORS["everything"]},
            "TablePrefix": live.get("TablePrefix") or "",
            "Schedule": _expression(live),
            "Configuration": configuration,
            "Tags": owned_tags(tags, self.tags),
        }
        state, _ = comparison.released(state, self.desired(), _OPTIONAL)
        state = comparison.with_selected(state, live, self._others())
        return Live(state, undeclared=self._undeclared(live) | other_tags(tags, self.tags))

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the crawler with its tags in one call."""
        unsaid = {name for name in ("Schedule", "Configuration") if not desired[name]}
        fields = {name: value for name, value in _as_sent(desired, {}).items() if name not in unsaid}
        try:
            aws.call("glue", "CreateCrawler", Name=self.name, Tags=desired["Tags"], **fields)
        except AwsError as error:
            if error.code != "AlreadyExistsException":
                raise
            return self.update(aws, whole_if_ours(self, desired, self.read(aws)))
        return {}

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Sends the whole crawler if more than its tags changed, with its undeclared fields as they are now.

        An empty text or list removes what the crawler has.

        Raises:
            SkippedError: it is running, and its settings say that it is skipped then.
            AwsError: for example CrawlerRunningException: it is running and has not ended in time.
        """
        if change.changed - {"Tags"}:
            live = crawler_runs.live(aws, self)
            kept = comparison.without(self._undeclared(live) if live else {}, change.stale)
            kept |= accepted_fields.reset(accepted_fields.CRAWLER_RESET, change.stale)
            fields = _as_sent(change.desired, kept)
            if live and "Configuration" not in change.changed | change.stale.keys():
                fields["Configuration"] = live.get("Configuration")
            if live and _is_paused(live) and "Schedule" not in change.changed | change.stale.keys():
                fields["Schedule"] = None  # sending it may resume it; left out, it stays: github.com/aws/aws-cdk/issues/33194
            sent = {name: value for name, value in fields.items() if value is not None}
            crawler_runs.when_ready(aws, self, self.settings.while_running, "UpdateCrawler", sent)
        if "Tags" in change.changed:
            aws.call("glue", "TagResource", ResourceArn=self.arn, TagsToAdd=change.desired["Tags"])
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        return {}

    def delete(self, aws: Aws) -> None:
        """Deletes the crawler. The tables that it found stay."""
        crawler_runs.delete(aws, self, self.settings.while_running)

    def _undeclared(self, live: State) -> State:
        """The undeclared live parts: other fields, other kinds of targets, other fields of targets and of the configuration."""
        kept = comparison.undeclared(live, self._others(), accepted_fields.CRAWLER)
        declared_targets = {"S3Targets", *self.properties.get("Targets", {})}
        if kept.get("CatalogId") == self.arn.split(":")[4]:
            del kept["CatalogId"]
        targets: State = {kind: listed for kind, listed in live["Targets"].items() if listed and kind not in declared_targets}
        paths = {target["Path"]: target for target in live["Targets"].get("S3Targets", ())}
        more = {path: self._undeclared_of_target(paths[path]) for path in self.targets if path in paths}
        targets |= {"S3Targets": undeclared} if (undeclared := {path: rest for path, rest in more.items() if rest}) else {}
        _, configuration = comparison.split(json.loads(live.get("Configuration") or "{}"), self._configuration())
        is_managed = self.settings.configuration != "unmanaged" or "Configuration" in self.properties
        parts: State = {"Targets": targets, **({"Configuration": configuration} if is_managed else {})}
        texts = {"Schedule": _expression(live), "TablePrefix": live.get("TablePrefix"), "DatabaseName": live.get("DatabaseName")}
        parts |= {name: text for name, text in texts.items() if not self.desired().get(name)}
        return kept | {name: part for name, part in parts.items() if part}

    @property
    def defaults(self) -> frozenset[str]:
        """The configuration, if neither a setting nor a property says anything of it."""
        return frozenset({"Configuration"} - {*self.properties} if self.settings.configuration is None else ())

    def loses(self, name: str, live: Json) -> str:
        """What the default would replace: the configuration that somebody else gave an existing crawler."""
        return "its own is replaced" if name == "Configuration" and live != _CONFIGURATION else ""

    def _undeclared_of_target(self, live: State) -> State:
        fields = accepted_fields.TARGET if self._excludes(live["Path"]) else {"Exclusions": {}, **accepted_fields.TARGET}
        return comparison.undeclared(live, self._of_s3_target(), fields)

    def _excludes(self, path: str) -> bool:
        """Whether the exclusions of a live target are compared: not if none are declared for it, for then it keeps its own."""
        return bool(self.settings.exclusions) or path not in self.targets

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        return aws.call("glue", "GetTags", ResourceArn=resource.arn).get("Tags", {}) if crawler_runs.live(aws, resource) else None

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("glue", "UntagResource", ResourceArn=resource.arn, TagsToRemove=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Deletes the crawler after its present run has ended; a record does not say what else to do with a run."""
        crawler_runs.delete(aws, resource, "wait")


def _is_paused(live: State) -> bool:
    return bool(_expression(live)) and live["Schedule"].get("State") == "NOT_SCHEDULED"


def _expression(live: State) -> str:
    return str((live.get("Schedule") or {}).get("ScheduleExpression") or "")


def _as_sent(desired: State, kept: State) -> State:
    """The parameters of CreateCrawler and UpdateCrawler, with the live parts that are kept."""
    others = dict(kept.get("Targets", {}))
    more = others.pop("S3Targets", {})
    targets = [comparison.filled(target, more.get(target["Path"], {})) for target in desired["Targets"]["S3Targets"]]
    configuration = comparison.merged(desired["Configuration"], kept.get("Configuration", {}))
    return {
        **{name: value for name, value in comparison.filled(desired, kept).items() if name != "Tags"},
        "Targets": {**others, **desired["Targets"], "S3Targets": targets},
        "Configuration": json.dumps(configuration, sort_keys=True),
    }


def _arn(live: str, declared: str) -> str:
    """The declared ARN if `live` is the name of this role, with or without its path: GetCrawler never returns an ARN."""
    return declared if live and declared.endswith(f"/{live}") else live
