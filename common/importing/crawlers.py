"""Writes a Glue crawler: its targets, its database, its settings. Targets that no setting can express are properties."""

import json

from common.base.json_types import JsonObject
from common.environment.resource_settings import CrawlerSettings
from common.importing import values
from common.importing.entries import Code, Context, Entry, refusal, set_differing
from common.importing.selection import LiveResource
from common.importing.setting_fields import DELETE, RECRAWL, S3_TARGET_FIELDS, UPDATE
from common.resources.crawler_targets import TARGETS, as_setting


def why_not(resource: LiveResource) -> str:
    """Why a crawler cannot be declared; empty if it can."""
    live = resource.live
    kinds = {kind for kind, listed in live.get("Targets", {}).items() if listed}
    if not kinds:
        return "it has no targets"
    if not live.get("DatabaseName") and kinds != {"CatalogTargets"}:
        return "it has no database"
    behavior = (live.get("RecrawlPolicy") or {}).get("RecrawlBehavior", "CRAWL_EVERYTHING")
    if behavior not in RECRAWL:
        return f"its RecrawlBehavior is {behavior}"
    return refusal(CrawlerSettings, _settings(live))


def entry(resource: LiveResource, key: str, context: Context) -> Entry:
    """What is written of a crawler. Where a target is spelled otherwise than a location is, all stand in the configuration."""
    live = resource.live
    result = Entry(resource=resource, key=key, method="crawler")
    paths = [target["Path"] for target in _targets(live)]
    locations = [path.removeprefix("s3://").partition("/") for path in paths]
    if all(
        path == f"s3://{bucket}/{prefix.strip('/')}/" and prefix.strip("/") and not context.references.stays("bucket", bucket)
        for path, (bucket, _, prefix) in zip(paths, locations, strict=True)
    ):
        result.named["targets"] = [
            Code(f"{context.variable('bucket', bucket)} / {json.dumps(prefix.strip('/'))}") for bucket, _, prefix in locations
        ]
    else:
        result.named["targets"] = []
        result.settings["targets"] = paths
    if live.get("DatabaseName"):
        result.named["database"] = Code(context.variable("database", live["DatabaseName"]))
    set_differing(result, CrawlerSettings, context.env.defaults.crawler, _settings(live), frozenset())
    expressed = {TARGETS[name].kind for name in _others(live)}
    if others := {kind: listed for kind, listed in live["Targets"].items() if listed and kind not in {"S3Targets", *expressed}}:
        result.settings["properties"] = {"Targets": context.references.structure(others)}
    if (live.get("Schedule") or {}).get("State") == "NOT_SCHEDULED" and live["Schedule"].get("ScheduleExpression"):
        result.say("Its schedule is paused, and stays so until the schedule is changed, or somebody resumes it.")
    values.set_plain(result, context, CrawlerSettings, live)
    return result


def _targets(live: JsonObject) -> list[JsonObject]:
    targets: list[JsonObject] = live.get("Targets", {}).get("S3Targets") or []
    return targets


def _settings(live: JsonObject) -> JsonObject:
    """The live values by setting; exclusions that differ between targets are not declared, and stay as they are."""
    exclusions = {tuple(target.get("Exclusions") or ()) for target in _targets(live)}
    policy = live.get("SchemaChangePolicy") or {}
    schedule = (live.get("Schedule") or {}).get("ScheduleExpression")
    return {
        **_others(live),
        **_of_s3(live),
        **({"exclusions": list(exclusions.pop())} if len(exclusions) == 1 else {}),
        "recrawl": RECRAWL[(live.get("RecrawlPolicy") or {}).get("RecrawlBehavior", "CRAWL_EVERYTHING")],
        "schema_change": UPDATE.get(policy.get("UpdateBehavior", "UPDATE_IN_DATABASE")),
        "deleted_data": DELETE.get(policy.get("DeleteBehavior", "DEPRECATE_IN_DATABASE")),
        "table_prefix": live.get("TablePrefix") or "",
        "role": live["Role"],
        **({"schedule": schedule} if schedule else {}),
    }


def _others(live: JsonObject) -> JsonObject:
    """The settings of targets that are not in S3, as far as settings can express them."""
    listed = {name: as_setting(name, live.get("Targets", {}).get(target.kind)) for name, target in TARGETS.items()}
    return {name: targets for name, targets in listed.items() if targets and not refusal(CrawlerSettings, {name: targets})}


def _of_s3(live: JsonObject) -> JsonObject:
    """The settings that all targets in S3 have in common."""
    listed = {name: [target.get(field) for target in _targets(live)] for name, field in S3_TARGET_FIELDS.items()}
    return {name: common[0] for name, common in listed.items() if common and common[0] and set(common) == {common[0]}}
