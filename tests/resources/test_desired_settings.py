"""What each setting and each option of a type changes of what AWS is asked for, written by hand; it changes nothing else."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from common.environment.resource_settings import (
    CrawlerSettings,
    FunctionSettings,
    JobSettings,
    Network,
    Settings,
    StateMachineSettings,
)
from tests.resources.builders import ARTIFACTS, Code, Place, final, zipped

PLACE = Place()
HERE = "eu-central-1:123456789012"
OTHER = "arn:aws:iam::123456789012:role/other"
LAYER = f"arn:aws:lambda:{HERE}:layer:common:1"
LOGGED = [{"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:{HERE}:log-group:/t/logs:*"}}]
ARGUMENTS = {"--zone": "landing"}
Build = Callable[..., Any]
FIELDS: Mapping[type[Settings], Mapping[str, tuple[Any, dict[str, Any]]]] = {
    FunctionSettings: {
        "runtime": ("python3.13", {"Runtime": "python3.13"}),
        "architecture": ("arm64", {"Architectures": ["arm64"]}),
        "memory_mb": (512, {"MemorySize": 512}),
        "timeout_seconds": (7, {"Timeout": 7}),
        "ephemeral_storage_mb": (1024, {"EphemeralStorage": {"Size": 1024}}),
        "layers": ((LAYER,), {"Layers": [LAYER]}),
    },
    JobSettings: {
        "glue_version": ("4.0", {"GlueVersion": "4.0"}),
        "worker_type": ("G.2X", {"WorkerType": "G.2X"}),
        "workers": (9, {"NumberOfWorkers": 9}),
        "auto_scaling": (True, {"DefaultArguments": {**ARGUMENTS, "--enable-auto-scaling": "true"}}),
        "timeout_minutes": (7, {"Timeout": 7}),
        "max_retries": (2, {"MaxRetries": 2}),
        "max_concurrent_runs": (3, {"ExecutionProperty": {"MaxConcurrentRuns": 3}}),
        "execution_class": ("FLEX", {"ExecutionClass": "FLEX"}),
        "bookmarks": (True, {"DefaultArguments": {**ARGUMENTS, "--job-bookmark-option": "job-bookmark-enable"}}),
        "connections": (("lake", "warehouse"), {"Connections": {"Connections": ["lake", "warehouse"]}}),
        "python_shell_capacity": ("1", {}),
    },
    CrawlerSettings: {
        "exclusions": (("*.crc",), {"Targets": {"S3Targets": [{"Path": "s3://t-final/acres/", "Exclusions": ["*.crc"]}]}}),
        "recrawl": ("everything", {}),
        "schema_change": ("log", {"SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}}),
        "deleted_data": (
            "delete",
            {"SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DELETE_FROM_DATABASE"}},
        ),
        "table_prefix": ("acres_", {"TablePrefix": "acres_"}),
        "schedule": ("cron(0 4 * * ? *)", {"Schedule": "cron(0 4 * * ? *)"}),
        "while_running": ("skip", {}),
    },
    StateMachineSettings: {
        "type": ("EXPRESS", {"type": "EXPRESS"}),
        "log_level": ("OFF", {"loggingConfiguration": {"level": "OFF", "includeExecutionData": False, "destinations": []}}),
        "log_execution_data": (
            True,
            {"loggingConfiguration": {"level": "ERROR", "includeExecutionData": True, "destinations": LOGGED}},
        ),
        "tracing": (True, {"tracingConfiguration": {"enabled": True}}),
    },
}
"""Of each field of each model a value, and what it makes of the state."""
ELSEWHERE: Mapping[type[Settings], set[str]] = {
    FunctionSettings: {
        *("environment", "vpc", "network", "log_retention_days", "logging", "role", "package", "log_level", "log_format"),
        *("description", "tracing", "dead_letter", "reserved_concurrency", "kms_key"),
        *("publish", "keep_versions", "provisioned_concurrency", "snap_start", "file_system", "image", "image_config"),
    },
    JobSettings: {
        *("arguments", "logging", "role", "package"),
        *("description", "security_configuration", "notify_delay_minutes", "non_overridable_arguments"),
        *("queuing", "maintenance_window", "python_version"),
    },
    CrawlerSettings: {
        *("targets", "configuration", "role", "description", "classifiers", "security_configuration"),
        *("dynamodb_targets", "jdbc_targets", "catalog_targets", "delta_targets", "iceberg_targets"),
        *("event_queue", "event_dead_letter", "sample_size"),
    },
    StateMachineSettings: {"log_group", "role", "kms_key", "publish", "alias", "keep_versions", "accept"},
}
"""Fields that a type is handed rendered: see `OPTIONS`, and tests of properties and targets. All have names and properties."""
BUILDS: Mapping[type[Settings], Build] = {
    FunctionSettings: Place.function,
    JobSettings: Place.job,
    CrawlerSettings: Place.crawler,
    StateMachineSettings: Place.state_machine,
}
CREATED = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
TRANSFORMED = ({"key": "$.detail.object.key"}, '{"key": <key>}')
TARGET = {
    "Id": "target",
    "Arn": f"arn:aws:states:{HERE}:stateMachine:t-Main",
    "RoleArn": "arn:aws:iam::123456789012:role/t/test/p/runner",
}
CONTENT = base64.b64encode(hashlib.sha256(zipped("x = 1").data).digest()).decode()
WHEEL, SHARED = Code("wheel", b"w"), Code("shared", b"s")


def uri(code: Code) -> str:
    return f"s3://{ARTIFACTS}/test/p/artifacts/{code.name}/{code.input_digest()}.zip"


OPTIONS: list[tuple[Build, dict[str, Any], dict[str, Any]]] = [
    (Place.bucket, {"event_bridge": True}, {"EventBridge": True}),
    (Place.log_group, {"retention_days": None}, {"retentionInDays": None}),
    (
        Place.role,
        {"boundary": "arn:aws:iam::123456789012:policy/b"},
        {"PermissionsBoundary": "arn:aws:iam::123456789012:policy/b"},
    ),
    (Place.role, {"managed_policies": ("arn:2", "arn:1")}, {"AttachedPolicies": ["arn:1", "arn:2"]}),
    (Place.function, {"environment": {"ZONE": "x"}}, {"Environment": {"Variables": {"ZONE": "x"}}}),
    (Place.function, {"role_arn": OTHER}, {"Role": OTHER}),
    (Place.function, {"handler": "other.main"}, {"Handler": "other.main"}),
    (Place.function, {"log_group": "/t/logs"}, {"LoggingConfig": {"LogGroup": "/t/logs"}}),
    (
        Place.function,
        {"network": Network(subnet_ids=("subnet-b", "subnet-a"), security_group_ids=("sg-1",))},
        {"VpcConfig": {"SubnetIds": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-1"]}},
    ),
    (
        Place.function,
        {"layers": (PLACE.layer(),), "settings": FunctionSettings(layers=(LAYER,))},
        {"Layers": [{"Layer": f"arn:aws:lambda:{HERE}:layer:t-deps", "CodeSha256": CONTENT}, LAYER]},
    ),
    (Place.job, {"arguments": {"--a": "b"}}, {"DefaultArguments": {"--a": "b"}}),
    (Place.job, {"role_arn": OTHER}, {"Role": OTHER}),
    (Place.job, {"log_group": "/t/glue"}, {"DefaultArguments": {**ARGUMENTS, "--custom-logGroup-prefix": "/t/glue"}}),
    (Place.job, {"shared_code": SHARED}, {"DefaultArguments": {**ARGUMENTS, "--extra-py-files": uri(SHARED)}}),
    (
        Place.job,
        {"wheels": (WHEEL,)},
        {
            "DefaultArguments": {
                **ARGUMENTS,
                "--additional-python-modules": uri(WHEEL),
                "--python-modules-installer-option": "--no-index",
            }
        },
    ),
    (Place.crawler, {"role_arn": OTHER}, {"Role": OTHER}),
    (
        Place.crawler,
        {"targets": ("s3://a/", "s3://b/")},
        {"Targets": {"S3Targets": [{"Path": "s3://a/", "Exclusions": []}, {"Path": "s3://b/", "Exclusions": []}]}},
    ),
    (Place.state_machine, {"role_arn": OTHER}, {"roleArn": OTHER}),
    (Place.rule, {"enabled": False}, {"State": "DISABLED"}),
    (Place.rule, {"input": {"n": 1}}, {"Targets": [{**TARGET, "Input": {"n": 1}}]}),
    (
        Place.rule,
        {"pattern": CREATED, "input_transformer": TRANSFORMED},
        {
            "ScheduleExpression": None,
            "EventPattern": CREATED,
            "Targets": [
                {
                    **TARGET,
                    "InputTransformer": {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate": '{"key": <key>}'},
                }
            ],
        },
    ),
]


def differing(build: Build, **overrides: Any) -> dict[str, Any]:
    """What the state has otherwise than without what is said."""
    plain, state = final(build(PLACE)), final(build(PLACE, **overrides))
    assert plain.keys() == state.keys()
    return {name: value for name, value in state.items() if plain[name] != value}


@pytest.mark.parametrize(("model", "field"), [(model, field) for model, fields in FIELDS.items() for field in fields])
def test_a_setting_changes_this_and_nothing_else(model: type[Settings], field: str) -> None:
    value, expected = FIELDS[model][field]
    assert differing(BUILDS[model], settings=model.model_validate({field: value})) == expected


def test_every_setting_is_looked_at() -> None:
    for model, fields in FIELDS.items():
        assert fields.keys() | ELSEWHERE[model] | {"name", "properties", "verify"} == model.model_fields.keys(), model


def test_a_python_shell_job_is_sized_by_its_capacity() -> None:
    def shell(place: Place, **overrides: Any) -> Any:
        return place.job(command="shell", **overrides)

    assert differing(shell, settings=JobSettings(python_shell_capacity="1")) == {"MaxCapacity": 1.0}


def test_a_crawler_of_new_folders_changes_no_tables() -> None:
    settings = CrawlerSettings(recrawl="new_folders", schema_change="log")
    policy = {"SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}}
    expected = {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}, **policy}
    assert differing(Place.crawler, settings=settings) == expected


@pytest.mark.parametrize(("build", "overrides", "expected"), OPTIONS)
def test_an_option_changes_this_and_nothing_else(build: Build, overrides: dict[str, Any], expected: dict[str, Any]) -> None:
    assert differing(build, **overrides) == expected
