"""Properties of buckets: settings that operations of their own make, read only if they are declared."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.engine.test_adopting import PLACE, done
from tests.engine.test_deployer_policy import printed
from tests.resources.test_bucket import NEEDS
from tests.support.iam import Asked, allows
from tests.support.repository import Repository
from tests.support.terminal import squeezed

BUCKET = "t-dev-landing"
RULE = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 7}}
LIFECYCLE = {"LifecycleConfiguration": {"Rules": [RULE]}}
CORS = {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"]}]}}
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:theirs"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
ENCRYPTED: dict[str, Any] = {
    "ServerSideEncryptionConfiguration": {
        "Rules": [
            {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}, "BucketKeyEnabled": True}
        ]
    }
}


def declare(repository: Repository, properties: dict[str, Any]) -> None:
    shared = (
        (repository.root / "deploy.py").read_text().partition("    return shared")[0].partition('    shared.bucket("landing"')[0]
    )
    line = f'    shared.bucket("landing", name="{BUCKET}", properties={properties!r})\n'
    repository.write("deploy.py", f"{shared}{line}    return shared\n")


def test_each_is_made_compared_and_taken_away(repository: Repository, moto_dates: None) -> None:
    s3 = boto3.client("s3", **PLACE)
    declare(repository, {**LIFECYCLE, **CORS, **ENCRYPTED})
    done(repository, "deploy")
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == [RULE]
    assert s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"] == CORS["CORSConfiguration"]["CORSRules"]
    (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == KEY
    assert "nothing to do" in done(repository, "plan", "--verify")

    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [{**RULE, "Expiration": {"Days": 9}}]})
    assert "LifecycleConfiguration" in done(repository, "drift", code=2)
    done(repository, "deploy", "--verify")
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == [RULE]

    declare(repository, CORS)
    planned = squeezed(done(repository, "plan", code=2))
    assert "LifecycleConfiguration no longer declared; ServerSideEncryptionConfiguration no longer declared" in planned
    done(repository, "deploy")
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)
    (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"]
    assert "nothing to do" in done(repository, "plan", "--verify")


def test_what_others_set_is_named_and_stays_until_it_is_taken_away_by_exclusive(repository: Repository, moto_dates: None) -> None:
    s3 = boto3.client("s3", **PLACE)
    declare(repository, {})
    done(repository, "deploy")
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, **LIFECYCLE)
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}]},
    )
    kept = "bucket/landing kept, not declared: LifecycleConfiguration, NotificationConfiguration"
    assert kept in squeezed(done(repository, "drift"))
    assert "nothing to do" in done(repository, "plan", "--verify")
    declare(repository, CORS)
    assert "kept, not declared: LifecycleConfiguration, NotificationConfiguration" in squeezed(done(repository, "plan", code=2))
    done(repository, "deploy")
    declare(repository, {})
    done(repository, "deploy")
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == [RULE]
    assert s3.get_bucket_notification_configuration(Bucket=BUCKET)["QueueConfigurations"]
    with pytest.raises(ClientError, match="NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket=BUCKET)
    assert "not declared, taken away: LifecycleConfiguration" in squeezed(
        done(repository, "plan", "--exclusive", "--verify", code=2)
    )
    done(repository, "deploy", "--exclusive", "--verify")
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)
    assert s3.get_bucket_notification_configuration(Bucket=BUCKET)["QueueConfigurations"]


@pytest.mark.parametrize("declared", [{}, LIFECYCLE])
def test_the_printed_policy_allows_to_take_away_what_is_not_declared_any_more(
    repository: Repository, declared: dict[str, Any]
) -> None:
    declare(repository, declared)
    statements = printed(repository)
    needs = [need for of_call in NEEDS.values() for need in of_call]
    own = [Asked(need.action, need.arn.format(Bucket=BUCKET), {}) for need in needs]
    others = [Asked(need.action, need.arn.format(Bucket="theirs"), {}) for need in needs]
    assert [str(question) for question in own if not allows(statements, question, {})] == []
    assert [str(question) for question in others if allows(statements, question, {})] == []


@pytest.mark.parametrize(
    ("properties", "refused"),
    [
        ({"LifecycleConfig": {}}, "AWS does not accept 'LifecycleConfig'. Did you mean 'LifecycleConfiguration'?"),
        (
            {"LifecycleConfiguration": {"Rules": [{**RULE, "Status": "On"}]}},
            "LifecycleConfiguration.Rules[0].Status is 'On'; it must",
        ),
        ({"LifecycleConfiguration": {"Rules": [{"ID": "x"}]}}, "LifecycleConfiguration.Rules[0] needs Status."),
        ({"CORSConfiguration": {}}, "CORSConfiguration needs CORSRules."),
    ],
)
def test_what_s3_would_not_accept_is_refused(repository: Repository, properties: dict[str, Any], refused: str) -> None:
    declare(repository, properties)
    message = done(repository, "policy", code=1)
    assert f"deploy.py: bucket/landing: properties: {refused}" in message
