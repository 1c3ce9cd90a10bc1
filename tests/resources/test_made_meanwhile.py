"""Buckets, log groups and rules that somebody has created since the plan was made: ours are made whole, those of others stay."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from common.aws.session import AwsSession
from common.base.errors import OwnershipError
from common.model.resource import Resource
from common.resources import refusals
from tests.resources.builders import Place, final, live_state

THEIRS = "somebody else has just created .*. Deploy again to see whose it is."
TAGS_OF_OTHERS = {"deployer:environment": "them/dev", "deployer:project": "p"}
OURS = {"deployer:environment": "t/test"}


@pytest.fixture(params=["us-east-1", "eu-central-1"])
def region(request: pytest.FixtureRequest) -> str:
    """In the first one S3 answers 200 if a bucket of ours is created again, elsewhere BucketAlreadyOwnedByYou.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    """
    return str(request.param)


@pytest.fixture
def aws(region: str, moto_gaps: None) -> Iterator[AwsSession]:
    with mock_aws():
        yield AwsSession(region, Place().account_id, refusals=refusals)


def make_bucket(aws: AwsSession, tags: dict[str, str]) -> None:
    where = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    aws.call("s3", "CreateBucket", Bucket="t-landing", **where)
    aws.call("s3", "PutPublicAccessBlock", Bucket="t-landing", PublicAccessBlockConfiguration={"BlockPublicAcls": False})
    if tags:
        tag_set = [{"Key": name, "Value": text} for name, text in tags.items()]
        aws.call("s3", "PutBucketTagging", Bucket="t-landing", Tagging={"TagSet": tag_set})


@pytest.mark.parametrize("tags", [OURS, {}], ids=["ours", "not tagged yet"])
def test_a_bucket_that_may_be_ours_gets_every_setting(aws: AwsSession, region: str, tags: dict[str, str]) -> None:
    """One without tags and objects is what remains if the answer to CreateBucket was lost."""
    bucket = Place(region=region).bucket()
    make_bucket(aws, tags)
    bucket.create(aws, final(bucket))
    assert live_state(aws, bucket) == final(bucket)


@pytest.mark.parametrize("tags", [TAGS_OF_OTHERS, {"team": "sales"}, {}], ids=["of others", "no owner", "none, but objects"])
def test_a_bucket_of_others_is_left_as_it_is(aws: AwsSession, region: str, tags: dict[str, str]) -> None:
    bucket = Place(region=region).bucket()
    make_bucket(aws, tags)
    aws.call("s3", "PutObject", Bucket=bucket.name, Key="theirs", Body=b"")
    before = bucket.read(aws)
    with pytest.raises(OwnershipError, match=THEIRS):
        bucket.create(aws, final(bucket))
    assert bucket.read(aws) == before


def make_group(aws: AwsSession, tags: dict[str, str]) -> None:
    aws.call("logs", "CreateLogGroup", logGroupName="/t/logs", **({"tags": tags} if tags else {}))


def make_rule(aws: AwsSession, tags: dict[str, str]) -> None:
    theirs = [{"Key": name, "Value": text} for name, text in tags.items()]
    aws.call("events", "PutRule", Name="t-daily", ScheduleExpression="rate(5 days)", Tags=theirs)


@pytest.mark.parametrize("tags", [TAGS_OF_OTHERS, {"team": "sales"}], ids=["of others", "no owner"])
@pytest.mark.parametrize(("build", "make"), [(Place.log_group, make_group), (Place.rule, make_rule)])
def test_a_group_or_a_rule_of_others_is_left_as_it_is(
    moto_aws: AwsSession, place: Place, build: Callable[[Place], Resource], make: Any, tags: dict[str, str]
) -> None:
    resource = build(place)
    make(moto_aws, tags)
    before = resource.read(moto_aws)
    with pytest.raises(OwnershipError, match=THEIRS):
        resource.create(moto_aws, final(resource))
    assert resource.read(moto_aws) == before


def test_a_rule_without_tags_is_somebody_elses(moto_aws: AwsSession, place: Place) -> None:
    """Ours has its tags from PutRule on, and no service makes rules of such names."""
    make_rule(moto_aws, {})
    with pytest.raises(OwnershipError, match=THEIRS):
        place.rule().create(moto_aws, final(place.rule()))


@pytest.mark.parametrize("tags", [{}, OURS], ids=["made by Lambda", "ours"])
def test_a_group_that_lambda_has_made_becomes_ours(moto_aws: AwsSession, place: Place, tags: dict[str, str]) -> None:
    """Lambda makes the group of a function, without tags, when late lines come after its deletion."""
    group = place.log_group()
    make_group(moto_aws, tags)
    group.create(moto_aws, final(group))
    assert live_state(moto_aws, group) == final(group)
