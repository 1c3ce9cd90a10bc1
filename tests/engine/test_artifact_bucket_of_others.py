"""A bucket that others made holds artifacts and records below a place of its own, and nothing outside of it is touched."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from common.aws.session import AwsSession
from common.engine.garbage import Collector
from common.state.records import Records
from tests.engine.test_existing import deployed, done
from tests.support.iam import Asked, allows
from tests.support.repository import ACCOUNT, CONFIG, Repository

REGION = "eu-central-1"
BUCKET = "company-deploy"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
MACHINE = 'p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})'
LEFT = f"dev/acres/artifacts/Old/{'0f' * 32}.zip"
"""An artifact that nothing needs, without a prefix."""
OTHERS = {
    LEFT: b"zip",
    f"other/{LEFT}": b"zip",
    "team/report.csv": b"a,b\n",
    "acres/dev2/orders/release.json": b"{}",
    "dev/acres/release.json": b"{}",
}
"""What stands in the bucket beside it, also where another environment would be, or an older deployer without a prefix."""


def client() -> Any:
    return boto3.client("s3", REGION)


@pytest.fixture
def company(moto: None) -> None:
    """The bucket as its owner has made it."""
    s3 = client()
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.delete_public_access_block(Bucket=BUCKET)
    for key, body in OTHERS.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)


@pytest.fixture
def acres(repository: Repository, company: None) -> Repository:
    repository.project("acres", MACHINE)
    repository.configure(artifact_bucket={"name": BUCKET, "prefix": "acres/"})
    return repository


def keys() -> set[str]:
    return {item["Key"] for item in client().list_objects_v2(Bucket=BUCKET)["Contents"]}


def versions() -> set[tuple[str, str]]:
    page = client().list_object_versions(Bucket=BUCKET)
    return {(item["Key"], item["VersionId"]) for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))}


def garbage(repository: Repository) -> list[str]:
    """The artifacts that nothing needs, a year later."""
    env, later = repository.environment(), datetime.now(UTC) + timedelta(days=365)
    aws = AwsSession(REGION, ACCOUNT)
    with ThreadPoolExecutor(1) as pool:
        garbage = Collector(env, aws, Records(aws, env), pool, later).find("acres")
    return [item.key for item in garbage]


def state() -> list[Any]:
    """All that the owner has said of the bucket."""
    s3 = client()
    notified = s3.get_bucket_notification_configuration(Bucket=BUCKET)
    versioning = s3.get_bucket_versioning(Bucket=BUCKET)
    return [{name: value for name, value in answer.items() if name != "ResponseMetadata"} for answer in (notified, versioning)]


def test_everything_stands_below_the_prefix_and_the_bucket_stays_as_it_is(acres: Repository, aws_calls: list[str]) -> None:
    before = state()
    out = deployed(acres)
    assert "bucket/artifacts" not in out
    mine = keys() - {*OTHERS}
    assert {"acres/dev/acres/release.json", "acres/dev/shared/release.json"} <= mine
    assert all(key.startswith("acres/dev/") for key in mine)
    assert any("/acres/dev/acres/artifacts/Validate/" in f"/{key}" for key in mine)
    assert "config/dev.json: $.artifact_bucket: bucket company-deploy does not block public access" in out
    assert state() == before
    with pytest.raises(Exception, match="NoSuchTagSet"):
        client().get_bucket_tagging(Bucket=BUCKET)
    aws_calls.clear()
    assert "0 created, 0 updated" in deployed(acres)
    assert not {"s3:GetBucketLocation", "s3:GetBucketVersioning"} & {*aws_calls}
    assert not [call for call in aws_calls if call.startswith(("s3:PutBucket", "s3:CreateBucket"))]
    assert "succeeded" in done(acres.invoke("history", "--env", "dev", "--project", "acres"))


def test_a_note_about_an_unbound_resource_stands_below_the_prefix_and_is_found_there(acres: Repository) -> None:
    deployed(acres)
    done(acres.invoke("unbind", "--env", "dev", "--only", "glue-job/load", "--yes", "dev"))
    assert all(key.startswith("acres/dev/") for key in keys() - {*OTHERS})
    refused = acres.invoke("plan", "--env", "dev")
    assert refused.code == 1
    assert "was unbound at" in refused.err
    assert any("/artifacts/load/" in key for key in keys())
    assert not any("/artifacts/load/" in key for key in garbage(acres)), "the job reads its script when it runs"


def test_what_the_bucket_lacks_is_told_at_the_first_deploy_and_by_verify(repository: Repository, moto: None) -> None:
    client().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    repository.project("acres", MACHINE)
    repository.configure(artifact_bucket={"name": BUCKET})
    lacks = "config/dev.json: $.artifact_bucket: bucket company-deploy keeps no versions of objects"
    assert lacks in deployed(repository)
    assert lacks not in deployed(repository)
    assert lacks in deployed(repository, "--verify")


def test_a_bucket_that_does_not_exist_is_not_made(repository: Repository, moto: None) -> None:
    repository.project("acres", MACHINE)
    repository.configure(artifact_bucket={"name": BUCKET, "prefix": "acres/"})
    ended = repository.invoke("deploy", "--env", "dev")
    assert ended.code == 1
    assert "config/dev.json: $.artifact_bucket: there is no bucket company-deploy. Correct the name" in ended.err
    assert client().list_buckets()["Buckets"] == []


def test_gc_and_destroy_touch_nothing_of_others(acres: Repository) -> None:
    before = {(key, version) for key, version in versions() if key in OTHERS}
    deployed(acres)
    acres.write("projects/acres/lambda/Validate/handler.py", "def handler(event, context):\n    return 2\n")
    deployed(acres)
    client().put_object(Bucket=BUCKET, Key=f"acres/{LEFT}", Body=b"zip")
    assert garbage(acres) == [f"acres/{LEFT}"]
    out = done(acres.invoke("destroy", "--env", "dev", "--data", "--yes", "dev"))
    assert "The artifact bucket is somebody else's and stays; all objects below s3://company-deploy/acres/dev/ are deleted" in out
    assert versions() == before
    assert boto3.client("lambda", REGION).list_functions()["Functions"] == []


def test_two_repositories_live_side_by_side_in_one_bucket(acres: Repository) -> None:
    """The same environment's name, the same project's name, one account; only the prefix, and that of names, differ."""
    deployed(acres)
    first = versions()
    acres.configure(name_prefix="u-dev", artifact_bucket={"name": BUCKET, "prefix": "other/"})
    deployed(acres)
    assert first < versions()
    acres.write("projects/acres/deploy.py", (acres.root / "projects/acres/deploy.py").read_text().replace(MACHINE, "pass"))
    assert "t-dev" not in done(acres.invoke("deploy", "--env", "dev", "--prune"))
    assert garbage(acres) == [f"other/{LEFT}"]
    done(acres.invoke("destroy", "--env", "dev", "--data", "--yes", "dev"))
    assert versions() == {version for version in first if version[0] != f"other/{LEFT}"}
    acres.configure(artifact_bucket={"name": BUCKET, "prefix": "acres/"})
    acres.project("acres", MACHINE)
    assert "0 created, 0 updated" in deployed(acres), "the first one has noticed nothing"


def test_the_policy_reaches_the_place_alone(acres: Repository) -> None:
    acres.configure(artifact_bucket={"name": BUCKET, "prefix": "acres/", "kms_key": KEY})
    statements = json.loads(acres.invoke("policy", "--env", "dev").out)["Statement"]
    mine, others = f"arn:aws:s3:::{BUCKET}/acres/dev/acres/release.json", f"arn:aws:s3:::{BUCKET}/team/report.csv"
    bucket = f"arn:aws:s3:::{BUCKET}"

    def allowed(action: str, arn: str, **context: str) -> bool:
        return allows(statements, Asked(action, arn, context), {})

    for action in ("s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:GetObjectTagging", "s3:DeleteObjectVersion"):
        assert allowed(action, mine)
        assert not allowed(action, others)
    for action in ("s3:CreateBucket", "s3:PutBucketTagging", "s3:PutBucketPolicy", "s3:DeleteBucket", "s3:PutBucketVersioning"):
        assert not allowed(action, bucket)
    assert allowed("s3:ListBucket", bucket, **{"s3:prefix": "acres/dev/"})
    assert not allowed("s3:ListBucket", bucket, **{"s3:prefix": "team/"})
    assert allowed("s3:GetBucketLocation", bucket)
    assert allowed("kms:GenerateDataKey", KEY)


def test_a_job_may_read_its_script_with_the_key_of_the_bucket(acres: Repository) -> None:
    acres.configure(artifact_bucket={"name": BUCKET, "prefix": "acres/", "kms_key": KEY})
    role = acres.resources()["role/load-glue-job"].desired()["Policies"]
    text = str(role)
    assert f"arn:aws:s3:::{BUCKET}/acres/dev/acres/artifacts/load/*" in text
    assert KEY in text


@pytest.mark.parametrize(
    ("bucket", "message"),
    [
        ({"name": "Company"}, "$.artifact_bucket.name: value error, a bucket's name has"),
        ({"name": BUCKET, "prefix": "acres"}, "$.artifact_bucket.prefix: value error, a prefix has letters, digits and"),
        ({"name": BUCKET, "prefix": "/acres/"}, "$.artifact_bucket.prefix: value error, a prefix has letters, digits and"),
        ({"name": BUCKET, "prefixes": "acres/"}, "$.artifact_bucket.prefixes: unknown key. Did you mean 'prefix'?"),
        ({"prefix": "acres/"}, "$.artifact_bucket.name: field required"),
        ("Company", "$.artifact_bucket: value error, a bucket's name has"),
        (3, "$.artifact_bucket: input should be a valid string"),
    ],
)
def test_a_wrong_bucket_is_told_with_its_path(repository: Repository, bucket: Any, message: str) -> None:
    repository.project("acres", MACHINE)
    repository.write("config/dev.json", {**CONFIG, "artifact_bucket": bucket})
    ended = repository.invoke("policy", "--env", "dev")
    assert ended.code == 1
    assert message in ended.err
