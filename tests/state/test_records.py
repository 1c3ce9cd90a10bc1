"""Artifacts are written once: whoever comes second finds the same bytes there, or stops."""

from pathlib import Path

import pytest

from common.base.digest import Digest
from common.base.errors import AwsError, DeployError, OvertakenError, OwnershipError
from common.model.resource import Key
from common.state.records import Records
from common.state.release_root import Root
from tests.support.deploying import ENV, bucket
from tests.support.fake_aws import FakeAws, Text, World

SCRIPT = Text(key=Key("p", "artifact", "load"), text="print(1)")


@pytest.fixture
def world() -> World:
    made, resource = World(), bucket()
    resource.create(FakeAws(made), resource.desired())
    return made


def test_the_same_bytes_are_uploaded_once(world: World, tmp_path: Path) -> None:
    for _ in range(2):
        Records(FakeAws(world), ENV).upload(SCRIPT, SCRIPT.build(tmp_path), None)
    assert [key for key, _ in world.versions[ENV.artifact_bucket]] == [SCRIPT.location]


@pytest.mark.parametrize("code", ["AccessDenied", "403"])
def test_a_bucket_that_may_not_be_used_is_not_taken_for_an_empty_one(world: World, code: str) -> None:
    def refuse(_number: int, _when: str, operation: str) -> None:
        raise AwsError("s3", operation, code, "Access Denied")

    records = Records(FakeAws(world, refuse), ENV)
    for read in (records.root_tag, records.recorded_keys, records.root):
        with pytest.raises(OwnershipError, match="The artifact bucket test-artifacts cannot be used: Access Denied"):
            read("p")


def test_a_root_is_found_again_if_the_answer_to_its_put_was_lost(world: World) -> None:
    """Botocore sends the request again, and S3 refuses that because the object is there."""
    answers = iter([AwsError("s3", "PutObject", "PreconditionFailed", "At least one of the pre-conditions did not hold")] * 2)

    def lose(_number: int, when: str, operation: str) -> None:
        if (when, operation) == ("after", "PutObject") and (error := next(answers, None)):
            raise error

    records, root = Records(FakeAws(world, lose), ENV), Root({"thing/a": Digest("1" * 64)})
    etag = records.release("p", root, records.start("p", root, None, None))
    assert records.root("p") == (root, etag)


def test_a_root_of_another_deploy_is_not_taken_for_its_own(world: World) -> None:
    mine, theirs = Root({"thing/a": Digest("1" * 64)}), Root({"thing/a": Digest("2" * 64)})
    records = Records(FakeAws(world), ENV)
    etag = records.start("p", mine, None, None)
    records.release("p", theirs, etag)
    with pytest.raises(OvertakenError, match="p: another deploy has changed it since this plan was made"):
        records.release("p", mine, etag)
    assert records.root("p")[0] == theirs


@pytest.mark.parametrize("tagged", [True, False])
def test_what_is_there_is_never_written_over(world: World, tmp_path: Path, tagged: bool) -> None:
    """A run may be reading it. Whether it is another build of ours or a stranger's file makes no difference."""
    records = Records(FakeAws(world), ENV)
    records.upload(SCRIPT, SCRIPT.build(tmp_path), None)
    there = world.buckets[ENV.artifact_bucket][SCRIPT.location]
    if not tagged:
        there.tags = {}
    other = tmp_path / "other"
    other.write_text("print(2)")
    message = (
        "another deploy has just uploaded other bytes for the same input" if tagged else "s3://.* delete it with all its vers"
    )
    with pytest.raises(DeployError, match=f"artifact/load: {message}"):
        records.upload(SCRIPT, other, None)
    assert world.buckets[ENV.artifact_bucket][SCRIPT.location].body == b"print(1)"
