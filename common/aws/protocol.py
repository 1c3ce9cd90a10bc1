"""AWS as everything above this room sees it. Tests put a script or a world in memory in its place."""

from collections.abc import Iterator
from typing import Any, Protocol

from common.base.json_types import JsonObject

SIZE_LIMIT = 64 * 2**20
"""Bytes of a stored object that are read; the root of 10,000 resources has 5 MiB."""


class Stream(Protocol):
    """The body of a stored object."""

    def read(self, amount: int, /) -> bytes:
        """Up to so many bytes."""
        ...


class Aws(Protocol):
    """AWS as resources see it: every call is counted, retried and translated into our errors."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> JsonObject:
        """The response of ``call("lambda", "GetFunction", FunctionName=...)``; raises AwsError if AWS refuses."""

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> JsonObject | None:
        """The same, and None when AWS answers with the one error code `absent`."""

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[JsonObject]:
        """Every page of a paginated operation."""

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        """Botocore's waiter of that name, as in ``wait("lambda", "function_updated_v2", FunctionName=...)``."""

    def sleep(self, seconds: float) -> None:
        """Waits; tests do not."""
