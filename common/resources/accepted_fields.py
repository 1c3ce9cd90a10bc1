"""What AWS's updates take besides what we declare, spelled as AWS does; a test holds these against botocore's models.

It is written down and not looked up, because loading a model takes longer than an unchanged deploy.
"""

from collections.abc import Mapping
from typing import Any

from common.model import comparison
from common.model.comparison import fields

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
"""What UpdateFunctionConfiguration takes besides, and keeps if it is left out; the last is of UpdateFunctionCode."""
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
"""What UpdateJob takes besides what is declared, and resets if it is left out."""
CRAWLER = fields(
    *("Description", "Classifiers", "CrawlerSecurityConfiguration", "CatalogId"),
    LineageConfiguration=fields("CrawlerLineageSettings"),
    LakeFormationConfiguration=fields("UseLakeFormationCredentials", "AccountId"),
)
"""What UpdateCrawler takes besides what is declared."""
TARGET = fields("ConnectionName", "SampleSize", "EventQueueArn", "DlqEventQueueArn")
"""What is said of a target besides its path and what is left out below that."""
MACHINE = fields(encryptionConfiguration=fields("kmsKeyId", "kmsDataKeyReusePeriodSeconds", "type"))
"""What UpdateStateMachine takes besides what is declared."""
USUAL_FUNCTION: dict[str, Any] = {
    "TracingConfig": {"Mode": "PassThrough"},
    "SnapStart": {"ApplyOn": "None"},
    "LoggingConfig": {"LogFormat": "Text"},
}
"""What Lambda sets itself."""


def structures(wanted: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """A function's structures that are declared in part, with the rest of what is live in them: each is replaced as a whole."""
    names = {"LoggingConfig", *(["VpcConfig"] if wanted.get("VpcConfig", {}).get("SubnetIds") else [])} & wanted.keys()
    return {name: comparison.merged(wanted[name], kept.get(name, {})) for name in names}
