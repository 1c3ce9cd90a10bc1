"""Creates botocore clients with the deployer's credentials, retries and rates, and translates botocore's errors.

It uses botocore, on which boto3 is built: nothing here needs boto3's resources and transfers, which double the time to start.
Botocore is loaded with the first client, so commands that call nothing do not load it. Most of the time for the first client goes
into finding and reading the descriptions of the services; see `api_files`.

The embedded AWS runs on this machine with credentials of its own, without settings of the user and without a proxy. The
rates of AWS do not apply to it, or to any other service at an address of this machine.

Follows https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING

from common.aws import fence, shell_credentials
from common.aws.rates import Rates
from common.aws.retries import Refusals, Retries
from common.base.errors import AccountError, AwsError
from common.base.json_types import JsonObject
from common.environment.endpoints import Endpoints, is_loopback

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session
    from botocore.waiter import SingleWaiterConfig, Waiter

__all__ = ["Clients", "Session", "Translated", "make_waiter", "method_name", "sign_request"]
ABSENT_CREDENTIALS = (
    "No AWS credentials were found. Sign in (for example `aws sso login`), or set AWS_PROFILE to a profile of account {account}."
)
SENT_AT_ONCE = 2**20
"""A body of up to this number of bytes is sent with the headers of its request."""
METHOD_NOT_ALLOWED = frozenset({"MethodNotAllowed", "405"})
"""The error codes of S3 for reading a delete marker; without a body the code is the status."""


class Clients:
    """The clients of an account and region. Each is created on first use and shared between threads.

    Args:
        region: the region of all regional calls.
        account_id: the account of the environment; for the embedded AWS it is the access key.
        endpoints: addresses that replace AWS's own.
        connections: how many calls may run at the same time.
        rates: the rates that AWS allows, for services that are not on this machine; None for no limit.
        refusals: returns the temporary refusals.
    """

    def __init__(
        self,
        region: str,
        account_id: str,
        endpoints: Endpoints,
        connections: int,
        rates: Rates | None,
        refusals: Callable[[], Refusals],
    ) -> None:
        self._region, self._account_id, self._endpoints = region, account_id, endpoints
        self._connections, self._rates, self._refusals = connections, rates, refusals
        self._lock = threading.Lock()
        self.made: dict[str, BaseClient] = {}

    def of(self, service: str, operation: str = "") -> "BaseClient":
        """Returns the client of a service; an operation that answers late has a client of its own.

        Raises:
            AccountError: the chosen profile does not exist.
        """
        call = f"{service}:{operation}"
        name = call if call in fence.LONG_ANSWER_SECONDS else service
        if name not in self.made:  # an existing client is returned without waiting for the lock
            with self._lock:
                if name not in self.made:
                    self.made[name] = self._created(service, self._answer_seconds(name))
        return self.made[name]

    def _answer_seconds(self, name: str) -> float | None:
        """How long an answer may take; without a limit for a function of the embedded AWS, which may stand at a breakpoint."""
        if name in fence.LONG_ANSWER_SECONDS and self._endpoints.secret is not None:
            return None
        return fence.LONG_ANSWER_SECONDS.get(name, fence.ANSWER_SECONDS)

    @cached_property
    def _session(self) -> "Session":
        if self._endpoints.secret is not None:
            return shell_credentials.isolated_session()
        from botocore.exceptions import ProfileNotFound  # slow to load, and an unchanged deploy does not need it

        session = shell_credentials.shell_session()
        session._last_client_region_used = self._region  # noqa: SLF001 - the region in which credential providers call STS
        with suppress(ProfileNotFound):  # creating a client reports it
            shell_credentials.keep_credentials(session)
        return session

    def sign_in(self, ask: Callable[[str], str] | None) -> None:
        """Gets the credentials of a profile that requires a code, and caches them where the AWS CLI does.

        Args:
            ask: asks the person at the terminal; None if there is no terminal.

        Raises:
            AccountError: there is no terminal, or the profile does not exist.
            AwsError: AWS does not accept the code.
        """
        from botocore.exceptions import ProfileNotFound  # slow to load, and an unchanged deploy does not need it

        try:
            with Translated(self._account_id, "sts", "AssumeRole"):
                if ask is not None:
                    roles = self._session.get_component("credential_provider").get_provider("assume-role")
                    roles._prompter = ask  # noqa: SLF001 - botocore has no public way to set the prompt
                self._session.get_credentials().get_frozen_credentials()
        except ProfileNotFound as error:
            raise AccountError(f"{error}. Set AWS_PROFILE to a profile of account {self._account_id}.") from None

    def _created(self, service: str, answer_seconds: float | None) -> "BaseClient":
        from botocore.config import Config  # slow to load, and an unchanged deploy does not need it
        from botocore.exceptions import (  # slow to load
            ConnectionError,  # noqa: A004 - botocore's name
            ConnectTimeoutError,
            EndpointConnectionError,
            HTTPClientError,
            IncompleteReadError,
            ProfileNotFound,
            ProxyConnectionError,
            SSLError,
        )

        endpoint, own_name = self._endpoints.of(service), f" {self._session.user_agent_extra}"
        config = Config(
            retries={"mode": "adaptive", "total_max_attempts": 1},  # botocore adapts the rate, and `Retries` decides on retries
            max_pool_connections=self._connections,
            connect_timeout=fence.CONNECT_SECONDS,
            read_timeout=answer_seconds,
            # Else botocore composes the text twice for each call. It adds our own name to any text.
            user_agent=self._session.user_agent().removesuffix(own_name),
            tcp_keepalive=True,  # else a gateway on the way forgets a connection that waits for minutes
            **_endpoint_options(endpoint),
        )
        where = {"region_name": self._region, "endpoint_url": endpoint}
        where |= _embedded_credentials(self._account_id, self._endpoints)
        try:
            client = self._session.create_client(service, config=config, **where)
        except ProfileNotFound as error:
            raise AccountError(f"{error}. Set AWS_PROFILE to a profile of account {self._account_id}.") from None
        unreachable = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError)
        retries = Retries((ConnectionError, HTTPClientError), unreachable, IncompleteReadError, self._refusals)
        client.meta.events.register("needs-retry", retries)
        if self._rates is not None and not (endpoint and is_loopback(endpoint)):
            # An emulator on this machine does not have the rates of AWS.
            # This event comes for every attempt, also for retries, pages and polls of waiters, before the request is signed.
            client.meta.events.register_first("request-created", partial(_take_token, self._rates, service))
        client.meta.events.register_last("before-call.s3", _send_at_once)
        client.meta.events.register_last("before-send", _check_fence)  # the adaptive mode waits here, too, but not after this
        return client


def make_waiter(name: str, config: "SingleWaiterConfig", poll: Callable[..., JsonObject]) -> "Waiter":
    """Returns one of botocore's waiters that calls `poll`, so that its polls can be counted and paced."""
    from botocore.waiter import NormalizedOperationMethod, Waiter  # most commands wait for nothing

    return Waiter(name, config, NormalizedOperationMethod(poll))


