"""Tells what the values in configuration of others are, by their form and by the names of AWS: ARNs, buckets, settings."""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from common.base import text_rules
from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping
from common.declare import properties
from common.environment.resource_settings import (
    CrawlerSettings,
    FunctionSettings,
    JobSettings,
    Settings,
    StateMachineSettings,
    TriggerSettings,
)
from common.importing import selection
from common.importing.setting_fields import TEXTS, by_aws_name, plain, setting_of
from common.importing.setting_fields import Settings as Values
from common.model import projection
from common.resources import kind_of

KINDS = {kind_of(kind).section: kind for kind in selection.KINDS if kind_of(kind).section}
"""The kinds of resources by their sections of the configuration; resources of any type have none."""
HINTS = {
    "functions": re.compile(r"lambda|(?<!step)(?<!step_)function"),
    "jobs": re.compile(r"glue|job|etl"),
    "crawlers": re.compile(r"crawl"),
    "state_machines": re.compile(r"step_?function|state_?machine|sfn|workflow"),
    "triggers": re.compile(r"schedule|cron|trigger|rule"),
}
"""Words in keys that say which resources a value is about."""
ALIASES = {
    "functions": {"memory": "memory_mb", "timeout": "timeout_seconds", "layer_arns": "layers", "role_arn": "role"},
    "jobs": {
        "num_workers": "workers",
        "version": "glue_version",
        "retries": "max_retries",
        "timeout": "timeout_minutes",
        "max_concurrency": "max_concurrent_runs",
        "role_arn": "role",
    },
    "crawlers": {"role_arn": "role"},
    "state_machines": {"role_arn": "role"},
}
"""What people call settings in keys of their own, as in ``lambdaTimeout``."""
MODELS: dict[str, type[Settings]] = {
    "functions": FunctionSettings,
    "jobs": JobSettings,
    "crawlers": CrawlerSettings,
    "state_machines": StateMachineSettings,
    "triggers": TriggerSettings,
}
NOT_CONVERTED = frozenset({"name", "package", "environment", "arguments", "properties"})
"""Settings that others do not have, or that are converted part by part."""
TEXT_MAPS = {
    "functions": {"environment", "variables", "environmentvariables", "envvars"},
    "jobs": {"defaultarguments", "arguments", "jobarguments"},
}
"""The maps of texts of a resource, variables and arguments, by their plain names."""
ARN = re.compile(
    r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>[0-9]*|aws):(?P<resource>.+)", re.DOTALL
)
ARN_SECTIONS = (
    *(("s3", r"[^/*]+", "buckets"), ("lambda", r"function:.+", "functions"), ("lambda", r"layer:.+:[0-9]+", "layers")),
    *(("states", r"stateMachine:.+", "state_machines"), ("sns", r"[^:]+", "topics"), ("sqs", r"[^:]+", "queues")),
    *(("dynamodb", r"table/[^/]+", "tables"), ("iam", r"role/.+", "roles"), ("secretsmanager", r"secret:.+", "secrets")),
    *(("kms", r"key/.+", "keys"), ("glue", r"job/.+", "jobs"), ("glue", r"crawler/.+", "crawlers")),
    *(("glue", r"database/.+", "databases"), ("glue", r"connection/.+", "connections"), ("logs", r"log-group:.+", "log_groups")),
)
"""The sections of `existing` by the service of an ARN and the form of its resource."""
NAME_KEYS = frozenset({"name", "functionname", "jobname", "crawlername", "statemachinename"})
"""The keys, plainly written, by which an object in a list is called."""
SCHEDULE = re.compile(r"(cron|rate)\(.+\)")


class Arn(NamedTuple):
    """An ARN that stands for a resource of a section of `existing`."""

    section: str
    text: str


def arn_of(value: Json) -> Arn | None:
    """Returns the ARN, if the value is one of a kind that can be referred to."""
    match = ARN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    section = next(
        (name for service, form, name in ARN_SECTIONS if match["service"] == service and re.fullmatch(form, match["resource"])),
        "",
    )
    return Arn(section, match[0])


