"""What a run of a state or of a machine did."""

from common.base.json_types import Json
from common.base.lean_dataclass import dataclass, field


@dataclass
class Visit:
    """A state that was entered.

    Args:
        state: its name.
        input: its input.
        arguments: what the last call of what it calls was given; None if it calls nothing.
        output: its output; None if it failed.
        error: the error with which it failed, or that it caught; empty if there was none.
        cause: what the error says.
        attempts: how often it was tried.
    """

    state: str
    input: Json
    arguments: Json = None
    output: Json = None
    error: str = ""
    cause: str = ""
    attempts: int = 0


@dataclass(frozen=True)
class Wait:
    """A time that was counted and not waited for.

    Args:
        state: the state that waited.
        seconds: how long: before a retry, without jitter, that is, the longest time that it may be.
        reason: the error that was retried; empty for a Wait state.
        jitter: whether AWS takes a random time up to this one, because JitterStrategy is FULL.
    """

    state: str
    seconds: float
    reason: str = ""
    jitter: bool = False


@dataclass
class Run:
    """The result of a run.

    Args:
        status: ``SUCCEEDED``, ``FAILED`` or ``TIMED_OUT``; of a single state also ``CAUGHT_ERROR``.
        output: the output; None if it failed.
        error: the name of the error; empty if there was none.
        cause: what the error says.
        visits: the states that were entered, in order; those within Map and Parallel states come after these.
        waits: the times between retries, and of Wait states.
        variables: the variables at the end.
        next_state: of a single state, the state that comes next; empty if none does.
        seconds: how long it would have taken.
    """

    status: str = "SUCCEEDED"
    output: Json = None
    error: str = ""
    cause: str = ""
    visits: list[Visit] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    variables: dict[str, Json] = field(default_factory=dict)
    next_state: str = ""
    seconds: float = 0

    @property
    def states(self) -> list[str]:
        """The names of the states that were entered, in order."""
        return [visit.state for visit in self.visits]

    def visits_of(self, state: str) -> list[Visit]:
        """All visits of a state."""
        return [visit for visit in self.visits if visit.state == state]
