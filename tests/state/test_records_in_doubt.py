"""Records and roots that are damaged, of somebody else or refused: nothing is believed that no deploy has written."""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from common.base.digest import Digest
from common.base.errors import AwsError, OvertakenError
from common.model.resource import Key
from common.state.records import Records
from common.state.release_root import CLEAN, DEPLOYING, Root
from tests.support.deploying import ENV, WHOSE, bucket
from tests.support.fake_aws import FakeAws, Text, World

KEY = Key("p", "thing", "a")
RECORD, ROOT = "dev/p/records/thing/a.json", "dev/p/release.json"
STATE = Root({"thing/a": Digest("1" * 64)})
SCRIPT = Text(key=Key("p", "artifact", "load"), text="print(1)")


@pytest.fixture
def world() -> World:
    made, resource = World(), bucket()
    resource.create(FakeAws(made), resource.desired())
    return made


@pytest.fixture
def records(world: World) -> Records:
    return Records(FakeAws(world), ENV)


def refusing(world: World, operation: str, code: str, when: str = "before") -> Records:
    """Records whose calls of one operation are answered with an error, before or after they were carried out."""

    def fault(_number: int, moment: str, called: str) -> None:
        if (moment, called) == (when, operation):
            raise AwsError("s3", operation, code, "refused")

    return Records(FakeAws(world, fault), ENV)


@pytest.mark.parametrize(
    ("operation", "read"),
    [
        ("GetObjectTagging", lambda records: records.root_tag("p")),
        ("GetObject", lambda records: records.root("p")),
        ("ListObjectsV2", lambda records: records.recorded_keys("p")),
    ],
)
def test_an_error_of_aws_is_not_taken_for_an_absent_object(
    world: World, operation: str, read: Callable[[Records], Collection[object] | None]
) -> None:
    with pytest.raises(AwsError, match="InternalError"):
        read(refusing(world, operation, "InternalError"))
    assert not any(read(refusing(world, operation, "NoSuchBucket")) or ())


def test_an_upload_that_fails_is_no_success(world: World, tmp_path: Path) -> None:
    with pytest.raises(AwsError, match="InternalError"):
        refusing(world, "PutObject", "InternalError").upload(SCRIPT, SCRIPT.build(tmp_path), None)
    assert Records(FakeAws(world), ENV).uploaded_content(SCRIPT) is None


def test_an_artifact_that_has_lost_a_tag_is_uploaded_again(world: World, records: Records, tmp_path: Path) -> None:
    records.upload(SCRIPT, SCRIPT.build(tmp_path), None)
    stored = world.buckets[ENV.artifact_bucket][SCRIPT.location]
    content = stored.tags.pop("content-sha256")
    assert records.uploaded_content(SCRIPT) is None
    records.upload(SCRIPT, SCRIPT.build(tmp_path), None)
    assert records.uploaded_content(SCRIPT) == content


@pytest.mark.parametrize(
    "damage",
    [{"schema": 0}, {"schema": None}, {"key": "thing/b"}, {"desired": None}, {"desired": []}, {"of": "dev/q"}, {"of": "tst/p"}],
)
def test_a_record_is_believed_only_if_it_is_whole_and_ours(world: World, records: Records, damage: dict[str, Any]) -> None:
    records.write(KEY, Digest("1" * 64), {"Size": 1}, {}, {})
    stored = world.buckets[ENV.artifact_bucket][RECORD]
    assert records.read(KEY)["desired"] == {"Size": 1}
    stored.body = json.dumps({**json.loads(stored.body), **damage}).encode()
    assert records.read(KEY) == {}


def test_the_location_in_a_record_of_another_project_is_told_apart(world: World, records: Records) -> None:
    records.write(KEY, Digest("1" * 64), {}, {}, {"name": "a", "arn": "arn:a"})
    assert records.foreign_location(KEY) == {}
    stored = world.buckets[ENV.artifact_bucket][RECORD]
    stored.body = json.dumps({**json.loads(stored.body), "of": "dev/q"}).encode()
    assert records.foreign_location(KEY) == {"of": "dev/q", "name": "a", "arn": "arn:a"}