def sign_request(verb: str, url: str, region: str, account_id: str, secret: str) -> dict[str, str]:
    """Returns the signed headers of a request to the embedded AWS that is not an operation of a service."""
    from botocore.auth import SigV4Auth  # slow to load, and an unchanged deploy does not need it
    from botocore.awsrequest import AWSRequest  # slow to load
    from botocore.credentials import Credentials  # slow to load

    request = AWSRequest(verb, url)
    SigV4Auth(Credentials(account_id, secret), "embedded", region).add_auth(request)
    return dict(request.headers)


def method_name(operation: str) -> str:
    """Returns the name of a client's method for an API operation."""
    from botocore import xform_name  # slow to load, and an unchanged deploy does not need it

    return str(xform_name(operation))


def _embedded_credentials(account_id: str, endpoints: Endpoints) -> dict[str, str]:
    """Returns the credentials for the embedded AWS, where an account's own access key is its number; none for AWS itself."""
    if endpoints.secret is None:
        return {}
    keys = {"aws_access_key_id": endpoints.access_key or account_id, "aws_secret_access_key": endpoints.secret}
    return keys | ({"aws_session_token": endpoints.token} if endpoints.token else {})


def _endpoint_options(endpoint: str | None) -> JsonObject:
    """Returns the options of a client whose address is not AWS's own, so that the address is used unchanged."""
    if endpoint is None:
        return {}
    as_it_is = {"inject_host_prefix": False, "use_fips_endpoint": False, "use_dualstack_endpoint": False}
    return as_it_is | {"s3": {"addressing_style": "path"}} | ({"proxies": {}} if is_loopback(endpoint) else {})


