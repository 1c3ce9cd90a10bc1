"""What is asked of AWS, word for word: the lifecycle compares a type with itself and would not see a wrong word."""

from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings, StateMachineSettings
from tests.resources.builders import TAGS, Place, final


def test_bucket(place: Place) -> None:
    denied = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::t-landing", "arn:aws:s3:::t-landing/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert final(place.bucket()) == {
        "Versioning": "Enabled",
        "Encryption": "AES256",
        "ObjectOwnership": "BucketOwnerEnforced",
        "PublicAccessBlock": {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
        "Policy": {"Version": "2012-10-17", "Statement": [denied]},
        "EventBridge": False,
        "Tags": TAGS,
    }


def test_table(place: Place) -> None:
    assert final(place.table()) == {
        "KeySchema": [{"AttributeName": "run_id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "run_id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
        "PointInTimeRecovery": "ENABLED",
        "Tags": TAGS,
    }


def test_function(place: Place) -> None:
    settings = FunctionSettings(runtime="python3.13", architecture="arm64", memory_mb=300, timeout_seconds=7)
    function = place.function(settings=settings, environment={"ZONE": "final"})
    desired = final(function)
    assert len(desired.pop("CodeSha256")) == 44
    assert desired == {
        "Runtime": "python3.13",
        "Role": place.role_arn(),
        "Handler": "main.handler",
        "MemorySize": 300,
        "Timeout": 7,
        "EphemeralStorage": {"Size": 512},
        "Environment": {"Variables": {"ZONE": "final"}},
        "Layers": [],
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
        "LoggingConfig": {"LogGroup": "/aws/lambda/t-Validate"},
        "Architectures": ["arm64"],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "Tags": TAGS,
    }


def test_job(place: Place) -> None:
    settings = JobSettings(bookmarks=True, auto_scaling=True, connections=("lake",), timeout_minutes=9)
    job = place.job(settings=settings)
    assert final(job) == {
        "Role": place.role_arn(),
        "Command": {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": f"s3://t-artifacts/{job.script.location}"},
        "DefaultArguments": {
            "--job-bookmark-option": "job-bookmark-enable",
            "--enable-auto-scaling": "true",
            "--zone": "landing",
        },
        "Connections": {"Connections": ["lake"]},
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "MaxRetries": 0,
        "Timeout": 9,
        "GlueVersion": "5.0",
        "WorkerType": "G.1X",
        "NumberOfWorkers": 2,
        "ExecutionClass": "STANDARD",
        "Tags": TAGS,
    }


def test_crawler(place: Place) -> None:
    settings = CrawlerSettings(exclusions=("*.crc",), table_prefix="acres_", schedule="cron(0 4 * * ? *)")
    assert final(place.crawler(settings=settings)) == {
        "Role": place.role_arn(),
        "DatabaseName": "t_final",
        "Targets": {"S3Targets": [{"Path": "s3://t-final/acres/", "Exclusions": ["*.crc"]}]},
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
        "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
        "TablePrefix": "acres_",
        "Schedule": "cron(0 4 * * ? *)",
        "Configuration": {"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}},
        "Tags": TAGS,
    }


def test_crawler_that_only_logs(place: Place) -> None:
    settings = CrawlerSettings(recrawl="new_folders", schema_change="log", deleted_data="log")
    desired = final(place.crawler(settings=settings))
    assert desired["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    assert desired["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}
    removing = final(place.crawler(settings=CrawlerSettings(deleted_data="delete")))
    assert removing["SchemaChangePolicy"]["DeleteBehavior"] == "DELETE_FROM_DATABASE"
    deprecating = final(place.crawler(settings=CrawlerSettings(deleted_data="deprecate")))
    assert deprecating["SchemaChangePolicy"]["DeleteBehavior"] == "DEPRECATE_IN_DATABASE"


def test_state_machine(place: Place) -> None:
    machine = place.state_machine(settings=StateMachineSettings(log_level="ALL", log_execution_data=True, tracing=True))
    group = {"logGroupArn": place.arn("logs", "log-group:/t/logs:*")}
    assert final(machine) == {
        "definition": '{"StartAt":"Done","States":{"Done":{"End":true,"Type":"Pass"}}}',
        "roleArn": place.role_arn(),
        "type": "STANDARD",
        "loggingConfiguration": {
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [{"cloudWatchLogsLogGroup": group}],
        },
        "tracingConfiguration": {"enabled": True},
        "Tags": TAGS,
    }


def test_rule(place: Place) -> None:
    rule = place.rule(pattern={"source": ("aws.s3",)}, enabled=False, input_transformer=({"key": "$.detail.object.key"}, "<key>"))
    transformer = {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate": "<key>"}
    target = {"Id": "target", "Arn": rule.target_arn, "RoleArn": place.role_arn(), "InputTransformer": transformer}
    assert final(rule) == {
        "ScheduleExpression": None,
        "EventPattern": {"source": ["aws.s3"]},
        "State": "DISABLED",
        "Targets": [target],
        "Tags": TAGS,
    }
