"""Where resources are tested: moto in this process, and the embedded AWS."""

import time
from collections.abc import Iterator

import pytest
from moto import mock_aws

from common import local
from common.aws.session import AwsSession
from common.resources import refusals
from tests.local.fixtures import embedded, embedded_root
from tests.resources.builders import Place
from tests.support.moto_gaps import moto_gaps, moto_glue

__all__ = ["embedded", "embedded_root", "moto_gaps", "moto_glue"]


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def slept() -> list[float]:
    """The seconds that a session on moto would have slept."""
    return []


@pytest.fixture
def moto_aws(place: Place, slept: list[float], moto_gaps: None) -> Iterator[AwsSession]:
    """A session with moto's account."""
    with mock_aws():
        yield AwsSession(place.region, place.account_id, sleep=slept.append, refusals=refusals)


@pytest.fixture
def embedded_aws(embedded: local.Embedded) -> AwsSession:
    """A session with the embedded AWS; what it stands on stays, so every test deletes what it creates."""
    return AwsSession(embedded.region, embedded.account_id, endpoints=embedded.endpoints, sleep=time.sleep)
