"""Decides which failed calls are retried, when, and for how long.

Botocore's own retries use a quota that a bad minute exhausts: if a third of a few hundred calls fails, the later ones are not
retried at all. A deploy limits the time instead: it ends and reports why. Besides, botocore treats a truncated response as an
empty one, so that an existing resource would seem to be absent.

Follows https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from common.base.errors import BUSY
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass, field

Untyped: TypeAlias = Any
"""An object of botocore, which has no types; this module must not import it."""
Response: TypeAlias = tuple[Untyped, JsonMapping]
"""A response as botocore hands it to those who decide on retries: of HTTP, and parsed."""
ATTEMPTS = 12
"""How often a call is sent that AWS throttles or does not answer."""
CONNECT_ATTEMPTS = 4
"""How often a call is sent that cannot connect, so that a machine without a network reports it soon."""
ATTEMPTS_WHEN_DOWN = 2
"""How often a call is sent while another call has just been given up."""
MAX_RETRY_SECONDS = 60.0
"""How long after its first failure a call is still retried, in seconds."""
MAX_PAUSE_SECONDS = 20.0
PROPAGATION_SECONDS = 150.0
"""How long a new role may take to be known in all of AWS, in seconds."""
BUCKET_NAME_SECONDS = 300.0
"""How long to wait for the name of a bucket that was just deleted, in seconds. It may take an hour, which is too long to wait."""
NEW_OBJECT_SECONDS = 15.0
"""How long an object that was just written may be reported as absent, in seconds.

For up to 15 minutes after a bucket began to keep versions this may happen now and then:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
"""
NEED_ROLE = frozenset({"PutRolePolicy", "AttachRolePolicy"})
"""These calls follow the creation of a role, which IAM may not know everywhere yet.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""
NO_ROLE = "role with name"
"""A part of what IAM answers when a role is not found; of a policy that is not found it says something else."""
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
UNREPEATABLE = frozenset({"Invoke", "StartJobRun"})
"""Operations that would run somebody's code a second time, if they are sent again after AWS may have accepted them."""
STARTED_NOTHING = frozenset(
    {
        *("CodeArtifactUserPendingException", "ENINotReadyException", "ResourceNotReadyException", "SnapStartNotReadyException"),
        "ConcurrentModificationException",
    }
)
"""With these codes, such an operation has started nothing, whatever the status is."""


@dataclass(frozen=True)
class Refusals:
    """The refusals that are temporary. The same code may mean a quota in one service and a short delay in another.

    Args:
        codes: by service, the error codes of temporary refusals, each with the reason.
        messages: pairs of service and part of the message while a new role, policy or object is not yet known to the service.
        seconds: for how many seconds a refused call is retried, by service and error code.
    """

    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    messages: tuple[tuple[str, str], ...] = ()
    seconds: Mapping[tuple[str, str], float] = field(default_factory=dict)


def jitter() -> float:
    """A part of a pause, from 0 to 1, so that processes that were refused together do not all return at once."""
    return random.random()  # noqa: S311 - this needs no secure randomness


def pauses(jitter: Callable[[], float] = jitter) -> Iterator[float]:
    """The pauses in seconds between the attempts of a call that is refused while something new is not known everywhere."""
    pause = 1.0
    while True:
        yield pause * (1 + jitter() / 4)
        pause = min(pause * 1.5, 10.0)


