"""What others own is used as ours is and never touched: proved where a plan meets it, and nowhere else."""

import json
from typing import Any

import boto3
import pytest

from tests.support.iam import Asked, allows
from tests.support.repository import ACCOUNT, SHARED, Ended, Repository

REGION = "eu-central-1"
OWNED = ("bucket/landing", "table/runs", "topic/alerts")
SHARED_LINES = (
    'shared.bucket("landing", event_bridge=True)',
    'shared.table("runs", partition_key="id")',
    'shared.topic("alerts")',
)
LINES = (
    'landing, runs, alerts = p.shared.bucket("landing"), p.shared.table("runs"), p.shared.topic("alerts")',
    'p.function("Validate", reads=[landing / "in"], writes=[runs, alerts], environment={"ZONE": "${landing.name}"})',
    'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})',
    'p.on_object("new", m, landing / "in")',
)
EXISTING: dict[str, Any] = {
    "buckets": {"landing": {"name": "company-landing"}},
    "tables": {"runs": {"name": "company-runs"}},
    "topics": {"alerts": {"name": f"arn:aws:sns:{REGION}:{ACCOUNT}:company-alerts"}},
}
LOOKS = {"s3:GetBucketLocation", "s3:GetBucketNotificationConfiguration", "dynamodb:DescribeTable", "sns:GetTopicAttributes"}


@pytest.fixture
def acres(repository: Repository, moto: None) -> Repository:
    """A project that uses three shared things."""
    repository.write("deploy.py", SHARED.replace("return shared", "\n    ".join([*SHARED_LINES, "return shared"])))
    repository.project("acres", *LINES)
    return repository


