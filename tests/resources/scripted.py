"""An AWS that plays a script: what moto cannot do (errors, slow states) and what must be counted (calls, waits)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.awsrequest import AWSResponse

from common.base.errors import AwsError
from tests.support.finding import Finds

Answer = dict[str, Any] | AwsError


class ScriptedAws(Finds):
    """Answers each operation with the next line of its script, the last one for ever; an operation without a script fails.

    `calls` holds ("service:operation or waiter", parameters) in order; `slept` the seconds.
    """

    def __init__(self, script: Mapping[str, Answer | list[Answer]]) -> None:
        self._script = {name: list(line) if isinstance(line, list) else [line] for name, line in script.items()}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.slept: list[float] = []

    @property
    def operations(self) -> list[str]:
        return [name for name, _ in self.calls]

    def sent(self, operation: str) -> dict[str, Any]:
        """The parameters of the only call of an operation."""
        (result,) = [parameters for name, parameters in self.calls if name == operation]
        return result

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        name = f"{service}:{operation}"
        self.calls.append((name, parameters))
        lines = self._script[name]
        answer = lines.pop(0) if len(lines) > 1 else lines[0]
        if isinstance(answer, AwsError):
            raise answer
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        yield self.call(service, operation, **parameters)

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        self.calls.append((f"{service}:{waiter}", parameters))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def refused(operation: str, code: str, message: str = "") -> AwsError:
    return AwsError("service", operation, code, message)


class Raw:
    """The body of an answer, as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [self._body]


def answered(request: Any, code: str, message: str) -> AWSResponse:
    """How a service that speaks JSON refuses: for botocore's event `before-send`, before moto answers it."""
    return AWSResponse(request.url, 400, {}, Raw(json.dumps({"__type": code, "message": message}).encode()))
