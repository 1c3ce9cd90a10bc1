"""The targets of a crawler that are not locations in S3, as settings and as Glue spells them.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html
"""

from collections.abc import Mapping
from typing import NamedTuple

from common.base.json_types import Json, JsonMapping, JsonObject


class Target(NamedTuple):
    """A kind of target.

    Args:
        kind: what Glue calls it.
        required: the settings that each target has.
        fields: what Glue calls its fields, by their names in settings.
    """

    kind: str
    required: tuple[str, ...]
    fields: Mapping[str, str]


TARGETS: Mapping[str, Target] = {
    "dynamodb_targets": Target("DynamoDBTargets", ("table",), {"table": "Path", "scan_all": "scanAll", "scan_rate": "scanRate"}),
    "jdbc_targets": Target(
        "JdbcTargets", ("connection", "path"), {"connection": "ConnectionName", "path": "Path", "exclusions": "Exclusions"}
    ),
    "catalog_targets": Target(
        "CatalogTargets", ("database", "tables"), {"database": "DatabaseName", "tables": "Tables", "connection": "ConnectionName"}
    ),
    "delta_targets": Target(
        "DeltaTargets",
        ("tables",),
        {
            "tables": "DeltaTables",
            "connection": "ConnectionName",
            "native": "CreateNativeDeltaTable",
            "manifest": "WriteManifest",
        },
    ),
    "iceberg_targets": Target(
        "IcebergTargets",
        ("paths",),
        {"paths": "Paths", "connection": "ConnectionName", "exclusions": "Exclusions", "depth": "MaximumTraversalDepth"},
    ),
}
"""The kinds of targets by their settings."""


def spelled(settings: JsonMapping) -> JsonObject:
    """The targets as Glue spells them, from those settings that are set."""
    return {
        TARGETS[name].kind: [
            {TARGETS[name].fields[field]: value for field, value in target.items() if value is not None} for target in targets
        ]
        for name, targets in settings.items()
        if targets is not None
    }


def as_setting(name: str, listed: Json) -> list[JsonObject] | None:
    """The setting for live targets of one kind; None if there are none, or if no setting can express them."""
    names = {field: word for word, field in TARGETS[name].fields.items()}
    usual: JsonObject = {"Exclusions": [], "EnableAdditionalMetadata": [], "ConnectionName": ""}
    result = []
    for target in listed or ():
        fields = {field: value for field, value in target.items() if value is not None and usual.get(field, ...) != value}
        setting = {names[field]: value for field, value in fields.items() if field in names}
        if fields.keys() - names.keys() or {*TARGETS[name].required} - setting.keys():
            return None
        result.append(setting)
    return result or None
