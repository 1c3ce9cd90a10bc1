"""The fields that AWS's update operations accept besides those that we declare. A test compares them with botocore's models.

They are written down here because loading a model of botocore takes longer than an unchanged deploy.
"""

import json
from collections.abc import Mapping

from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping, JsonObject
from common.model import comparison
from common.model.comparison import fields
from common.model.kind import Properties, Setting
from common.model.resource import Key

FUNCTION = fields(
    *("Description", "KMSKeyArn", "FileSystemConfigs", "CapacityProviderConfig", "RuntimeConfig", "AcceleratorConfig"),
    "SourceKMSKeyArn",
    DeadLetterConfig=fields("TargetArn"),
    TracingConfig=fields("Mode"),
    SnapStart=fields("ApplyOn"),
    VpcConfig=fields("SubnetIds", "SecurityGroupIds", "Ipv6AllowedForDualStack"),
    LoggingConfig=fields("LogGroup", "LogFormat", "ApplicationLogLevel", "SystemLogLevel"),
    DurableConfig=fields("KMSKeyArn", "RetentionPeriodInDays", "ExecutionTimeout"),
)
"""UpdateFunctionConfiguration accepts these, and keeps those that are left out; SourceKMSKeyArn belongs to UpdateFunctionCode."""
JOB = fields(
    *("JobMode", "JobRunQueuingEnabled", "Description", "LogUri", "NonOverridableArguments", "SecurityConfiguration"),
    *("CodeGenConfigurationNodes", "ExecutionClass", "MaintenanceWindow"),
    *("AllocatedCapacity", "MaxCapacity", "WorkerType", "NumberOfWorkers"),
    Command=fields("Name", "ScriptLocation", "PythonVersion", "Runtime"),
    NotificationProperty=fields("NotifyDelayAfter"),
    SourceControlDetails=fields(
        *("Provider", "Repository", "Owner", "Branch", "Folder", "LastCommitId", "AuthStrategy", "AuthToken")
    ),
)
"""UpdateJob accepts these besides the declared fields, and resets those that are left out."""
CRAWLER = fields(
    *("Description", "Classifiers", "CrawlerSecurityConfiguration", "CatalogId"),
    LineageConfiguration=fields("CrawlerLineageSettings"),
    LakeFormationConfiguration=fields("UseLakeFormationCredentials", "AccountId"),
)
"""UpdateCrawler accepts these besides the declared fields."""
TARGET = fields("ConnectionName", "SampleSize", "EventQueueArn", "DlqEventQueueArn")
"""A crawler's S3 target may have these fields besides its path and its exclusions."""
MACHINE = fields(encryptionConfiguration=fields("kmsKeyId", "kmsDataKeyReusePeriodSeconds", "type"))
"""UpdateStateMachine accepts these besides the declared fields."""
USUAL_FUNCTION: JsonObject = {
    "TracingConfig": {"Mode": "PassThrough"},
    "SnapStart": {"ApplyOn": "None"},
    "LoggingConfig": {"LogFormat": "Text"},
}
"""Lambda sets these values itself."""


