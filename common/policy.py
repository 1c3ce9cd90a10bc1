"""The policy that whoever deploys an environment needs: every call that the deployer makes, on that environment's names alone.

Names begin with the environment's prefix, so almost every permission can be held to them; what AWS does not let be narrowed
stands in one statement of its own. Print it with `invoke policy`, and give it to the role of your CI.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
from typing import Any

from common.config import Environment
from common.permissions import Statement, allow

ACTIONS = {
    "resourcegroupstaggingapi:GetResources": ("tag:GetResources",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:PutObject": ("s3:PutObject", "s3:PutObjectTagging"),
    "s3:GetObject": ("s3:GetObject", "s3:GetObjectVersion"),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:DeleteObject": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:CreateBucket": ("s3:CreateBucket", "s3:PutBucketTagging", "s3:TagResource"),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
    "s3:PutBucketNotificationConfiguration": ("s3:PutBucketNotification",),
    "s3:PutBucketTagging": ("s3:PutBucketTagging", "s3:TagResource"),
    "sts:GetCallerIdentity": (),
    "lambda:CreateFunction": ("lambda:CreateFunction", "lambda:TagResource"),
    "lambda:GetFunction": ("lambda:GetFunction", "lambda:ListTags"),
    "glue:CreateJob": ("glue:CreateJob", "glue:TagResource"),
    "glue:CreateCrawler": ("glue:CreateCrawler", "glue:TagResource"),
    "glue:CreateDatabase": ("glue:CreateDatabase", "glue:TagResource"),
    "iam:CreateRole": ("iam:CreateRole", "iam:TagRole"),
    "dynamodb:CreateTable": ("dynamodb:CreateTable", "dynamodb:TagResource"),
    "sns:CreateTopic": ("sns:CreateTopic", "sns:TagResource", "sns:SetTopicAttributes"),
    "logs:CreateLogGroup": ("logs:CreateLogGroup", "logs:TagResource"),
    "stepfunctions:CreateStateMachine": ("states:CreateStateMachine", "states:TagResource"),
    "events:PutRule": ("events:PutRule", "events:TagResource"),
}
"""What an operation needs where that is not the action of the same name."""
PREFIXES = {"stepfunctions": "states", "resourcegroupstaggingapi": "tag"}
OPERATIONS = {
    "s3": (
        *(
            "CreateBucket",
            "DeleteBucket",
            "HeadBucket",
            "ListObjectsV2",
            "ListObjectVersions",
            "GetBucketTagging",
            "PutBucketTagging",
        ),
        *("GetBucketEncryption", "PutBucketEncryption", "GetBucketPolicy", "PutBucketPolicy", "GetBucketVersioning"),
        *("PutBucketVersioning", "GetBucketOwnershipControls", "PutBucketOwnershipControls", "GetPublicAccessBlock"),
        *("PutPublicAccessBlock", "GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration"),
        *("GetObject", "HeadObject", "PutObject", "DeleteObject", "DeleteObjects", "GetObjectTagging"),
    ),
    "lambda": (
        *("CreateFunction", "DeleteFunction", "GetFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "TagResource"),
        *("PublishLayerVersion", "GetLayerVersion", "ListLayerVersions", "DeleteLayerVersion"),
    ),
    "glue": (
        *("CreateJob", "UpdateJob", "DeleteJob", "GetJob", "GetJobRun", "GetJobRuns", "GetTags", "TagResource"),
        *("CreateCrawler", "UpdateCrawler", "DeleteCrawler", "GetCrawler", "StopCrawler"),
        *("CreateDatabase", "UpdateDatabase", "DeleteDatabase", "GetDatabase"),
    ),
    "stepfunctions": (
        *("CreateStateMachine", "UpdateStateMachine", "DeleteStateMachine", "DescribeStateMachine", "ListTagsForResource"),
        *(
            "TagResource",
            "StartExecution",
            "ListExecutions",
            "DescribeExecution",
            "DescribeStateMachineForExecution",
            "GetExecutionHistory",
        ),
    ),
    "iam": (
        *("CreateRole", "DeleteRole", "GetRole", "TagRole", "UpdateAssumeRolePolicy", "PutRolePolicy", "DeleteRolePolicy"),
        *("GetRolePolicy", "ListRolePolicies", "AttachRolePolicy", "DetachRolePolicy", "ListAttachedRolePolicies"),
        *("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
    ),
    "dynamodb": (
        *("CreateTable", "UpdateTable", "DeleteTable", "DescribeTable", "DescribeContinuousBackups", "UpdateContinuousBackups"),
        *("ListTagsOfResource", "TagResource"),
    ),
    "sns": ("CreateTopic", "DeleteTopic", "GetTopicAttributes", "ListTagsForResource", "TagResource"),
    "events": (
        *("PutRule", "DeleteRule", "DescribeRule", "PutTargets", "RemoveTargets", "ListTargetsByRule", "ListTagsForResource"),
        *("TagResource",),
    ),
    "logs": (
        *("CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "ListTagsForResource", "TagResource", "GetLogEvents"),
        *("FilterLogEvents",),
    ),
    "ssm": ("GetParameters",),
}
"""Every operation that is on resources of the environment's own."""
EVERYWHERE = {
    "sts": ("GetCallerIdentity",),
    "resourcegroupstaggingapi": ("GetResources",),
    "iam": ("ListRoles",),
    "lambda": ("ListFunctions", "ListLayers"),
    "logs": ("DescribeLogGroups",),
    # Lambda asks these itself, with the credentials of whoever puts a function into a network.
    "ec2": ("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"),
}
"""Operations that AWS does not let be narrowed to resources. None of them changes anything."""
LOG_DELIVERY = ("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries")


