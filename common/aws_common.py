"""Clients with our credentials, retries and pace, and botocore's errors in our words; their sessions are in `aws_sessions`.

It uses botocore, on which boto3 stands: nothing here needs boto3's resources and transfers, which double the time to start.
Botocore itself is loaded with the first client: commands that ask nothing do without it. Half of the time that a first
client takes goes into listing the folders of the four hundred services that botocore knows; the loader here is asked for few.

The embedded AWS is on this machine and has credentials of its own: nothing of the user's, and no proxy, is between it and us.

Follows https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from common.aws import fence, shell_credentials
from common.aws.rates import Rates
from common.aws.retries import Refusals, Retries
from common.base.errors import AccountError, AwsError
from common.base.json_types import JsonObject
from common.environment.endpoints import Endpoints, is_loopback

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

__all__ = ["Clients", "Session", "Translated", "method", "signed", "waiter_of"]
ABSENT_CREDENTIALS = (
    "No AWS credentials were found. Sign in (for example `aws sso login`), or set AWS_PROFILE to a profile of account {account}."
)
METHOD_NOT_ALLOWED = frozenset({"MethodNotAllowed", "405"})
"""What S3 answers to whoever reads a delete marker; without a body, the status alone."""


class Clients:
    """The clients of one account and region; each is made on first use and shared between threads.

    Args:
        region: where every regional call goes.
        account_id: of the environment; the embedded AWS takes it for the access key.
        endpoints: other addresses than AWS's own.
        connections: how many calls may be under way at once.
        rates: what AWS allows; nothing is held back without it.
        refusals: which refusals pass by themselves.
    """

    def __init__(
        self,
        region: str,
        account_id: str,
        endpoints: Endpoints,
        connections: int,
        rates: Rates | None,
        refusals: Refusals,
    ) -> None:
        self._region, self._account_id, self._endpoints = region, account_id, endpoints
        self._connections, self._rates, self._refusals = connections, rates, refusals
        self._lock = threading.Lock()
        self.made: dict[str, BaseClient] = {}

    def of(self, service: str) -> "BaseClient":
        """The client of a service.

        Raises:
            AccountError: the chosen profile does not exist.
        """
        if service not in self.made:  # who only wants one that is there does not wait for another to be made
            with self._lock:
                if service not in self.made:
                    self.made[service] = self._created(service)
        return self.made[service]

    @cached_property
    def _session(self) -> "Session":
        if self._endpoints.secret is not None:
            return shell_credentials.unaware()
        from botocore.exceptions import ProfileNotFound  # noqa: PLC0415 - an unchanged deploy does without it

        session = shell_credentials.aware()
        session._last_client_region_used = self._region  # noqa: SLF001 - where those who get credentials ask
        with suppress(ProfileNotFound):  # which whoever makes a client is told
            shell_credentials.keep_credentials(session)
        return session

    def sign_in(self, ask: Callable[[str], str] | None) -> None:
        """Gets the credentials of a profile that asks for a code; the answer is kept where the AWS CLI keeps it.

        Args:
            ask: puts a question to the person at the terminal; None if there is nobody.

        Raises:
            AccountError: there is nobody, or the profile does not exist.
            AwsError: AWS does not take the code.
        """
        from botocore.exceptions import ProfileNotFound  # noqa: PLC0415 - an unchanged deploy does without it

        try:
            if ask is not None:
                roles = self._session.get_component("credential_provider").get_provider("assume-role")
                roles._prompter = ask  # noqa: SLF001 - nobody else can be told who asks
            with Translated(self._account_id, "sts", "AssumeRole"):
                self._session.get_credentials().get_frozen_credentials()
        except ProfileNotFound as error:
            raise AccountError(f"{error}. Set AWS_PROFILE to a profile of account {self._account_id}.") from None

    def _created(self, service: str) -> "BaseClient":
        from botocore.config import Config  # noqa: PLC0415 - an unchanged deploy does without it
        from botocore.exceptions import (  # noqa: PLC0415 - see above
            ConnectionError,  # noqa: A004 - its name
            ConnectTimeoutError,
            EndpointConnectionError,
            HTTPClientError,
            IncompleteReadError,
            ProfileNotFound,
            ProxyConnectionError,
            SSLError,
        )

        endpoint, secret = self._endpoints.of(service), self._endpoints.secret
        config = Config(
            retries={"mode": "adaptive", "total_max_attempts": 1},  # its rate, and our own `Retries`
            max_pool_connections=self._connections,
            connect_timeout=fence.CONNECT_SECONDS,
            read_timeout=fence.ANSWER_SECONDS,
            **_at(endpoint),
        )
        where = {"region_name": self._region, "endpoint_url": endpoint}
        where |= _keys(self._account_id, secret) if secret is not None else {}
        try:
            client = self._session.create_client(service, config=config, **where)
        except ProfileNotFound as error:
            raise AccountError(f"{error}. Set AWS_PROFILE to a profile of account {self._account_id}.") from None
        unheard = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError)
        retries = Retries((ConnectionError, HTTPClientError), unheard, IncompleteReadError, self._refusals)
        client.meta.events.register("needs-retry", retries)
        if self._rates is not None:
            # Told of every attempt: of a retry, a page and a waiter's poll as of a first call; before the request is signed.
            client.meta.events.register_first("request-created", partial(_paced, self._rates, service))
        client.meta.events.register_last("before-send", _checked)  # the adaptive mode waits here, too, but not after this
        return client


def waiter_of(name: str, config: Any, poll: Callable[..., Any]) -> Any:
    """One of botocore's waiters that asks by `poll`, so that its polls can be counted and paced."""
    from botocore.waiter import NormalizedOperationMethod, Waiter  # noqa: PLC0415 - most commands wait for nothing

    return Waiter(name, config, NormalizedOperationMethod(poll))


