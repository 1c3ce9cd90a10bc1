"""The only way to AWS: the account guard, the call counter, and how long to wait for what.

Every call of the deployer goes through `AwsSession.call`. It counts what was asked for, keeps to the rates that AWS publishes,
lets botocore's adaptive retry mode find the others, and raises our errors. What is retried here and nowhere
else: a role, a bucket or an object that was just made is not known everywhere at once, and AWS says so in its own ways; and an
object whose body breaks off.

Follows https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

import io
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, count
from typing import Any

from common.aws import profile
from common.aws.protocol import SIZE_LIMIT, Stream
from common.aws.rates import Rates
from common.aws.retries import NO_REFUSALS, PROPAGATION_SECONDS, Refusals, patience
from common.aws_common import Clients, Translated, method, waiter_of
from common.base.errors import AccountError, AwsError
from common.base.json_types import JsonMapping, JsonObject
from common.base.terminal import code_asked
from common.environment.endpoints import AWS_ITSELF, Endpoints

BROKEN = frozenset({"IncompleteReadError", "ResponseStreamingError"})
"""What reading a body ends with when the connection does."""
BODIES = 5
"""So often a body is asked for that breaks off."""
FIRST_PAUSE = 0.2
"""Seconds between a waiter's first two polls; each pause is half as long again as the last, up to the waiter's own."""
AT_LEAST = 0.5
"""Seconds until a function is first asked about: Lambda takes about a second for any change."""
READS = ("Get", "Head", "List", "Describe")
"""How the names of operations that change nothing begin."""
UNDER_WAY = frozenset({"function_active_v2", "function_updated_v2"})
"""Waiters for what AWS has just said to be under way: the first poll comes when it may be done."""


class AwsSession:
    """One session with one account and region; clients are made on first use and shared between threads.

    Args:
        region: where every regional call goes.
        account_id: the account that the credentials must belong to.
        endpoints: other addresses than AWS's own.
        sleep: how to wait between tries.
        connections: how many calls may be under way at once.
        rates: what AWS allows; nothing is held back without it.
        refusals: which refusals pass by themselves, so that the call is sent again; each kind of resource says it of its service.
    """

    def __init__(
        self,
        region: str,
        account_id: str,
        *,
        endpoints: Endpoints = AWS_ITSELF,
        sleep: Callable[[float], None] = time.sleep,
        connections: int = 16,
        rates: Rates | None = None,
        refusals: Refusals = NO_REFUSALS,
    ) -> None:
        self.region = region
        self.account_id = account_id
        self.calls: Counter[str] = Counter()
        self.sleep = sleep
        self.clients = Clients(region, account_id, endpoints, connections, rates, refusals)
        self.say: Callable[[str], None] = lambda _: None
        """Is told when a call is going to take minutes."""
        self._endpoints, self._refusals = endpoints, refusals
        self._buckets: set[Any] = set()
        self._objects: set[Any] = set()
        self._lock, self._guarding = threading.Lock(), threading.Lock()
        self._caller: str | None = None

    def sign_in(self) -> None:
        """Asks for the code that the chosen profile wants, if it wants one: before anything else is asked, and once.

        Raises:
            AccountError: nobody can be asked here.
            AwsError: AWS does not take the code.
        """
        if self._endpoints.secret is None and profile.needs_code():
            self.clients.sign_in(code_asked())

    def guard(self) -> str:
        """Proves that the credentials belong to the environment's account. It is proved once, whoever asks for it.

        Returns:
            The caller's ARN.

        Raises:
            AccountError: there are no credentials, they are not accepted, or they belong to another account.
            AwsError: AWS could not be asked, so nothing is known of them.
        """
        with self._guarding:
            self._caller = self._caller or self._proved()
            return self._caller

    def _proved(self) -> str:
        try:
            caller = self.call("sts", "GetCallerIdentity")
        except AwsError as error:
            if error.passes:
                raise
            account = self.account_id
            raise AccountError(f"AWS does not accept the credentials: {error.said} Sign in to account {account}.") from None
        if caller["Account"] != self.account_id:
            raise AccountError(
                f"These credentials belong to account {caller['Account']} ({caller['Arn']}); the environment is in account "
                f"{self.account_id}. Nothing was changed. Set AWS_PROFILE to a profile of account {self.account_id}."
            )
        return str(caller["Arn"])

    def call(self, service: str, operation: str, /, **parameters: Any) -> JsonObject:
        """One API operation, retried for as long as a new role, bucket or object may be unknown.

        Raises:
            AwsError: AWS refused, or could not be reached.
            AccountError: there are no credentials.
        """
        waited, pause, bodies = 0.0, 1.0, BODIES
        while True:
            try:
                response = self._once(service, operation, parameters)
            except AwsError as error:
                bodies -= error.code in BROKEN
                broken = error.code in BROKEN and operation == "GetObject" and bodies > 0
                seconds = PROPAGATION_SECONDS if broken else self._patience(error, parameters)
                if waited >= seconds:
                    raise
                if not waited and seconds > PROPAGATION_SECONDS:
                    self.say(f"{error} It is tried again for {seconds / 60:.0f} minutes; everything else goes on.")
            else:
                if service == "s3":
                    self._remember(operation, parameters)
                return response
            wait = pause * (1 + random.random() / 4)  # noqa: S311 - jitter, no secret
            self.sleep(wait)
            waited, pause = waited + wait, min(pause * 2, 10.0)

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> JsonObject | None:
        """One API operation, and None if AWS answers with exactly the error code `absent`."""
        try:
            return self.call(service, operation, **parameters)
        except AwsError as error:
            if error.code == absent:
                return None
            raise

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[JsonObject]:
        """Every page of a paginated operation, each counted as the call it is."""
        paginator = self.clients.of(service).get_paginator(method(operation))
        with Translated(self.account_id, service, operation):
            for page in paginator.paginate(**parameters):
                self._count(service, operation)
                yield page

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        """One of botocore's waiters, impatient at first. Its polls are counted by the operation that it calls."""
        client = self.clients.of(service)
        config = client.get_waiter(waiter).config
        operation, delay = config.operation, config.delay
        config.delay = 0  # the pauses are ours
        first = (AT_LEAST if waiter in UNDER_WAY else 0.0,)
        pauses = chain(first, (min(FIRST_PAUSE * 1.5**number, delay) for number in count()))

        def poll(**poll_parameters: Any) -> Any:
            self.sleep(next(pauses))
            self._count(service, operation)
            return getattr(client, method(operation))(**poll_parameters)

        with Translated(self.account_id, service, operation):
            waiter_of(waiter, config, poll).wait(**parameters)

    def _once(self, service: str, operation: str, parameters: JsonObject) -> JsonObject:
        with Translated(self.account_id, service, operation):
            asking = getattr(self.clients.of(service), method(operation))
            self._count(service, operation)
            response: JsonObject = asking(**parameters)
            if "Body" in response:
                response["Body"] = _whole(response["Body"])
            return response

    def _remember(self, operation: str, parameters: JsonMapping) -> None:
        """Keeps what this session has made in S3, which AWS may not know everywhere yet."""
        bucket, stored = parameters.get("Bucket"), (parameters.get("Bucket"), parameters.get("Key"))
        match operation:
            case "CreateBucket":
                self._buckets.add(bucket)
            case "DeleteBucket":
                self._buckets.discard(bucket)
            case "PutObject":
                self._objects.add(stored)
            case "DeleteObject":
                self._objects.discard(stored)

    def _patience(self, error: AwsError, parameters: JsonMapping) -> float:
        """For how many seconds to send a refused call again."""
        bucket, stored = parameters.get("Bucket"), (parameters.get("Bucket"), parameters.get("Key"))
        made = {"bucket"} if bucket in self._buckets else set()
        if error.code == "NoSuchKey" and stored in self._objects and not self._is_deleted(error, parameters):
            made.add("object")
        return patience(self._refusals, error.service, error.operation, error.code, error.said, made)

    def _is_deleted(self, error: AwsError, parameters: JsonMapping) -> bool:
        """Whether somebody has deleted an object that is not found; where a write is refused, its tags are asked."""
        if not error.operation.startswith(READS):
            whose = {name: parameters[name] for name in ("Bucket", "Key", "ExpectedBucketOwner") if name in parameters}
            try:
                self._once("s3", "GetObjectTagging", whose)
            except AwsError as told:
                error.deleted = told.deleted
        return error.deleted

    def _count(self, service: str, operation: str) -> None:
        with self._lock:
            self.calls[f"{service}:{operation}"] += 1


def _whole(body: Stream) -> io.BytesIO:
    """An object's body, read to its end: only there it is seen whether it is all; of one that is too large only the beginning."""
    data = body.read(SIZE_LIMIT + 1)
    return io.BytesIO(data if len(data) > SIZE_LIMIT else data + body.read(1))
