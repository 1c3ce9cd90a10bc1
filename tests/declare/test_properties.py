"""Properties that AWS would not accept are refused offline, each with what it must be."""

from typing import Any

import pytest

from common.base.errors import DeployError
from tests.support.repository import Repository

ACCESS_POINT = "arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-01234567890123456"
BAD = {
    'p.function("Validate", properties={"TracingConfg": {"Mode": "Active"}})': (
        "UpdateFunctionConfiguration does not accept 'TracingConfg'. Did you mean 'TracingConfig'?"
    ),
    'p.function("Validate", properties={"TracingConfig": {"Mod": "Active"}})': (
        "UpdateFunctionConfiguration does not accept 'TracingConfig.Mod'. Did you mean 'Mode'?"
    ),
    'p.function("Validate", properties={"TracingConfig": {"Mode": "Activ"}})': (
        "TracingConfig.Mode is 'Activ'; it must be one of Active, PassThrough."
    ),
    'p.function("Validate", properties={"TracingConfig": "Active"})': "TracingConfig is 'Active'; it must be an object.",
    'p.job("load", properties={"LogUri": 7})': "LogUri is 7; it must be text.",
    'p.job("load", properties={"SourceControlDetails": {"Owner": "x" * 513}})': (
        "SourceControlDetails.Owner has 513 characters; AWS accepts at least 1 and at most 512."
    ),
    'p.function("Validate", properties={"Description": "x"})': "Description has a setting of its own: say description.",
    'p.function("Validate", properties={"TracingConfig": {"Mode": "Active"}})': (
        "TracingConfig.Mode has a setting of its own: say tracing."
    ),
    'p.function("Validate", properties={"ReservedConcurrentExecutions": 1})': "say reserved_concurrency.",
    'p.job("load", properties={"SecurityConfiguration": "kms"})': "say security_configuration.",
    'p.function("Validate", properties={"MemorySize": 512})': "MemorySize has a setting of its own: say memory_mb.",
    'p.function("Validate", properties={"LoggingConfig": {"LogGroup": "x"}})': (
        "LoggingConfig.LogGroup has a setting of its own: say log_group_name."
    ),
    'p.function("Validate", properties={"RevisionId": "1"})': "the deployer itself sets RevisionId.",
    'p.function("Validate", properties={"Tags": {"a": "b"}})': "Tags: say `tags` in the configuration of the environment.",
    'p.function("Validate", properties={"FileSystemConfigs": [{"LocalMountPath": "/mnt/x"}]})': "say file_system.",
    'p.function("Validate", properties={"SnapStart": {"ApplyOn": "None"}})': "say snap_start.",
    'p.job("load", properties={"NotificationProperty": {"NotifyDelayAfter": "5"}})': (
        "NotificationProperty.NotifyDelayAfter is '5'; it must be a whole number."
    ),
    'p.job("load", properties={"NotificationProperty": {"NotifyDelayAfter": True}})': (
        "NotificationProperty.NotifyDelayAfter is True; it must be a whole number."
    ),
    'p.job("load", properties={"NotificationProperty": {"NotifyDelayAfter": 0}})': (
        "NotificationProperty.NotifyDelayAfter is 0; AWS accepts at least 1."
    ),
    'p.job("load", properties={"Timeout": 5})': "Timeout has a setting of its own: say timeout_minutes.",
    'p.job("load", properties={"CodeGenConfigurationNodes": {"n": {"Filter": {"Name": "*", "Inputs": ["a"], '
    '"LogicalOperator": "AND", "Filters": [{"Operation": "EQ", "Values": [], "Negated": 1}]}}}})': (
        "Filters[0].Negated is 1; it must be true or false."
    ),
    'p.job("load", properties={"MaintenanceWindow": "Sun:10"})': "say maintenance_window.",
    'p.job("load", properties={"Command": {"PythonVersion": "3"}})': "say python_version.",
    'p.queue("dead", properties={"All": "1"})': "the deployer itself sets All.",
    'p.table("runs", partition_key="id", properties={"DisassociationProtectionEnabled": True})': "the deployer itself sets",
    'p.job("load", properties={"SourceControlDetails": ["a"]})': "SourceControlDetails is ['a']; it must be an object.",
    'p.queue("dead", properties={"DelaySecond": "5"})': "Did you mean 'DelaySeconds'?",
    'p.queue("dead", properties={"VisibilityTimeout": "5"})': "say visibility_timeout_seconds.",
}


@pytest.mark.parametrize("line", BAD)
def test_what_aws_would_not_accept_is_refused(repository: Repository, line: str) -> None:
    repository.project("acres", line)
    with pytest.raises(DeployError) as refused:
        repository.resources()
    assert BAD[line] in str(refused.value)
    assert "properties: " in str(refused.value)
    assert str(refused.value)[-2:] not in {"?.", ".."}


def test_one_message_has_all_problems(repository: Repository) -> None:
    repository.project("acres", 'p.job("load", properties={"Timeout": 5, "Descripton": "x", "LogUri": 7})')
    with pytest.raises(DeployError) as refused:
        repository.resources()
    assert str(refused.value).count("projects/acres: glue-job/load: properties: ") == 3


