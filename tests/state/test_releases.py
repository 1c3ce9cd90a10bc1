"""What deploys leave behind for people: every one that changed something, however it ended, and nothing that harms a terminal."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from common.aws.protocol import MAX_BODY_BYTES
from common.base.errors import AwsError, SkippedError, UsageError
from common.engine.options import Options
from common.model.events import Skipped
from common.model.resource import Key
from common.state.lease import CONDITIONS, Lock
from common.state.records import Records
from common.state.release_root import key_of, root_of
from common.state.releases import Release, history
from common.state.stored_objects import parsed, printable
from tests.support.deploying import ENV, WHOSE, deploy, killed, plan, pool_of, things
from tests.support.fake_aws import FakeAws, World

FIELDS = {"a": {"Size": 1}, "b": {"Size": 1}, "c": {"Size": 1}}
ROOT = "dev/p/release.json"


def told(world: World, last: int = 20) -> list[Release]:
    with pool_of(1) as pool:
        return history(Records(FakeAws(world), ENV), "p", last, pool)


def changing(number: int) -> dict[str, Any]:
    return {**FIELDS, "b": {"Size": number}}


def test_nothing_was_released_in_a_bucket_that_is_not_there() -> None:
    assert told(World()) == []


def test_an_entry_says_what_became_of_each_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr("tests.support.deploying.ABOUT", {"id": "first", "holder": "ann"})
    deploy(world, things(FIELDS), tmp_path)

    def refuse(_number: int, when: str, operation: str) -> None:
        if operation == "Put" and when == "before":
            raise AwsError("fake", "Put", "Denied", "not\x1b[31m allowed")

    monkeypatch.setattr("tests.support.deploying.ABOUT", {"id": "second", "holder": "bob\x1b[2J"})
    deploy(world, things({**changing(2), "c": {"Size": 2}}), tmp_path, fault=refuse)
    second, first = told(world)
    assert (first.outcome, first.counts(), first.about["holder"]) == ("succeeded", {"create": 3}, "ann")
    assert (second.outcome, second.counts()) == ("failed", {"failed": 1, "not tried": 1})
    assert second.changes[0]["reason"] == "Size 1 → 2"
    assert second.changes[0]["message"] == r"fake:Put was refused: Denied: not\x1b[31m allowed"
    assert "\x1b" not in second.about["holder"]


def test_a_deploy_that_died_is_interrupted_and_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    deploy(world, things(FIELDS), tmp_path)
    monkeypatch.setattr("tests.support.deploying.ABOUT", {"id": "dies"})
    assert killed(world, things(changing(2)), tmp_path, 9, "after")
    assert [release.outcome for release in told(world)] == ["interrupted", "succeeded"]
    monkeypatch.setattr("tests.support.deploying.ABOUT", {"id": "heals"})
    deploy(world, things(changing(2)), tmp_path)
    assert [release.outcome for release in told(world)] == ["succeeded", "interrupted", "succeeded"]
    assert [release.outcome for release in told(world, last=1)] == ["succeeded"]


def test_a_deploy_that_changes_nothing_leaves_nothing(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIELDS), tmp_path)
    deploy(world, things(FIELDS), tmp_path)
    assert len(told(world)) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"schema": 1}', b'{"schema": 0, "digests": {}}', b"[" * 90_000, b"\xff"])
def test_a_version_that_cannot_be_read_is_told_as_that(tmp_path: Path, body: bytes) -> None:
    world = World()
    deploy(world, things(FIELDS), tmp_path)
    Records(FakeAws(world), ENV)
    FakeAws(world).call("s3", "PutObject", **WHOSE, Key=ROOT, Body=body)
    assert [release.outcome for release in told(world)] == ["unreadable", "succeeded"]


def test_changes_of_any_shape_are_shown(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIELDS), tmp_path)
    stored = world.buckets[ENV.artifact_bucket][ROOT]
    odd = [{}, {"key": ["x"], "outcome": 7, "outputs": [1]}, {"key": "a\r\nb" * 999, "message": {"x": 1}, "outputs": {"v": {}}}]
    stored.body = json.dumps({**json.loads(stored.body), "changes": odd}).encode()
    (release,) = told(world)
    assert len(release.changes) == 3
    assert all(str(change["key"]).isprintable() and len(str(change["key"])) < 310 for change in release.changes)


# What is stored is not believed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a/",
        "/a",
        "a/../b",
        "a/.",
        "..//x",
        "../a/b",
        "a/b/../../c",
        "A/b",
        "a/b\n",
        "a/ b",
        "a/" + "b" * 720,
        7,
        None,
        ["a/b"],
    ],
)
def test_a_key_that_leads_out_of_its_prefix_is_none(text: object) -> None:
    assert key_of("p", text) is None


def test_keys_of_all_our_names_are_keys() -> None:
    assert key_of("shared", "log-group/glue/output") == Key("shared", "log-group", "glue/output")
    assert key_of("p", "lambda/_Validate-2") == Key("p", "lambda", "_Validate-2")


def test_a_root_with_one_such_key_is_no_root() -> None:
    root = {"schema": 1, "digests": {}, "pending": {}, "files": {}, "about": {}}
    assert root_of(root) is not None
    assert root_of({**root, "digests": {"a/../b": "0"}}) is None
    assert root_of({**root, "pending": ["../a"]}) is None


def test_what_is_huge_is_not_read_to_its_end() -> None:
    class Endless:
        def read(self, amount: int, /) -> bytes:
            assert amount == MAX_BODY_BYTES + 1
            return b" " * amount

    assert parsed(Endless()) == {}


def test_printable_is_short_and_harmless() -> None:
    assert printable("a\x1b[2Jb\u202ec\ud800") == r"a\x1b[2Jb\u202ec\ud800"
    assert len(printable("x" * 5000)) == 301


# The store and the policies of crawlers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ignored", "header"),
    [
        ("PutObject IfNoneMatch", "If-None-Match on PutObject"),
        ("PutObject IfMatch", "If-Match on PutObject"),
        ("DeleteObject IfMatch", "If-Match on DeleteObject"),
    ],
)
def test_a_store_that_ignores_preconditions_is_refused_before_anything_else_is_done(
    tmp_path: Path, ignored: str, header: str
) -> None:
    world = World(ignores=frozenset({ignored}))
    with pytest.raises(UsageError, match=rf"The store of s3://test-artifacts ignores {header}, .*Nothing was deployed"):
        deploy(world, things(FIELDS), tmp_path)
    assert set(world.live) == {"arn:aws:s3:::test-artifacts"}
    assert world.buckets[ENV.artifact_bucket] == {}


class AllAtOnce(FakeAws):
    """Answers none of the requests that a store must refuse before it has got all three."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.together = threading.Barrier(len(CONDITIONS))

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        tried = any(operation == name and condition.items() <= parameters.items() for name, _, condition in CONDITIONS)
        if tried and "dev/p/lock.json" in self.world.buckets[ENV.artifact_bucket]:
            self.together.wait(20)
        return super().call(service, operation, **parameters)


