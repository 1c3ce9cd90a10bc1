"""What the expressions of a state can see, and the clock that counts instead of waiting."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.testing.errors import TOO_LARGE, StateError

LIMIT = 262_144
"""How many bytes the input or the output of a state may have."""
START = datetime(2026, 1, 1, tzinfo=UTC)
"""When executions begin, unless a test gives another time."""
EXAMPLE = "arn:aws:states:us-east-1:123456789012"
"""The beginning of the ARNs in the context object."""


class ExecutionTimedOut(Exception):  # noqa: N818 - it is not an error of a state
    """The execution has lasted longer than the TimeoutSeconds of the machine."""


@dataclass
class Clock:
    """The time of an execution. It goes on only when something is counted.

    Args:
        start: when the execution began.
        limit: the TimeoutSeconds of the machine.
        seconds: how long it has lasted.
    """

    start: datetime
    limit: float | None = None
    seconds: float = 0

    def pass_by(self, seconds: float) -> None:
        """Lets some time pass.

        Raises:
            ExecutionTimedOut: that is longer than the machine may run.
        """
        self.seconds += seconds
        if self.limit is not None and self.seconds > self.limit:
            self.seconds = self.limit
            raise ExecutionTimedOut

    @property
    def now(self) -> datetime:
        """The time."""
        return self.start + timedelta(seconds=self.seconds)

    @property
    def text(self) -> str:
        """The time as the context object has it."""
        return as_text(self.now)


def as_text(time: datetime) -> str:
    """A time as the context object has it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Scope:
    """What a state can see.

    Args:
        input: its input.
        context: the context object.
        variables: the variables, as they were when it was entered.
        now: the counted time.
    """

    input: Json
    context: JsonMapping
    variables: JsonMapping = field(default_factory=dict)
    now: datetime = START

    def within(self, **context: Json) -> "Scope":
        """The same with other parts of the context object."""
        return replace(self, context={**self.context, **context})


def context_of(machine: str, execution_input: Json, clock: Clock, replacing: JsonMapping) -> JsonObject:
    """The context object of an execution; what a test gives replaces parts of it."""
    context: JsonObject = {
        "Execution": {
            "Id": f"{EXAMPLE}:execution:{machine}:test",
            "Input": execution_input,
            "Name": "test",
            "RoleArn": "arn:aws:iam::123456789012:role/test",
            "StartTime": clock.text,
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": f"{EXAMPLE}:stateMachine:{machine}", "Name": machine},
    }
    for name, part in replacing.items():
        both = isinstance(part, Mapping) and isinstance(context.get(name), Mapping)
        context[name] = {**context[name], **part} if both else part
    return context


def check_size(value: Json) -> Json:
    """Returns a value that is not too large to be handed from one state to another.

    Raises:
        StateError: it is.
    """
    if (size := len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())) > LIMIT:
        raise StateError(TOO_LARGE, f"The state's data has {size} bytes, and {LIMIT} are allowed.")
    return value
