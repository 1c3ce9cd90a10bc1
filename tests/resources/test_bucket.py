"""What is particular to buckets: half-made ones, other owners, other regions, and what others put into the same sets."""

from collections.abc import Mapping
from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base.errors import AwsError, DeclarationError, OwnershipError
from common.model.resource import Live
from common.resources import bucket_settings
from tests.resources.builders import Place, final, live_state, updated
from tests.resources.scripted import ScriptedAws, refused
from tests.support.iam import BUCKET, Need, each, same

NEEDS: Mapping[str, tuple[Need, ...]] = {
    **dict.fromkeys(
        ("s3:PutBucketLifecycleConfiguration", "s3:DeleteBucketLifecycle"), each("s3:PutLifecycleConfiguration", BUCKET)
    ),
    **dict.fromkeys(("s3:PutBucketCors", "s3:DeleteBucketCors"), each("s3:PutBucketCORS", BUCKET)),
    **dict.fromkeys(("s3:PutBucketReplication", "s3:DeleteBucketReplication"), each("s3:PutReplicationConfiguration", BUCKET)),
    **same("s3", "PutBucketWebsite DeleteBucketWebsite PutBucketLogging PutBucketRequestPayment", BUCKET),
    "s3:PutBucketAccelerateConfiguration": each("s3:PutAccelerateConfiguration", BUCKET),
    "s3:PutObjectLockConfiguration": each("s3:PutBucketObjectLockConfiguration", BUCKET),
}
"""By hand from https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html."""
WRITES = (
    *("CreateBucket", "DeleteBucket", "PutBucketTagging", "PutBucketOwnershipControls", "PutPublicAccessBlock"),
    *("PutBucketEncryption", "PutBucketVersioning", "PutBucketPolicy", "PutBucketNotificationConfiguration"),
)
MADE: dict[str, Any] = {
    **{f"s3:{name}": {} for name in (*WRITES, "GetBucketNotificationConfiguration")},
    "s3:HeadBucket": refused("HeadBucket", "404", "Not Found"),
    "s3:GetBucketTagging": refused("GetBucketTagging", "NoSuchTagSet"),
}


def test_a_bucket_without_settings_is_different_not_absent(moto_aws: AwsSession, place: Place) -> None:
    bucket = place.bucket(event_bridge=True)
    moto_aws.call("s3", "CreateBucket", Bucket="t-landing", CreateBucketConfiguration={"LocationConstraint": place.region})
    state = live_state(moto_aws, bucket)
    assert state is not None
    assert state["PublicAccessBlock"] == bucket.desired()["PublicAccessBlock"]
    assert state["Encryption"] == "AES256"
    assert state["Policy"] is None
    assert state["Versioning"] is None
    assert state["EventBridge"] is False
    assert state["Tags"] == {}


def test_a_setting_of_which_s3_answers_nothing_is_none() -> None:
    """GetBucketLogging, for example, answers so for a bucket without access logs."""
    assert {*bucket_settings.live(lambda *_, **__: {"ResponseMetadata": {}}).values()} == {None}


@pytest.mark.parametrize(("code", "tags"), [("NoSuchTagSet", {}), ("NoSuchBucket", None)])
def test_a_bucket_without_tags_is_nobodys_and_one_that_is_gone_is_absent(place: Place, code: str, tags: object) -> None:
    bucket = place.bucket()
    assert bucket.live_tags(ScriptedAws({"s3:GetBucketTagging": refused("GetBucketTagging", code)}), bucket) == tags


@pytest.mark.parametrize("algorithm", ["AES256", "aws:kms", "aws:kms:dsse"])
def test_a_bucket_that_is_encrypted_in_another_way_is_as_declared(moto_aws: AwsSession, place: Place, algorithm: str) -> None:
    """So an update leaves its key alone; see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingDSSEncryption.html."""
    bucket = place.bucket()
    bucket.create(moto_aws, final(bucket))
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}]
    moto_aws.call("s3", "PutBucketEncryption", Bucket=bucket.name, ServerSideEncryptionConfiguration={"Rules": rules})
    assert live_state(moto_aws, bucket) == final(bucket)


def test_every_call_but_the_creation_says_whose_bucket_it_must_be(place: Place) -> None:
    aws = ScriptedAws(MADE)
    bucket = place.bucket(event_bridge=True)
    bucket.create(aws, final(bucket))
    bucket.delete(aws)
    unguarded = [name for name, parameters in aws.calls if parameters.get("ExpectedBucketOwner") != place.account_id]
    assert unguarded == ["s3:CreateBucket"]


@pytest.mark.parametrize(("region", "sent"), [("us-east-1", None), ("eu-west-3", "eu-west-3")])
def test_the_first_region_has_no_location_constraint(region: str, sent: Any) -> None:
    aws = ScriptedAws(MADE)
    bucket = Place(region=region).bucket()
    bucket.create(aws, final(bucket))
    assert aws.sent("s3:CreateBucket").get("CreateBucketConfiguration", {}).get("LocationConstraint") == sent


