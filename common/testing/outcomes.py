"""What the things that a state machine calls do in a test: mocks by the name of the state, and the outcomes that they give."""

from collections.abc import Callable, Collection, Mapping, Sequence

from common.base.json_types import Json
from common.base.lean_dataclass import dataclass
from common.base.plural import counted
from common.base.suggestions import did_you_mean


class MockError(Exception):
    """A test that cannot be run: a state has no mock, or more calls than outcomes."""


@dataclass(frozen=True)
class Outcome:
    """How one call ends; `ok` and `fails` make it.

    Args:
        result: the raw result of the integration, as ResultSelector or ``$states.result`` see it.
        error: the name of the error; empty if the call succeeds.
        cause: what the error says.
        seconds: how long the call lasts; more than the state's TimeoutSeconds is a States.Timeout.
    """

    result: Json = None
    error: str = ""
    cause: str = ""
    seconds: float = 0


def ok(result: Json = None, *, seconds: float = 0) -> Outcome:
    """A call that succeeds with this raw result; it may last some seconds, which are counted and not waited for."""
    return Outcome(result, seconds=seconds)


def payload(value: Json, *, seconds: float = 0) -> Outcome:
    """A function that returns a value, called by ``lambda:invoke``."""
    return Outcome({"ExecutedVersion": "$LATEST", "Payload": value, "StatusCode": 200}, seconds=seconds)


def fails(error: str, cause: str = "", *, seconds: float = 0) -> Outcome:
    """A call that fails with an error of this name, such as ``Lambda.TooManyRequestsException`` or ``States.Timeout``."""
    return Outcome(error=error, cause=cause, seconds=seconds)


Mock = Outcome | Sequence[Outcome] | Callable[[Json], Json]
"""One outcome for every call, outcomes for one call after the other, or a function of the arguments of the call.

What a function returns is the raw result, unless it is an `Outcome`.
"""


class Mocks:
    """The mocks of one run.

    Args:
        mocks: the mocks by the name of the state.
        states: the names of all states of the machine.

    Raises:
        MockError: there is no such state.
    """

    def __init__(self, mocks: Mapping[str, Mock], states: Collection[str]) -> None:
        for name in mocks:
            if name not in states:
                raise MockError(f"mocks: there is no state {name!r}.{did_you_mean(name, states)}")
        self._mocks = mocks
        self._calls = dict.fromkeys(mocks, 0)

    def has(self, name: str) -> bool:
        """Whether a state has a mock."""
        return name in self._mocks

    def outcome(self, name: str, arguments: Json) -> Outcome:
        """The outcome of the next call of a state.

        Raises:
            MockError: the state has no mock, or no more outcomes.
        """
        if name not in self._mocks:
            raise MockError(f'{name} calls something, and has no mock. Add mocks={{"{name}": ok(…)}}.')
        mock = self._mocks[name]
        self._calls[name] += 1
        if isinstance(mock, Outcome):
            return mock
        if callable(mock):
            result = mock(arguments)
            return result if isinstance(result, Outcome) else Outcome(result)
        number = self._calls[name]
        if number > len(mock):
            raise MockError(f"{name} is called {number} times, and its mock has {counted(len(mock), 'outcome')}.")
        return mock[number - 1]
