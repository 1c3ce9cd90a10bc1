"""What AWS says of a desired state before it is asked to make it so."""

from typing import NamedTuple


class Diagnosis(NamedTuple):
    """What AWS says of a desired state."""

    is_error: bool
    """Whether AWS would refuse it; otherwise it is a warning."""
    text: str
    """With AWS's own code and words."""
