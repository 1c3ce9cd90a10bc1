"""All errors that the deployer reports, as one tree of classes.

::

    DeployError              one clear message for a person; the command exits with `exit_code`
    ├── UsageError           the command line: a missing --env, an unknown project
    ├── ConfigError          config/*.json: every error of a file at once, each with its JSON path
    │   └── ParameterError   no values for what a project refers to as ${name}
    ├── DeclarationError     projects/*/deploy.py: a reference to nothing, a name too long, a broken definition
    ├── ArtifactError        a package that cannot be built or would not run
    ├── AccountError         no credentials, or credentials of another account
    ├── AwsError             AWS refused a call: service, operation, code and AWS's own words
    ├── OwnershipError       something of that name exists and does not belong to this environment
    ├── MissingError         something of others that is used does not exist, or cannot be used from here
    ├── LockedError          another deploy is changing the same project
    ├── OvertakenError       another deploy has changed it since the plan was made
    ├── SkippedError         a change was not made because the configuration forbids it now; not a failure
    ├── NewerSchemaError     a later version of the deployer wrote something in a format that this one does not know
    ├── UnfinishedError      the last deploy of a project did not finish or cannot be read, so what it uses is unknown
    ├── LocalError           the embedded AWS
    ├── StoppedError         Ctrl-C or SIGTERM; exit code 130 or 143
    └── FailedError          the plan was applied in part: the failures were reported one by one

A message says where, what, and what to do. No error of the deployer itself may reach the user as a traceback.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

from common.base.command_text import typed

V = TypeVar("V")
P = ParamSpec("P")


class DeployError(Exception):
    """The root of the tree. `exit_code` is what the command returns to the shell."""

    exit_code = 1

    def __str__(self) -> str:
        """Escapes parts of file names that are not valid text, which a terminal or a pipe could not encode."""
        return super().__str__().encode("utf-8", "backslashreplace").decode()


class UsageError(DeployError):
    """The command line asks for something that does not exist."""


class ConfigError(DeployError):
    """A configuration file is missing, malformed or wrong."""


class DeclarationError(DeployError):
    """A pipeline's declaration cannot be rendered."""


class ParameterError(ConfigError):
    """An environment has no values for parameters that a project refers to.

    Args:
        message: the message, with all parameters and what to add to the configuration.
        places: for each parameter the place that refers to it, with a suggestion.
        project: the project that refers to them.
    """

    def __init__(self, message: str, places: Mapping[str, str], project: str = "") -> None:
        super().__init__(message)
        self.places, self.project = places, project


class ArtifactError(DeployError):
    """An artifact cannot be built, or AWS would not accept it."""


class AccountError(DeployError):
    """The credentials are missing or do not belong to the environment's account."""


class OwnershipError(DeployError):
    """A resource with the wanted name exists, but without the ownership tags of this environment."""


class MissingError(DeployError):
    """Something that belongs to others and is used does not exist, or is in another region than its use requires."""


class LockedError(DeployError):
    """Another deploy holds the lease, or has taken it over from this one."""


class OvertakenError(DeployError):
    """Another deploy has changed the project since the plan was made. Nothing was changed."""


class SkippedError(DeployError):
    """A change was not made because of the resource's own settings; the next deploy tries again."""


class UnfinishedError(DeployError):
    """The last deploy of a project did not finish; what it uses is unknown until the next deploy finishes."""


class NewerSchemaError(DeployError):
    """A release root, record or lease has the format of a later version of the deployer; it is neither read nor overwritten."""


class LocalError(DeployError):
    """The embedded AWS cannot be started, reached or stopped."""


class FailedError(DeployError):
    """Some resources failed; each failure was reported when it happened."""


class StoppedError(DeployError):
    """A signal stopped the command; calls that were running were finished and recorded."""

    def __init__(self, signal_number: int) -> None:
        super().__init__("Stopped. What was finished is recorded: deploy again to continue from here.")
        self.exit_code = 128 + signal_number


