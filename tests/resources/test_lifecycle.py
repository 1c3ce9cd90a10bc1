"""The contract that every resource type keeps, in every variant: deploy, then read, shows no difference."""

import contextlib
import itertools
import pkgutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any

import pytest

from common import resources
from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.model.resource import Resource, State
from tests.resources.builders import Place, brought, final, live_state, prepare, updated
from tests.resources.cases import CASES, Case
from tests.support.fake_aws import tagged_as


@pytest.fixture(params=["moto", "embedded"])
def backend(request: pytest.FixtureRequest) -> AwsSession:
    """A session with an AWS of tests."""
    session: AwsSession = request.getfixturevalue(f"{request.param}_aws")
    return session


@pytest.fixture
def here(backend: AwsSession) -> Place:
    return Place(backend.account_id, backend.region)


FILES = [file.name for file in pkgutil.iter_modules(resources.__path__)]
TYPES = [build for file in FILES if file not in {"directory", "layer"} and (build := getattr(Place, file, None))]
"""The builder of each type that keeps its tags as AWS's services do."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lifecycle(backend: AwsSession, here: Place, case: Case, request: pytest.FixtureRequest) -> None:
    before, after = case.before(here), case.after(here)
    request.addfinalizer(partial(before.delete, backend))
    prepare(backend, before, after)
    assert before.read(backend) is None

    before.create(backend, final(before))
    assert_deployed(backend, before)
    assert kept(backend, before) == {}

    calls = backend.calls.copy()
    changed = brought(backend, after, final(before))
    assert changed == case.changed
    written = {name for name in (backend.calls - calls) if not name.partition(":")[2].startswith(("Get", "List", "Describe"))}
    assert "Tags" in changed or not any("Tag" in name for name in written)
    assert_deployed(backend, after)

    before.create(backend, final(before))  # as after a run that was interrupted between creation and record
    assert_deployed(backend, before)

    before.delete(backend)
    assert before.read(backend) is None
    before.delete(backend)


@pytest.mark.parametrize("build", TYPES)
def test_tags_of_others_are_neither_seen_nor_lost(backend: AwsSession, here: Place, build: Callable[[Place], Resource]) -> None:
    resource = build(here)
    prepare(backend, resource)
    resource.create(backend, final(resource))
    theirs = tagged_as(resource, {"auditor": "them"})
    updated(backend, theirs, {"Tags"})
    assert_deployed(backend, resource)
    updated(backend, resource, {"Tags"})
    assert_deployed(backend, theirs)
    resource.delete(backend)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_interrupted_anywhere_heals(moto_aws: AwsSession, place: Place, case: Case) -> None:
    """Creation, update and deletion are each cut off after every number of calls, then deployed as the engine does."""
    before, after = case.before(place), case.after(place)
    prepare(moto_aws, before, after)
    for verb in ("create", "update", "delete"):
        for calls in itertools.count():
            if verb != "create":
                converge(moto_aws, before)
            cut = Interrupted(moto_aws, calls)
            with contextlib.suppress(ConnectionError):
                if verb == "create":
                    before.create(cut, final(before))
                elif verb == "update":
                    updated(cut, after, case.changed)
                else:
                    before.delete(cut)
            converge(moto_aws, after)
            assert_deployed(moto_aws, after)
            after.delete(moto_aws)
            assert after.read(moto_aws) is None
            if not cut.happened:  # it came to its end with calls to spare
                break


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_resource_is_the_same_after_it_was_read(moto_aws: AwsSession, place: Place, case: Case) -> None:
    """So an update follows from its change alone, and not from which resource was read last."""
    resource = case.before(place)
    prepare(moto_aws, resource)
    resource.create(moto_aws, final(resource))
    before = deepcopy(vars(resource))
    resource.read(moto_aws)
    assert vars(resource) == before


@pytest.mark.parametrize("build", TYPES)
def test_a_refusal_of_any_call_of_a_read_is_loud(moto_aws: AwsSession, place: Place, build: Callable[[Place], Resource]) -> None:
    resource = build(place)
    prepare(moto_aws, resource)
    resource.create(moto_aws, final(resource))
    denied = AwsError("service", "Read", "AccessDeniedException", "not authorized")
    whole = Interrupted(moto_aws, -1)
    resource.read(whole)
    assert whole.calls > 0
    for calls in range(whole.calls):
        with pytest.raises(AwsError, match="AccessDenied"):
            resource.read(Interrupted(moto_aws, calls, denied))


def converge(aws: AwsSession, resource: Resource) -> None:
    """What the engine does with one resource."""
    if resource.read(aws) is None:
        resource.create(aws, final(resource))
    else:
        brought(aws, resource)


def assert_deployed(aws: AwsSession, resource: Resource) -> None:
    """Deploy, then plan, is empty; and both states name the same fields."""
    live: State | None = live_state(aws, resource)
    assert live == final(resource)
    assert resource.immutable <= live.keys()


def kept(aws: AwsSession, resource: Resource) -> State:
    """What is told as somebody else's, but for what AWS sets by itself."""
    live = resource.read(aws)
    assert live is not None
    return {name: value for name, value in live.undeclared.items() if resource.usual.get(name) != value}


class Interrupted:
    """A session whose call number `after` does not happen."""

    def __init__(self, aws: AwsSession, after: int, error: Exception | None = None) -> None:
        self._aws, self._left, self._error = aws, after, error or ConnectionError("cut off")
        self.calls = 0

    @property
    def happened(self) -> bool:
        return self._left == 0

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self._count()
        return self._aws.call(service, operation, **parameters)

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> dict[str, Any] | None:
        self._count()
        return self._aws.find(service, operation, absent, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        self._count()
        return self._aws.pages(service, operation, **parameters)

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        self._count()
        self._aws.wait(service, waiter, **parameters)

    def sleep(self, seconds: float) -> None:
        self._aws.sleep(seconds)

    def _count(self) -> None:
        if self.happened:
            raise self._error
        self._left -= 1
        self.calls += 1
