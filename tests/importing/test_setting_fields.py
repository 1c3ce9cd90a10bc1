"""A setting is the field of AWS that it is said to be: what a resource is declared with is read back from its state."""

from typing import Any

import pytest

from common.importing.setting_fields import FIELDS, by_aws_name, setting_of
from tests.support.repository import Repository

ROLE = "arn:aws:iam::123456789012:role/theirs"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
LAYER = "arn:aws:lambda:eu-central-1:123456789012:layer:tools:3"
NETWORK = {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"]}
SETTINGS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "lambda/Validate": (
        "functions",
        "Validate",
        {
            "runtime": "python3.12",
            "architecture": "arm64",
            "memory_mb": 512,
            "timeout_seconds": 90,
            "role": ROLE,
            "ephemeral_storage_mb": 1024,
            "layers": [LAYER],
            "network": NETWORK,
            "environment": {"ZONE": "attic"},
            "description": "rows",
            "tracing": True,
            "dead_letter": "arn:aws:sqs:eu-central-1:123456789012:dead",
            "reserved_concurrency": 5,
            "kms_key": KEY,
            "log_format": "JSON",
            "log_level": "WARN",
        },
    ),
    "glue-job/load": (
        "jobs",
        "load",
        {
            "glue_version": "4.0",
            "worker_type": "G.2X",
            "workers": 5,
            "timeout_minutes": 30,
            "max_retries": 2,
            "role": ROLE,
            "max_concurrent_runs": 3,
            "execution_class": "FLEX",
            "connections": ["jdbc"],
            "bookmarks": True,
            "auto_scaling": True,
            "arguments": {"--zone": "attic"},
            "description": "rows",
            "security_configuration": "kms",
            "notify_delay_minutes": 5,
        },
    ),
    "glue-job/shell": ("jobs", "shell", {"python_shell_capacity": "1"}),
    "crawler/rows": (
        "crawlers",
        "rows",
        {
            "targets": ["s3://theirs/rows/"],
            "exclusions": ["**.tmp"],
            "recrawl": "new_folders",
            "schema_change": "log",
            "deleted_data": "log",
            "table_prefix": "raw_",
            "schedule": "cron(0 3 * * ? *)",
            "role": ROLE,
            "description": "rows",
            "classifiers": ["csv"],
            "security_configuration": "kms",
        },
    ),
    "state-machine/main": (
        "state_machines",
        "main",
        {"log_level": "ALL", "log_execution_data": True, "tracing": True, "role": ROLE, "kms_key": KEY},
    ),
    "rule/daily": ("triggers", "daily", {"enabled": False, "expression": "rate(2 days)"}),
}


@pytest.fixture
def states(repository: Repository) -> dict[str, Any]:
    """The declared states of resources with these settings."""
    repository.project(
        "acres",
        'p.job("shell", shell=True)',
        'b = p.shared.bucket("artifacts")',
        'p.crawler("rows", targets=[b / "rows"], database=p.shared.database("rows"))',
        'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})',
        'p.schedule("daily", m, "rate(1 day)")',
    )
    repository.write("projects/acres/glue/landing/shell.py", "print('rows')\n")
    shared = (repository.root / "deploy.py").read_text()
    repository.write(
        "deploy.py",
        shared.replace("    return shared", '    shared.database("rows")\n    shared.log_group("glue")\n    return shared'),
    )
    sections: dict[str, Any] = {}
    for section, name, settings in SETTINGS.values():
        sections.setdefault(section, {})[name] = settings
    repository.write("config/acres/dev.json", sections)
    return {key: resource.desired() for key, resource in repository.resources().items() if key in SETTINGS}


def flat(settings: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    result: dict[tuple[str, ...], Any] = {}
    for name, value in settings.items():
        result |= {(name, key): inner for key, inner in value.items()} if isinstance(value, dict) else {(name,): value}
    return result


@pytest.mark.parametrize("key", SETTINGS)
def test_what_is_declared_is_read_back(states: dict[str, Any], key: str) -> None:
    kind, state = key.partition("/")[0], states[key]
    read: dict[tuple[str, ...], Any] = {}
    for field in (*FIELDS[kind], "Environment.Variables.ZONE", "DefaultArguments.--zone"):
        if (field_settings := setting_of(kind, field, state)) is not None and field_settings.values:
            read |= field_settings.values
    expected = flat(SETTINGS[key][2])
    assert {path: read.get(path) for path in expected} == expected


def test_fields_are_found_by_the_names_of_the_api() -> None:
    assert by_aws_name("glue-job", "NumberOfWorkers", 5) == {("workers",): 5}
    assert by_aws_name("glue-job", "MaxConcurrentRuns", 3) == {("max_concurrent_runs",): 3}
    assert by_aws_name("glue-job", "ExecutionProperty", {"MaxConcurrentRuns": 3}) == {("max_concurrent_runs",): 3}
    assert by_aws_name("lambda", "MemorySize", 512) == {("memory_mb",): 512}
    assert by_aws_name("lambda", "VpcConfig", {"SubnetIds": ["subnet-1"]}) is None
    assert by_aws_name("lambda", "NumberOfWorkers", 5) is None


def test_an_image_that_others_have_changed_is_a_setting() -> None:
    state = {"ImageUri": "x@sha256:1", "ImageConfig": {"Command": ["app.run"], "WorkingDirectory": "/app"}}
    assert setting_of("lambda", "ImageUri", state) == ("ImageUri", {("image",): "x@sha256:1"})
    config = {("image_config", "command"): ["app.run"], ("image_config", "working_directory"): "/app"}
    assert setting_of("lambda", "ImageConfig.Command", state) == ("ImageConfig", config)
    assert setting_of("lambda", "ImageConfig", {"ImageConfig": {}}) == ("ImageConfig", None)
