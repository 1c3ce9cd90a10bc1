"""Makes all calls to AWS: guards the account, counts the calls, and waits for what was just created.

Every call of the deployer goes through `AwsSession.call`. It counts the call, keeps to the rates that AWS publishes, lets
botocore's adaptive retry mode find the others, and raises the deployer's errors. Two things are retried here and nowhere else:
calls that fail because a new role, bucket or object is not known everywhere yet, and objects whose body is cut off.

Follows https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

import io
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing

from common.aws import profile
from common.aws.polling import Waits, poll_pauses
from common.aws.protocol import MAX_BODY_BYTES, Stream
from common.aws.rates import Rates
from common.aws.retries import PROPAGATION_SECONDS, Refusals, pauses, retry_seconds
from common.aws_common import Clients, Translated, make_waiter, method_name
from common.base.errors import AccountError, AwsError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.terminal import code_prompt
from common.environment.endpoints import AWS_ITSELF, Endpoints

BROKEN_BODY_CODES = frozenset({"IncompleteReadError", "ResponseStreamingError"})
"""The error codes of a body that is cut off because the connection ends."""
BODY_ATTEMPTS = 5
"""How often to request an object whose body is cut off."""
QUIET_SECONDS = 8.0
"""How long a call may be retried before people are told, in seconds: most new roles are known everywhere by then."""
READ_PREFIXES = ("Get", "Head", "List", "Describe")
"""Prefixes of the names of operations that change nothing."""


class AwsSession:
    """A session with an account and region. Clients are created on first use and shared between threads.

    Args:
        region: the region of all regional calls.
        account_id: the account that the credentials must belong to.
        endpoints: addresses that replace AWS's own.
        sleep: waits between attempts.
        connections: how many calls may run at the same time.
        rates: the rates that AWS allows, for services that are not on this machine; None for no limit.
        refusals: returns the temporary refusals, after which a call is retried; each kind of resource names those of its service.
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
        refusals: Callable[[], Refusals] = Refusals,
    ) -> None:
        self.region = region
        self.account_id = account_id
        self.calls: Counter[str] = Counter()
        self.sleep = sleep
        self.clients = Clients(region, account_id, endpoints, connections, rates, refusals)
        self.say: Callable[[str], None] = lambda _: None
        """Receives a message when a call may take minutes."""
        self._told: set[str] = set()
        self._endpoints, self._refusals, self._connections = endpoints, refusals, connections
        self._buckets: set[object] = set()
        self._objects: set[object] = set()
        self._roles: set[object] = set()
        self._lock, self._guarding = threading.Lock(), threading.Lock()
        self._stopping = threading.Event()
        self._waits = Waits()
        self._caller: str | None = None
        self._rates, self._others = rates, dict[str, AwsSession]()

    def in_region(self, region: str) -> "AwsSession":
        """The session for another region, with the same credentials and counts. Configured endpoints are of one region alone."""
        if region == self.region:
            return self
        with self._guarding:
            if region not in self._others:
                endpoints = AWS_ITSELF if self._endpoints.secret is None else self._endpoints
                other = AwsSession(
                    region,
                    self.account_id,
                    endpoints=endpoints,
                    sleep=self.sleep,
                    connections=self._connections,
                    rates=None if self._rates is None else self._rates.of_another_region(),
                    refusals=self._refusals,
                )
                other.calls, other.say, other._lock, other._stopping = self.calls, self.say, self._lock, self._stopping
                other._buckets, other._objects, other._roles = self._buckets, self._objects, self._roles
                self._others[region] = other
            return self._others[region]

    def load(self, service: str) -> None:
        """Loads what calls of a service need: botocore, with the first of them, and the client.

        Raises:
            AccountError: the chosen profile does not exist.
        """
        self.clients.of(service)

    def stop_waiting(self) -> None:
        """Lets refused calls fail at their next attempt, but for those that what was done is recorded with."""
        self._stopping.set()

    def sign_in(self) -> None:
        """Asks the user for the code that the chosen profile requires, if it does; once, before any call to AWS.

        Raises:
            AccountError: there is no terminal to ask at.
            AwsError: AWS does not accept the code.
        """
        if self._endpoints.secret is None and profile.needs_code():
            self.clients.sign_in(code_prompt())

    def guard(self) -> str:
        """Checks that the credentials belong to the environment's account. The check is made once for all callers.

        Returns:
            The caller's ARN.

        Raises:
            AccountError: there are no credentials, AWS does not accept them, or they belong to another account.
            AwsError: AWS could not be reached, so the account is unknown.
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
            raise AccountError(f"AWS does not accept the credentials: {error.reason} Sign in to account {account}.") from None
        if caller["Account"] != self.account_id:
            raise AccountError(
                f"These credentials belong to account {caller['Account']} ({caller['Arn']}); the environment is in account "
                f"{self.account_id}. Nothing was changed. Set AWS_PROFILE to a profile of account {self.account_id}."
            )
        return str(caller["Arn"])

    def call(self, service: str, operation: str, /, **parameters: Json) -> JsonObject:
        """Calls an API operation and retries it for as long as a new role, bucket or object may be unknown.

        Raises:
            AwsError: AWS refused, or could not be reached.
            AccountError: there are no credentials.
        """
        waited, bodies = 0.0, BODY_ATTEMPTS
        for pause in pauses():
            try:
                response = self._once(service, operation, parameters)
            except AwsError as error:
                bodies -= error.code in BROKEN_BODY_CODES
                broken = error.code in BROKEN_BODY_CODES and operation == "GetObject" and bodies > 0
                seconds = PROPAGATION_SECONDS if broken else self._patience(error, parameters)
                stopping = self._stopping.is_set() and (service != "s3" or operation == "CreateBucket")
                if waited >= seconds or stopping:
                    raise
                if seconds > PROPAGATION_SECONDS or waited >= QUIET_SECONDS:
                    self._tell_retried(f"{error} The call is retried for {seconds / 60:g} minutes; everything else goes on.")
            else:
                if service in {"s3", "iam"}:
                    self._remember(operation, parameters)
                return response
            self.sleep(pause)
            waited += pause
        raise AssertionError("the pauses have no end")

    def find(self, service: str, operation: str, absent: str, /, **parameters: Json) -> JsonObject | None:
        """Calls an API operation and returns None if AWS answers with exactly the error code `absent`."""
        try:
            return self.call(service, operation, **parameters)
        except AwsError as error:
            if error.code == absent:
                return None
            raise

    def pages(self, service: str, operation: str, /, **parameters: Json) -> Iterator[JsonObject]:
        """Yields every page of a paginated operation. Each page is counted as a call."""
        paginator = self.clients.of(service).get_paginator(method_name(operation))
        with Translated(self.account_id, service, operation):
            pages = iter(paginator.paginate(**parameters))
            self._count(service, operation)
            yield next(pages)
            for page in pages:
                self._count(service, operation)
                yield page

    def wait(self, service: str, waiter: str, /, **parameters: Json) -> None:
        """Waits with one of botocore's waiters, with pauses of our own. Each poll is counted as a call of its operation."""
        from common.base import turns  # an unchanged deploy waits for nothing

        client, settings = self.clients.of(service), parameters.pop("WaiterConfig", {})
        config = client.get_waiter(waiter).config
        operation, delay = config.operation, settings.get("Delay", config.delay)
        config.delay = 0  # `poll` makes the pauses
        config.max_attempts = settings.get("MaxAttempts", config.max_attempts)
        before_polls = poll_pauses(waiter, delay, self._waits)

        def poll(**poll_parameters: Json) -> Json:
            with turns.waiting():
                self.sleep(next(before_polls))
            self._count(service, operation)
            return getattr(client, method_name(operation))(**poll_parameters)

        with closing(before_polls), Translated(self.account_id, service, operation):
            make_waiter(waiter, config, poll).wait(**parameters)

    def _once(self, service: str, operation: str, parameters: JsonObject) -> JsonObject:
        with Translated(self.account_id, service, operation):
            send = getattr(self.clients.of(service, operation), method_name(operation))
            self._count(service, operation)
            response: JsonObject = send(**parameters)
            if "Body" in response:
                response["Body"] = _read_body(response["Body"])
            return response

    def _tell_retried(self, message: str) -> None:
        """Tells once what many calls may wait for."""
        with self._lock:
            is_new = message not in self._told
            self._told.add(message)
        if is_new:
            self.say(message)

    def _remember(self, operation: str, parameters: JsonMapping) -> None:
        """Remembers what this session has created in S3 and IAM, which may not be known everywhere yet."""
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
            case "CreateRole":
                self._roles.add(parameters["RoleName"])
            case "DeleteRole":
                self._roles.discard(parameters["RoleName"])

    def _patience(self, error: AwsError, parameters: JsonMapping) -> float:
        """Returns for how many seconds to retry a refused call."""
        bucket, stored = parameters.get("Bucket"), (parameters.get("Bucket"), parameters.get("Key"))
        made = {"bucket"} if bucket in self._buckets else set()
        if error.code == "NoSuchKey" and stored in self._objects and not self._is_deleted(error, parameters):
            made.add("object")
        if parameters.get("RoleName") in self._roles:
            made.add("role")
        return retry_seconds(self._refusals(), error.service, error.operation, error.code, error.reason, made)

    def _is_deleted(self, error: AwsError, parameters: JsonMapping) -> bool:
        """Whether an object that is not found was deleted. After a refused write, its tags are read to find out."""
        if not error.operation.startswith(READ_PREFIXES):
            target = {name: parameters[name] for name in ("Bucket", "Key", "ExpectedBucketOwner") if name in parameters}
            try:
                self._once("s3", "GetObjectTagging", target)
            except AwsError as answer:
                error.deleted = answer.deleted
        return error.deleted

    def _count(self, service: str, operation: str) -> None:
        with self._lock:
            self.calls[f"{service}:{operation}"] += 1


def _read_body(body: Stream) -> io.BytesIO:
    """Reads an object's body to its end, where a missing part is noticed; of a body that is too large only the beginning."""
    data = body.read(MAX_BODY_BYTES + 1)
    return io.BytesIO(data if len(data) > MAX_BODY_BYTES else data + body.read(1))
