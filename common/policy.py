"""The policy that whoever deploys an environment needs: every call that the deployer makes, on that environment's names alone.

Names begin with the environment's prefix, so almost every permission can be held to them; what AWS does not let be narrowed
stands in one statement of its own. Roles and layers of others may be named in many places, so the declarations are asked which
of them are used. Print it with `invoke policy`, and give it to the role of your CI.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from common import projects
from common.config import Environment
from common.permissions import Statement, allow
from common.resource import Resource
from common.resources.crawler import Crawler
from common.resources.function import Function
from common.resources.job import Job
from common.resources.role import Role
from common.resources.rule import Rule
from common.resources.state_machine import StateMachine
from common.screen import Screen, say
from common.session import Choices, Session

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
BOUNDED = (
    *("AttachRolePolicy", "CreateRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy"),
)
"""Where a permissions boundary is configured: only on roles that have it, or are given it by the call."""
UNBINDING = "DeleteRolePermissionsBoundary"
"""Then nobody's; to do without a boundary again, take it out of the configuration and print the policy anew."""
MANAGED_POLICY = 6144
"""Characters besides white space that IAM accepts in one."""
LOG_DELIVERY = ("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries")


def show(root: Path, choices: Choices) -> None:
    """Prints the policy as JSON; on standard error that it is too long for one policy, if it is. Asks AWS nothing."""
    session = Session(root, choices, (), lambda _: None)
    env = session.configured
    declared = projects.load(root, env, session.projects)
    document = deployer(env, [one for pipeline in declared for one in pipeline.resources()])
    Screen().object(document, indent=2)
    if (length := len("".join(json.dumps(document).split()))) > MANAGED_POLICY:
        say(
            f"note: a managed policy may have {MANAGED_POLICY} characters besides white space; these are {length}. "
            "Spread the statements over two policies, and attach both."
        )


def deployer(env: Environment, resources: Iterable[Resource]) -> dict[str, Any]:
    """The IAM policy document for deploying, running and removing one environment, with the resources that it declares."""
    ours, declared = _resources(env), list(resources)
    named = [
        allow(_actions(service, operations), ours[service]) for service, operations in OPERATIONS.items() if service != "iam"
    ]
    everywhere = [action for service, operations in EVERYWHERE.items() for action in _actions(service, operations)]
    delivery = [f"logs:{name}" for name in (*LOG_DELIVERY, "DescribeResourcePolicies", "PutResourcePolicy")]
    theirs = [*_foreign_layers(declared), _pass_role(env, declared)]
    statements = [*named, *_roles(env), allow([*everywhere, *delivery], ["*"]), *theirs]
    return {"Version": "2012-10-17", "Statement": statements}


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
        env.arn("glue", f"userDefinedFunction/{underscored}_*"),  # a database goes with all that is in it
    ]
    buckets = [env.artifact_bucket, f"{prefix}-*-{env.account_id}"]
    groups = (f"/aws/lambda/{prefix}-*", f"/aws/vendedlogs/states/{prefix}", f"/{prefix}/*", "/aws-glue/*")
    machines = [env.arn("states", f"{kind}:{prefix}-*") for kind in ("stateMachine", "execution")]
    paths = {
        value.removeprefix("ssm:").lstrip("/").partition(":")[0]  # a version or label is no part of the name
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


def _roles(env: Environment) -> list[Statement]:
    """Managing the environment's roles. Where they have a boundary, nobody gets more by a role of theirs than it allows."""
    boundary, roles = env.roles.permissions_boundary, [env.role_arn("*", "*")]
    if boundary is None:
        return [allow(_actions("iam", OPERATIONS["iam"]), roles)]
    free = tuple(one for one in OPERATIONS["iam"] if one not in {*BOUNDED, UNBINDING})
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    return [
        allow(_actions("iam", free), roles),
        {**allow([f"iam:{one}" for one in BOUNDED], roles), "Condition": condition},
    ]


def _foreign_layers(resources: list[Resource]) -> list[Statement]:
    """Giving functions the layers of others that they name."""
    named = {arn for one in resources if isinstance(one, Function) for arn in one.settings.layers}
    return [allow(["lambda:GetLayerVersion"], named)] if named else []


def _pass_role(env: Environment, resources: list[Resource]) -> Statement:
    """Handing the environment's roles, and the existing ones that are used, to the services that run with them alone."""
    services = ("events", "glue", "lambda", "states")
    condition = {"StringEquals": {"iam:PassedToService": [f"{service}.amazonaws.com" for service in services]}}
    running = {one.role_arn for one in resources if isinstance(one, Function | Job | Crawler | StateMachine | Rule)}
    given = running - {one.arn for one in resources if isinstance(one, Role)}
    return {**allow(["iam:PassRole"], [env.role_arn("*", "*"), *given]), "Condition": condition}