def test_properties_are_an_object(repository: Repository) -> None:
    repository.project("acres", 'p.job("load", properties=["Description"])')
    with pytest.raises(DeployError, match="properties is an object"):
        repository.resources()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"log_level": "WARN"}, 'log_level needs log_format "JSON"; text has no levels.'),
        ({"dead_letter": "${Validate.arn}"}, "it must be an ARN of sqs or sns."),
        ({"dead_letter": "dead"}, "dead_letter"),
        ({"kms_key": "alias/ours"}, "kms_key"),
        ({"kms_key": "${dead.arn}"}, "it must be an ARN of kms."),
        ({"reserved_concurrency": -1}, "reserved_concurrency"),
        ({"description": "x" * 257}, "description"),
        ({"provisioned_concurrency": 1}, "provisioned_concurrency is of published versions"),
        ({"publish": True, "snap_start": True}, "snap_start needs Python 3.12 or later, and runtime is python3.11."),
        (
            {"publish": True, "snap_start": True, "runtime": "python3.13", "ephemeral_storage_mb": 1024},
            "snap_start and ephemeral_storage_mb above 512 exclude each other.",
        ),
        (
            {"publish": True, "snap_start": True, "runtime": "python3.13", "provisioned_concurrency": 1},
            "snap_start and provisioned_concurrency exclude each other.",
        ),
        (
            {"publish": True, "provisioned_concurrency": 3, "reserved_concurrency": 2},
            "provisioned_concurrency is more than reserved_concurrency.",
        ),
        ({"file_system": {"arn": ACCESS_POINT, "path": "/mnt/x"}}, "file_system needs a network: set `vpc` or `network`."),
        ({"file_system": {"arn": ACCESS_POINT, "path": "/data"}}, "file_system.path"),
        ({"memory_mb": 10241}, "memory_mb is 10241; more than 10240 is possible on managed instances alone: set CapacityP"),
        ({"timeout_seconds": 901}, "timeout_seconds is 901; more than 900 is possible on managed instances alone"),
        ({"ephemeral_storage_mb": 10241}, "more than 10240 is possible with an accelerator alone: set AcceleratorConfig in"),
        ({"memory_mb": 32769}, "memory_mb"),
    ],
)
def test_a_setting_that_aws_would_not_accept_is_refused(repository: Repository, settings: dict[str, Any], message: str) -> None:
    repository.write("projects/acres/lambda/Other/handler.py", "def handler(event, context):\n    return event\n")
    repository.project("acres", 'p.queue("dead")', 'p.function("Validate")', f'p.function("Other", settings={settings!r})')
    with pytest.raises(DeployError) as refused:
        repository.resources()
    assert message in str(refused.value)
    assert "lambda/Other: " in str(refused.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('settings={"maintenance_window": "Sun:10"}', "maintenance_window is for streaming jobs."),
        ('streaming=True, settings={"maintenance_window": "Someday"}', "maintenance_window"),
        ('settings={"worker_type": "G.025X"}', "worker_type G.025X is for streaming jobs."),
        ('settings={"worker_type": "Z.2X"}', "worker_type Z.2X is for ray jobs."),
        ('ray=True, settings={"worker_type": "G.1X"}', "worker_type is G.1X; Ray jobs have Z.2X."),
        ('streaming=True, settings={"execution_class": "FLEX"}', "execution_class FLEX is for Spark jobs"),
        ('settings={"python_version": "3.9"}', "python_version is 3.9; the Python of glueetl is 3."),
        ('shell=True, settings={"python_version": "2"}', "python_version"),
        ("shell=True, streaming=True", "a job is shell or streaming, and not both"),
    ],
)
def test_what_a_command_does_not_take_is_refused(repository: Repository, call: str, message: str) -> None:
    repository.project("acres", f'p.job("load", {call})')
    with pytest.raises(DeployError) as refused:
        repository.resources()
    assert message in str(refused.value)


def test_packages_of_a_ray_job_are_named_in_its_arguments(repository: Repository) -> None:
    repository.write("projects/acres/glue/landing/load.requirements.txt", "polars==1.0.0\n")
    repository.project("acres", 'p.job("load", script="glue/landing/load.py", ray=True)')
    repository.write("projects/acres/glue/landing/load.py", "print(1)\n")
    with pytest.raises(DeployError, match="Name them in the argument --pip-install"):
        repository.resources()


def test_a_file_system_is_mounted_by_its_access_point_alone(repository: Repository) -> None:
    """See https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem-efs.html ."""
    network = {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}
    settings = {"file_system": {"arn": ACCESS_POINT, "path": "/mnt/data"}, "network": network}
    repository.project("acres", f'p.function("Validate", settings={settings!r})')
    resources = repository.resources()
    mounted = resources["lambda/Validate"].desired()["FileSystemConfigs"]
    assert mounted == [{"Arn": ACCESS_POINT, "LocalMountPath": "/mnt/data"}]
    allowed = str(resources["role/Validate-lambda"].desired())
    assert "elasticfilesystem:ClientWrite" in allowed
    assert "elasticfilesystem:AccessPointArn" in allowed


def test_the_alias_of_a_function_is_referred_to_where_it_has_one(repository: Repository) -> None:
    machine = (
        'p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Task", "End": True, "Resource": '
        '"arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "${Validate.live}"}}}})'
    )
    repository.project("acres", 'p.function("Validate", settings={"publish": True})', machine)
    resources = repository.resources()
    alias = f"{resources['lambda/Validate'].arn}:live"
    assert alias in str(resources["state-machine/main"].desired())
    assert resources["lambda/Validate"].arn in str(resources["role/main-state-machine"].desired())
    repository.project("acres", 'p.function("Validate")', machine)
    with pytest.raises(DeployError, match="lambda/Validate has no alias live, because it publishes no versions"):
        repository.resources()
