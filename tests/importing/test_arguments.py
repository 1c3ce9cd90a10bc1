"""What no setting has is told with the argument to write, as Python."""

from typing import Any

import boto3
import pytest

from common.importing.arguments import advice
from common.resources import bucket_settings
from common.resources.table_indexes import Index
from tests.engine.test_adopting import PLACE, done
from tests.support.repository import Repository
from tests.support.terminal import squeezed

RULES = bucket_settings.expiring({"tmp/": 7, "": 90})["LifecycleConfiguration"]
OTHER = {"Rules": [{**RULES["Rules"][0], "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}]}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
LOGGED = bucket_settings.logged_to("t-dev-logs", "x/")["BucketLoggingStatus"]
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
INDEX = Index("day", "at", ("total",)).state({"at": "N"})


@pytest.mark.parametrize(
    ("kind", "field", "value", "argument"),
    [
        ("table", "TimeToLiveSpecification", {"Enabled": True, "AttributeName": "expires"}, "time_to_live='expires'"),
        ("table", "TimeToLiveSpecification", {"Enabled": False, "AttributeName": "expires"}, "time_to_live=None"),
        ("table", "StreamSpecification", STREAM, "stream='NEW_IMAGE'"),
        ("table", "StreamSpecification", {"StreamEnabled": False}, "stream=None"),
        (
            "table",
            "GlobalSecondaryIndexes",
            {"by_day": INDEX},
            "indexes={'by_day': {'partition_key': 'day', 'sort_key': 'at', 'attributes': ['total']}}",
        ),
        ("bucket", "Versioning", "Suspended", "versioned=False"),
        ("bucket", "EventBridge", True, "event_bridge=True"),
        ("bucket", "LifecycleConfiguration", RULES, "expire_days={'': 90, 'tmp/': 7}"),
        ("bucket", "LifecycleConfiguration", None, "expire_days=None"),
        (
            "bucket",
            "LifecycleConfiguration",
            OTHER,
            f"properties={{'LifecycleConfiguration': {OTHER!r}}} in place of expire_days",
        ),
        ("bucket", "BucketLoggingStatus", LOGGED, f"properties={{'BucketLoggingStatus': {LOGGED!r}}} in place of access_logs"),
        (
            "bucket",
            "ServerSideEncryptionConfiguration",
            bucket_settings.encrypted_by(KEY)["ServerSideEncryptionConfiguration"],
            f"kms_key='{KEY}'",
        ),
    ],
)
def test_a_field_is_told_as_its_argument(kind: str, field: str, value: Any, argument: str) -> None:
    for name in (field, f"{field}.part"):
        assert advice(kind, name, {field: value}, "deploy.py:3") == f"no setting has it: say {argument} in deploy.py:3"


def test_a_field_that_no_argument_has_and_an_alias() -> None:
    assert advice("table", "TableClass", {}, "deploy.py:3") == "no setting has it: change deploy.py:3"
    assert "`deploy --verify` moves it" in advice("lambda", "Published", {"Published": False}, "deploy.py:3")
    assert "`deploy --verify` moves it" in advice("state-machine", "alias.live", {"alias": {}}, "deploy.py:3")


def test_what_pull_says_of_a_table_makes_the_plan_empty(repository: Repository, moto_dates: None) -> None:
    declared = 'p.table("runs", partition_key="id", time_to_live="old")'
    repository.project("acres", declared)
    done(repository, "deploy")
    aws, name = boto3.client("dynamodb", **PLACE), "t-dev-acres-runs"
    aws.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": False, "AttributeName": "old"})
    aws.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    assert "say time_to_live='expires' in projects/acres/deploy.py" in done(repository, "pull", code=2)
    repository.project("acres", declared.replace('"old"', "'expires'"))
    assert "= table/runs record is as declared" in squeezed(done(repository, "plan", "--verify"))
