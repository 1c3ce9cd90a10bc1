"""What the launcher was told, and what every part of it needs: clients of the embedded AWS and clean environments.

Handlers and jobs must not see the developer's shell: neither its AWS credentials nor its secrets. So the launcher keeps the whole
environment aside for uv alone, and leaves only a few harmless variables in ``os.environ``.
"""

import configparser
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from botocore.client import BaseClient

_KEPT = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "TZ",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_LOOPBACK = "127.0.0.1,localhost,::1"


class EnvironmentMissingError(Exception):
    """A Python environment that could not be had; the message is for a person."""


@dataclass(frozen=True)
class Credentials:
    """What a client signs with; the account's own have no token."""

    access_key: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    NAMES: ClassVar = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables in which an AWS SDK finds them."""
        return dict(zip(self.NAMES, (self.access_key, self.secret, self.token), strict=True))


@dataclass(frozen=True)
class Settings:
    """One launch: whose account, where, and how to ask for a Python environment (``provider``, a command).

    ``schemas`` is the folder with the schemas of resource types; empty if there is none. ``enforces_iam`` says whether calls are
    judged by the policies of whoever makes them. ``code`` is the digest of the program, for those who find it running.
    """

    account_id: str
    region: str
    port: int
    folder: Path
    provider: tuple[str, ...]
    secret: str = field(repr=False)
    shell: dict[str, str] = field(repr=False)
    schemas: str = ""
    enforces_iam: bool = False
    code: str = ""

    @property
    def endpoint(self) -> str:
        """Where the embedded AWS listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials(self) -> Path:
        """The file that clients have their credentials from, in the format of ``~/.aws/credentials``."""
        return self.folder / "credentials"

    def account_credentials(self, account: str) -> Credentials:
        """The credentials of an account itself, which may do everything."""
        return Credentials(account, self.secret)

    def aws_variables(self, credentials: Credentials, region: str) -> dict[str, str]:
        """What an AWS SDK needs in order to find the embedded AWS and to be who has these credentials."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            **{name: value for name, value in credentials.variables.items() if value},
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def python(self, name: str, version: str = "") -> tuple[str, dict[str, str]]:
        """Python of a pinned environment and the variables to run it with; installed on first use."""
        return _provided(self.provider, tuple(self.shell.items()), name, version)


def load(path: Path) -> Settings:
    """Read the file that the launcher was started with, and clean ``os.environ``."""
    content = json.loads(path.read_text())
    shell = dict(os.environ)
    folder = Path(content["folder"])
    credentials = configparser.RawConfigParser()
    credentials.read(folder / "credentials")
    secret = credentials["embedded"]["aws_secret_access_key"]
    provider, schemas = tuple(content["provider"]), content.get("schemas", "")
    whose = content["account_id"], content["region"], content["port"]
    enforces_iam, code = content.get("enforces_iam", False), content.get("code", "")
    settings = Settings(*whose, folder, provider, secret, shell, schemas, enforces_iam, code)
    os.environ.clear()
    os.environ.update({name: value for name, value in shell.items() if name in _KEPT or name.startswith("LC_")})
    os.environ.update({name: value for name, value in shell.items() if name in _PROXIES})
    os.environ.update({name: ",".join(filter(None, (shell.get(name), _LOOPBACK))) for name in ("NO_PROXY", "no_proxy")})
    os.environ.update(_ministack_variables(settings))
    return settings


def clean_environment() -> dict[str, str]:
    """``os.environ`` without what is ministack's own."""
    return {name: value for name, value in os.environ.items() if name not in MINISTACK}


MINISTACK = {
    "GATEWAY_PORT", "BIND_HOST", "MINISTACK_HOST", "MINISTACK_REGION", "MINISTACK_ACCOUNT_ID", "SFTP_ENABLED", "IOT_MTLS_ENABLED",
    "PERSIST_STATE", "S3_PERSIST", "STATE_DIR", "S3_DATA_DIR", "DOCKER_HOST", "SFN_WAIT_SCALE", "AUTH",
}  # fmt: skip


def _ministack_variables(settings: Settings) -> dict[str, str]:
    return {
        "GATEWAY_PORT": str(settings.port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": settings.region,
        "MINISTACK_ACCOUNT_ID": settings.account_id,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "SFN_WAIT_SCALE": "0.2",  # what waits for AWS would only bore on a laptop
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(settings.folder / "state"),
        "S3_DATA_DIR": str(settings.folder / "s3"),
        "TMPDIR": str(settings.folder / "tmp"),
        "AUTH": str(settings.enforces_iam).lower(),
        "DOCKER_HOST": "unix:///nonexistent",  # never a container of the machine's Docker
        "AWS_SECRET_ACCESS_KEY": settings.secret,  # what handlers are given
        "AWS_CONFIG_FILE": os.devnull,  # nor do they hear the developer's, who may ignore AWS_ENDPOINT_URL in it
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def client_factory(settings: Settings) -> Callable[[Credentials], "BaseClient"]:
    """S3 clients of the embedded AWS, one for each credentials."""
    from botocore.config import Config  # after os.environ is clean
    from botocore.session import Session  # likewise

    style = Config(s3={"addressing_style": "path"}, proxies={}, max_pool_connections=32)

    @cache
    def s3(credentials: Credentials) -> "BaseClient":
        return Session().create_client(
            "s3",
            region_name=settings.region,
            endpoint_url=settings.endpoint,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret,
            aws_session_token=credentials.token or None,
            config=style,
        )

    return s3


@cache
def _provided(
    provider: tuple[str, ...], shell: tuple[tuple[str, str], ...], name: str, version: str
) -> tuple[str, dict[str, str]]:
    command = [*provider, name, *filter(None, [version])]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(shell), check=False)  # our own program
    if done.returncode != 0:
        raise EnvironmentMissingError(done.stderr.strip().removeprefix("error: "))
    sys.stderr.write(done.stderr)  # what was fetched, into the log
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["python"], answer["variables"]
