"""Leases that change hands while their holder lives: nothing is written late unseen, and no plan believes what may have been."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common.aws import fence
from common.aws.fence import REQUEST_SECONDS, fenced
from common.aws.session import AwsSession
from common.base.errors import DeployError, LockedError
from common.engine.options import Options
from common.environment.endpoints import DEFAULT, Endpoints
from common.model.resource import Action, Key
from common.resources import refusals
from common.state.lease import LEASE_SECONDS, Lock
from common.state.records import Records
from common.state.release_root import CLEAN, RootTag
from tests.faults.proxy import Call, Proxy, Refused
from tests.support.deploying import BUCKET, ENV, Result, deploy, plan, things
from tests.support.fake_aws import FakeAws, World

Fields = Mapping[str, Mapping[str, Any]]
BEFORE: Fields = {"a": {"Size": 1, "Weight": 1}, "b": {"Size": 1, "Weight": 1}}
LOSERS: Fields = {"a": {"Size": 2, "Weight": 2}, "b": {"Size": 1, "Weight": 2}, "c": {"Size": 2}}
WINNERS: Mapping[str, Fields] = {
    "of other fields": {"a": {"Size": 3, "Weight": 1}, "b": {"Size": 1, "Weight": 3}, "c": {"Size": 3}},
    "of what was there before": BEFORE,
}
LOCK = "dev/p/lock.json"
ROOT = "dev/p/release.json"


@dataclass(frozen=True)
class Loser:
    """What it deploys, and how."""

    fields: Fields
    options: Options = field(default_factory=Options)


LOSING = {"updates": Loser(LOSERS), "prunes": Loser({"a": LOSERS["a"]}, Options(prune=True))}


def removed(world: World) -> None:
    """As `unlock` leaves it."""
    Lock(FakeAws(world), ENV, "p", {}, lambda _: None).remove(lambda _: None)


def expired(world: World) -> None:
    world.seconds += LEASE_SECONDS + 1


@pytest.mark.parametrize("ending", [removed, expired])
@pytest.mark.parametrize("winner", WINNERS)
@pytest.mark.parametrize("losing", LOSING)
def test_what_a_loser_writes_late_is_seen_by_the_next_plan(
    losing: str, winner: str, ending: Callable[[World], None], tmp_path: Path
) -> None:
    """Stopped between the check and the request, at every call in turn: that one request arrives when the winner is done."""
    late = 0
    for number in itertools.count():
        world, expected = World(), WINNERS[winner]
        deploy(world, things(BEFORE), tmp_path)
        won: list[Result] = []

        def fault(
            call: int,
            when: str,
            _operation: str,
            at: int = number,
            world: World = world,
            expected: Fields = expected,
            won: list[Result] = won,
        ) -> None:
            if (call, when) == (at, "before") and LOCK in world.buckets[ENV.artifact_bucket]:
                with fenced(None):  # another process
                    ending(world)
                    won.append(deploy(world, things(expected), tmp_path))

        lost = None
        loser = LOSING[losing]
        with suppress(DeployError):
            lost = deploy(world, things(loser.fields), tmp_path, options=loser.options, fault=fault)
        if not won:
            if lost is not None and number >= lost.aws.calls.total():
                break
            continue
        assert not won[0].failed
        live = as_live(world)
        late += live != {name: dict(fields) for name, fields in expected.items()}
        outcome, _ = plan(world, things(expected), tmp_path)
        todo = [change for change in outcome.plan.changes if change.action not in {Action.NOOP, Action.ORPHAN, Action.RECORD}]
        assert bool(todo) == any(live.get(name) != fields for name, fields in expected.items()), f"after call {number}: {todo}"
        deploy(world, things(expected), tmp_path)
        assert {name: as_live(world).get(name) for name in expected} == {name: dict(fields) for name, fields in expected.items()}
        world.seconds += REQUEST_SECONDS + LEASE_SECONDS + 1
        deploy(world, things(expected), tmp_path)
        assert_settled(world, expected, tmp_path)
    assert late > 0, "no write came late, so nothing was tested"


def as_live(world: World) -> dict[str, dict[str, Any]]:
    things_of = {arn.rpartition("/")[2]: state for arn, state in world.live.items() if ":p/" in arn}
    return {name: {field: value for field, value in state.items() if field != "Tags"} for name, state in things_of.items()}


def assert_settled(world: World, expected: Fields, build_dir: Path) -> None:
    """By the tag of the root alone, and every record is what was declared."""
    outcome, aws = plan(world, things(expected), build_dir)
    assert {change.action for change in outcome.plan.changes} <= {Action.NOOP, Action.ORPHAN}
    assert aws.calls["fake:Get"] == 0
    records = Records(FakeAws(world), ENV)
    for key, digest in outcome.digests.items():
        if key.kind == "thing":
            assert records.recorded_digest(key) == digest, key


@pytest.mark.parametrize("seconds", [11, 19])
def test_who_was_stopped_asks_before_the_next_write(seconds: int, tmp_path: Path) -> None:
    """Shorter than a lease, and shorter than its renewals are apart: no write but the one that was being sent."""
    for number in itertools.count():
        world, won = World(), list[Result]()
        deploy(world, things(BEFORE), tmp_path)
        after: dict[str, Any] = {}

        def fault(
            call: int, when: str, _op: str, at: int = number, world: World = world, won: list[Result] = won, after: Any = after
        ) -> None:
            if (call, when) == (at, "after") and LOCK in world.buckets[ENV.artifact_bucket]:
                world.seconds += seconds
                with fenced(None):  # another process
                    removed(world)
                    won.append(deploy(world, things(WINNERS["of other fields"]), tmp_path))
                after.update(live=as_live(world), written=world.writes)

        done = None
        with suppress(LockedError):
            done = deploy(world, things(LOSERS), tmp_path, fault=fault)
        if not won:
            if done is not None and number >= done.aws.calls.total():
                return
            continue
        assert (as_live(world), world.writes) == (after["live"], after["written"]), f"stopped after call {number}"


def test_what_is_doubted_stays_so_until_it_was_seen_when_nothing_could_arrive_any_more(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(BEFORE), tmp_path)
    taken_in_the_middle(world, tmp_path)
    resources = things(WINNERS["of other fields"])
    for _ in range(2):
        world.seconds += 100
        again = deploy(world, resources, tmp_path)
        assert again.actions() == {}
        assert again.aws.calls["fake:Get"] == 3
        assert again.aws.calls["s3:PutObject"] == 0, "nothing is to be said that the root does not say"
    world.seconds += REQUEST_SECONDS + LEASE_SECONDS
    part = Options(selected=lambda key: key in {BUCKET, Key("p", "thing", "a")})
    deploy(world, resources, tmp_path, options=part)
    assert set(json.loads(world.buckets[ENV.artifact_bucket][ROOT].body)["doubted"]) == {"thing/b", "thing/c"}
    deploy(world, resources, tmp_path)
    assert_settled(world, WINNERS["of other fields"], tmp_path)


def taken_in_the_middle(world: World, build_dir: Path, silent: float = LEASE_SECONDS + 1) -> None:
    """A deploy dies when it has marked its root, and after so many seconds another takes over."""

    def fault(_call: int, when: str, operation: str) -> None:
        if (when, operation) == ("before", "Put"):
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        deploy(world, things(LOSERS), build_dir, fault=fault)
    world.seconds += silent
    assert not deploy(world, things(WINNERS["of other fields"]), build_dir).failed


def test_who_was_silent_for_longer_than_a_request_lives_is_not_doubted(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(BEFORE), tmp_path)
    taken_in_the_middle(world, tmp_path, REQUEST_SECONDS + LEASE_SECONDS + 1)
    assert_settled(world, WINNERS["of other fields"], tmp_path)


def test_a_deploy_that_was_not_disturbed_doubts_nothing(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(BEFORE), tmp_path)
    deploy(world, things(LOSERS), tmp_path)
    body = json.loads(world.buckets[ENV.artifact_bucket][ROOT].body)
    assert body["doubted"] == {}
    mark = Records(FakeAws(world), ENV).root_tag("p")
    assert mark is not None
    assert mark.state == CLEAN
    assert isinstance(mark, RootTag)


def test_a_late_record_is_written_again(tmp_path: Path) -> None:
    """Live is as declared; what the loser wrote late is only what it believed to be true."""
    world = World()
    deploy(world, things(BEFORE), tmp_path)
    taken_in_the_middle(world, tmp_path)
    record = world.buckets[ENV.artifact_bucket]["dev/p/records/thing/b.json"]
    record.tags = {"desired-sha256": "0" * 64}
    again = deploy(world, things(WINNERS["of other fields"]), tmp_path)
    assert again.reasons() == {"thing/b": "is as declared; its record is not"}
    assert record is not world.buckets[ENV.artifact_bucket]["dev/p/records/thing/b.json"]


# botocore -------------------------------------------------------------------------------------------------------------------


class Refusing:
    """A check that passes so many times."""

    def __init__(self, passes: int) -> None:
        self.left = passes

    def __call__(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise LockedError("The lease was lost.")


@pytest.fixture
def busy() -> Iterator[Proxy]:
    """An AWS that always says "not now"."""
    with Proxy(0, rule=lambda _: Refused(503, "SlowDown")).running() as proxy:
        yield proxy


@pytest.fixture
def aws(busy: Proxy) -> AwsSession:
    endpoints = Endpoints({DEFAULT: busy.endpoint}, "any")
    return AwsSession("us-east-1", "000000000000", endpoints=endpoints, sleep=lambda _: None, refusals=refusals)


def test_the_check_is_asked_where_it_was_set_and_nowhere_else() -> None:
    fence.check()
    with fenced(Refusing(0)):
        with pytest.raises(LockedError):
            fence.check()
        with fenced(None):
            fence.check()
    fence.check()


@pytest.mark.parametrize("passes", [0, 1, 3])
def test_no_attempt_is_made_after_the_lease_has_ended(aws: AwsSession, busy: Proxy, passes: int) -> None:
    """Botocore tries again what is refused in this way; it would twelve times."""
    with pytest.raises(LockedError), fenced(Refusing(passes)):
        aws.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Timeout=3)
    assert len(busy.calls) == passes


def test_no_retry_poll_or_page_is_requested_after_the_lease_has_ended(aws: AwsSession, busy: Proxy) -> None:
    role = "arn:aws:iam::000000000000:role/r"
    unknown = Refused(400, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")
    absent = Refused(404, "ResourceNotFoundException")
    cases: list[tuple[Refused, int, Callable[[], object]]] = [
        (unknown, 2, lambda: aws.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", Role=role)),
        (absent, 2, lambda: aws.wait("lambda", "function_exists", FunctionName="f")),
        (absent, 0, lambda: list(aws.pages("lambda", "ListFunctions"))),
    ]
    for answer, passes, call in cases:
        busy.rule = partial(_always, answer)
        busy.calls.clear()
        with pytest.raises(LockedError), fenced(Refusing(passes)):
            call()
        assert len(busy.calls) == passes


def _always(answer: Refused, _: Call) -> Refused:
    return answer


def test_the_check_comes_after_the_signature_and_every_wait(busy: Proxy) -> None:
    """What was checked is not held up any more: botocore's adaptive mode waits in the event in which the check is made."""
    aws = AwsSession("us-east-1", "000000000000", endpoints=Endpoints({DEFAULT: busy.endpoint}, "any"))
    events, order = aws.clients.of("lambda").meta.events, list[str]()
    events.register("request-created", lambda **_: order.append("signed"))
    events.register("before-send", lambda **_: order.append("waited"))

    def check() -> None:
        order.append("checked")
        raise LockedError("The lease was lost.")

    with pytest.raises(LockedError), fenced(check):
        aws.call("lambda", "UpdateFunctionConfiguration", FunctionName="f")
    assert order == ["signed", "waited", "checked"]
