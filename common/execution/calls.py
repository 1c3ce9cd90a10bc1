"""The events of a run of one function, job or crawler, and what all three have in common."""

from collections.abc import Callable, Mapping

from common.base.lean_dataclass import dataclass, field
from common.execution.failure import Failure
from common.execution.function_logs import Usage
from common.execution.logs import LogLine

SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"


@dataclass(frozen=True)
class Called:
    """A function was called, or a run of a job or crawler was started.

    Args:
        project: the project.
        key: the key of what runs, as in ``lambda/Validate``.
        name: its name in AWS, with the id of the run for a job.
    """

    project: str
    key: str
    name: str


@dataclass(frozen=True)
class Logged:
    """It has written these lines."""

    lines: tuple[LogLine, ...]


@dataclass(frozen=True)
class Working:
    """It still runs."""

    text: str


@dataclass(frozen=True)
class Returned:
    """It has ended.

    Args:
        project, key, name: see `Called`.
        status: ``SUCCEEDED``, ``FAILED``, ``TIMEOUT``, ``STOPPED`` or another end that the service names.
        seconds: the duration.
        output: what a function returned, as JSON text.
        failure: the reason if it did not succeed; `lines` has the traceback of a function.
        usage: what was used and is billed.
    """

    project: str
    key: str
    name: str
    status: str
    seconds: float
    output: str | None = None
    failure: Failure | None = None
    usage: Usage = field(default_factory=dict)


CallEvent = Called | Logged | Working | Returned
TellCall = Callable[[CallEvent], None]
Arguments = Mapping[str, str]
"""The arguments of a job run, without ``--``."""
