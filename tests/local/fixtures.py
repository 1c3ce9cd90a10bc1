"""The embedded AWS for tests: one server a session, in a root of its own. Name this module in ``pytest_plugins``."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from common import local
from tests.support import ending

ACCOUNT = "123456789012"
REGION = "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
Client = Callable[[str], Any]


@pytest.fixture(scope="session")
def embedded_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root folder of the session's embedded AWS; environments are shared with every other root."""
    return tmp_path_factory.mktemp("embedded")


@pytest.fixture(scope="session")
def embedded(embedded_root: Path) -> Iterator[local.Embedded]:
    """A running embedded AWS, stopped at the end of the session, or with it if that is cut short."""
    ending.promise()
    yield local.start(embedded_root, account_id=ACCOUNT, region=REGION, say=print)
    local.stop(embedded_root)


@pytest.fixture(scope="session")
def client(embedded: local.Embedded) -> Client:
    """Makes boto3 clients of the session's embedded AWS."""
    return lambda service: client_of(embedded, service)


def client_of(embedded: local.Embedded, service: str, region: str | None = None) -> Any:
    """A boto3 client of an embedded AWS, in its own region unless another one is given."""
    return boto3.client(
        service,
        endpoint_url=embedded.endpoint,
        region_name=region or embedded.region,
        aws_access_key_id=embedded.account_id,
        aws_secret_access_key=embedded.secret,
        config=Config(s3={"addressing_style": "path"}, inject_host_prefix=False, proxies={}, retries={"max_attempts": 1}),
    )
