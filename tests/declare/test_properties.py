"""Properties that AWS would not accept are refused offline, each with what it must be."""

from typing import Any

import pytest

from common.base.errors import DeployError
from tests.support.repository import Repository

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
    'p.function("Validate", properties={"FileSystemConfigs": [{"LocalMountPath": "/mnt/x"}]})': "FileSystemConfigs[0] needs Arn.",
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
    'p.job("load", properties={"MaintenanceWindow": "Someday"})': "MaintenanceWindow is 'Someday'; it must match ",
    'p.job("load", properties={"JobRunQueuingEnabled": 1})': "JobRunQueuingEnabled is 1; it must be true or false.",
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
    ],
)
def test_a_setting_that_aws_would_not_accept_is_refused(repository: Repository, settings: dict[str, Any], message: str) -> None:
    repository.write("projects/acres/lambda/Other/handler.py", "def handler(event, context):\n    return event\n")
    repository.project("acres", 'p.queue("dead")', 'p.function("Validate")', f'p.function("Other", settings={settings!r})')
    with pytest.raises(DeployError) as refused:
        repository.resources()
    assert message in str(refused.value)
    assert "lambda/Other: " in str(refused.value)