def signed(verb: str, url: str, region: str, account_id: str, secret: str) -> dict[str, str]:
    """The headers of a request to the embedded AWS that is not an operation of any service."""
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - an unchanged deploy does without it
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - see above
    from botocore.credentials import Credentials  # noqa: PLC0415 - see above

    request = AWSRequest(verb, url)
    SigV4Auth(Credentials(account_id, secret), "embedded", region).add_auth(request)
    return dict(request.headers)


def method(operation: str) -> str:
    """The name of a client's method for an API operation."""
    from botocore import xform_name  # noqa: PLC0415 - an unchanged deploy does without it

    return str(xform_name(operation))


def _keys(account_id: str, secret: str) -> dict[str, str]:
    """Credentials for the embedded AWS, which takes the account from the access key."""
    return {"aws_access_key_id": account_id, "aws_secret_access_key": secret}


def _at(endpoint: str | None) -> JsonObject:
    """What a client of an address that is not AWS's own is made with: the address is taken as it is."""
    if endpoint is None:
        return {}
    as_it_is = {"inject_host_prefix": False, "use_fips_endpoint": False, "use_dualstack_endpoint": False}
    return as_it_is | {"s3": {"addressing_style": "path"}} | ({"proxies": {}} if is_loopback(endpoint) else {})


def _checked(**_: Any) -> None:
    fence.check()


def _paced(rates: Rates, service: str, operation_name: str, **_: Any) -> None:
    rates.take(service, operation_name)


class Translated:
    """Turns botocore's exceptions into ours, for as long as one operation is asked for."""

    def __init__(self, account_id: str, service: str, operation: str) -> None:
        self._account_id, self._service, self._operation = account_id, service, operation

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        from botocore.exceptions import (  # noqa: PLC0415 - an unchanged deploy does without it
            BotoCoreError,
            ClientError,
            NoCredentialsError,
            PartialCredentialsError,
            WaiterError,
        )

        if isinstance(error, ClientError):
            said = error.response.get("Error", {})
            code, text = str(said.get("Code", "Unknown")), said.get("Message", str(error))
            deleted = self._is_deleted(code, error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
            code = "NoSuchKey" if deleted and code in METHOD_NOT_ALLOWED else code
            raise AwsError(self._service, self._operation, code, text, deleted=deleted) from None
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            raise AccountError(ABSENT_CREDENTIALS.format(account=self._account_id)) from None
        if isinstance(error, WaiterError):
            raise self._refused("WaiterError", f"{error} {_last_reason(error.last_response)}".strip()) from None
        if isinstance(error, BotoCoreError):
            raise self._refused(type(error).__name__, str(error)) from None

    def _is_deleted(self, code: str, headers: Mapping[str, str]) -> bool:
        """Whether the newest version of a key is a delete marker; then there is no object.

        S3 answers 404 to whoever asks for such an object, and 405 to whoever asks for its tags.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
        """
        tags = code in METHOD_NOT_ALLOWED and self._operation == "GetObjectTagging"
        return self._service == "s3" and (tags or headers.get("x-amz-delete-marker") == "true")

    def _refused(self, code: str, said: str) -> AwsError:
        return AwsError(self._service, self._operation, code, said)


def _last_reason(response: JsonObject) -> str:
    configuration = response.get("Configuration", response)
    return str(configuration.get("LastUpdateStatusReason") or configuration.get("StateReason") or "")
