"""The settings of buckets: an own key, versions, how long objects are kept, and access logs."""

import json
from typing import Any

import boto3
import pytest

from tests.engine.test_adopting import PLACE, done
from tests.engine.test_bucket_properties import KEY
from tests.support.repository import Repository
from tests.support.terminal import squeezed

BUCKETS = {"landing": "t-dev-landing", "logs": "t-dev-logs"}


def declare(repository: Repository, landing: str = "", logs: str = "") -> None:
    shared = (repository.root / "deploy.py").read_text().partition("    return shared")[0].partition('    shared.bucket("logs"')
    lines = [
        f'    shared.bucket("{reference}", name="{BUCKETS[reference]}"{arguments})\n'
        for reference, arguments in (("logs", logs), ("landing", landing))
    ]
    repository.write("deploy.py", f"{shared[0]}{''.join(lines)}    return shared\n")


def statements(bucket: str) -> dict[str, Any]:
    policy = json.loads(boto3.client("s3", **PLACE).get_bucket_policy(Bucket=bucket)["Policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_each_is_made_and_taken_away(repository: Repository, moto_dates: None) -> None:
    s3 = boto3.client("s3", **PLACE)
    declare(repository, f', kms_key="{KEY}", versioned=False, expire_days={{"tmp/": 7, "": 90}}, access_logs="logs"')
    done(repository, "deploy")
    (encryption,) = s3.get_bucket_encryption(Bucket=BUCKETS["landing"])["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert s3.get_bucket_versioning(Bucket=BUCKETS["landing"]).get("Status") == "Suspended"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=BUCKETS["landing"])["Rules"]
    assert [(rule["ID"], rule["Expiration"]["Days"]) for rule in rules] == [("expire everything", 90), ("expire tmp/", 7)]
    assert rules[1]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    logging = s3.get_bucket_logging(Bucket=BUCKETS["landing"])["LoggingEnabled"]
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == (BUCKETS["logs"], f"{BUCKETS['landing']}/")
    allowed = statements(BUCKETS["logs"])["AccessLogsOfDeployedBuckets"]
    assert allowed["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert allowed["Condition"]["ArnLike"] == {"aws:SourceArn": f"arn:aws:s3:::{BUCKETS['landing']}"}
    assert "nothing to do" in done(repository, "plan", "--verify")

    declare(repository)
    planned = squeezed(done(repository, "plan", code=2))
    for name in ("BucketLoggingStatus", "LifecycleConfiguration", "ServerSideEncryptionConfiguration"):
        assert f"{name} no longer declared" in planned
    assert "Versioning Suspended → Enabled" in planned
    done(repository, "deploy")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=BUCKETS["landing"])
    assert statements(BUCKETS["logs"]).keys() == {"TlsOnly"}
    assert "nothing to do" in done(repository, "plan", "--verify")


def test_statements_of_others_stay_beside_that_of_access_logs(repository: Repository, moto_dates: None) -> None:
    s3 = boto3.client("s3", **PLACE)
    declare(repository)
    done(repository, "deploy")
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKETS["logs"])["Policy"])
    theirs = {
        "Sid": "Theirs",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteBucket",
        "Resource": "arn:aws:s3:::t-dev-logs",
    }
    s3.put_bucket_policy(Bucket=BUCKETS["logs"], Policy=json.dumps({**policy, "Statement": [*policy["Statement"], theirs]}))
    declare(repository, ', access_logs="logs"')
    done(repository, "deploy")
    assert statements(BUCKETS["logs"]).keys() == {"Theirs", "TlsOnly", "AccessLogsOfDeployedBuckets"}
    declare(repository)
    done(repository, "deploy")
    assert statements(BUCKETS["logs"]).keys() == {"Theirs", "TlsOnly"}


@pytest.mark.parametrize(
    ("landing", "logs", "refused"),
    [
        (', expire_days={"tmp/": 0}', "", "expire_days: 'tmp/' is 0; AWS accepts 1 to"),
        (
            ', expire_days={"tmp/": 7}, properties={"LifecycleConfiguration": {"Rules": []}}',
            "",
            "both set LifecycleConfiguration",
        ),
        (', access_logs="logs"', f', kms_key="{KEY}"', "S3 delivers none to a bucket with a key of its own"),
    ],
)
def test_what_cannot_be_is_refused(repository: Repository, landing: str, logs: str, refused: str) -> None:
    """Of access logs, see https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html ."""
    declare(repository, landing, logs)
    assert refused in done(repository, "policy", code=1)


def test_what_the_deployer_keeps_does_not_expire(repository: Repository) -> None:
    shared = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", shared.replace('bucket("artifacts")', 'bucket("artifacts", expire_days={"": 30})'))
    assert "`gc` deletes old artifacts" in done(repository, "policy", code=1)
