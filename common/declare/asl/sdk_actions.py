"""The IAM actions that the calls of `aws-sdk:` integrations need.

Most actions have the name of the operation, and their prefix is the name with which requests are signed, which botocore knows.
The differences are listed here. An action that IAM does not know is never granted: policies with it allow nothing.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Mapping

from common.aws import api_models, sdk_services

PREFIXES: Mapping[str, str] = {
    "apigatewaymanagementapi": "execute-api",
    "cloudcontrol": "cloudformation",
    "cloudwatch": "cloudwatch",
    "iot-data": "iot",
    "iotsecuretunneling": "iot",
    "keyspacesstreams": "cassandra",
    "resourcegroupstaggingapi": "tag",
    "sso": "sso",
}
"""The prefixes of services, by their names in botocore, that differ from the names with which requests are signed."""
_SAME = (
    *("athena", "batch", "cloudformation", "cloudwatch", "codebuild", "comprehend", "dynamodb", "ec2", "ecs", "eks", "firehose"),
    *("glue", "iam", "kinesis", "kms", "lambda", "polly", "rds", "rekognition", "s3", "sagemaker", "scheduler", "secretsmanager"),
    *("sns", "sqs", "ssm", "sts", "textract", "transcribe", "translate"),
)
OFTEN: Mapping[str, str] = {
    **{name: name for name in _SAME},
    "bedrock": "bedrock",
    "bedrockruntime": "bedrock",
    "cloudwatchlogs": "logs",
    "emr": "elasticmapreduce",
    "emrserverless": "emr-serverless",
    "eventbridge": "events",
    "rdsdata": "rds-data",
    "redshiftdata": "redshift-data",
    "sfn": "states",
}
"""The prefixes of services that are called often, by their names in integrations, so that no model has to be read."""


def _s3() -> dict[str, tuple[str, ...]]:
    """S3 drops `Bucket` from the names of most actions, and deletes a configuration with the action that puts one."""
    differ: dict[str, tuple[str, ...]] = {
        "CompleteMultipartUpload": ("PutObject",),
        "CopyObject": ("GetObject", "PutObject"),
        "CreateMultipartUpload": ("PutObject",),
        "DeleteBucketCors": ("PutBucketCORS",),
        "DeleteBucketLifecycle": ("PutLifecycleConfiguration",),
        "DeleteBucketOwnershipControls": ("PutBucketOwnershipControls",),
        "DeleteBucketTagging": ("PutBucketTagging",),
        "DeleteObjects": ("DeleteObject",),
        "DeletePublicAccessBlock": ("PutBucketPublicAccessBlock",),
        "GetBucketLifecycle": ("GetLifecycleConfiguration",),
        "GetBucketNotificationConfiguration": ("GetBucketNotification",),
        "GetObjectAttributes": ("GetObject", "GetObjectAttributes"),
        "GetObjectLockConfiguration": ("GetBucketObjectLockConfiguration",),
        "GetPublicAccessBlock": ("GetBucketPublicAccessBlock",),
        "HeadBucket": ("ListBucket",),
        "HeadObject": ("GetObject",),
        "ListBuckets": ("ListAllMyBuckets",),
        "ListMultipartUploads": ("ListBucketMultipartUploads",),
        "ListObjects": ("ListBucket",),
        "ListObjectsV2": ("ListBucket",),
        "ListObjectVersions": ("ListBucketVersions",),
        "ListParts": ("ListMultipartUploadParts",),
        "PutBucketLifecycle": ("PutLifecycleConfiguration",),
        "PutBucketNotificationConfiguration": ("PutBucketNotification",),
        "PutObjectLockConfiguration": ("PutBucketObjectLockConfiguration",),
        "PutPublicAccessBlock": ("PutBucketPublicAccessBlock",),
        "SelectObjectContent": ("GetObject",),
        "UploadPart": ("PutObject",),
        "UploadPartCopy": ("GetObject", "PutObject"),
    }
    configurations = {
        "Accelerate": "AccelerateConfiguration",
        "Analytics": "AnalyticsConfiguration",
        "Encryption": "EncryptionConfiguration",
        "IntelligentTiering": "IntelligentTieringConfiguration",
        "Inventory": "InventoryConfiguration",
        "Lifecycle": "LifecycleConfiguration",
        "Metrics": "MetricsConfiguration",
        "Replication": "ReplicationConfiguration",
    }
    for name, action in configurations.items():
        for ending in ("Configuration", "Configurations", ""):
            for verb, allowed in (("Get", "Get"), ("List", "Get"), ("Put", "Put"), ("Delete", "Put")):
                differ.setdefault(f"{verb}Bucket{name}{ending}", (f"{allowed}{action}",))
    return differ


DIFFERENT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "bedrock": {
        **dict.fromkeys(("Converse", "StartAsyncInvoke"), ("InvokeModel",)),
        **dict.fromkeys(("ConverseStream", "InvokeModelWithBidirectionalStream"), ("InvokeModelWithResponseStream",)),
        "RetrieveAndGenerateStream": ("RetrieveAndGenerate",),
    },
    "budgets": {
        **dict.fromkeys(
            (f"{verb}{what}" for verb in ("Create", "Delete", "Update") for what in ("Budget", "Notification", "Subscriber")),
            ("ModifyBudget",),
        ),
        **dict.fromkeys(("DescribeBudget", "DescribeBudgets", "DescribeBudgetPerformanceHistory"), ("ViewBudget",)),
    },
    "cassandra": {
        **dict.fromkeys(("CreateKeyspace", "CreateTable", "CreateType"), ("Create",)),
        **dict.fromkeys(("DeleteKeyspace", "DeleteTable", "DeleteType"), ("Drop",)),
        **dict.fromkeys(("GetKeyspace", "GetTable", "GetType", "ListKeyspaces", "ListTables", "ListTypes"), ("Select",)),
        **dict.fromkeys(("UpdateKeyspace", "UpdateTable"), ("Alter",)),
        "RestoreTable": ("Restore",),
    },
    "dynamodb": {
        **dict.fromkeys(
            ("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction"),
            ("PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"),
        ),
        "TransactGetItems": ("GetItem",),
        "TransactWriteItems": ("ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"),
    },
    "execute-api": dict.fromkeys(("DeleteConnection", "GetConnection", "PostToConnection"), ("ManageConnections",)),
    "kms": {"ReEncrypt": ("ReEncryptFrom", "ReEncryptTo")},
    "lambda": {"Invoke": ("InvokeFunction",), "InvokeWithResponseStream": ("InvokeFunction",)},
    "s3": _s3(),
    "sns": {"PublishBatch": ("Publish",)},
    "sqs": {
        "ChangeMessageVisibilityBatch": ("ChangeMessageVisibility",),
        "DeleteMessageBatch": ("DeleteMessage",),
        "SendMessageBatch": ("SendMessage",),
    },
    "timestream": {"Query": ("Select",)},
}
"""The actions of operations without an action of their name, by prefix and operation."""


def prefix_of(service: str) -> str:
    """The prefix of the IAM actions of a service, by its name in integrations; the name itself if there is no such service."""
    if service in OFTEN:
        return OFTEN[service]
    name = sdk_services.service_of(service)
    if name is None:
        return service
    return PREFIXES.get(name) or api_models.signing_name(name)


def actions_of(prefix: str, operation: str) -> tuple[str, ...]:
    """The IAM actions that a call of an operation needs, as far as the names tell; they may not exist."""
    return tuple(f"{prefix}:{name}" for name in DIFFERENT.get(prefix, {}).get(operation, (operation,)))
