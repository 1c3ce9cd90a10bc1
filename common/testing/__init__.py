"""Unit tests of state machines, for authors: `run_state` and `run_machine` execute definitions with mocks of what these call.

The rule of the room: it executes definitions as Step Functions does, and calls nothing; `aws_states` alone asks AWS, and only if
whoever runs the tests wants that. Projects import it in their tests.
"""

from common.testing.execution import run_machine, run_state
from common.testing.outcomes import MockError, Outcome, fails, ok, payload
from common.testing.run import Run, Visit, Wait

__all__ = ["MockError", "Outcome", "Run", "Visit", "Wait", "fails", "ok", "payload", "run_machine", "run_state"]
