"""Moto and the embedded AWS answer as S3 does where it is strict, and the deployer lives with it."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from common.aws.session import AwsSession
from common.base.errors import AwsError, LockedError, OwnershipError
from common.state.lease import LEASE_SECONDS
from tests.commands.test_operations import BUCKET, PLACE, command, deployed
from tests.local.fixtures import client, embedded, embedded_root
from tests.support.deploying import WHOSE, deploy, things
from tests.support.fake_aws import FakeAws, World
from tests.support.leases import Clock, Locks, clock, made, world
from tests.support.repository import Repository

__all__ = ["client", "clock", "deployed", "embedded", "embedded_root", "made", "world"]
PLACES = ("moto", "embedded")


@pytest.fixture
def s3(request: pytest.FixtureRequest) -> Any:
    if request.param == "embedded":
        return request.getfixturevalue("client")("s3")
    request.getfixturevalue("moto")
    return boto3.client("s3", region_name="eu-central-1")


def refusal(call: Any, **parameters: Any) -> tuple[int, str, str | None]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer: dict[str, Any] = caught.value.response
    metadata = answer["ResponseMetadata"]
    return metadata["HTTPStatusCode"], answer["Error"]["Code"], metadata["HTTPHeaders"].get("x-amz-delete-marker")


@pytest.mark.parametrize("s3", PLACES, indirect=True)
def test_a_delete_marker_has_no_object_and_refuses_its_tags(s3: Any) -> None:
    """See https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html ."""
    s3.create_bucket(Bucket="t-strict", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket="t-strict", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="t-strict", Key="a", Tagging="b=c")
    s3.delete_object(Bucket="t-strict", Key="a")
    assert refusal(s3.get_object_tagging, Bucket="t-strict", Key="a") == (405, "MethodNotAllowed", "true")
    assert refusal(s3.get_object, Bucket="t-strict", Key="a") == (404, "NoSuchKey", "true")
    assert refusal(s3.head_object, Bucket="t-strict", Key="a") == (404, "404", "true")
    assert refusal(s3.get_object_tagging, Bucket="t-strict", Key="never") == (404, "NoSuchKey", None)


@pytest.mark.parametrize("s3", PLACES, indirect=True)
def test_no_bucket_is_created_with_tags(s3: Any) -> None:
    """See https://github.com/hashicorp/terraform-provider-aws/issues/45566 ."""
    made = {"LocationConstraint": "eu-central-1", "Tags": [{"Key": "a", "Value": "b"}]}
    assert refusal(s3.create_bucket, Bucket="t-tagged", CreateBucketConfiguration=made)[:2] == (400, "UnsupportedArgument")


def test_what_was_deleted_is_absent_and_known_to_be_deleted(moto: None) -> None:
    aws, place = AwsSession("eu-central-1", "123456789012"), {"Bucket": "t-gone", "Key": "a"}
    aws.call("s3", "CreateBucket", Bucket="t-gone", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    aws.call("s3", "PutBucketVersioning", Bucket="t-gone", VersioningConfiguration={"Status": "Enabled"})
    assert aws.find("s3", "GetObjectTagging", "NoSuchKey", **place) is None
    aws.call("s3", "PutObject", **place, Body=b"")
    aws.call("s3", "DeleteObject", **place)
    for operation in ("GetObjectTagging", "GetObject"):
        with pytest.raises(AwsError) as caught:
            aws.call("s3", operation, **place)
        assert (caught.value.code, caught.value.deleted) == ("NoSuchKey", True)


def test_an_environment_lives_on_when_one_of_its_projects_was_destroyed(deployed: Repository) -> None:
    assert deployed.invoke("destroy", "--env", "dev", "--project", "acres", "--data", "--yes", "acres").code == 0
    assert command(deployed, "plan", code=2)["counts"]["create"] > 0
    assert "never deployed" in deployed.invoke("status", "--env", "dev").out
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    assert command(deployed, "drift")["drifted"] == []
    assert deployed.invoke("destroy", "--env", "dev", "--yes", "dev").code == 0


def test_an_artifact_that_somebody_deleted_is_uploaded_again(deployed: Repository) -> None:
    s3 = boto3.client("s3", **PLACE)
    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"] if "/artifacts/" in entry["Key"]]
    for key in listed:
        s3.delete_object(Bucket=BUCKET, Key=key)
    assert deployed.invoke("deploy", "--env", "dev", "--verify").code == 0
    again = deployed.invoke("deploy", "--env", "dev", "--force")
    assert (again.code, again.err) == (0, "")
    present = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert {*listed} <= {*present}


def test_an_empty_artifact_bucket_without_tags_is_one_that_a_deploy_has_just_made(tmp_path: Any) -> None:
    empty = World(buckets={"test-artifacts": {}}, live={"arn:aws:s3:::test-artifacts": {"Tags": {}, "Versioned": None}})
    result = deploy(empty, things({"a": {"x": 1}}), tmp_path)
    assert result.failed == set()
    assert empty.live["arn:aws:s3:::test-artifacts"]["Tags"]


def test_an_artifact_bucket_without_tags_that_holds_something_is_somebody_elses(tmp_path: Any) -> None:
    empty = World(buckets={"test-artifacts": {}}, live={"arn:aws:s3:::test-artifacts": {"Tags": {}, "Versioned": None}})
    FakeAws(empty).call("s3", "PutObject", **WHOSE, Key="theirs", Body=b"")
    with pytest.raises(OwnershipError, match="does not carry this environment's tags"):
        deploy(empty, things({"a": {"x": 1}}), tmp_path)


def test_a_lock_that_is_not_found_is_unknown_and_one_that_somebody_removed_is_lost(
    world: World, clock: Clock, made: Locks
) -> None:
    """For 15 minutes after a bucket began to keep versions S3 may not find what is there.

    See https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html .
    """
    missing = False

    def fault(_number: int, when: str, operation: str) -> None:
        if missing and when == "before" and operation in {"PutObject", "GetObject"}:
            raise AwsError("s3", operation, "NoSuchKey", "The specified key does not exist.")

    lock = made(FakeAws(world, fault))
    lock.acquire()

    def renew() -> None:
        """What its thread does, which has not slept."""
        clock.seconds += LEASE_SECONDS * 0.3
        lock._awake = clock.seconds
        lock._renew_if_due()
        lock.check()

    missing = True
    renew()
    missing = False
    renew()
    made(holder="bob").remove(lambda _: None)
    with pytest.raises(LockedError, match="was lost"):
        renew()
