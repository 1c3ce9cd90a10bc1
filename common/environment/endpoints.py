"""The endpoints of AWS services: those in an environment's configuration, else AWS's own, and no others.

AWS SDKs take endpoints from the shell and from the shared config file. The deployer does not: a variable that was set for another
purpose would send the calls of a service elsewhere, and changes made there would be recorded as made here.

Follows https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from common.base.suggestions import did_you_mean

DEFAULT = "default"
"""The key in `endpoints` that stands for every service that is not named."""
SERVICES = (
    *("athena", "cloudcontrol", "cloudwatch", "dynamodb", "ecr", "events", "glue", "iam", "kms", "lambda", "logs"),
    *("resourcegroupstaggingapi", "s3"),
    *("scheduler", "secretsmanager", "service-quotas", "sns", "sqs", "ssm", "stepfunctions", "sts"),
)
"""The services that the deployer calls, by botocore's names."""
ALIASES = {"sfn": "stepfunctions", "states": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}
"""Other names of these services, as in AWS_ENDPOINT_URL_SFN."""
DIVERTING_PREFIXES = ("AWS_ENDPOINT_URL", "AWS_DATA_PATH")
"""Prefixes of the variables that would send calls elsewhere."""


def check_service(service: str) -> str:
    """Returns the name of a service.

    Raises:
        ValueError: the deployer does not call it, or it is called otherwise.
    """
    if service not in {DEFAULT, *SERVICES}:
        plain = service.lower().replace("_", "").replace("-", "")
        guess = did_you_mean(ALIASES.get(plain, plain), (DEFAULT, *SERVICES))
        there_are = ", ".join((DEFAULT, *SERVICES))
        raise ValueError(f"{service!r} is not a service that the deployer calls.{guess} There are {there_are}")
    return service


def check_url(url: str) -> str:
    """Returns an address without a slash at its end.

    Raises:
        ValueError: it is none, or not encrypted.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("this is not a URL") from None
    if not url.isascii() or not url.isprintable() or " " in url or not host or parts.scheme not in {"https", "http"}:
        raise ValueError("a URL such as https://vpce-0123.states.us-east-1.vpce.amazonaws.com is expected")
    if parts.username is not None or parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError("a URL without a user name, a query and a fragment is expected")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("http is not encrypted and is for this machine alone (127.0.0.1, localhost); use https")
    return url.rstrip("/")


class Endpoints(NamedTuple):
    """Addresses that replace AWS's own.

    Args:
        addresses: the addresses by service; `default` applies to all services that are not named.
        secret: the secret of the embedded AWS, with which its clients sign; None if they sign with the user's credentials.
        access_key: whose secret that is; empty if it is the account's.
        token: the token of the session that the access key is of; empty if it is the account's.
    """

    addresses: Mapping[str, str] = {}
    secret: str | None = None
    access_key: str = ""
    token: str = ""

    def of(self, service: str) -> str | None:
        """Returns the address of a service; None if it is AWS's own."""
        return self.addresses.get(service, self.addresses.get(DEFAULT))


AWS_ITSELF = Endpoints()


def is_loopback(url: str) -> bool:
    """Whether the host of a URL is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def describe_endpoints(endpoints: Mapping[str, str]) -> str:
    """Describes the endpoints of an environment in one line."""
    rest = "all other services" if len(endpoints) > 1 else "all services"
    named = [f"{service} at {url}" for service, url in sorted(endpoints.items()) if service != DEFAULT]
    return ", ".join([*named, *(f"{rest} at {url}" for service, url in endpoints.items() if service == DEFAULT)])


def account_words(environment: str, endpoints: Mapping[str, str]) -> str:
    """Says what an environment is that is not embedded: an account, or what its endpoints lead to, which may be another AWS."""
    there = f"is reached at the endpoints of config/{environment}.json"
    return f"{environment} {there if endpoints else 'is a real account'}"


def endpoint_notes(environment: str, endpoints: Mapping[str, str], ignored: Sequence[str]) -> Iterator[str]:
    """Yields notes for the user about endpoints that are not AWS's own; none if all are.

    Args:
        environment: the name of the environment.
        endpoints: the endpoints in its configuration.
        ignored: settings of the shell and profile that would send calls elsewhere, and are ignored.
    """
    if endpoints:
        yield f"Endpoints of config/{environment}.json: {describe_endpoints(endpoints)}."
    if ignored:
        yield f"Ignored: {', '.join(ignored)}. Only `endpoints` in config/{environment}.json changes where AWS is called."


def diverting_variables(variables: Mapping[str, str]) -> list[str]:
    """Returns the environment variables that name other endpoints and service models."""
    return sorted(name for name, value in variables.items() if name.startswith(DIVERTING_PREFIXES) and value)
