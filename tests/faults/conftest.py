"""Shared by the fault tests: one embedded AWS to copy, one clone, and what a deploy of everything makes of the two."""

from collections.abc import Iterator

import pytest

from tests.faults.commands import PACE, RUNTIME, Clone, clone, ministack
from tests.faults.emulator import Emulator, started
from tests.faults.proxy import Proxy


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An AWS with nothing in it."""
    with started(tmp_path_factory.mktemp("aws"), ministack(), RUNTIME) as made:
        yield made


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone of the repository."""
    with Clone(clone(tmp_path_factory.mktemp("faults") / "clone")).held() as made:
        yield made


@pytest.fixture(scope="session")
def deployed(empty: Emulator, repo: Clone) -> Iterator[Emulator]:
    """An AWS to which everything was deployed; copy it."""
    with empty.copied() as made:
        first = repo.deploy(made.endpoint, pace=PACE)
        assert first.code == 0, first
        yield made


@pytest.fixture
def fresh(empty: Emulator) -> Iterator[Proxy]:
    """A way to an AWS of the test's own, with nothing in it."""
    with empty.copied() as made, Proxy(made.port).running() as proxy:
        yield proxy


@pytest.fixture
def ready(deployed: Emulator) -> Iterator[Proxy]:
    """A way to an AWS of the test's own, to which everything was deployed."""
    with deployed.copied() as made, Proxy(made.port).running() as proxy:
        yield proxy
