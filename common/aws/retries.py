"""Which failed calls are tried again, when, and for how long.

Botocore's own retries draw on a quota that a bad minute empties: of a few hundred calls, a third of them throttled or broken,
the later ones would not be tried again at all. A deploy has a better bound, time: it ends, and says why. And botocore takes an
answer that was cut short for one that says nothing, which would make "is not there" of "is there".

Follows https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.base.errors import BUSY
from common.base.json_types import JsonMapping

ATTEMPTS = 12
"""Of one call that AWS answers with "not now", or does not answer."""
CONNECTS = 4
"""Of one call for which nobody listens: a machine without a network need not wait long to be told."""
WHEN_DOWN = 2
"""Of one call, when another one has just been given up."""
SECONDS = 60.0
"""After its first failure, a call is not tried again when so much time has gone by."""
LONGEST_PAUSE = 20.0
PROPAGATION_SECONDS = 150.0
"""How long a new role may take to be known everywhere."""
NAME_SECONDS = 300.0
"""How long to wait for the name of a bucket that was just deleted. It may take an hour: others need not wait for that."""
UNSEEN_SECONDS = 15.0
"""How long an object that was just written may not be found, at a time.

For up to 15 minutes after a bucket began to keep versions this may happen now and then:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
"""
STATUSES = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Refusals:
    """Which refusals pass by themselves. A code may mean a quota to one service and a matter of moments to another.

    Args:
        codes: by service, error codes of what is over in moments, each with the reason.
        messages: what services say while a role, its policy or an object is not yet known to them: service, part of the message.
        seconds: for how many seconds a call is sent again that is refused, by service and error code.
    """

    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    messages: tuple[tuple[str, str], ...] = ()
    seconds: Mapping[tuple[str, str], float] = field(default_factory=dict)


NO_REFUSALS = Refusals()
"""No service's refusals pass, but for what every service may say."""


def patience(refusals: Refusals, service: str, operation: str, code: str, said: str, made: Collection[str]) -> float:
    """For how many seconds a call is sent again that AWS has refused, because what was made a moment ago is not known everywhere.

    Args:
        refusals: what passes with each service.
        service: that was called.
        operation: the API operation.
        code: of the refusal.
        said: its message.
        made: what we know to exist of what the call names: ``bucket``, as we have created it; ``object``, as we have written it.
    """
    if any(service == where and text in said for where, text in refusals.messages):
        return PROPAGATION_SECONDS
    if (service, code) in refusals.seconds:
        return refusals.seconds[service, code]
    if service != "s3":
        return 0.0
    if code == "OperationAborted":
        return NAME_SECONDS if operation == "CreateBucket" else PROPAGATION_SECONDS
    if code == "NoSuchBucket":
        return PROPAGATION_SECONDS if "bucket" in made else 0.0
    return UNSEEN_SECONDS if code == "NoSuchKey" and "object" in made else 0.0


@dataclass
class Retries:
    """Answers botocore's event `needs-retry`: the seconds to wait before another try, None when there is to be none.

    Args:
        lost: errors after which nobody knows whether AWS was asked.
        unheard: those among them that say that nobody listened.
        cut_short: what to raise when answers remain shorter than they say.
        refusals: what passes with each service, besides what every service may say.
        clock: seconds that only rise.
        is_down: a call was given up, and none was answered since: until one is, the others are not asked as patiently. A
            thousand resources shall not each take a minute to find out.
    """

    lost: tuple[type[BaseException], ...]
    unheard: tuple[type[BaseException], ...]
    cut_short: Callable[..., BaseException]
    refusals: Refusals = NO_REFUSALS
    clock: Callable[[], float] = time.monotonic
    is_down: bool = field(default=False, init=False)

    def __call__(
        self,
        attempts: int,
        request_dict: JsonMapping,
        response: tuple[Any, JsonMapping] | None = None,
        caught_exception: BaseException | None = None,
        operation: Any = None,
        **_: Any,
    ) -> float | None:
        """Botocore's arguments; `attempts` is how often it was tried so far."""
        missing = _missing(request_dict, response, operation)
        if not missing and not self._passes(response, caught_exception, operation):
            self.is_down = False
            return None
        most = CONNECTS if isinstance(caught_exception, self.unheard) else ATTEMPTS
        first = request_dict["context"].setdefault("first_failure", self.clock())
        if attempts >= (WHEN_DOWN if self.is_down else most) or self.clock() - first > SECONDS:
            self.is_down = True
            if missing:
                raise self.cut_short(**missing)
            return None
        return random.random() * min(2.0 ** (attempts - 1), LONGEST_PAUSE)  # noqa: S311 - jitter, no secret

    def _passes(self, response: tuple[Any, JsonMapping] | None, error: BaseException | None, operation: Any) -> bool:
        if response is None:
            return isinstance(error, self.lost)
        code = str(response[1].get("Error", {}).get("Code"))
        service = operation.service_model.service_name if operation is not None else ""
        return response[0].status_code in STATUSES or code.startswith(BUSY) or code in self.refusals.codes.get(service, ())


def _missing(request: JsonMapping, response: tuple[Any, JsonMapping] | None, operation: Any) -> dict[str, int]:
    """How many bytes came of how many, if not all did; a stream's are not read yet."""
    if response is None or operation is None or operation.has_streaming_output or request.get("method") == "HEAD":
        return {}
    told = response[0].headers.get("content-length", "")
    came = len(response[0].content) if told.isdigit() else 0
    return {"actual_bytes": came, "expected_bytes": int(told)} if told.isdigit() and came < int(told) else {}
