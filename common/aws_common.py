"""The only module that creates AWS clients: credentials, the account guard, retries and the call counter.

It uses botocore, on which boto3 stands: nothing here needs boto3's resources and transfers, which double the time to start.

Every call of the deployer goes through `AwsSession.call`. It counts what was asked for, lets botocore's adaptive retry mode
find the rate that AWS allows, and turns botocore's exceptions into ours. One class of refusal is retried here and nowhere
else: a role that was just created is not known everywhere at once, and AWS says so in messages of its own.

Follows https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import botocore
import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    WaiterError,
)

from common.errors import AccountError, AwsError

PROPAGATION_SECONDS = 150.0
"""How long a new role may take to be known everywhere."""
PROPAGATION = (
    ("lambda", "cannot be assumed by Lambda"),
    ("lambda", "does not have permissions to call"),
    ("lambda", "KMS key is invalid for CreateGrant"),
    ("glue", "Service is unable to assume"),
    ("glue", "role's TrustPolicy"),
    ("glue", "should be given assume role permissions for Glue Service"),
    ("stepfunctions", "is not authorized to assume the provided role"),
    ("stepfunctions", "Neither the global service principal"),
    ("stepfunctions", "is not authorized to access the Log Destination"),
    ("events", "is not assumable by principal"),
    ("events", "cannot be assumed by principal"),
)
"""What services say while a role or its policy is not yet known to them: (service, part of the message)."""
ABSENT_CREDENTIALS = (
    "No AWS credentials were found. Sign in (for example `aws sso login`), or set AWS_PROFILE to a profile of account {account}."
)


class AwsSession:
    """One session with one account and region; clients are made on first use and shared between threads.

    Args:
        region: where every regional call goes.
        account_id: the account that the credentials must belong to.
        endpoint: another address for every service; the embedded AWS.
        sleep: how to wait between tries.
        connections: how many calls may be under way at once.
    """

    def __init__(
        self,
        region: str,
        account_id: str,
        *,
        endpoint: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        connections: int = 16,
    ) -> None:
        self.region = region
        self.account_id = account_id
        self.calls: Counter[str] = Counter()
        self.sleep = sleep
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._clients: dict[str, BaseClient] = {}
        self._tags: dict[str, dict[str, str]] = {}
        embedded: dict[str, Any] = {"s3": {"addressing_style": "path"}, "inject_host_prefix": False} if endpoint else {}
        self._config = Config(
            retries={"mode": "adaptive", "total_max_attempts": 8},
            max_pool_connections=connections,
            connect_timeout=10,
            read_timeout=70,
            user_agent_extra="pipeline-deployer",
            **embedded,
        )
        self._session = botocore.session.get_session()
        if endpoint:
            self._session.set_credentials(account_id, "embedded")

    def guard(self) -> str:
        """Proves that the credentials belong to the environment's account, before anything else is asked or done.

        Returns:
            The caller's ARN.

        Raises:
            AccountError: there are no credentials, they are not accepted, or they belong to another account.
        """
        try:
            caller = self.call("sts", "GetCallerIdentity")
        except AwsError as error:
            account = self.account_id
            raise AccountError(f"AWS does not accept the credentials: {error.said} Sign in to account {account}.") from None
        if caller["Account"] != self.account_id:
            raise AccountError(
                f"These credentials belong to account {caller['Account']} ({caller['Arn']}); the environment is in account "
                f"{self.account_id}. Nothing was changed. Set AWS_PROFILE to a profile of account {self.account_id}."
            )
        return str(caller["Arn"])

    def client(self, service: str) -> BaseClient:
        """The client of a service; made once."""
        with self._lock:
            if service not in self._clients:
                where = {"region_name": self.region, "endpoint_url": self._endpoint}
                try:
                    self._clients[service] = self._session.create_client(service, config=self._config, **where)
                except ProfileNotFound as error:
                    raise AccountError(f"{error}. Set AWS_PROFILE to a profile of account {self.account_id}.") from None
            return self._clients[service]

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """One API operation, retried for as long as a new role may be unknown.

        Raises:
            AwsError: AWS refused, or could not be reached.
            AccountError: there are no credentials.
        """
        deadline, pause = PROPAGATION_SECONDS, 1.0
        while True:
            try:
                return self._once(service, operation, parameters)
            except AwsError as error:
                known = any(service == where and text in error.said for where, text in PROPAGATION)
                if not known or deadline <= 0:
                    raise
            wait = pause * (1 + random.random() / 4)  # noqa: S311 - jitter, no secret
            self.sleep(wait)
            deadline, pause = deadline - wait, min(pause * 2, 10.0)

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> dict[str, Any] | None:
        """One API operation, and None if AWS answers with exactly the error code `absent`."""
        try:
            return self.call(service, operation, **parameters)
        except AwsError as error:
            if error.code == absent:
                return None
            raise

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Every page of a paginated operation, each counted as the call it is."""
        paginator = self.client(service).get_paginator(_method(operation))
        with _Translated(self, service, operation):
            for page in paginator.paginate(**parameters):
                self._count(service, operation)
                yield page

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        """One of botocore's waiters. Its polls are counted by the operation that it calls."""
        client = self.client(service)
        waiting = client.get_waiter(waiter)
        operation = waiting.config.operation
        poll = waiting._operation_method  # noqa: SLF001 - the only place to count a waiter's polls

        def counted(**poll_parameters: Any) -> Any:
            self._count(service, operation)
            return poll(**poll_parameters)

        waiting._operation_method = counted  # noqa: SLF001 - see above
        with _Translated(self, service, operation):
            waiting.wait(**parameters)

    def tags(self, arn: str) -> dict[str, str] | None:
        """A resource's tags from the tagging index, or None if the index does not know the resource."""
        found = self.call("resourcegroupstaggingapi", "GetResources", ResourceARNList=[arn])
        for entry in found["ResourceTagMappingList"]:
            if entry["ResourceARN"] == arn:
                return {tag["Key"]: tag["Value"] for tag in entry["Tags"]}
        return None

    def _once(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        with _Translated(self, service, operation):
            method = getattr(self.client(service), _method(operation))
            self._count(service, operation)
            response: dict[str, Any] = method(**parameters)
            return response

    def _count(self, service: str, operation: str) -> None:
        with self._lock:
            self.calls[f"{service}:{operation}"] += 1


def _method(operation: str) -> str:
    return str(botocore.xform_name(operation))


class _Translated:
    """Turns botocore's exceptions into ours."""

    def __init__(self, aws: AwsSession, service: str, operation: str) -> None:
        self._aws, self._service, self._operation = aws, service, operation

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ClientError):
            said = error.response.get("Error", {})
            raise self._refused(said.get("Code", "Unknown"), said.get("Message", str(error))) from None
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            raise AccountError(ABSENT_CREDENTIALS.format(account=self._aws.account_id)) from None
        if isinstance(error, WaiterError):
            raise self._refused("WaiterError", f"{error} {_last_reason(error.last_response)}".strip()) from None
        if isinstance(error, BotoCoreError):
            raise self._refused(type(error).__name__, str(error)) from None

    def _refused(self, code: str, said: str) -> AwsError:
        return AwsError(self._service, self._operation, str(code), said)


def _last_reason(response: dict[str, Any]) -> str:
    configuration = response.get("Configuration", response)
    return str(configuration.get("LastUpdateStatusReason") or configuration.get("StateReason") or "")