BUSY = (
    *("Throttl", "RequestThrottled", "EC2Throttled", "TooManyRequests", "ProvisionedThroughputExceeded", "RequestLimitExceeded"),
    *("BandwidthLimitExceeded", "PriorRequestNotComplete", "TransactionInProgress", "RequestTimeout", "SlowDown"),
    *("ServiceUnavailable", "InternalError", "InternalFailure", "InternalServer", "ServiceException"),
)
"""Prefixes of the error codes with which services say that they cannot answer now."""
UNREACHABLE = ("EndpointConnection", "ConnectTimeout", "ProxyConnection", "SSL")
NO_ANSWER = (
    *UNREACHABLE,
    "ReadTimeout",
    "ConnectionClosed",
    "HTTPClient",
    "IncompleteRead",
    "ResponseStreaming",
    "UnreadableAnswer",
)
"""Prefixes of the error codes of calls without an answer; botocore names them, but for the last one."""
EXPIRED = ("ExpiredToken", "RequestExpired", "RefreshWithMFA", "UnauthorizedSSOToken", "SSOTokenLoad", "TokenRetrieval")
"""Prefixes of the error codes of expired credentials, with which every other call would fail, too."""
ADVICE = {
    ("AccessDenied", "UnauthorizedOperation", "AuthorizationError"): (
        f"Allow this action to the deploying role; `{typed('policy')}` prints all permissions that it needs."
    ),
    ("LimitExceeded", "ResourceNumberLimit", "CodeStorageExceeded", "TooManyBuckets"): (
        "Remove what is not needed, or ask AWS for more in Service Quotas."
    ),
    ("ResourceConflict", "ConcurrentModification", "ResourceInUse", "OperationAborted"): (
        "Something else is changing the resource: deploy again when that is done."
    ),
    BUSY: "The call was retried several times: deploy again later to continue from here.",
    NO_ANSWER: "Check the network and the region, then deploy again to continue from here.",
    (*EXPIRED, "UnrecognizedClient", "InvalidClientTokenId"): "Sign in again, then deploy again.",
}
"""Advice for the user by prefixes of error codes."""
FORBIDDEN = "A policy denies this, so no other one can allow it: change the statement that denies it."
"""Advice for the user where a call is denied although it may be allowed, too."""


class AwsError(DeployError):
    """AWS refused a call, gave no answer, or was not reached.

    Attributes:
        service: the name of the client, as in ``lambda``.
        operation: the API operation, as in ``UpdateFunctionCode``.
        code: AWS's error code, as in ``ResourceConflictException``.
        reason: the message of AWS.
        deleted: whether S3 reports that the object was deleted, rather than that it never existed.
    """

    def __init__(self, service: str, operation: str, code: str, reason: str, *, deleted: bool = False) -> None:
        advice = next((f" {text}" for begins, text in ADVICE.items() if code.startswith(begins)), "")
        if "with an explicit deny" in reason:
            advice = f" {FORBIDDEN}"
        if code.startswith(UNREACHABLE):
            sentence = f"{service} could not be reached: {reason.rstrip('.')}."
        elif code.startswith(NO_ANSWER):
            sentence = f"{service}:{operation} was not answered: {code}: {reason}"
        else:
            sentence = f"{service}:{operation} was refused: {code}: {reason}"
        end = "" if not advice or sentence.endswith((".", "!", "?")) else "."
        super().__init__(f"{sentence}{end}{advice}")
        self.service = service
        self.operation = operation
        self.code = code
        self.reason = reason
        self.deleted = deleted

    @property
    def passes(self) -> bool:
        """Whether the error is temporary: the same call may succeed later."""
        return self.code.startswith((*BUSY, *NO_ANSWER))


def returning_errors(function: Callable[P, V]) -> Callable[P, V | DeployError]:
    """Wraps a function so that it returns errors instead of raising them, so that all errors can be reported together."""

    def returning_errors(*args: P.args, **kwargs: P.kwargs) -> V | DeployError:
        try:
            return function(*args, **kwargs)
        except DeployError as error:
            return error

    return returning_errors


def raise_together(errors: Sequence[DeployError]) -> None:
    """Raises all errors in one message; does nothing if there are none."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise DeployError("\n".join(str(error) for error in errors))