def is_bucket(path: tuple[str, ...], value: Json) -> bool:
    """Whether a value is the name of a bucket, by the words in its path and its form."""
    if not any("bucket" in key.lower() for key in path[-2:]) or not isinstance(value, str):
        return False
    try:
        text_rules.check_bucket_name(value)
    except ValueError:
        return False
    return True


def snake(key: str) -> str:
    """Returns a key of any spelling as the name of a parameter: ``landingBucketName`` and ``__LANDING-BUCKET-NAME__`` alike."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", key)
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    return name if name[:1].isalpha() else f"p_{name}"


def sections_hinted(path: tuple[str, ...]) -> list[str]:
    """Returns the sections that the words in a path are about; the last key with a hint decides."""
    for key in reversed(path):
        if hinted := [section for section, pattern in HINTS.items() if pattern.search(snake(key))]:
            return hinted
    return []


def settings_of(section: str, key: str, value: Json, *, hinted: bool) -> Values | None:
    """Returns the settings of a resource that a key of others stands for; None if it stands for none.

    Args:
        section: the section of the resource.
        key: the key, in any spelling: AWS's name of a field, or, where it is `hinted`, the name of a setting.
        value: its value.
        hinted: whether it is clear that the key is about a resource of the section.
    """
    if (settings := by_aws_name(KINDS[section], key, value)) is not None or not hinted:
        return settings
    words, model = snake(key), MODELS[section].model_fields
    bare = "_".join(word for word in words.split("_") if not HINTS[section].fullmatch(word))
    for name in (words, bare):
        setting = ALIASES.get(section, {}).get(name, name)
        if setting in model and setting not in NOT_CONVERTED:
            return {(setting,): value}
    return {("properties", key): value} if _is_property(section, key, value) else None


def _is_property(section: str, key: str, value: Json) -> bool:
    """Whether a key is a field of AWS, in its own spelling, that has no setting and is given as it is."""
    if section == "triggers":  # their fields are those of a target
        return False
    try:
        properties.check(kind_of(KINDS[section]), {key: value}, key)
    except DeclarationError:
        return False
    return True


def texts_of(section: str, key: str, value: Json) -> Values | None:
    """Returns variables or arguments as settings, if the key is the map of them; numbers and booleans become texts."""
    if plain(key) not in TEXT_MAPS.get(section, ()) or not isinstance(value, Mapping):
        return None
    if section == "functions" and isinstance(value.get("Variables"), Mapping):
        value = value["Variables"]
    top, _ = TEXTS[KINDS[section]]
    texts = {name: inner if isinstance(inner, str) else json.dumps(inner) for name, inner in value.items()}
    state = projection.with_value({}, tuple(top.split(".")), texts)
    result: dict[tuple[str, ...], Json] = {}
    for name in texts:
        field = setting_of(KINDS[section], f"{top}.{name}", state)
        result |= (field.values if field else None) or {}
    return result


def by_name(value: Json) -> JsonMapping | None:
    """A list of objects that have names, as a map by these names; None if it is something else."""
    if not isinstance(value, list) or not value:
        return None
    items = {_name(item): item for item in value}
    if "" in items or len(items) < len(value):
        return None
    return {name: {key: inner for key, inner in item.items() if plain(key) not in NAME_KEYS} for name, item in items.items()}


def _name(item: Json) -> str:
    names = [inner for key, inner in item.items() if plain(key) in NAME_KEYS] if isinstance(item, Mapping) else []
    return names[0] if len(names) == 1 and isinstance(names[0], str) else ""


def without_ending(name: str, section: str) -> str:
    """The name of an existing thing without what its kind says anyway, as in ``landing`` for ``landing_bucket_name``."""
    single = section.removesuffix("s")
    for ending in ("_arn", "_name", f"_{single}", f"_{single.rpartition('_')[2]}"):
        name = name.removesuffix(ending) or name
    return name
