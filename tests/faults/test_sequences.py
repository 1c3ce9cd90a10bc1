"""A bounded number of sequences, the same ones every time; the soak looks for new ones."""

from tests.faults.bounded import bounded
from tests.faults.sequences import Sequences

TestSequences = Sequences.TestCase
TestSequences.settings = bounded(60, steps=30)
