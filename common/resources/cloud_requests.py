"""Requests to the Cloud Control API, which end some time after they were made.

Follows https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations-manage-requests.html
"""

import json
import re
from collections.abc import Iterator, Mapping

from common.aws.protocol import Aws
from common.aws.resource_schemas import Schema
from common.aws.session_memory import of_session
from common.base import digest
from common.base.errors import AwsError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.model.tags import tag_list, tag_map

SERVICE = "cloudcontrol"
"""The service's name in botocore."""
ABSENT = "ResourceNotFoundException"
_POLL_SECONDS = (0.3, 0.7, 1.0, 2.0, 3.0, 5.0)
"""The pauses between the first polls of a request; the last one is repeated."""
_POLLS = 720
"""Poll a request at most this often, which is an hour; some databases take that long."""

_NEW_ROLE = (
    *("annot be assumed", "nable to assume", "not authorized to perform: sts:AssumeRole", "must allow AWS"),
    "does not have permissions to call",
)
"""A request fails with such words while a new role, or what it allows, is not known everywhere; it is then made again."""
_UNCONFIRMED = "pending confirmation"
"""A subscription that nobody has confirmed cannot be deleted: AWS deletes it after two days."""
_ROLE_SECONDS = (2.0, 3.0, 5.0, 8.0, 13.0)
"""The pauses before it is made again: IAM takes some seconds, rarely more than half a minute."""

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Matches the border between two words of a type's name."""


def type_words(type_name: str) -> str:
    """What people call resources of a type: the last part of its name, such as ``event source mapping``."""
    words = _WORD.sub(" ", type_name.rpartition(":")[2]).split()
    return " ".join(word if word.isupper() else word.lower() for word in words)


def properties(aws: Aws, type_name: str, identifier: str) -> JsonObject | None:
    """All properties of a resource; None if it does not exist."""
    response = aws.find(SERVICE, "GetResource", ABSENT, TypeName=type_name, Identifier=identifier)
    return None if response is None else dict(json.loads(response["ResourceDescription"]["Properties"]))


def named(aws: Aws, type_name: str, name_property: str, name: Json) -> str | None:
    """The identifier of the resource with a name, of a type whose identifiers AWS gives; None if there is none.

    A type is listed once in a session: that serves all its resources.
    """
    for identifier, listed in of_session(aws, (SERVICE, type_name), lambda: list(_listed(aws, type_name))):
        if listed.get(name_property) == name or re.split(r"[/:|]", identifier)[-1] == name:
            return identifier
    return None


def _listed(aws: Aws, type_name: str) -> Iterator[tuple[str, JsonObject]]:
    """The identifiers of the resources of a type, with the properties that the listing has."""
    try:
        for page in aws.pages(SERVICE, "ListResources", TypeName=type_name):
            for description in page["ResourceDescriptions"]:
                yield str(description["Identifier"]), json.loads(description.get("Properties") or "{}")
    except AwsError as error:
        if error.code not in {"UnsupportedActionException", "InvalidRequestException"}:  # the type cannot be listed like this
            raise


def create(aws: Aws, type_name: str, model: str, token: str) -> str:
    """Creates a resource, waits until it exists, and returns its identifier.

    Each further request has a token of its own that follows from the first one. So a deploy that dies after one of them leaves
    nothing that the next deploy does not find.

    Args:
        aws: the AWS session.
        type_name: its type.
        model: its properties, as JSON.
        token: a request with the token of an earlier one returns how that one ended.
    """
    request = {"TypeName": type_name, "DesiredState": model}
    tokens = iter([token, *(digest.of_bytes(f"{token} {number}".encode()) for number in range(len(_ROLE_SECONDS)))])
    for seconds in _ROLE_SECONDS:
        try:
            return str(wait(aws, _requested(aws, request, tokens), type_name)["Identifier"])
        except AwsError as error:
            if not any(words in error.reason for words in _NEW_ROLE):
                raise
            aws.sleep(seconds)
    return str(wait(aws, _requested(aws, request, tokens), type_name)["Identifier"])


def _requested(aws: Aws, request: JsonObject, tokens: Iterator[str]) -> JsonObject:
    """The state of the request with the first of these tokens whose earlier request, if there was one, has not failed.

    If all have failed, the request is made with a token that nobody knows.
    """
    for token in tokens:
        event: JsonObject = aws.call(SERVICE, "CreateResource", **request, ClientToken=token)["ProgressEvent"]
        if event.get("OperationStatus") != "FAILED":
            return event
    return dict(aws.call(SERVICE, "CreateResource", **request)["ProgressEvent"])


def update(aws: Aws, type_name: str, identifier: str, patch: list[JsonObject]) -> None:
    """Changes properties by a JSON patch, and waits until that is done."""
    event = aws.call(SERVICE, "UpdateResource", TypeName=type_name, Identifier=identifier, PatchDocument=json.dumps(patch))
    wait(aws, event["ProgressEvent"], f"{type_name} {identifier}")


def delete(aws: Aws, type_name: str, identifier: str) -> None:
    """Deletes a resource. If it does not exist, or AWS deletes it by itself, that is not an error."""
    try:
        event = aws.call(SERVICE, "DeleteResource", TypeName=type_name, Identifier=identifier)["ProgressEvent"]
        wait(aws, event, f"{type_name} {identifier}")
    except AwsError as error:
        if error.code not in {ABSENT, "NotFound"} and _UNCONFIRMED not in error.reason:
            raise


def wait(aws: Aws, event: JsonObject, what: str) -> JsonObject:
    """Polls a request until it has ended.

    Raises:
        AwsError: it failed, with the error code and the words of the type's handler; or it has not ended within an hour.
    """
    for poll in range(_POLLS):
        status = event.get("OperationStatus")
        if status == "SUCCESS":
            return event
        if status in {"FAILED", "CANCEL_COMPLETE"}:
            message = str(event.get("StatusMessage") or "the handler of the type says no more")
            operation = f"{str(event.get('Operation', '')).title()}Resource"
            raise AwsError(SERVICE, operation, str(event.get("ErrorCode", status)), message)
        aws.sleep(_POLL_SECONDS[min(poll, len(_POLL_SECONDS) - 1)])
        token = event["RequestToken"]
        event = aws.call(SERVICE, "GetResourceRequestStatus", RequestToken=token)["ProgressEvent"]
    raise AwsError(SERVICE, "GetResourceRequestStatus", "NotEnded", f"{what}: the request has not ended. Deploy again.")


def tags_in(schema: Schema, live: JsonMapping) -> dict[str, str]:
    """The tags among live properties, by name."""
    tags = live.get(schema.tag_property) or {}
    return {str(name): str(text) for name, text in tags.items()} if isinstance(tags, Mapping) else tag_map(tags)


def spelled(schema: Schema, tags: Mapping[str, str]) -> Json:
    """Tags as the type takes them: a map or a list."""
    return dict(tags) if schema.tags_are_a_map else tag_list(tags)


def tagging(schema: Schema, tags: Mapping[str, str]) -> JsonObject:
    """The operation of a JSON patch that replaces all tags by these."""
    return {"op": "add", "path": f"/{schema.tag_property}", "value": spelled(schema, tags)}
