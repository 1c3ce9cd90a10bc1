"""What is asked once more before every attempt of every AWS call: whether this thread may still call.

Whoever holds a lease sets a check for as long as it relies on it. The check is made as late as botocore lets us: after the
request was paced and signed, right before it is sent, and again before each retry, page and poll of a waiter. So no call begins,
and none is repeated, after the lease has ended. What was sent before may arrive for `REQUEST_SECONDS` at the most.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

CONNECT_SECONDS = 10.0
"""How long a connection may take."""
ANSWER_SECONDS = 70.0
"""How long AWS may take for the next part of an answer."""
SIGNED_SECONDS = 900.0
"""How long S3 takes a request after it was signed; other services take it for five minutes."""
REQUEST_SECONDS = SIGNED_SECONDS + CONNECT_SECONDS + ANSWER_SECONDS
"""How long a request can live at the most, also when its process was stopped between the check and the first byte."""
_CHECK: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


@contextmanager
def fenced(check: Callable[[], None] | None) -> Iterator[None]:
    """Calls `check` before every attempt of every AWS call that this thread makes in the block; None checks nothing.

    Args:
        check: raises when nothing more may be called.
    """
    before = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(before)


def check() -> None:
    """Raises when this thread may call nothing more."""
    present = _CHECK.get()
    if present is not None:
        present()
