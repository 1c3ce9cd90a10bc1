"""What IAM is asked about a call: the actions, and the ARNs that AWS holds each of them to.

`NEEDS` is written by hand from IAM's reference: the action, the ARN of the resource type that AWS holds it to, and the keys that
a condition may be about. An action without a resource type is allowed only by a statement on ``*``. The embedded AWS judges calls
by it (see `enforcement`), and tests hold the printed policy to it. It knows no table of the deployer.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

HERE = "eu-central-1:123456789012"
"""Stands for the region and the account of a call, which `asked` puts in its place; tests make their calls there."""
ANY = "*"
"""The resource of an action that knows no resource type."""
BUCKET, OBJECT = "arn:aws:s3:::{Bucket}", "arn:aws:s3:::{Bucket}/{Key}"
FUNCTION, LAYER = f"arn:aws:lambda:{HERE}:function:{{FunctionName}}", f"arn:aws:lambda:{HERE}:layer:{{LayerName}}"
JOB, CRAWLER = (f"arn:aws:glue:{HERE}:{kind}/" for kind in ("job", "crawler"))
CATALOG = f"arn:aws:glue:{HERE}:catalog"
DATABASE = f"arn:aws:glue:{HERE}:database/{{Name}}"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:{{name}}"
RULE = f"arn:aws:events:{HERE}:rule/"
ROLES = "::123456789012:role"
ROLE = f"arn:aws:iam{ROLES}{{Path}}{{RoleName}}"
TABLE = f"arn:aws:dynamodb:{HERE}:table/{{TableName}}"
TOPIC = f"arn:aws:sns:{HERE}:{{Name}}"
GROUP = f"arn:aws:logs:{HERE}:log-group:{{logGroupName}}"
STREAM = f"{GROUP}:log-stream:{{logStreamName}}"


@dataclass(frozen=True)
class Need:
    """One action on one resource.

    Args:
        action: as a policy names it.
        arn: of the resource, with the call's parameters in braces; of each, where a parameter is a list of them.
        context: what the keys of a condition have, by key; also with parameters.
        given: only a call that has this parameter has the need; that of a parameter after a dot.
    """

    action: str
    arn: str = ANY
    context: Mapping[str, str] = field(default_factory=dict)
    given: str = ""


@dataclass(frozen=True)
class Asked:
    """A need of one call: what IAM is asked."""

    action: str
    arn: str
    context: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.action} on {self.arn}"


def each(actions: str, *arns: str) -> tuple[Need, ...]:
    """Every one of these actions on every one of these resources."""
    return tuple(Need(action, arn) for action in actions.split() for arn in arns or (ANY,))


def passed(role: str, service: str, parameter: str = "") -> Need:
    """Handing a role to a service."""
    return Need("iam:PassRole", role, {"iam:PassedToService": f"{service}.amazonaws.com"}, parameter)


def same(service: str, operations: str, *arns: str) -> dict[str, tuple[Need, ...]]:
    """Operations that need the action of the same name."""
    prefix = {"stepfunctions": "states"}.get(service, service)
    return {f"{service}:{name}": each(f"{prefix}:{name}", *arns) for name in operations.split()}


_NETWORK = tuple(Need(f"ec2:Describe{what}", ANY, given="VpcConfig.SubnetIds") for what in ("SecurityGroups", "Subnets", "Vpcs"))
_DELIVERY = tuple(
    Need(f"logs:{verb}", ANY, given="loggingConfiguration")
    for verb in (
        *("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries"),
        *("PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"),
    )
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""
_LAYERS = Need("lambda:GetLayerVersion", "{Layers}", given="Layers")

NEEDS: Mapping[str, tuple[Need, ...]] = {
    "sts:GetCallerIdentity": (),  # needs no permission
    "resourcegroupstaggingapi:GetResources": each("tag:GetResources"),
    "ssm:GetParameters": each("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter{{Names[0]}}"),
    "service-quotas:GetServiceQuota": each("servicequotas:GetServiceQuota dynamodb:DescribeLimits"),
    "service-quotas:ListAWSDefaultServiceQuotas": each("servicequotas:ListAWSDefaultServiceQuotas"),
    **same("iam", "GetPolicy GetPolicyVersion", "{PolicyArn}"),
    # S3, of buckets
    "s3:DeleteBucketTagging": each("s3:PutBucketTagging", BUCKET),
    "s3:ListBuckets": each("s3:ListAllMyBuckets"),
    "s3:HeadBucket": each("s3:ListBucket", BUCKET),
    "s3:ListObjectsV2": each("s3:ListBucket", BUCKET),
    "s3:ListObjectVersions": each("s3:ListBucketVersions", BUCKET),
    "s3:GetBucketEncryption": each("s3:GetEncryptionConfiguration", BUCKET),
    "s3:PutBucketEncryption": each("s3:PutEncryptionConfiguration", BUCKET),
    "s3:GetPublicAccessBlock": each("s3:GetBucketPublicAccessBlock", BUCKET),
    "s3:PutPublicAccessBlock": each("s3:PutBucketPublicAccessBlock", BUCKET),
    "s3:GetBucketNotificationConfiguration": each("s3:GetBucketNotification", BUCKET),
    "s3:PutBucketNotificationConfiguration": each("s3:PutBucketNotification", BUCKET),
    "s3:GetBucketLifecycleConfiguration": each("s3:GetLifecycleConfiguration", BUCKET),
    "s3:GetBucketCors": each("s3:GetBucketCORS", BUCKET),
    "s3:GetBucketAccelerateConfiguration": each("s3:GetAccelerateConfiguration", BUCKET),
    "s3:GetBucketReplication": each("s3:GetReplicationConfiguration", BUCKET),
    "s3:GetObjectLockConfiguration": each("s3:GetBucketObjectLockConfiguration", BUCKET),
    **same("s3", "GetBucketWebsite GetBucketLogging GetBucketRequestPayment", BUCKET),
    **same("s3", "CreateBucket DeleteBucket GetBucketOwnershipControls PutBucketOwnershipControls GetBucketTagging", BUCKET),
    **same("s3", "GetBucketPolicy PutBucketPolicy GetBucketVersioning PutBucketVersioning PutBucketTagging", BUCKET),
    # S3, of objects. Of one that is not there, AWS says so only to whoever may list the bucket.
    "s3:GetObject": (
        *each("s3:GetObject", OBJECT),
        Need("s3:GetObjectVersion", OBJECT, given="VersionId"),
        *each("s3:ListBucket", BUCKET),
    ),
    "s3:HeadObject": each("s3:GetObject", OBJECT) + each("s3:ListBucket", BUCKET),
    "s3:GetObjectTagging": each("s3:GetObjectTagging", OBJECT) + each("s3:ListBucket", BUCKET),
    "s3:PutObjectTagging": each("s3:PutObjectTagging", OBJECT) + each("s3:ListBucket", BUCKET),
    "s3:PutObject": (
        *each("s3:PutObject", OBJECT),
        Need("s3:PutObjectTagging", OBJECT, given="Tagging"),
        Need("s3:GetObject", OBJECT, given="IfMatch"),
    ),
    "s3:DeleteObject": (*each("s3:DeleteObject", OBJECT), Need("s3:GetObject", OBJECT, given="IfMatch")),
    "s3:DeleteObjects": each("s3:DeleteObject s3:DeleteObjectVersion", "arn:aws:s3:::{Bucket}/{Delete[Objects][0][Key]}"),
    # Lambda
    **same("lambda", "GetAccountSettings ListFunctions ListLayers ListLayerVersions"),
    **same("lambda", "DeleteFunction", FUNCTION),
    **same("lambda", "TagResource UntagResource", "{Resource}"),
    "lambda:CreateFunction": (
        *each("lambda:CreateFunction lambda:TagResource", FUNCTION),
        passed("{Role}", "lambda"),
        Need("s3:GetObject", "arn:aws:s3:::{Code[S3Bucket]}/{Code[S3Key]}"),
        _LAYERS,
        *_NETWORK,
    ),
    "lambda:GetFunction": each("lambda:GetFunction lambda:ListTags", FUNCTION),
    "lambda:Invoke": each("lambda:InvokeFunction", FUNCTION),
    "lambda:UpdateFunctionCode": (
        *each("lambda:UpdateFunctionCode", FUNCTION),
        Need("s3:GetObject", "arn:aws:s3:::{S3Bucket}/{S3Key}"),
    ),
    **same("lambda", "DeleteFunctionConcurrency PutFunctionConcurrency", FUNCTION),
    "lambda:UpdateFunctionConfiguration": (
        *each("lambda:UpdateFunctionConfiguration", FUNCTION),
        passed("{Role}", "lambda", parameter="Role"),
        _LAYERS,
        *_NETWORK,
    ),
    "lambda:PublishLayerVersion": (
        *each("lambda:PublishLayerVersion", LAYER),
        Need("s3:GetObject", "arn:aws:s3:::{Content[S3Bucket]}/{Content[S3Key]}"),
    ),
    **same("lambda", "DeleteLayerVersion", f"{LAYER}:{{VersionNumber}}"),
    # Glue
    **same(
        "athena",
        "StartQueryExecution StopQueryExecution GetQueryExecution GetQueryResults GetWorkGroup",
        f"arn:aws:athena:{HERE}:workgroup/primary",
    ),
    **same("glue", "ListCrawlers ListJobs GetCrawlers GetJobs"),
    "cloudwatch:GetMetricData": each("cloudwatch:GetMetricData"),
    **same("glue", "GetDatabases", CATALOG, f"arn:aws:glue:{HERE}:database/default"),
    **same("glue", "DeleteJob GetJob GetJobRun GetJobRuns StartJobRun", f"{JOB}{{JobName}}"),
    **same("glue", "GetTags TagResource UntagResource", "{ResourceArn}"),
    **same("glue", "DeleteCrawler GetCrawler StartCrawler StopCrawler", f"{CRAWLER}{{Name}}"),
    **same("glue", "GetDatabase UpdateDatabase", DATABASE, CATALOG),
    "glue:CreateJob": (*each("glue:CreateJob glue:TagResource", f"{JOB}{{Name}}"), passed("{Role}", "glue")),
    "glue:UpdateJob": (*each("glue:UpdateJob", f"{JOB}{{JobName}}"), passed("{JobUpdate[Role]}", "glue")),
    "glue:CreateCrawler": (
        # Knows no resource type, and its tags.
        Need("glue:CreateCrawler", ANY, {"aws:RequestTag/deployer:environment": "{Tags[deployer:environment]}"}),
        *each("glue:TagResource", f"{CRAWLER}{{Name}}"),
        passed("{Role}", "glue"),
    ),
    "glue:UpdateCrawler": (*each("glue:UpdateCrawler", f"{CRAWLER}{{Name}}"), passed("{Role}", "glue")),
    "glue:CreateDatabase": each("glue:CreateDatabase glue:TagResource", f"arn:aws:glue:{HERE}:database/{{DatabaseInput[Name]}}")
    + each("glue:CreateDatabase", CATALOG),
    "glue:DeleteDatabase": each(
        "glue:DeleteDatabase",
        *(DATABASE, CATALOG, f"arn:aws:glue:{HERE}:table/{{Name}}/any", f"arn:aws:glue:{HERE}:userDefinedFunction/{{Name}}/any"),
    ),
    # Step Functions
    **same("stepfunctions", "ListStateMachines ValidateStateMachineDefinition"),
    **same("stepfunctions", "DeleteStateMachine DescribeStateMachine ListExecutions StartExecution", "{stateMachineArn}"),
    **same("stepfunctions", "ListTagsForResource TagResource UntagResource", "{resourceArn}"),
    **same("stepfunctions", "DescribeExecution DescribeStateMachineForExecution GetExecutionHistory", "{executionArn}"),
    **same("stepfunctions", "RedriveExecution StopExecution", "{executionArn}"),
    "stepfunctions:CreateStateMachine": (
        *each("states:CreateStateMachine states:TagResource", MACHINE),
        passed("{roleArn}", "states"),
        *_DELIVERY,
    ),
    "stepfunctions:UpdateStateMachine": (
        *each("states:UpdateStateMachine", "{stateMachineArn}"),
        passed("{roleArn}", "states"),
        *_DELIVERY,
    ),
    # EventBridge
    **same("events", "ListRules"),
    **same("events", "DeleteRule DescribeRule", f"{RULE}{{Name}}"),
    **same("events", "ListTargetsByRule RemoveTargets", f"{RULE}{{Rule}}"),
    **same("events", "ListTagsForResource TagResource UntagResource", "{ResourceARN}"),
    "events:PutRule": each("events:PutRule events:TagResource", f"{RULE}{{Name}}"),
    "events:PutTargets": (*each("events:PutTargets", f"{RULE}{{Rule}}"), passed("{Targets[0][RoleArn]}", "events")),
    # IAM
    **same("iam", "ListRoles GetAccountSummary"),
    **same("iam", "DeleteRole TagRole UntagRole UpdateAssumeRolePolicy PutRolePolicy DeleteRolePolicy", ROLE),
    **same("iam", "GetRolePolicy ListRolePolicies AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies", ROLE),
    **same("iam", "PutRolePermissionsBoundary DeleteRolePermissionsBoundary", ROLE),
    # Of one that does not exist IAM does not know the path.
    **same("iam", "GetRole", ROLE, "arn:aws:iam::123456789012:role/{RoleName}"),
    "iam:CreateRole": each("iam:CreateRole iam:TagRole", ROLE),
    # DynamoDB
    **same("dynamodb", "ListTables"),
    **same("dynamodb", "DeleteTable DescribeTable DescribeContinuousBackups UpdateContinuousBackups UpdateTable", TABLE),
    **same("dynamodb", "DescribeTimeToLive UpdateTimeToLive", TABLE),
    **same("dynamodb", "ListTagsOfResource TagResource UntagResource", "{ResourceArn}"),
    "dynamodb:CreateTable": each("dynamodb:CreateTable dynamodb:TagResource", TABLE),
    # SNS
    **same("sns", "ListTopics"),
    **same("sns", "DeleteTopic GetTopicAttributes SetTopicAttributes", "{TopicArn}"),
    **same("sns", "ListTagsForResource TagResource UntagResource", "{ResourceArn}"),
    "sns:CreateTopic": each("sns:CreateTopic sns:TagResource", TOPIC),
    # CloudWatch Logs
    **same("logs", "DescribeLogGroups"),
    **same("logs", "DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy FilterLogEvents", GROUP, f"{GROUP}:*"),
    **same("logs", "AssociateKmsKey DisassociateKmsKey", GROUP, f"{GROUP}:*"),
    **same("logs", "PutLogGroupDeletionProtection", f"arn:aws:logs:{HERE}:log-group:{{logGroupIdentifier}}"),
    **same("logs", "GetLogEvents", STREAM),
    **same("logs", "ListTagsForResource TagResource UntagResource", "{resourceArn}"),
    "logs:CreateLogGroup": each("logs:CreateLogGroup logs:TagResource", GROUP),
}


def asked(call: str, parameters: Mapping[str, Any], here: str = HERE) -> Iterator[Asked]:
    """What IAM is asked when this call is made with these parameters in this region and account."""
    for need in NEEDS[call]:
        outer, _, inner = need.given.partition(".")
        value = parameters.get(outer)
        if need.given and not (value.get(inner) if value and inner else value):
            continue
        context = {key: text.format_map(parameters) for key, text in need.context.items()}
        many = parameters.get(need.arn.strip("{}"))
        for arn in many if isinstance(many, list) else [need.arn.format_map(parameters)]:
            yield Asked(need.action, arn.replace(HERE, here).replace(ROLES, f"::{here.partition(':')[2]}:role"), context)
