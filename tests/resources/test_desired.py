"""What each type asks AWS for, written by hand in AWS's own spelling: other tests compare a type with what it says itself."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.resources.builders import ARTIFACTS, TAGS, Code, Place, final, zipped

PLACE = Place()
RUNNER = "arn:aws:iam::123456789012:role/t/test/p/runner"
HERE = "eu-central-1:123456789012"
HANDLER = zipped("def handler(event, context):\n    return event\n")
SCRIPT = Code("landing", b"print(1)")
OURS = {"deployer:environment": "t/test"}


def sha256(code: Code) -> str:
    """As Lambda tells it."""
    return base64.b64encode(hashlib.sha256(code.data).digest()).decode()


def trust(service: str) -> dict[str, Any]:
    allowed = {
        "Sid": "Deployer",
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [allowed]}


STATES: Mapping[str, tuple[Callable[[Place], Any], dict[str, Any]]] = {
    "bucket": (
        Place.bucket,
        {
            "Versioning": "Enabled",
            "Encryption": "AES256",
            "ObjectOwnership": "BucketOwnerEnforced",
            "PublicAccessBlock": {
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
            "Policy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "TlsOnly",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": ["arn:aws:s3:::t-landing", "arn:aws:s3:::t-landing/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
            "EventBridge": False,
            "Tags": TAGS,
        },
    ),
    "database": (Place.database, {"Description": "", "Tags": TAGS}),
    "table": (
        Place.table,
        {
            "KeySchema": [{"AttributeName": "run_id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "run_id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": True,
            "PointInTimeRecovery": "ENABLED",
            "Tags": TAGS,
        },
    ),
    "topic": (Place.topic, {"Tags": TAGS}),
    "log-group": (Place.log_group, {"retentionInDays": 30, "Tags": TAGS}),
    "role": (
        Place.role,
        {
            "Path": "/t/test/p/",
            "AssumeRolePolicyDocument": trust("lambda"),
            "Policies": {},
            "AttachedPolicies": [],
            "PermissionsBoundary": None,
            "Tags": TAGS,
        },
    ),
    "lambda": (
        Place.function,
        {
            "Runtime": "python3.11",
            "Role": RUNNER,
            "Handler": "main.handler",
            "MemorySize": 256,
            "Timeout": 60,
            "EphemeralStorage": {"Size": 512},
            "Environment": {"Variables": {}},
            "Layers": [],
            "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
            "LoggingConfig": {"LogGroup": "/aws/lambda/t-Validate"},
            "Architectures": ["x86_64"],
            "CodeSha256": sha256(HANDLER),
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "Tags": TAGS,
        },
    ),
    "layer": (
        Place.layer,
        {
            "CodeSha256": sha256(zipped("x = 1")),
            "CompatibleRuntimes": ["python3.11"],
            "CompatibleArchitectures": ["x86_64"],
            "Tags": OURS,
        },
    ),
    "glue-job": (
        Place.job,
        {
            "Role": RUNNER,
            "Command": {
                "Name": "glueetl",
                "PythonVersion": "3",
                "ScriptLocation": f"s3://{ARTIFACTS}/test/p/artifacts/landing/{SCRIPT.input_digest()}.zip",
            },
            "DefaultArguments": {"--zone": "landing"},
            "Connections": {"Connections": []},
            "ExecutionProperty": {"MaxConcurrentRuns": 1},
            "MaxRetries": 0,
            "Timeout": 60,
            "GlueVersion": "5.0",
            "WorkerType": "G.1X",
            "NumberOfWorkers": 2,
            "ExecutionClass": "STANDARD",
            "Tags": TAGS,
        },
    ),
    "python-shell job": (
        lambda place: place.job(command="shell"),
        {
            "Role": RUNNER,
            "Command": {
                "Name": "pythonshell",
                "PythonVersion": "3.9",
                "ScriptLocation": f"s3://{ARTIFACTS}/test/p/artifacts/landing/{SCRIPT.input_digest()}.zip",
            },
            "DefaultArguments": {"--zone": "landing"},
            "Connections": {"Connections": []},
            "ExecutionProperty": {"MaxConcurrentRuns": 1},
            "MaxRetries": 0,
            "Timeout": 60,
            "GlueVersion": "3.0",
            "MaxCapacity": 0.0625,
            "Tags": TAGS,
        },
    ),
    "directory": (
        Place.directory,
        {
            "Files": {
                "sql/acres.sql": hashlib.md5(b"select 1", usedforsecurity=False).hexdigest(),
                "codes.csv": hashlib.md5(b"a,b", usedforsecurity=False).hexdigest(),
            },
            "Foreign": [],
            "Tags": OURS,
        },
    ),
    "crawler": (
        Place.crawler,
        {
            "Role": RUNNER,
            "DatabaseName": "t_final",
            "Targets": {"S3Targets": [{"Path": "s3://t-final/acres/", "Exclusions": []}]},
            "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
            "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
            "TablePrefix": "",
            "Schedule": "",
            "Configuration": {
                "Version": 1.0,
                "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}},
            },
            "Tags": TAGS,
        },
    ),
    "state-machine": (
        Place.state_machine,
        {
            "definition": '{"StartAt":"Done","States":{"Done":{"End":true,"Type":"Pass"}}}',
            "roleArn": RUNNER,
            "type": "STANDARD",
            "loggingConfiguration": {
                "level": "ERROR",
                "includeExecutionData": False,
                "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:{HERE}:log-group:/t/logs:*"}}],
            },
            "tracingConfiguration": {"enabled": False},
            "Tags": TAGS,
        },
    ),
    "rule": (
        Place.rule,
        {
            "ScheduleExpression": "rate(1 day)",
            "EventPattern": None,
            "State": "ENABLED",
            "Targets": [{"Id": "target", "Arn": f"arn:aws:states:{HERE}:stateMachine:t-Main", "RoleArn": RUNNER}],
            "Tags": TAGS,
        },
    ),
}


@pytest.mark.parametrize("kind", STATES)
def test_a_type_asks_for_this_and_nothing_else(kind: str) -> None:
    build, expected = STATES[kind]
    assert final(build(PLACE)) == expected