def test_a_bucket_is_created_first_and_then_tagged_before_anything_else_is_set(place: Place) -> None:
    """Some regions refuse a bucket with tags, see https://github.com/hashicorp/terraform-provider-aws/issues/45566 ."""
    aws = ScriptedAws(MADE)
    bucket = place.bucket()
    bucket.create(aws, final(bucket))
    assert "Tags" not in aws.sent("s3:CreateBucket").get("CreateBucketConfiguration", {})
    tags = aws.sent("s3:PutBucketTagging")["Tagging"]["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == dict(bucket.tags)
    writes = [name for name in aws.operations if name.startswith("s3:Put")]
    assert writes[0] == "s3:PutBucketTagging"


@pytest.mark.parametrize(("region", "reads"), [("eu-central-1", 0), ("us-east-1", 1)])
@pytest.mark.parametrize("event_bridge", [False, True])
def test_what_s3_makes_for_every_new_bucket_is_not_made_again(region: str, reads: int, *, event_bridge: bool) -> None:
    """See https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html .

    In us-east-1 the creation of a bucket that we have already is not refused, so it is looked for.
    """
    aws = ScriptedAws(MADE)
    bucket = Place(region=region).bucket(event_bridge=event_bridge)
    bucket.create(aws, final(bucket))
    notifications = ["s3:GetBucketNotificationConfiguration", "s3:PutBucketNotificationConfiguration"] * event_bridge
    assert aws.sent("s3:CreateBucket")["ObjectOwnership"] == "BucketOwnerEnforced"
    assert aws.operations == [
        *(*["s3:HeadBucket"] * reads, "s3:CreateBucket", "s3:PutBucketTagging"),
        *("s3:PutBucketVersioning", "s3:PutBucketPolicy", *notifications),
    ]


def test_what_is_declared_otherwise_than_s3_makes_it_is_made(place: Place) -> None:
    aws = ScriptedAws(MADE)
    bucket = place.bucket()
    bucket.create(aws, {**final(bucket), "ObjectOwnership": "ObjectWriter", "PublicAccessBlock": {"BlockPublicAcls": True}})
    assert {"s3:PutBucketOwnershipControls", "s3:PutPublicAccessBlock"} <= {*aws.operations}


@pytest.mark.parametrize("code", ["BucketAlreadyExists", "AccessDenied"])
def test_somebody_elses_bucket_is_not_touched(code: str, place: Place) -> None:
    aws = ScriptedAws({"s3:CreateBucket": refused("CreateBucket", code)})
    with pytest.raises(AwsError) as caught:
        place.bucket().create(aws, final(place.bucket()))
    assert caught.value.code == code
    assert aws.operations == ["s3:CreateBucket"]


def test_a_bucket_that_may_not_be_looked_at_is_not_absent(place: Place) -> None:
    with pytest.raises(OwnershipError, match="another account"):
        place.bucket().read(ScriptedAws({"s3:HeadBucket": refused("HeadBucket", "403", "Forbidden")}))


def test_a_bucket_of_another_region(place: Place) -> None:
    with pytest.raises(DeclarationError, match=r"bucket/t-landing: the bucket t-landing is in us-west-2, not in eu-central-1"):
        place.bucket().read(ScriptedAws({"s3:HeadBucket": {"BucketRegion": "us-west-2"}}))


def test_a_full_bucket_stays(moto_aws: AwsSession, place: Place) -> None:
    bucket = place.bucket()
    bucket.create(moto_aws, final(bucket))
    moto_aws.call("s3", "PutObject", Bucket="t-landing", Key="a.csv", Body=b"a")
    with pytest.raises(AwsError, match="BucketNotEmpty"):
        bucket.delete(moto_aws)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("QueueConfigurations", {"QueueArn": "arn:aws:sqs:eu-central-1:123456789012:theirs"}),
        ("TopicConfigurations", {"TopicArn": "arn:aws:sns:eu-central-1:123456789012:theirs"}),
        ("LambdaFunctionConfigurations", {"LambdaFunctionArn": "arn:aws:lambda:eu-central-1:123456789012:function:theirs"}),
    ],
)
def test_notifications_of_others_are_kept(place: Place, kind: str, target: dict[str, str]) -> None:
    theirs = [{**target, "Events": ["s3:ObjectCreated:*"]}]
    live = {"ResponseMetadata": {}, kind: theirs, "EventBridgeConfiguration": {}}
    on: dict[str, Any] = {"EventBridgeConfiguration": {}}
    for event_bridge, stale, ours in ((False, {"EventBridge": True}, {}), (False, {}, on), (True, {}, on)):
        script: dict[str, Any] = {"s3:GetBucketNotificationConfiguration": live, "s3:PutBucketNotificationConfiguration": {}}
        aws = ScriptedAws(script)
        bucket = place.bucket(event_bridge=event_bridge)
        updated(aws, bucket, {"EventBridge"}, Live({}), stale)
        sent = aws.sent("s3:PutBucketNotificationConfiguration")["NotificationConfiguration"]
        assert sent == {kind: theirs, **ours}


@pytest.mark.parametrize(
    "script",
    [
        {"s3:ListObjectVersions": refused("ListObjectVersions", "AccessDenied")},
        {
            "s3:ListObjectVersions": {"Versions": [{"Key": "a", "VersionId": "1"}]},
            "s3:DeleteObjects": {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]},
        },
        {"s3:ListObjectVersions": {}, "s3:DeleteBucket": refused("DeleteBucket", "AccessDenied")},
    ],
)
def test_a_deletion_that_fails_is_loud(place: Place, script: dict[str, Any]) -> None:
    """Also of one object, which an answer of 200 tells."""
    bucket, aws = place.bucket(), ScriptedAws(script)
    with pytest.raises(AwsError, match="AccessDenied"):
        bucket.erase(aws, bucket)
    assert aws.operations == [*script]


def test_what_is_written_over_or_deleted_stays_as_a_version(moto_aws: AwsSession, place: Place) -> None:
    """Records are: so the past of a project is never lost."""
    bucket = place.bucket()
    bucket.create(moto_aws, final(bucket))
    for body in (b"first", b"second"):
        moto_aws.call("s3", "PutObject", Bucket=bucket.name, Key="a", Body=body)
    moto_aws.call("s3", "DeleteObject", Bucket=bucket.name, Key="a")
    result = moto_aws.call("s3", "ListObjectVersions", Bucket=bucket.name)
    assert (len(result["Versions"]), len(result["DeleteMarkers"])) == (2, 1)
