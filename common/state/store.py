"""The artifact bucket of one environment: how its objects are read and written.

What does not exist is None or empty, also if the bucket itself does not exist. Every other refusal is an error.
"""

import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from common.aws.protocol import Aws
from common.base.errors import AwsError, OwnershipError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.environment.site import Site
from common.state import stored_objects
from common.state.stored_objects import ABSENT


class Store:
    """The artifact bucket of one environment."""

    def __init__(self, aws: Aws, env: Site) -> None:
        self._aws, self._env = aws, env

    def _stored(self, path: str, **version: str) -> tuple[JsonObject, JsonObject | None]:
        """A root or record, empty if it is missing or not valid, and the response of GetObject."""
        answer = self._find("GetObject", Key=path, **version)
        return (
            stored_objects.stored_object(answer["Body"], f"s3://{self._env.artifact_bucket}/{path}") if answer else {}
        ), answer

    def _tags(self, path: str) -> dict[str, str] | None:
        response = self._find("GetObjectTagging", Key=path)
        return None if response is None else tags_in(response)

    def _pages(self, operation: str, **parameters: Json) -> Iterator[JsonObject]:
        try:
            yield from self._aws.pages("s3", operation, **self._bucket, **parameters)
        except AwsError as error:
            self._raise_unless_absent(error)

    def _find(self, operation: str, **parameters: Json) -> JsonObject | None:
        try:
            return self._aws.call("s3", operation, **self._bucket, **parameters)
        except AwsError as error:
            self._raise_unless_absent(error)
            return None

    def _raise_unless_absent(self, error: AwsError) -> None:
        """Raises every error except those that mean that an object or the bucket does not exist."""
        if error.code in {"AccessDenied", "403"}:
            raise OwnershipError(
                f"The artifact bucket {self._env.artifact_bucket} cannot be used: {error.reason}. If it is another account's, "
                f"choose another artifact_bucket in config/{self._env.name}.json; if it is yours, allow this role to use it."
            ) from error
        if error.code not in ABSENT:
            raise error

    def _put(self, path: str, body: JsonMapping, tags: Mapping[str, str], **condition: str) -> str:
        text = json.dumps(body, sort_keys=True).encode()
        content = {"Body": text, "ContentType": "application/json", **({"Tagging": urlencode(tags)} if tags else {})}
        return str(self._aws.call("s3", "PutObject", **self._bucket, Key=path, **content, **condition)["ETag"])

    @property
    def _bucket(self) -> dict[str, str]:
        return self._env.store


def tags_in(response: JsonMapping) -> dict[str, str]:
    """The tags in an answer, by name."""
    return {tag["Key"]: tag["Value"] for tag in response["TagSet"]}
