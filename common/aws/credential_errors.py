"""Words what is wrong with credentials where botocore lets the exception of a program, file or variable through.

Such an exception may hold a secret: one about a header that cannot be sent shows the session token in it.
"""

import json
from traceback import walk_tb
from types import TracebackType

from common.base.errors import AccountError

SOURCE = "botocore.credentials"
"""The module in which botocore looks for credentials."""
UNUSABLE = (
    "What this shell or the AWS profile says of credentials cannot be used: {reason}. Correct it, or set AWS_PROFILE to a "
    "profile of account {account}."
)
UNSENDABLE = (
    "The access key or the session token has a line end, or another character that no request can have, so nothing was sent. "
    "Copy it again, for account {account}."
)
UNSENT_HEADER = "Invalid header value"
"""How the exception begins of a request with a header that cannot be sent; the value follows."""


def unusable_credentials(error: BaseException, trace: TracebackType | None, account_id: str) -> AccountError | None:
    """Returns the error for people, if credentials are the cause.

    Args:
        error: what a call raised.
        trace: where it was raised; None if botocore words it, as of a connection that fails.
        account_id: the account of the environment.
    """
    if UNSENT_HEADER in str(error):
        return AccountError(UNSENDABLE.format(account=account_id))
    if not isinstance(error, OSError | ValueError | RuntimeError) or not _is_of_credentials(trace):
        return None
    reason = "what supplies them gives no JSON" if isinstance(error, json.JSONDecodeError) else str(error).rstrip(".")
    return AccountError(UNUSABLE.format(reason=reason, account=account_id))


def _is_of_credentials(trace: TracebackType | None) -> bool:
    return any(frame.f_globals.get("__name__") == SOURCE for frame, _ in walk_tb(trace))
