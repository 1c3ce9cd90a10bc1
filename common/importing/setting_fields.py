"""Which setting is which field in AWS: the fields of live resources as settings.

Each kind has its fields by their dotted names in AWS's spelling. A value of AWS becomes one or more settings, or none if no
setting can express it. Fields that no setting has, such as code and policies, are not here.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from common.base.json_types import Json, JsonMapping, JsonObject
from common.model import comparison, projection
from common.model.kind import Properties, Setting
from common.resources import crawler, kinds
from common.resources.crawler_targets import TARGETS, as_setting
from common.resources.function_image import IMAGE_CONFIG

Settings = Mapping[tuple[str, ...], Json]
"""Values of settings by their path below the resource, as in ``("network", "subnet_ids")``."""
Convert = Callable[[Json], Settings | None]
UPDATE, DELETE, RECRAWL = (
    {behavior: word for word, behavior in behaviors.items()}
    for behaviors in (crawler.UPDATE_BEHAVIORS, crawler.DELETE_BEHAVIORS, crawler.RECRAWL_BEHAVIORS)
)
"""What settings call the behaviors of crawlers."""
S3_TARGET_FIELDS = {"sample_size": "SampleSize", "event_queue": "EventQueueArn", "event_dead_letter": "DlqEventQueueArn"}
"""What Glue calls the settings that all targets in S3 of a crawler have in common, besides their exclusions."""
CAPACITY = {0.0625: "0.0625", 1.0: "1"}


class SettingField(NamedTuple):
    """Settings that belong to a field of AWS.

    Args:
        field: the dotted name of the field.
        values: the values of the settings; None if no setting can express the value.
    """

    field: str
    values: Settings | None


def _same(setting: str) -> Convert:
    return lambda value: None if value is None else {(setting,): value}


def _one_of(setting: str, words: Mapping[Json, Json]) -> Convert:
    return lambda value: {(setting,): words[value]} if isinstance(value, str | float | int) and value in words else None


def properties_of(kind: str) -> Properties:
    """Returns what is known of the properties of a kind; nothing if it takes none."""
    return kinds()[kind].properties or Properties()


def _of(setting: Setting) -> Convert:
    words = {text: value for value, text in setting.words.items()}
    return _one_of(setting.name, words) if words else _same(setting.name)


def _image_config(value: Json) -> Settings | None:
    if not isinstance(value, dict):
        return None
    return {("image_config", setting): value[field] for field, setting in IMAGE_CONFIG.items() if field in value} or None


def _architecture(value: Json) -> Settings | None:
    return {("architecture",): value[0]} if isinstance(value, list) and len(value) == 1 else None


def _layers(value: Json) -> Settings | None:
    """Layers of others. Where layers are declared, their order says more than the setting can."""
    return {("layers",): value} if isinstance(value, list) and all(isinstance(layer, str) for layer in value) else None


def _network(value: Json) -> Settings | None:
    subnets, groups = ((value or {}).get(name) for name in ("SubnetIds", "SecurityGroupIds"))
    if not (subnets and groups):
        return None
    return {("network", "subnet_ids"): sorted(subnets), ("network", "security_group_ids"): sorted(groups)}


def _targets(value: Json) -> Settings | None:
    paths = [target["Path"] for target in value] if isinstance(value, list) else []
    exclusions = [target.get("Exclusions", []) for target in value] if paths else []
    if not paths or any(patterns != exclusions[0] for patterns in exclusions):
        return None
    first = value[0]
    if any(target.get(field) != first.get(field) for target in value for field in S3_TARGET_FIELDS.values()):
        return None
    common: dict[tuple[str, ...], Json] = {(name,): first[field] for name, field in S3_TARGET_FIELDS.items() if first.get(field)}
    return {("targets",): paths, ("exclusions",): exclusions[0], **common}


def _file_system(value: Json) -> Settings | None:
    if not (isinstance(value, list) and len(value) == 1):
        return None
    return {("file_system", "arn"): value[0]["Arn"], ("file_system", "path"): value[0]["LocalMountPath"]}


def _other_targets(name: str) -> Convert:
    return lambda value: {(name,): targets} if (targets := as_setting(name, value)) else None


def _bookmarks(value: Json) -> Settings | None:
    return _one_of("bookmarks", {"job-bookmark-enable": True, "job-bookmark-disable": False, "": False})(value or "")


def _auto_scaling(value: Json) -> Settings | None:
    return _one_of("auto_scaling", {"true": True, "false": False, "": False})(value or "")


_SPECIAL: Mapping[str, Mapping[str, Convert]] = {
    "lambda": {
        "Runtime": _same("runtime"),
        "ImageUri": _same("image"),
        "ImageConfig": _image_config,
        "MemorySize": _same("memory_mb"),
        "Timeout": _same("timeout_seconds"),
        "EphemeralStorage.Size": _same("ephemeral_storage_mb"),
        "Role": _same("role"),
        "Architectures": _architecture,
        "Layers": _layers,
        "VpcConfig": _network,
        "FileSystemConfigs": _file_system,
        "ProvisionedConcurrentExecutions": _same("provisioned_concurrency"),
    },
    "log-group": {"retentionInDays": _same("log_retention_days")},
    "glue-job": {
        "GlueVersion": _same("glue_version"),
        "WorkerType": _same("worker_type"),
        "NumberOfWorkers": _same("workers"),
        "Timeout": _same("timeout_minutes"),
        "MaxRetries": _same("max_retries"),
        "ExecutionProperty.MaxConcurrentRuns": _same("max_concurrent_runs"),
        "ExecutionClass": _same("execution_class"),
        "MaxCapacity": _one_of("python_shell_capacity", CAPACITY),
        "Connections.Connections": _same("connections"),
        "Role": _same("role"),
        "DefaultArguments.--job-bookmark-option": _bookmarks,
        "DefaultArguments.--enable-auto-scaling": _auto_scaling,
    },
    "crawler": {
        "Targets.S3Targets": _targets,
        **{f"Targets.{target.kind}": _other_targets(name) for name, target in TARGETS.items()},
        "SchemaChangePolicy.UpdateBehavior": _one_of("schema_change", UPDATE),
        "SchemaChangePolicy.DeleteBehavior": _one_of("deleted_data", DELETE),
        "RecrawlPolicy.RecrawlBehavior": _one_of("recrawl", RECRAWL),
        "TablePrefix": _same("table_prefix"),
        "Schedule": lambda value: {("schedule",): value or None},
        "Role": _same("role"),
    },
    "state-machine": {
        "loggingConfiguration.level": _same("log_level"),
        "loggingConfiguration.includeExecutionData": _same("log_execution_data"),
        "tracingConfiguration.enabled": _same("tracing"),
        "roleArn": _same("role"),
    },
    "rule": {
        "State": _one_of("enabled", {"ENABLED": True, "DISABLED": False}),
        "ScheduleExpression": _same("expression"),
        "Description": _same("description"),
    },
}
FIELDS: Mapping[str, Mapping[str, Convert]] = {
    kind: {**special, **{field: _of(setting) for field, setting in properties_of(kind).fields.items()}}
    for kind, special in _SPECIAL.items()
}
"""The fields of each kind that have settings."""
TEXTS: Mapping[str, tuple[str, str]] = {
    "lambda": ("Environment.Variables", "environment"),
    "glue-job": ("DefaultArguments", "arguments"),
}
"""The fields that hold texts by name, and their settings."""


def setting_of(kind: str, field: str, state: JsonMapping) -> SettingField | None:
    """Returns the settings to which a field belongs, with the values that a state has; None if it belongs to no setting.

    Args:
        kind: the kind of the resource.
        field: the dotted name of the field, or of a part of it.
        state: a state of the resource, in AWS's spelling.
    """
    for name, convert in FIELDS.get(kind, {}).items():
        if field == name or field.startswith(f"{name}."):
            return SettingField(name, convert(value_at(state, name)))
    texts, setting = TEXTS.get(kind, ("", ""))
    if texts and field.startswith(f"{texts}."):
        key = field.removeprefix(f"{texts}.")
        value = (value_at(state, texts) or {}).get(key)
        return SettingField(field, {(setting, key): value} if isinstance(value, str) else None)
    return None


def value_at(state: JsonMapping, name: str) -> Json:
    """Returns the value of a field by its dotted name; None if it is not there."""
    return projection.value_at(state, tuple(name.split(".")))


def by_aws_name(kind: str, name: str, value: Json) -> Settings | None:
    """Returns the settings of a field that others configure by AWS's own name, as in ``NumberOfWorkers``; None if there are none.

    The name is that of the API's parameter in any case and with any separators: that of a structure, or of a part of one.
    """
    for field, convert in FIELDS.get(kind, {}).items():
        top, _, rest = field.partition(".")
        if plain(name) == plain(field) or (rest and plain(name) == plain(rest) and not rest.startswith("--")):
            return convert(value)
        if rest and plain(name) == plain(top) and (inner := value_at({top: value}, field)) is not None:
            return convert(inner)
    return None


def plain(name: str) -> str:
    """Returns a name as it is compared with others: letters and digits in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def plain_settings(kind: str, live: JsonMapping) -> JsonObject:
    """Returns the settings of a live resource that are fields of AWS's as they are."""
    result: JsonObject = {}
    for name, setting in properties_of(kind).fields.items():
        value = value_at(live, name)
        if not comparison.is_empty(value):
            result[setting.name] = (
                {text: word for word, text in setting.words.items()}.get(value, value) if setting.words else value
            )
    return result
