"""A bounded number of sequences, the same ones every time; the soak looks for new ones."""

from hypothesis import HealthCheck, settings

from tests.faults.sequences import Sequences

TestSequences = Sequences.TestCase
TestSequences.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
