"""Which argument of a declaration is which field of a table or a bucket in AWS, for what configuration has no settings for.

`invoke pull` edits no Python. It says what to write where.
"""

from collections.abc import Callable, Mapping

from common.base.json_types import Json, JsonMapping
from common.resources import bucket_settings, function_versions, machine_versions
from common.resources.table_indexes import INDEXES
from common.resources.table_settings import STREAM, TIME_TO_LIVE

Argument = tuple[str, Callable[[Json], Json]]
"""The name of an argument, and its value for the value of the field. It raises LookupError if no value stands for that."""


def advice(kind: str, field: str, state: JsonMapping, where: str) -> str:
    """Says what to write for a field that no setting has, as in ``time_to_live='expires'``.

    Args:
        kind: the kind of the resource.
        field: the dotted name of the field, or of a part of it.
        state: the live state.
        where: the place of the declaration.
    """
    name = field.partition(".")[0]
    if name in _ALIASES:
        return "its alias leads elsewhere: `deploy --verify` moves it to what is deployed"
    if name not in _ARGUMENTS.get(kind, {}):
        return f"no setting has it: change {where}"
    word, convert = _ARGUMENTS[kind][name]
    try:
        argument = f"{word}={convert(state.get(name))!r}"
    except LookupError:
        argument = f"properties={{{name!r}: {state.get(name)!r}}} in place of {word}"
    return f"no setting has it: say {argument} in {where}"


def _index(state: JsonMapping) -> Json:
    keys = {key["KeyType"]: key["AttributeName"] for key in state["KeySchema"]}
    names = {"partition_key": keys["HASH"], **({"sort_key": keys["RANGE"]} if "RANGE" in keys else {})}
    if state["Projection"]["ProjectionType"] == "ALL":
        return names
    return {**names, "attributes": list(state["Projection"].get("NonKeyAttributes", ()))}


def _indexes(value: Json) -> Json:
    return {name: _index(state) for name, state in sorted((value or {}).items())} or None


def _time_to_live(value: Json) -> Json:
    return value.get("AttributeName") if value and value.get("Enabled") else None


def _stream(value: Json) -> Json:
    return value["StreamViewType"] if value and value.get("StreamEnabled") else None


def _expire_days(value: Json) -> Json:
    if not value:
        return None
    days = {rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in value["Rules"]}
    if bucket_settings.expiring(days)["LifecycleConfiguration"]["Rules"] != value["Rules"]:
        raise LookupError("the rules say more than when objects expire")
    return days


def _kms_key(value: Json) -> Json:
    if bucket_settings.algorithm(value or {}) not in {None, "AES256", "aws:kms"}:
        raise LookupError("it is encrypted in another way")
    rule = value["Rules"][0]["ApplyServerSideEncryptionByDefault"] if value else {}
    return rule.get("KMSMasterKeyID")


def _access_logs(value: Json) -> Json:
    if not (value or {}).get("LoggingEnabled"):
        return None
    raise LookupError("only a declaration knows the reference of that bucket")


_ALIASES = frozenset({machine_versions.FIELD, function_versions.PUBLISHED})
"""The fields with the aliases of what publishes versions."""
_ARGUMENTS: Mapping[str, Mapping[str, Argument]] = {
    "table": {INDEXES: ("indexes", _indexes), TIME_TO_LIVE: ("time_to_live", _time_to_live), STREAM: ("stream", _stream)},
    "bucket": {
        "Versioning": ("versioned", lambda value: value == "Enabled"),
        "EventBridge": ("event_bridge", bool),
        "LifecycleConfiguration": ("expire_days", _expire_days),
        "ServerSideEncryptionConfiguration": ("kms_key", _kms_key),
        "BucketLoggingStatus": ("access_logs", _access_logs),
    },
}
