"""The only module that speaks to botocore: clients with our credentials, retries and pace, and its errors in our words.

It uses botocore, on which boto3 stands: nothing here needs boto3's resources and transfers, which double the time to start.
Botocore itself is loaded with the first client: an unchanged deploy never makes one (see `ahead`). Half of the time that a first
client takes goes into listing the folders of the four hundred services that botocore knows; the loader here is asked for few.

The embedded AWS is on this machine and takes any credentials: neither the user's profile nor a proxy is between it and us.

Follows https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property, partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import fence
from common.errors import AccountError, AwsError
from common.rates import Rates
from common.retries import Retries

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.loaders import Loader
    from botocore.session import Session

__all__ = ["Clients", "Session", "Translated", "method", "preload"]
ABSENT_CREDENTIALS = (
    "No AWS credentials were found. Sign in (for example `aws sso login`), or set AWS_PROFILE to a profile of account {account}."
)
CACHE = Path("~/.aws/cli/cache")
"""Where the AWS CLI keeps credentials of roles."""
METHOD_NOT_ALLOWED = frozenset({"MethodNotAllowed", "405"})
"""What S3 answers to whoever reads a delete marker; without a body, the status alone."""


class Clients:
    """The clients of one account and region; each is made on first use and shared between threads.

    Args:
        region: where every regional call goes.
        account_id: whose credentials the embedded AWS is given.
        endpoint: another address for every service; the embedded AWS.
        connections: how many calls may be under way at once.
        rates: what AWS allows; nothing is held back without it.
        session: from `preload`; a new one without.
    """

    def __init__(
        self,
        region: str,
        account_id: str,
        endpoint: str | None,
        connections: int,
        rates: Rates | None,
        session: "Session | None" = None,
    ) -> None:
        self._region, self._account_id, self._endpoint = region, account_id, endpoint
        self._connections, self._rates, self._preloaded = connections, rates, session
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
        return self._preloaded or (_session() if self._endpoint is None else _unaware())

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

        local: dict[str, Any] = {"s3": {"addressing_style": "path"}, "inject_host_prefix": False, "proxies": {}}
        config = Config(
            retries={"mode": "adaptive", "total_max_attempts": 1},  # its rate, and our own `Retries`
            max_pool_connections=self._connections,
            connect_timeout=fence.CONNECT_SECONDS,
            read_timeout=fence.ANSWER_SECONDS,
            user_agent_extra="pipeline-deployer",
            **(local if self._endpoint else {}),
        )
        where = {"region_name": self._region, "endpoint_url": self._endpoint}
        where |= _keys(self._account_id) if self._endpoint else {}
        try:
            client = self._session.create_client(service, config=config, **where)
        except ProfileNotFound as error:
            raise AccountError(f"{error}. Set AWS_PROFILE to a profile of account {self._account_id}.") from None
        unheard = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError)
        client.meta.events.register("needs-retry", Retries((ConnectionError, HTTPClientError), unheard, IncompleteReadError))
        if self._rates is not None:
            # Told of every attempt: of a retry, a page and a waiter's poll as of a first call; before the request is signed.
            client.meta.events.register_first("request-created", partial(_paced, self._rates, service))
        client.meta.events.register_last("before-send", _checked)  # the adaptive mode waits here, too, but not after this
        return client


def preload(services: Iterable[str], enough: Callable[[], bool]) -> "Session":
    """A session that has loaded what clients take, whatever their region and credentials will be.

    Args:
        services: whose clients, in order.
        enough: asked before each of them; from then on clients can be made as they will be used.
    """
    session = _session()
    for service in takewhile(lambda _: not enough(), services):
        session.create_client(service, region_name="us-east-1", **_keys("nobody"))
    return session


def method(operation: str) -> str:
    """The name of a client's method for an API operation."""
    from botocore import xform_name  # noqa: PLC0415 - an unchanged deploy does without it

    return str(xform_name(operation))


def _keys(account_id: str) -> dict[str, str]:
    """Credentials where any will do; the embedded AWS takes the account from them."""
    return {"aws_access_key_id": account_id, "aws_secret_access_key": "embedded"}


def _session() -> "Session":
    import botocore.session  # noqa: PLC0415 - an unchanged deploy does without it
    from botocore.exceptions import ProfileNotFound  # noqa: PLC0415 - see above

    session = botocore.session.get_session()
    paths = session.get_config_variable("data_path")
    added = [str(Path(os.path.expandvars(one)).expanduser()) for one in paths.split(os.pathsep)] if paths else None
    session.register_component("data_loader", _lean(added))
    with suppress(ProfileNotFound):  # which whoever makes a client is told
        _keep_credentials(session)
    return session


def _keep_credentials(session: "Session") -> None:
    """Lets roles be assumed as the AWS CLI does: what it was given is taken, and what we are given is kept for it.

    Nobody is asked for a code by a process that has not been told to; see `Clients.sign_in`.
    """
    from botocore.utils import JSONFileCache  # noqa: PLC0415 - an unchanged deploy does without it

    cache = JSONFileCache(str(CACHE.expanduser()))
    providers = session.get_component("credential_provider")
    for name in ("assume-role", "assume-role-with-web-identity", "sso"):
        providers.get_provider(name).cache = cache
    providers.get_provider("assume-role")._prompter = _nobody  # noqa: SLF001 - see `Clients.sign_in`


def _nobody(question: str) -> str:
    raise AccountError(f"The profile asks for a code ({question.strip(': ')}), and nobody can be asked here. Sign in first.")


def _unaware() -> "Session":
    """A session that knows no variable and no file of the user's."""
    from botocore.session import Session  # noqa: PLC0415 - an unchanged deploy does without it

    unsaid = {name: (None, None, *rest) for name, (_, _, *rest) in Session.SESSION_VARIABLES.items()}
    files = dict.fromkeys(("config_file", "credentials_file"), (None, None, None, None))
    session = Session(session_vars=unsaid | files)
    session.register_component("data_loader", _lean())
    return session


def _lean(added: list[str] | None = None) -> "Loader":
    from botocore.loaders import Loader  # noqa: PLC0415 - an unchanged deploy does without it

    class Lean(Loader):  # type: ignore[misc]  # botocore is not typed
        """Takes every folder for a service's, and does not look into each to see."""

        def list_available_services(self, type_name: str) -> list[str]:
            del type_name
            return [folder.name for path in self.search_paths if Path(path).is_dir() for folder in Path(path).iterdir()]

    return Lean(added)


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


def _last_reason(response: dict[str, Any]) -> str:
    configuration = response.get("Configuration", response)
    return str(configuration.get("LastUpdateStatusReason") or configuration.get("StateReason") or "")