def test_the_tag_of_a_root_has_its_state_and_digest(world: World, records: Records) -> None:
    assert records.root_tag("p") is None
    etag = records.start("p", STATE, None, None)
    mark = records.root_tag("p")
    assert mark is not None
    assert (mark.state, mark.root) == (DEPLOYING, STATE.digest())
    records.release("p", STATE, etag)
    mark = records.root_tag("p")
    assert mark is not None
    assert (mark.state, mark.root) == (CLEAN, STATE.digest())
    world.buckets[ENV.artifact_bucket][ROOT].tags = {}
    assert records.root_tag("p") is None


@pytest.mark.parametrize(("body", "expected"), [(None, STATE.digest()), (b"{", STATE.digest())])
def test_a_plan_that_was_made_from_the_tag_starts_though_the_body_cannot_be_read(
    world: World, records: Records, body: bytes | None, expected: Digest
) -> None:
    records.release("p", STATE, records.start("p", STATE, None, None))
    if body is not None:
        world.buckets[ENV.artifact_bucket][ROOT].body = body
    assert records.start("p", STATE, None, expected)


@pytest.mark.parametrize("expected", [Digest("2" * 64), None])
def test_a_plan_that_was_made_from_another_root_is_overtaken(records: Records, expected: Digest | None) -> None:
    records.release("p", STATE, records.start("p", STATE, None, None))
    with pytest.raises(OvertakenError):
        records.start("p", STATE, None, expected)


def test_a_root_is_erased_once_though_the_answer_was_lost(world: World, records: Records) -> None:
    etag = records.start("p", STATE, None, None)
    refusing(world, "DeleteObject", "PreconditionFailed", "after").erase("p", etag)
    assert records.root("p") == (None, None)
    etag = records.start("p", STATE, None, None)
    with pytest.raises(OvertakenError):
        refusing(world, "DeleteObject", "PreconditionFailed").erase("p", etag)
    assert records.root("p")[0] == STATE


def test_versions_of_a_root_are_listed_newest_first_with_deletions(world: World, records: Records) -> None:
    for _ in range(2):
        etag = records.start("p", STATE, None, None)
        world.seconds += 1
        records.erase("p", etag)
        world.seconds += 1
    written = [(version.written, version.removed) for version in records.versions("p")]
    assert written == sorted(written, reverse=True)
    assert [removed for _, removed in written] == [True, False, True, False]


def test_versions_of_another_object_whose_key_begins_alike_are_left_out(world: World, records: Records) -> None:
    records.start("p", STATE, None, None)
    FakeAws(world).call("s3", "PutObject", **WHOSE, Key=f"{ROOT}.bak", Body=b"x")
    (version,) = records.versions("p")
    assert records.version("p", version) == (STATE, DEPLOYING)


def test_a_version_that_was_copied_from_another_project_is_no_root_of_this_one(world: World, records: Records) -> None:
    records.start("p", STATE, None, None)
    stored = world.buckets[ENV.artifact_bucket][ROOT]
    stored.body = json.dumps({**json.loads(stored.body), "of": "dev/q"}).encode()
    (version,) = records.versions("p")
    assert records.version("p", version) == (None, DEPLOYING)


def test_the_digest_of_a_record_is_in_its_tag_and_nowhere_else(world: World, records: Records) -> None:
    assert records.recorded_digest(KEY) is None
    records.write(KEY, Digest("1" * 64), {}, {}, {})
    assert records.recorded_digest(KEY) == "1" * 64
    world.buckets[ENV.artifact_bucket][RECORD].tags = {"other": "yes"}
    assert records.recorded_digest(KEY) is None


def test_everything_else_in_the_bucket_is_named_by_its_first_part(world: World, records: Records) -> None:
    records.start("p", STATE, None, None)
    for key in ("tst/p/release.json", "notes.txt"):
        FakeAws(world).call("s3", "PutObject", **WHOSE, Key=key, Body=b"x")
    assert (records.projects(), records.other_prefixes()) == ({"p"}, {"tst", "notes.txt"})
