"""Checks before every attempt of every AWS call that this thread may still make calls, so that none starts after a lease ends.

The holder of a lease sets the check while it relies on the lease. The check runs as late as botocore allows: after the request
was paced and signed, right before it is sent, and again before each retry, page and poll of a waiter. So no call starts, and
none is repeated, after the lease has ended. A request that was sent before can still arrive within `REQUEST_SECONDS`.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

CONNECT_SECONDS = 10.0
"""How long connecting may take, in seconds."""
ANSWER_SECONDS = 70.0
"""How long AWS may take for the next part of a response, in seconds."""
LONG_ANSWER_SECONDS = {"lambda:Invoke": 930.0}
"""How long AWS may take for the response of operations that answer only when the work is done, in seconds.

A function may run for 15 minutes: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""
SIGNATURE_SECONDS = 900.0
"""How long S3 accepts a request after it was signed, in seconds; other services accept it for five minutes."""
REQUEST_SECONDS = SIGNATURE_SECONDS + CONNECT_SECONDS + ANSWER_SECONDS
"""How long after the check a request can still arrive, in seconds, even if its process was suspended before the first byte."""
_CHECK: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


@contextmanager
def fenced(check: Callable[[], None] | None) -> Iterator[None]:
    """Calls `check` before every attempt of every AWS call that this thread makes in the block; None checks nothing.

    Args:
        check: raises if no more calls may be made.
    """
    before = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(before)


def check() -> None:
    """Raises an error if this thread must not make another call."""
    present = _CHECK.get()
    if present is not None:
        present()
