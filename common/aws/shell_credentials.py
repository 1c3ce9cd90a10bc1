"""What botocore hears of the shell and of the shared config files: who we are, and the way through the network.

That is the profile and its credentials, proxies and certificates, FIPS and dual-stack addresses. What else it would take from
there is not heard: endpoints, regions, service models, settings of S3, plugins. Two people must not deploy one environment to two
places.

Follows https://docs.aws.amazon.com/boto3/latest/guide/configuration.html
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from common.base.errors import AccountError
from common.base.version import VERSION

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.session import Session

CACHE = Path("~/.aws/cli/cache")
"""Where the AWS CLI keeps credentials of roles."""
HEARD = frozenset(
    {
        *("profile", "config_file", "credentials_file", "ca_bundle", "use_fips_endpoint", "use_dualstack_endpoint"),
        *("tcp_keepalive", "metadata_service_timeout", "metadata_service_num_attempts", "ec2_metadata_service_endpoint"),
        *("ec2_metadata_service_endpoint_mode", "ec2_metadata_v1_disabled", "imds_use_ipv6"),
    }
)
"""The settings that botocore may take from the shell and the shared config files: who we are, and the way through the network."""


def keep_credentials(session: "Session") -> None:
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


def unaware() -> "Session":
    """A session that knows no variable and no file of the user's."""
    return aware(frozenset(), dict.fromkeys(("config_file", "credentials_file"), (None, None, None, None)))


def aware(heard: Collection[str] = HEARD, files: Mapping[str, object] | None = None) -> "Session":
    """A session that takes these variables, and no others, from the shell and the shared config files."""
    from botocore.session import Session  # noqa: PLC0415 - an unchanged deploy does without it

    class WithoutPlugins(Session):  # type: ignore[misc]  # botocore is not typed
        """Loads no modules into its clients that a variable names."""

        def _register_client_plugins(self, client: object) -> None:
            pass

    unsaid = {name: (None, None, *rest) for name, (_, _, *rest) in Session.SESSION_VARIABLES.items() if name not in heard}
    session = WithoutPlugins(session_vars={**unsaid, **(files or {})})
    settings = session.get_component("config_store")
    settings.set_config_variable("ignore_configured_endpoint_urls", True)  # by credential providers, too
    settings.set_config_variable("s3", {})
    session.user_agent_extra = f"pipeline-deployer/{VERSION}"  # of the clients by which botocore signs in, too
    session.register_component("data_loader", _lean())
    return session


def _lean() -> "Loader":
    from botocore.loaders import Loader  # noqa: PLC0415 - an unchanged deploy does without it

    class Lean(Loader):  # type: ignore[misc]  # botocore is not typed
        """Takes every folder for a service's, and does not look into each to see."""

        def list_available_services(self, type_name: str) -> list[str]:
            del type_name
            return [folder.name for path in self.search_paths if Path(path).is_dir() for folder in Path(path).iterdir()]

    return Lean([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
