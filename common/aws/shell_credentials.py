"""Limits what botocore takes from the shell and the shared config files: credentials, and the way through the network.

That is the profile and its credentials, proxies and certificates, FIPS and dual-stack addresses. All other settings are ignored:
endpoints, regions, service models, settings of S3, plugins. Otherwise two people could deploy one environment to two places.

Follows https://docs.aws.amazon.com/boto3/latest/guide/configuration.html
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from common.aws import api_files
from common.aws.lazy_documentation import load_documentation_later
from common.base.errors import AccountError
from common.base.version import VERSION

if TYPE_CHECKING:
    from botocore.session import Session

CREDENTIAL_CACHE = Path("~/.aws/cli/cache")
"""The folder in which the AWS CLI caches credentials of roles."""
SHELL_SETTINGS = frozenset(
    {
        *("profile", "config_file", "credentials_file", "ca_bundle", "use_fips_endpoint", "use_dualstack_endpoint"),
        *("tcp_keepalive", "metadata_service_timeout", "metadata_service_num_attempts", "ec2_metadata_service_endpoint"),
        *("ec2_metadata_service_endpoint_mode", "ec2_metadata_v1_disabled", "imds_use_ipv6"),
    }
)
"""The settings that botocore may take from the shell and the shared config files."""


def keep_credentials(session: "Session") -> None:
    """Shares the AWS CLI's cache of credentials, so that roles are assumed once for both.

    A code is asked for only in `Clients.sign_in`.
    """
    from botocore.utils import JSONFileCache  # slow to load, and an unchanged deploy does not need it

    cache = JSONFileCache(str(CREDENTIAL_CACHE.expanduser()))
    providers = session.get_component("credential_provider")
    for name in ("assume-role", "assume-role-with-web-identity", "sso"):
        providers.get_provider(name).cache = cache
    providers.get_provider("assume-role")._prompter = _refuse_question  # noqa: SLF001 - see `Clients.sign_in`


def _refuse_question(question: str) -> str:
    raise AccountError(
        f"The profile requires a code ({question.strip(': ')}), but there is no terminal to ask for it. Sign in first."
    )


def isolated_session() -> "Session":
    """Returns a session that reads no variables and no files of the user."""
    return shell_session(frozenset(), dict.fromkeys(("config_file", "credentials_file"), (None, None, None, None)))


def shell_session(heard: Collection[str] = SHELL_SETTINGS, files: Mapping[str, object] | None = None) -> "Session":
    """Returns a session that takes only these settings from the shell and the shared config files."""
    load_documentation_later()
    from botocore.session import Session  # slow to load, and a command without calls does not need it

    class WithoutPlugins(Session):  # type: ignore[misc]  # botocore is not typed
        """A session that loads no plugins that a variable names."""

        def _register_client_plugins(self, client: object) -> None:
            pass

    unsaid = {name: (None, None, *rest) for name, (_, _, *rest) in Session.SESSION_VARIABLES.items() if name not in heard}
    session = WithoutPlugins(session_vars={**unsaid, **(files or {})})
    settings = session.get_component("config_store")
    settings.set_config_variable("ignore_configured_endpoint_urls", True)  # also for credential providers
    settings.set_config_variable("s3", {})
    session.user_agent_extra = f"pipeline-deployer/{VERSION}"  # also for the clients with which botocore signs in
    session.register_component("data_loader", api_files.loader())
    return session