def deployer(env: Environment) -> dict[str, Any]:
    """The IAM policy document for deploying, running and removing one environment."""
    resources = _resources(env)
    statements = [allow(_actions(service, operations), resources[service]) for service, operations in OPERATIONS.items()]
    everywhere = [action for service, operations in EVERYWHERE.items() for action in _actions(service, operations)]
    delivery = [f"logs:{name}" for name in (*LOG_DELIVERY, "DescribeResourcePolicies", "PutResourcePolicy")]
    return {
        "Version": "2012-10-17",
        "Statement": [*statements, allow([*everywhere, *delivery], ["*"]), *_foreign_layers(env), *_pass_role(env)],
    }


def text(env: Environment) -> str:
    """The policy as JSON."""
    return json.dumps(deployer(env), indent=2)


def actions_of(call: str) -> tuple[str, ...]:
    """The IAM actions that one call needs, as in ``actions_of("s3:HeadBucket")``."""
    service, _, operation = call.partition(":")
    return ACTIONS.get(call, (f"{PREFIXES.get(service, service)}:{operation}",))


def _actions(service: str, operations: tuple[str, ...]) -> list[str]:
    return [action for operation in operations for action in actions_of(f"{service}:{operation}")]


def _resources(env: Environment) -> dict[str, list[str]]:
    prefix, underscored = env.name_prefix, env.name_prefix.replace("-", "_")
    catalog = [
        env.arn("glue", "catalog"),
        env.arn("glue", f"database/{underscored}_*"),
        env.arn("glue", f"table/{underscored}_*"),
    ]
    buckets = [env.artifact_bucket, f"{prefix}-*-{env.account_id}"]
    groups = (f"/aws/lambda/{prefix}-*", f"/aws/vendedlogs/states/{prefix}", f"/{prefix}/*", "/aws-glue/*")
    machines = [env.arn("states", f"{kind}:{prefix}-*") for kind in ("stateMachine", "execution")]
    paths = {
        value.removeprefix("ssm:").lstrip("/")
        for one in env.projects.values()
        for value in one.parameters.values()
        if value.startswith("ssm:")
    }
    return {
        "s3": [arn for bucket in buckets for arn in (env.bucket_arn(bucket), env.bucket_arn(bucket, "*"))],
        "lambda": [env.arn("lambda", f"{name}:{prefix}-*") for name in ("function", "layer")],
        "glue": [*catalog, env.arn("glue", f"job/{prefix}-*"), env.arn("glue", f"crawler/{prefix}-*")],
        "stepfunctions": machines,
        "iam": [env.role_arn("*", "*")],
        "dynamodb": [env.arn("dynamodb", f"table/{prefix}-*")],
        "sns": [env.arn("sns", f"{prefix}-*")],
        "events": [env.arn("events", f"rule/{prefix}-*")],
        "logs": [
            arn for group in groups for arn in (env.arn("logs", f"log-group:{group}"), env.arn("logs", f"log-group:{group}:*"))
        ],
        "ssm": [env.arn("ssm", f"parameter/{path}") for path in sorted(paths)] or [env.arn("ssm", f"parameter/{prefix}/*")],
    }


def _foreign_layers(env: Environment) -> list[Statement]:
    """Giving functions the layers of others that configuration names."""
    named = {arn for project in env.projects.values() for settings in project.functions.values() for arn in settings.layers}
    named |= set(env.defaults.function.layers)
    return [allow(["lambda:GetLayerVersion"], named)] if named else []


def _pass_role(env: Environment) -> list[Statement]:
    """Handing the environment's roles, managed and configured, to the services that run with them, and to no other."""
    services = ("events", "glue", "lambda", "states")
    condition = {"StringEquals": {"iam:PassedToService": [f"{service}.amazonaws.com" for service in services]}}
    configured = set(env.roles.arns.values()) | {
        settings.role
        for project in env.projects.values()
        for section in (project.functions, project.jobs, project.crawlers, project.state_machines, project.triggers)
        for settings in section.values()
        if settings.role
    }
    return [{**allow(["iam:PassRole"], [env.role_arn("*", "*"), *configured]), "Condition": condition}]