def company(*, region: str = REGION, events: bool = True) -> None:
    """What the company has made in the account."""
    s3 = boto3.client("s3", region)
    s3.create_bucket(Bucket="company-landing", CreateBucketConfiguration={"LocationConstraint": region})
    if events:
        settings: dict[str, Any] = {"EventBridgeConfiguration": {}}
        s3.put_bucket_notification_configuration(Bucket="company-landing", NotificationConfiguration=settings)
    boto3.client("dynamodb", REGION).create_table(
        TableName="company-runs",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    boto3.client("sns", REGION).create_topic(Name="company-alerts")


def done(ended: Ended) -> str:
    assert ended.code == 0, ended.err
    return ended.out + ended.err


def deployed(repository: Repository, *options: str) -> str:
    return done(repository.invoke("deploy", "--env", "dev", *options))


def recorded(repository: Repository) -> set[str]:
    """The keys of the environment's objects that hold records."""
    pages = boto3.client("s3", REGION).get_paginator("list_objects_v2").paginate(Bucket="t-dev-artifacts")
    return {item["Key"] for page in pages for item in page.get("Contents", ()) if "/records/" in item["Key"]}


def test_configuration_alone_makes_shared_things_somebody_elses(acres: Repository, aws_calls: list[str]) -> None:
    deployed(acres)
    aws_calls.clear()
    deployed(acres)
    before = len(aws_calls)
    assert {f"dev/shared/records/{key}.json" for key in OWNED} <= recorded(acres)
    done(acres.invoke("destroy", "--env", "dev", "--data", "--yes", "dev"))
    company()
    acres.configure(existing=EXISTING)
    aws_calls.clear()
    assert "$.existing" not in deployed(acres), "there is nothing to say of what is as it is used"
    assert {*aws_calls} >= LOOKS
    assert not {f"dev/shared/records/{key}.json" for key in OWNED} & recorded(acres)
    aws_calls.clear()
    assert "0 created, 0 updated" in deployed(acres)
    assert len(aws_calls) <= before, "what others own costs no call on an unchanged deploy"
    assert not {*aws_calls} & LOOKS
    tags = boto3.client("sns", REGION).list_tags_for_resource(ResourceArn=EXISTING["topics"]["alerts"]["name"])["Tags"]
    assert (
        tags
        == boto3.client("dynamodb", REGION).list_tags_of_resource(
            ResourceArn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/company-runs"
        )["Tags"]
    )
    assert tags == [], "what others own carries no tag of ours"
    done(acres.invoke("destroy", "--env", "dev", "--data", "--yes", "dev"))
    assert [bucket["Name"] for bucket in boto3.client("s3", REGION).list_buckets()["Buckets"]] == ["company-landing"]
    assert boto3.client("dynamodb", REGION).list_tables()["TableNames"] == ["company-runs"]


def test_all_that_is_missing_is_one_error_and_nothing_is_made(acres: Repository) -> None:
    acres.configure(existing=EXISTING)
    for command in ("plan", "deploy"):
        ended = acres.invoke(command, "--env", "dev")
        assert ended.code == 1
        begin = ended.err.index("Resources of others are missing or in the wrong region. Nothing was changed.\n")
        lines = [line for line in ended.err[begin:].splitlines() if line.startswith("  ")]
        advice = (
            "Correct the name, or ask its owner to make it. It is used by acres: role/Validate-lambda, acres: lambda/Validate"
        )
        place = f"in account {ACCOUNT} in {REGION}"
        assert [line.removeprefix("  config/dev.json: $.existing.") for line in lines] == [
            f"buckets.landing: there is no bucket company-landing. {advice}, acres: rule/new.",
            f"tables.runs: there is no table company-runs {place}. {advice}.",
            f"topics.alerts: there is no topic company-alerts {place}. {advice}.",
        ]
    assert boto3.client("s3", REGION).list_buckets()["Buckets"] == []


def test_what_is_only_met_later_is_proved_then_and_by_verify_and_drift(acres: Repository) -> None:
    company()
    acres.configure(existing=EXISTING)
    deployed(acres)
    boto3.client("sns", REGION).delete_topic(TopicArn=EXISTING["topics"]["alerts"]["name"])
    assert "0 created, 0 updated" in deployed(acres), "what has not changed asks nothing"
    ended = acres.invoke("plan", "--env", "dev", "--verify")
    assert ended.code == 1
    assert "$.existing.topics.alerts: there is no topic company-alerts in account 123456789012 in eu-central-1." in ended.err
    drift = acres.invoke("drift", "--env", "dev", "--json")
    assert drift.code == 2
    gone = [item for item in json.loads(drift.out)["drifted"] if item["how"] == "uses what is missing"]
    assert {item["key"] for item in gone} == {"role/Validate-lambda", "lambda/Validate"}
    acres.project("acres", *LINES[:1], *LINES[2:])
    assert acres.invoke("plan", "--env", "dev").code == 2, "what does not use it any more may change"
    acres.project("acres", *(line.replace("runs, alerts]", "alerts]") for line in LINES))
    ended = acres.invoke("plan", "--env", "dev")
    assert ended.code == 1
    assert "there is no topic company-alerts" in ended.err
    assert "It is used by acres: role/Validate-lambda." in ended.err, "the function itself does not change"


def test_a_rule_is_told_when_a_bucket_of_others_sends_no_events(acres: Repository) -> None:
    company(events=False)
    acres.configure(existing=EXISTING)
    out = deployed(acres)
    assert (
        "config/dev.json: $.existing.buckets.landing: bucket company-landing does not send its events to EventBridge, so " in out
    )
    settings = boto3.client("s3", REGION).get_bucket_notification_configuration(Bucket="company-landing")
    assert "EventBridgeConfiguration" not in settings


def test_a_bucket_in_another_region_cannot_start_anything_and_can_be_read(acres: Repository) -> None:
    company(region="eu-west-1")
    acres.configure(existing=EXISTING)
    ended = acres.invoke("plan", "--env", "dev")
    assert ended.code == 1
    where = "bucket company-landing is in eu-west-1, and dev in eu-central-1"
    assert f"{where}, so nothing here can wait for its events. It is used by" in ended.err
    acres.project("acres", *LINES[:2])
    assert f"{where}." in deployed(acres)


def test_what_was_ours_and_is_somebody_elses_now_is_forgotten_and_stays(acres: Repository) -> None:
    deployed(acres)
    names = {"buckets": {"landing": {"name": f"t-dev-landing-{ACCOUNT}"}}, "tables": {"runs": {"name": "t-dev-runs"}}}
    acres.configure(existing=names)
    out = deployed(acres)
    assert "bucket/landing" in out
    assert "is somebody else's now, as config/dev.json: $.existing.buckets.landing says, and stays as it is" in out
    assert not {"dev/shared/records/bucket/landing.json", "dev/shared/records/table/runs.json"} & recorded(acres)
    assert {"t-dev-artifacts", f"t-dev-landing-{ACCOUNT}"} == {
        bucket["Name"] for bucket in boto3.client("s3", REGION).list_buckets()["Buckets"]
    }
    assert boto3.client("dynamodb", REGION).list_tables()["TableNames"] == ["t-dev-runs"]
    assert "0 created, 0 updated" in deployed(acres, "--prune", "--data")
    done(acres.invoke("destroy", "--env", "dev", "--data", "--yes", "dev"))
    assert boto3.client("dynamodb", REGION).list_tables()["TableNames"] == ["t-dev-runs"]


def test_the_printed_policy_lets_the_deployer_look_at_it_and_do_nothing_else(acres: Repository) -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
    buckets = {"landing": {"name": "company-landing", "kms_key": key}}
    acres.configure(existing={**EXISTING, "buckets": buckets})
    acres.write("projects/acres/configs/a.json", "{}")
    uses = 'p.job("load", reads=[p.existing.secret("db")], connections=[p.existing.connection("company-dwh")])'
    acres.project("acres", *LINES, uses, 'p.directory("configs", landing / "configs")')
    ended = acres.invoke("policy", "--env", "dev")
    assert ended.code == 0, ended.err
    statements = json.loads(ended.out)["Statement"]
    bucket, table = "arn:aws:s3:::company-landing", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/company-runs"

    def allowed(action: str, arn: str) -> bool:
        return allows(statements, Asked(action, arn, {}), {})

    for action, arn in (
        ("s3:GetBucketLocation", bucket),
        ("s3:GetBucketNotification", bucket),
        ("s3:PutObject", f"{bucket}/configs/a.json"),
        ("dynamodb:DescribeTable", table),
        ("sns:GetTopicAttributes", EXISTING["topics"]["alerts"]["name"]),
        ("kms:DescribeKey", key),
        ("secretsmanager:DescribeSecret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbC123"),
        ("glue:GetConnection", f"arn:aws:glue:{REGION}:{ACCOUNT}:connection/company-dwh"),
        ("glue:GetConnection", f"arn:aws:glue:{REGION}:{ACCOUNT}:catalog"),
    ):
        assert allowed(action, arn), action
    for action, arn in (
        ("s3:PutBucketTagging", bucket),
        ("s3:PutBucketNotification", bucket),
        ("s3:DeleteBucket", bucket),
        ("s3:PutObject", f"{bucket}/other.json"),
        ("dynamodb:UpdateTable", table),
        ("dynamodb:TagResource", table),
        ("sns:DeleteTopic", EXISTING["topics"]["alerts"]["name"]),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbC123"),
    ):
        assert not allowed(action, arn), action