FUNCTION_RESET: JsonObject = {
    "Description": "",
    "KMSKeyArn": "",
    "FileSystemConfigs": [],
    "DeadLetterConfig": {"TargetArn": ""},
    "TracingConfig": {"Mode": "PassThrough"},
    "SnapStart": {"ApplyOn": "None"},
}
"""UpdateFunctionConfiguration keeps what is left out, so these values take such a field away."""
FUNCTION_LASTING = frozenset({"AcceleratorConfig", "CapacityProviderConfig", "DurableConfig", "RuntimeConfig"})
"""Lambda has no value that takes such a field away."""
FUNCTION_REMOVABLE = frozenset(
    {"Environment", "Layers", "LoggingConfig", "ReservedConcurrentExecutions", "Tags", "VpcConfig", *FUNCTION_RESET}
)
"""These fields of a function can be taken away."""
FUNCTION_SETTINGS: Mapping[str, str] = {
    "FunctionName": "name",
    "Role": "role",
    "Handler": "handler",
    "Runtime": "runtime",
    "MemorySize": "memory_mb",
    "Timeout": "timeout_seconds",
    "EphemeralStorage": "ephemeral_storage_mb",
    "Environment": "environment",
    "Layers": "layers",
    "FileSystemConfigs": "file_system",
    "VpcConfig.SubnetIds": "network",
    "VpcConfig.SecurityGroupIds": "network",
    "LoggingConfig.LogGroup": "log_group_name",
    "RevisionId": "",
    "ImageConfig": "image_config",
}
"""The setting to use in place of each field of a function that the deployer itself sets; empty if there is none."""
JOB_SETTINGS: Mapping[str, str] = {
    "Role": "role",
    "ExecutionProperty": "max_concurrent_runs",
    "Command.Name": "shell, streaming or ray",
    "Command.PythonVersion": "python_version",
    "Command.ScriptLocation": "script",
    "DefaultArguments": "arguments",
    "Connections": "connections",
    "MaxRetries": "max_retries",
    "Timeout": "timeout_minutes",
    "GlueVersion": "glue_version",
    "WorkerType": "worker_type",
    "NumberOfWorkers": "workers",
    "MaxCapacity": "python_shell_capacity",
    "AllocatedCapacity": "workers",
    "ExecutionClass": "execution_class",
}
"""The setting to use in place of each field of a job that the deployer itself sets; empty if there is none."""
FUNCTION_FIELDS: Mapping[str, Setting] = {
    "Description": Setting("description"),
    "TracingConfig.Mode": Setting("tracing", {True: "Active", False: "PassThrough"}),
    "DeadLetterConfig.TargetArn": Setting("dead_letter", services=("sqs", "sns")),
    "ReservedConcurrentExecutions": Setting("reserved_concurrency"),
    "KMSKeyArn": Setting("kms_key", services=("kms",)),
    "SnapStart.ApplyOn": Setting("snap_start", {True: "PublishedVersions", False: "None"}),
    "LoggingConfig.LogFormat": Setting("log_format"),
    "LoggingConfig.ApplicationLogLevel": Setting("log_level"),
}
"""The settings of a function that are fields as they are."""
JOB_FIELDS: Mapping[str, Setting] = {
    "Description": Setting("description"),
    "SecurityConfiguration": Setting("security_configuration"),
    "NotificationProperty.NotifyDelayAfter": Setting("notify_delay_minutes"),
    "NonOverridableArguments": Setting("non_overridable_arguments"),
    "JobRunQueuingEnabled": Setting("queuing"),
    "MaintenanceWindow": Setting("maintenance_window"),
}
"""The settings of a job that are fields as they are."""
CRAWLER_FIELDS: Mapping[str, Setting] = {
    "Description": Setting("description"),
    "Classifiers": Setting("classifiers"),
    "CrawlerSecurityConfiguration": Setting("security_configuration"),
}
"""The settings of a crawler that are fields as they are."""
OF_FUNCTION = Properties("UpdateFunctionConfiguration", settings=FUNCTION_SETTINGS, fields=FUNCTION_FIELDS)
"""The properties of a function."""
OF_JOB = Properties("UpdateJob", ("JobUpdate",), JOB_SETTINGS, fields=JOB_FIELDS)
"""The properties of a job."""
MACHINE_FIELDS: Mapping[str, Setting] = {
    "encryptionConfiguration.kmsKeyId": Setting(
        "kms_key", beside={"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}}, services=("kms",)
    )
}
"""The settings of a state machine that are fields as they are."""
CRAWLER_RESET: JsonObject = {
    "Description": "",
    "Classifiers": [],
    "CrawlerSecurityConfiguration": "",
    "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
    "LakeFormationConfiguration": {"UseLakeFormationCredentials": False},
}
"""These values take fields of a crawler away."""
CRAWLER_REMOVABLE = frozenset({"Configuration", "Schedule", "TablePrefix", "Tags", "Targets", *CRAWLER_RESET})
"""These fields of a crawler can be taken away."""
USUAL_CRAWLER: JsonObject = {
    "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
    "LakeFormationConfiguration": {"UseLakeFormationCredentials": False},
}
"""Glue sets these values itself."""
CRAWLER_SETTINGS: Mapping[str, str] = {
    "Name": "name",
    "Role": "role",
    "DatabaseName": "database",
    "Targets.S3Targets": "targets",
    "Schedule": "schedule",
    "TablePrefix": "table_prefix",
    "SchemaChangePolicy": "schema_change and deleted_data",
    "RecrawlPolicy": "recrawl",
}
"""The setting to use in place of each field of a crawler that the deployer itself sets; empty if there is none."""
OF_CRAWLER = Properties("UpdateCrawler", settings=CRAWLER_SETTINGS, fields=CRAWLER_FIELDS)
"""The properties of a crawler."""
MACHINE_RESET: JsonObject = {"encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}
"""These values take fields of a state machine away."""


def reset(values: JsonMapping, stale: JsonMapping) -> JsonObject:
    """The values that take the `stale` fields away."""
    return {name: value for name, value in values.items() if name in stale}


def check_variables(key: Key, variables: Mapping[str, str]) -> None:
    """Checks the size of the environment variables of a function.

    Raises:
        DeclarationError: they are larger than Lambda accepts.
    """
    if (size := len(json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False).encode())) > 4096:
        raise DeclarationError(f"{key}: its environment variables are {size} bytes; Lambda accepts 4096.")


def structures(desired: JsonMapping, kept: JsonMapping) -> JsonObject:
    """The structures of a function that are declared in part, with their other live fields: each is replaced as a whole."""
    names = {"Environment", "LoggingConfig", *(["VpcConfig"] if desired.get("VpcConfig", {}).get("SubnetIds") else [])}
    return {name: comparison.merged(desired[name], kept.get(name, {})) for name in names & desired.keys()}


def needs_of_key(arn: str | None) -> dict[str, tuple[str, ...]]:
    """The permissions to deploy what a key encrypts; for all keys if its ARN is known only after it is created.

    Follows https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html and
    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    actions = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
    return {arn if arn.startswith("arn:") else "arn:*:kms:*:*:key/*": actions} if arn else {}