def test_the_store_is_tried_with_all_requests_at_once() -> None:
    world = World(buckets={ENV.artifact_bucket: {}})
    lock = Lock(aws := AllAtOnce(world), ENV, "p", {}, lambda _: None)
    lock.acquire()
    with ThreadPoolExecutor(len(CONDITIONS)) as pool:
        lock.prove(pool)
    lock.release()
    assert aws.calls == {"s3:PutObject": 1 + 2, "s3:DeleteObject": 1 + 1}


def test_the_store_is_tried_once_and_never_again(tmp_path: Path) -> None:
    world = World()
    first = deploy(world, things(FIELDS), tmp_path)
    second = deploy(world, things(changing(2)), tmp_path)
    assert second.aws.calls["s3:PutObject"] == 4  # lease, root, record, root
    assert first.aws.calls["s3:DeleteObject"] == 2 + 1  # the leases of two projects, and the attempt
    assert second.aws.calls["s3:DeleteObject"] == 1


def test_what_is_skipped_by_its_own_policy_is_no_failure_and_tried_again(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIELDS), tmp_path)

    def skip(_number: int, when: str, operation: str) -> None:
        if operation == "Put" and when == "before":
            raise SkippedError("The crawler is running. Deploy again when it has finished.")

    skipped = deploy(world, things(changing(2)), tmp_path, fault=skip)
    assert (skipped.failed, skipped.untried) == (set(), set())
    assert [event.change.key.name for event in skipped.events if isinstance(event, Skipped)] == ["b"]
    assert told(world)[0].counts() == {"skipped": 1}
    (change,) = told(world)[0].changes
    assert change["message"] == "The crawler is running. Deploy again when it has finished.", "the history says why"
    assert not plan(world, things(changing(2)), tmp_path)[0].plan.is_empty
    assert deploy(world, things(changing(2)), tmp_path).actions() == {"thing/b": "update"}
    assert deploy(world, things(changing(2)), tmp_path).actions() == {}


def test_what_was_recorded_stays_in_the_past_whatever_comes_after(tmp_path: Path) -> None:
    """Updates, failures, crashes, deletions: each adds versions, and none takes one away."""

    def past() -> list[tuple[str, str]]:
        versions = world.versions[ENV.artifact_bucket]
        return [(key, version.version) for key, version in versions if version is not None and not key.endswith("/lock.json")]

    def refuse(_number: int, when: str, operation: str) -> None:
        if operation == "Put" and when == "before":
            raise AwsError("fake", "Put", "Denied", "no")

    world, gone = World(), Options(prune=True)
    steps: list[Callable[[], object]] = [
        lambda: deploy(world, things(FIELDS), tmp_path),
        lambda: deploy(world, things(changing(2)), tmp_path),
        lambda: deploy(world, things(changing(3)), tmp_path, fault=refuse),
        lambda: killed(world, things(changing(4)), tmp_path, 12, "after"),
        lambda: deploy(world, things({}), tmp_path, options=gone, undeclared=["p"]),
        lambda: deploy(world, things(FIELDS), tmp_path),
    ]
    before: list[tuple[str, str]] = []
    for step in steps:
        step()
        assert past()[: len(before)] == before
        assert len(past()) > len(before)
        before = past()
