"""The errors of states.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from collections.abc import Sequence

RUNTIME = "States.Runtime"
"""The error that always fails the execution: it can neither be retried nor caught."""
TOO_LARGE = "States.DataLimitExceeded"
"""The error of data that is too large: States.ALL does not match it."""
QUERY = "States.QueryEvaluationError"
"""The error of an expression in JSONata."""
TIMEOUTS = frozenset({"States.Timeout", "States.HeartbeatTimeout"})
"""States.TaskFailed matches all errors but these."""


class StateError(Exception):
    """An error of a state.

    Args:
        error: its name.
        cause: what it says.
    """

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}" if cause else error)
        self.error, self.cause = error, cause


class NothingThereError(Exception):
    """A path to one value leads to nothing."""


def matches(names: Sequence[str], error: str) -> bool:
    """Whether one of the names in ErrorEquals matches an error."""
    if error == RUNTIME:
        return False
    if error in names or (error == "States.HeartbeatTimeout" and "States.Timeout" in names):
        return True
    return error != TOO_LARGE and ("States.ALL" in names or ("States.TaskFailed" in names and error not in TIMEOUTS))
