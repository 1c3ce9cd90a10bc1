"""Everything that can go wrong, as one tree.

::

    DeployError              one clear message for a person; the command exits with `exit_code`
    ├── UsageError           the command line: a missing --env, an unknown project
    ├── ConfigError          config/*.json: every error of a file at once, each with its JSON path
    │   └── ParameterError   no values for what a project refers to as ${name}
    ├── DeclarationError     projects/*/deploy.py: a reference to nothing, a name too long, a broken definition
    ├── ArtifactError        a package that cannot be built or would not run
    ├── AccountError         no credentials, or credentials of another account
    ├── AwsError             AWS refused a call: service, operation, code and AWS's own words
    ├── OwnershipError       something of that name exists and is not ours
    ├── LockedError          another deploy is changing the same project
    ├── OvertakenError       another deploy has changed it since the plan was made
    ├── SkippedError         a change was left undone because configuration says so; no failure
    ├── NewerSchemaError     a later version of the deployer wrote something in a format that this one does not know
    ├── UnfinishedError      the last deploy of a project did not finish, or cannot be read: what is in use there is not known
    ├── LocalError           the embedded AWS
    ├── StoppedError         Ctrl-C or SIGTERM; exit code 130 or 143
    └── FailedError          the plan was applied in part: the failures were reported one by one

A message says where, what, and what to do. Nothing else of ours may reach the user as a traceback.
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
        """Names of files that are no text are in it as escapes: a terminal, and a pipe, could not take them."""
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
        message: all of them, and what to add to the configuration.
        places: what refers to each of them, and what may have been meant.
        project: whose they are.
    """

    def __init__(self, message: str, places: Mapping[str, str], project: str = "") -> None:
        super().__init__(message)
        self.places, self.project = places, project


class ArtifactError(DeployError):
    """An artifact cannot be built, or AWS would not accept it."""


class AccountError(DeployError):
    """The credentials are missing or do not belong to the environment's account."""


class OwnershipError(DeployError):
    """A resource exists under our name without our ownership tags."""


class LockedError(DeployError):
    """Another deploy holds the lease, or has taken ours."""


class OvertakenError(DeployError):
    """The plan was made from what is there no more; nothing was changed by it."""


class SkippedError(DeployError):
    """A change was not made, as the resource's own settings want it; the next deploy tries again."""


class UnfinishedError(DeployError):
    """The last deploy of a project did not finish; what it needs is not known until the next one has."""


class NewerSchemaError(DeployError):
    """A release root, record or lease has a format of a later version of the deployer; it is not read and not written over."""


class LocalError(DeployError):
    """The embedded AWS cannot be started, reached or stopped."""


class FailedError(DeployError):
    """Some resources failed; each was reported when it did."""


class StoppedError(DeployError):
    """A signal asked to stop; what was under way was finished and recorded."""

    def __init__(self, signal_number: int) -> None:
        super().__init__("Stopped. What was finished is recorded: deploy again to go on from here.")
        self.exit_code = 128 + signal_number


BUSY = (
    *("Throttl", "RequestThrottled", "EC2Throttled", "TooManyRequests", "ProvisionedThroughputExceeded", "RequestLimitExceeded"),
    *("BandwidthLimitExceeded", "PriorRequestNotComplete", "TransactionInProgress", "RequestTimeout", "SlowDown"),
    *("ServiceUnavailable", "InternalError", "InternalFailure", "InternalServer", "ServiceException"),
)
"""How the codes begin by which any service says that it cannot answer now."""
UNREACHED = ("EndpointConnection", "ConnectTimeout", "ProxyConnection", "SSL")
UNHEARD = (*UNREACHED, "ReadTimeout", "ConnectionClosed", "HTTPClient", "IncompleteRead", "ResponseStreaming")
"""How the codes begin that botocore gives to a call without an answer."""
EXPIRED = ("ExpiredToken", "RequestExpired", "RefreshWithMFA", "UnauthorizedSSOToken", "SSOTokenLoad", "TokenRetrieval")
"""How codes begin that say that the credentials are no more: every other call would be told the same."""
ADVICE = {
    ("AccessDenied", "UnauthorizedOperation", "AuthorizationError"): (
        f"Allow it to whoever deploys; `{typed('policy')}` prints all that deploying takes."
    ),
    ("LimitExceeded", "ResourceNumberLimit", "CodeStorageExceeded", "TooManyBuckets"): (
        "Remove what is not needed, or ask AWS for more in Service Quotas."
    ),
    ("ResourceConflict", "ConcurrentModification", "ResourceInUse", "OperationAborted"): (
        "Something else is changing it: deploy again when that is done."
    ),
    BUSY: ("It was asked for again and again: deploy again later to go on from here."),
    UNHEARD: ("Is there a network, and is the region right? Deploy again to go on from here."),
    (*EXPIRED, "UnrecognizedClient", "InvalidClientTokenId"): "Sign in again, then deploy again.",
}
"""What to do about an error, by how its code begins."""


class AwsError(DeployError):
    """AWS refused a call, gave no answer, or was not reached.

    Attributes:
        service: the client's name, as in ``lambda``.
        operation: the API operation, as in ``UpdateFunctionCode``.
        code: AWS's error code, as in ``ResourceConflictException``.
        said: AWS's own message.
        deleted: S3 says that the object was deleted, and not only that it has none.
    """

    def __init__(self, service: str, operation: str, code: str, said: str, *, deleted: bool = False) -> None:
        advice = next((f" {text}" for begins, text in ADVICE.items() if code.startswith(begins)), "")
        if code.startswith(UNREACHED):
            told = f"{service} could not be reached: {said.rstrip('.')}."
        elif code.startswith(UNHEARD):
            told = f"{service}:{operation} was not answered: {code}: {said}"
        else:
            told = f"{service}:{operation} was refused: {code}: {said}"
        end = "" if not advice or told.endswith((".", "!", "?")) else "."
        super().__init__(f"{told}{end}{advice}")
        self.service = service
        self.operation = operation
        self.code = code
        self.said = said
        self.deleted = deleted

    @property
    def passes(self) -> bool:
        """Whether it says nothing of who asked or of what was asked: the same call may succeed later."""
        return self.code.startswith((*BUSY, *UNHEARD))


def caught(doing: Callable[P, V]) -> Callable[P, V | DeployError]:
    """Errors as values, so that all are told and not only the first."""

    def caught(*given: P.args, **named: P.kwargs) -> V | DeployError:
        try:
            return doing(*given, **named)
        except DeployError as error:
            return error

    return caught


def raise_together(errors: Sequence[DeployError]) -> None:
    """Raises what went wrong, all of it in one message; nothing if nothing did."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise DeployError("\n".join(str(error) for error in errors))
