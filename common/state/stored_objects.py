"""Reads the JSON objects that the artifact bucket holds of a project, and says which format they have.

All objects that describe a project (root, records, lease) have one schema number and name the version of the deployer that wrote
them. An object of a newer schema is neither interpreted nor overwritten, because an older deployer would take it for damaged and
lose its contents. If you change what is stored: raise `SCHEMA` if an older version would do harm by dropping or ignoring a
field, keep reading every earlier schema, and leave the fields `schema` and `deployer` where they are.
"""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from common.aws.protocol import MAX_BODY_BYTES, Stream
from common.base.errors import NewerSchemaError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.terminal import visible
from common.base.version import VERSION

SCHEMA = 1
"""The schema number of all stored objects. A root's digest covers it, so the tag of a root of another schema never matches."""
WRITER: JsonMapping = {"schema": SCHEMA, "deployer": VERSION}
"""These fields are part of every stored root, record and lease."""
ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
"""S3 answers with one of these error codes if an object does not exist."""


def stored_object(body: Stream, where: str) -> JsonObject:
    """A root, record or lease as it is stored, empty if it cannot be read.

    Args:
        body: the object's body.
        where: the object's address, for the message.

    Raises:
        NewerSchemaError: a later version of the deployer wrote it, in a format that this version does not know.
    """
    result = parsed(body)
    schema, writer = result.get("schema"), result.get("deployer")
    if isinstance(schema, int | float) and schema > SCHEMA:
        known = f"version {printable(writer, 40)}" if isinstance(writer, str) and writer else ""
        raise NewerSchemaError(
            f"{where} was written by {known or 'a later version'} of the deployer, in a format (schema {schema}) that this "
            f"version, {VERSION}, does not know. Upgrade this repository's deployer to "
            f"{f'{known} or later' if known else 'a later version'}: docs/upgrading.md. The object is left as it is."
        )
    return result


def parsed(body: Stream) -> JsonObject:
    """The JSON object in a stored body, empty if it cannot be read: such a record counts as absent."""
    text = body.read(MAX_BODY_BYTES + 1)
    try:
        value = json.loads(text) if len(text) <= MAX_BODY_BYTES else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def store_time(response: JsonMapping) -> datetime:
    """The time of the store's clock when it answered; of this machine's clock if the store does not send one."""
    date = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        answered = parsedate_to_datetime(date) if date else datetime.now(UTC)
    except ValueError:
        return datetime.now(UTC)
    return answered if answered.tzinfo else answered.replace(tzinfo=UTC)  # HTTP's times are in UTC, also if a proxy cut that off


def are_texts(value: list[Json] | JsonObject) -> bool:
    """Whether all elements of a list, or all values of an object, are texts."""
    return all(isinstance(text, str) for text in (value.values() if isinstance(value, dict) else value))


def printable(text: object, limit: int = 300) -> str:
    """A stored text as one line of a bounded length."""
    shown = visible(str(text)[: limit + 1], lines=False)
    return shown if len(shown) <= limit else f"{shown[:limit]}…"