def retry_seconds(refusals: Refusals, service: str, operation: str, code: str, message: str, made: Collection[str]) -> float:
    """Returns for how many seconds a refused call is retried, because something that was just created is not known everywhere.

    Args:
        refusals: the temporary refusals of each service.
        service: the service that was called.
        operation: the API operation.
        code: the error code.
        message: the error message.
        made: what this session has created of what the call names: ``bucket``, ``object``, ``role``.
    """
    if any(service == where and text in message for where, text in refusals.messages):
        return PROPAGATION_SECONDS
    if (service, code) in refusals.seconds:
        return refusals.seconds[service, code]
    if service != "s3":
        is_new_role = "role" in made and code == "NoSuchEntity" and operation in NEED_ROLE and NO_ROLE in message
        return PROPAGATION_SECONDS if is_new_role else 0.0
    if code == "OperationAborted":
        return BUCKET_NAME_SECONDS if operation == "CreateBucket" else PROPAGATION_SECONDS
    if code == "NoSuchBucket":
        return PROPAGATION_SECONDS if "bucket" in made else 0.0
    return NEW_OBJECT_SECONDS if code == "NoSuchKey" and "object" in made else 0.0


@dataclass
class Retries:
    """Handles botocore's event `needs-retry`: returns the seconds to wait before a retry, or None for no retry.

    Args:
        lost: errors after which it is unknown whether the request reached AWS.
        unreachable: those of them with which no connection was made.
        cut_short: the error to raise if responses stay truncated.
        refusals: returns the temporary refusals of each service, besides those that every service may answer.
        clock: a monotonic clock in seconds.
        is_down: whether a call was given up and none was answered since. Then other calls are retried less often, so that a
            thousand resources do not each wait for a minute.
    """

    lost: tuple[type[BaseException], ...]
    unreachable: tuple[type[BaseException], ...]
    cut_short: Callable[..., BaseException]
    refusals: Callable[[], Refusals] = Refusals
    clock: Callable[[], float] = time.monotonic
    is_down: bool = field(default=False, init=False)

    def __call__(
        self,
        attempts: int,
        request_dict: JsonMapping,
        response: Response | None = None,
        caught_exception: BaseException | None = None,
        operation: Untyped = None,
        **_: object,
    ) -> float | None:
        """Decides with botocore's arguments; `attempts` is the number of attempts so far."""
        missing = _missing_bytes(request_dict, response, operation)
        if not missing and not self._passes(response, caught_exception, operation):
            self.is_down = False
            return None
        most = CONNECT_ATTEMPTS if isinstance(caught_exception, self.unreachable) else ATTEMPTS
        first = request_dict["context"].setdefault("first_failure", self.clock())
        if attempts >= (ATTEMPTS_WHEN_DOWN if self.is_down else most) or self.clock() - first > MAX_RETRY_SECONDS:
            self.is_down = True
            if missing:
                raise self.cut_short(**missing)
            return None
        return jitter() * min(2.0 ** (attempts - 1), MAX_PAUSE_SECONDS)

    def _passes(self, response: Response | None, error: BaseException | None, operation: Untyped) -> bool:
        is_unrepeatable = operation is not None and operation.name in UNREPEATABLE
        if response is None:
            was_not_sent = isinstance(getattr(error, "kwargs", {}).get("error"), ValueError)  # and would not be the next time
            return isinstance(error, self.unreachable if is_unrepeatable else self.lost) and not was_not_sent
        code = str(response[1].get("Error", {}).get("Code"))
        service = operation.service_model.service_name if operation is not None else ""
        if is_unrepeatable and code not in STARTED_NOTHING:
            return response[0].status_code < HTTPStatus.INTERNAL_SERVER_ERROR and code.startswith(BUSY)
        if response[0].status_code in RETRIED_STATUSES or code.startswith(BUSY):
            return True
        return "Error" in response[1] and code in self.refusals().codes.get(service, ())


def _missing_bytes(request: JsonMapping, response: Response | None, operation: Untyped) -> dict[str, int]:
    """Returns how many bytes of how many were received, if the response is truncated. A stream has not been read yet."""
    if response is None or operation is None or operation.has_streaming_output or request.get("method") == "HEAD":
        return {}
    announced = response[0].headers.get("content-length", "")
    received = len(response[0].content) if announced.isdigit() else 0
    return (
        {"actual_bytes": received, "expected_bytes": int(announced)} if announced.isdigit() and received < int(announced) else {}
    )
