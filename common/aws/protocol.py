"""The interface to AWS for all rooms above. Tests replace it by a script or by a simulation in memory."""

from collections.abc import Iterator
from typing import Protocol

from common.base.json_types import Json, JsonObject

MAX_BODY_BYTES = 64 * 2**20
"""How many bytes of a stored object are read at most; the release root of 10,000 resources has 5 MiB."""


class Stream(Protocol):
    """The body of a stored object."""

    def read(self, amount: int, /) -> bytes:
        """Reads up to `amount` bytes."""
        ...


class Aws(Protocol):
    """AWS for resources: every call is counted and retried, and its errors become `AwsError`."""

    def call(self, service: str, operation: str, /, **parameters: Json) -> JsonObject:
        """Returns the response of ``call("lambda", "GetFunction", FunctionName=...)``; raises AwsError if AWS refuses."""

    def find(self, service: str, operation: str, absent: str, /, **parameters: Json) -> JsonObject | None:
        """Makes a call like `call`, but returns None if AWS answers with the error code `absent`."""

    def pages(self, service: str, operation: str, /, **parameters: Json) -> Iterator[JsonObject]:
        """Yields every page of a paginated operation."""

    def wait(self, service: str, waiter: str, /, **parameters: Json) -> None:
        """Waits with botocore's waiter of that name, as in ``wait("lambda", "function_updated_v2", FunctionName=...)``."""

    def sleep(self, seconds: float) -> None:
        """Sleeps; in tests it returns at once."""