def _send_at_once(params: JsonObject, **_: object) -> None:
    """Lets a small body not wait until S3 has accepted the headers, which takes a round trip of its own.

    Botocore lets every body wait, so that none is sent in vain if S3 refuses the request.
    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonRequestHeaders.html
    """
    if "Expect" in params["headers"]:
        from botocore.utils import determine_content_length  # slow to load, and an unchanged deploy sends no body

        length = determine_content_length(params["body"])
        if length is not None and length <= SENT_AT_ONCE:
            del params["headers"]["Expect"]


def _check_fence(**_: object) -> None:
    fence.check()


def _take_token(rates: Rates, service: str, operation_name: str, **_: object) -> None:
    rates.take(service, operation_name)


class Translated:
    """Translates botocore's exceptions in this block, which makes calls of one operation."""

    def __init__(self, account_id: str, service: str, operation: str) -> None:
        self._account_id, self._service, self._operation = account_id, service, operation

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            return
        from botocore.exceptions import (  # slow to load, and an unchanged deploy does not need it
            BotoCoreError,
            ClientError,
            NoCredentialsError,
            PartialCredentialsError,
            WaiterError,
        )
        from botocore.parsers import ResponseParserError  # slow to load

        from common.aws import credential_errors  # a call that is answered does not need it

        where = None if isinstance(error, BotoCoreError) else trace  # some of botocore's own are an OSError, too
        if (unusable := credential_errors.unusable_credentials(error, where, self._account_id)) is not None:
            raise unusable from None
        if isinstance(error, ClientError):
            answer = error.response.get("Error", {})
            code, text = str(answer.get("Code", "Unknown")), answer.get("Message", str(error))
            deleted = self._is_deleted(code, error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
            code = "NoSuchKey" if deleted and code in METHOD_NOT_ALLOWED else code
            raise AwsError(self._service, self._operation, code, text, deleted=deleted) from None
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            raise AccountError(ABSENT_CREDENTIALS.format(account=self._account_id)) from None
        if isinstance(error, WaiterError):
            raise self._refused("WaiterError", f"{error} {_last_reason(error.last_response)}".strip()) from None
        if isinstance(error, ResponseParserError):
            raise self._refused("UnreadableAnswer", "the answer is none of AWS; a proxy may have answered.") from None
        if isinstance(error, BotoCoreError):
            raise self._refused(type(error).__name__, str(error)) from None

    def _is_deleted(self, code: str, headers: Mapping[str, str]) -> bool:
        """Whether the newest version of a key is a delete marker, so that there is no object.

        S3 answers 404 to a request for such an object, and 405 to a request for its tags.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
        """
        tags = code in METHOD_NOT_ALLOWED and self._operation == "GetObjectTagging"
        return self._service == "s3" and (tags or headers.get("x-amz-delete-marker") == "true")

    def _refused(self, code: str, message: str) -> AwsError:
        return AwsError(self._service, self._operation, code, message)


def _last_reason(response: JsonObject) -> str:
    configuration = response.get("Configuration", response)
    return str(configuration.get("LastUpdateStatusReason") or configuration.get("StateReason") or "")
