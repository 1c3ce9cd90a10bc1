"""The closed gaps behave as AWS does, not as our code would like it."""

import json
from functools import partial
from typing import Any

import pytest
from moto.logs.models import logs_backends

from common.aws.session import AwsSession
from common.base.errors import AwsError
from tests.resources.builders import Place, final, prepare
from tests.resources.conftest import moto_aws, moto_gaps, moto_glue, place, slept

__all__ = ["moto_aws", "moto_gaps", "moto_glue", "place", "slept"]


def test_update_job_resets_what_is_left_out(moto_aws: AwsSession, place: Place) -> None:
    job = place.job()
    job.create(moto_aws, final(job))
    moto_aws.call("glue", "UpdateJob", JobName=job.name, JobUpdate={"Role": "r", "Command": {"Name": "glueetl"}, "Timeout": 7})
    live = moto_aws.call("glue", "GetJob", JobName=job.name)["Job"]
    assert live["Timeout"] == 7
    assert not live.get("DefaultArguments")
    assert not {"WorkerType", "NumberOfWorkers", "GlueVersion"} & live.keys()
    assert moto_aws.call("glue", "GetTags", ResourceArn=job.arn)["Tags"] == job.tags


def test_capacity_and_workers_exclude_each_other(moto_aws: AwsSession, place: Place) -> None:
    job = place.job()
    job.create(moto_aws, final(job))
    with pytest.raises(AwsError, match="InvalidInputException"):
        moto_aws.call("glue", "UpdateJob", JobName=job.name, JobUpdate={"MaxCapacity": 2.0, "WorkerType": "G.1X"})


def test_nothing_absent_is_updated(moto_aws: AwsSession) -> None:
    with pytest.raises(AwsError, match="EntityNotFoundException"):
        moto_aws.call("glue", "UpdateJob", JobName="none", JobUpdate={})
    with pytest.raises(AwsError, match="EntityNotFoundException"):
        moto_aws.call("glue", "UpdateCrawler", Name="none")


def test_a_running_crawler_is_not_updated(moto_aws: AwsSession, place: Place) -> None:
    crawler = place.crawler()
    prepare(moto_aws)
    crawler.create(moto_aws, final(crawler))
    moto_aws.call("glue", "StartCrawler", Name=crawler.name)
    with pytest.raises(AwsError, match="CrawlerRunningException"):
        moto_aws.call("glue", "UpdateCrawler", Name=crawler.name, TablePrefix="x_")


def test_update_crawler_resets_what_is_left_out(moto_aws: AwsSession, place: Place) -> None:
    crawler = place.crawler()
    crawler.create(moto_aws, final(crawler))
    moto_aws.call("glue", "UpdateCrawler", Name=crawler.name, Role="r", Targets={}, TablePrefix="x_")
    live = moto_aws.call("glue", "GetCrawler", Name=crawler.name)["Crawler"]
    assert live["TablePrefix"] == "x_"
    assert not {"DatabaseName", "SchemaChangePolicy", "Configuration"} & {name for name, value in live.items() if value}
    assert live["Version"] == 2


def test_a_bucket_policy_that_asks_for_tls_lets_tls_through_and_nothing_else(moto_aws: AwsSession, place: Place) -> None:
    bucket = place.bucket()
    bucket.create(moto_aws, final(bucket))
    moto_aws.call("s3", "PutObject", Bucket=bucket.name, Key="a", Body=b"")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"{bucket.arn}/*"}
    policy = final(bucket)["Policy"]
    policy["Statement"].append(deny)
    moto_aws.call("s3", "PutBucketPolicy", Bucket=bucket.name, Policy=json.dumps(policy))
    with pytest.raises(AwsError, match=r"403|AccessDenied"):
        moto_aws.call("s3", "PutObject", Bucket=bucket.name, Key="b", Body=b"")


@pytest.mark.parametrize(
    ("overrides", "refused"), [({}, ""), ({"tags": {"a": "b"}}, "tags"), ({"properties": {"DisplayName": "x"}}, "attributes")]
)
def test_a_topic_that_exists_with_other_tags_or_attributes_is_not_created(
    moto_aws: AwsSession, place: Place, overrides: dict[str, Any], refused: str
) -> None:
    place.topic().create(moto_aws, final(place.topic()))
    tags = [{"Key": key, "Value": value} for key, value in overrides.get("tags", {}).items()]
    create = partial(
        moto_aws.call, "sns", "CreateTopic", Name="t-failures", Tags=tags, Attributes=overrides.get("properties", {})
    )
    if not refused:
        create()
    else:
        with pytest.raises(AwsError, match=f"InvalidParameter.*already exists with different {refused}"):
            create()


def test_log_groups_are_listed_while_others_are_made(moto_aws: AwsSession) -> None:
    moto_aws.call("logs", "CreateLogGroup", logGroupName="a")
    groups = logs_backends[moto_aws.account_id][moto_aws.region].groups
    for name, group in groups.items():
        assert group.name == name
        moto_aws.call("logs", "CreateLogGroup", logGroupName=f"{name}b")
    listed = moto_aws.call("logs", "DescribeLogGroups")["logGroups"]
    assert [group["logGroupName"] for group in listed] == ["a", "ab"]
