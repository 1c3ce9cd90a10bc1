"""Builds the IAM statements of a resource's role, from what its declaration reads and writes and from where it runs.

The statements of a state machine follow from its definition: see `integrations`.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from common.base.json_types import JsonObject
from common.environment.config import Environment
from common.resources import kind_of

Statement = JsonObject

SPECIAL_CHARACTERS = re.compile(r"[*?]|\$(?=\{)")
"""Matches the characters that have a special meaning in a policy."""


def allow(actions: Iterable[str], resources: Iterable[str]) -> Statement:
    """Returns a statement in a fixed order, so that equal permissions are equal states."""
    return {"Effect": "Allow", "Action": sorted(set(actions)), "Resource": sorted(set(resources))}


def literal(text: str) -> str:
    """Escapes a text so that IAM reads no patterns or variables in it."""
    return SPECIAL_CHARACTERS.sub(lambda match: f"${{{match[0]}}}", text)


def logs(group_arns: Iterable[str]) -> Statement:
    """Allows writing to existing log groups.

    CreateLogGroup is not allowed, so that no group is created again without its retention.
    """
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{arn}:*" for arn in group_arns])


def glue_logs(env: Environment, *names: str) -> Statement:
    """Allows writing to Glue's own log groups, which all jobs of an account share and the first one creates."""
    groups = [env.arn("logs", f"log-group:/aws-glue/{name}") for name in names]
    arns = [arn for group in groups for arn in (group, f"{group}:*")]
    return allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], arns)


def shell_logs(env: Environment) -> Statement:
    """Allows writing to the log groups of python-shell jobs."""
    return glue_logs(env, "python-jobs/error", "python-jobs/output")


def artifacts(env: Environment, beginning: str) -> Iterator[Statement]:
    """Allows reading the script of a job and what it imports, whose names continue with a dot."""
    yield allow(["s3:GetObject"], [env.bucket_arn(env.artifact_bucket, f"{beginning}{end}") for end in ("/*", ".*")])
    if env.others_bucket and env.others_bucket.kms_key:
        yield allow(kind_of("key").reads, [env.others_bucket.kms_key])


def script(env: Environment, uri: str) -> Statement:
    """Allows reading the script of an imported job, which stays where it is."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return allow(["s3:GetObject"], [env.bucket_arn(bucket, literal(key))])


def log_delivery() -> Statement:
    """Allows Step Functions to deliver its logs; these operations support no narrower resource."""
    deliveries = ("CreateLogDelivery", "DeleteLogDelivery", "GetLogDelivery", "ListLogDeliveries", "UpdateLogDelivery")
    policies = ("DescribeLogGroups", "DescribeResourcePolicies", "PutResourcePolicy")
    return allow([f"logs:{verb}" for verb in (*deliveries, *policies)], ["*"])


def own_key(arn: str) -> Statement:
    """Allows the use of the key that encrypts the resource itself.

    Follows https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    return allow(kind_of("key").writes, [arn])


def file_system(access_point: str) -> Statement:
    """Allows a function to mount a file system by one access point, and to write there.

    Follows https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem-efs.html and
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-security-iam.html
    """
    verbs = ("ClientMount", "ClientWrite")
    if ":s3files:" in access_point:
        return allow([f"s3files:{verb}" for verb in verbs], [access_point.partition("/access-point/")[0]])
    condition = {"StringEquals": {"elasticfilesystem:AccessPointArn": access_point}}
    return {**allow([f"elasticfilesystem:{verb}" for verb in verbs], ["*"]), "Condition": condition}


def tracing() -> Statement:
    """Allows sending traces; these operations support no narrower resource."""
    verbs = ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")
    return allow([f"xray:{verb}" for verb in verbs], ["*"])


def network_interfaces(function_arn: str) -> list[Statement]:
    """Allows Lambda to attach a function to a network, and denies it to the code of the function itself.

    Follows https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    verbs = ("AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces")
    placing = allow([f"ec2:{verb}" for verb in (*verbs, "DescribeSubnets", "UnassignPrivateIpAddresses")], ["*"])
    own = {"Condition": {"ArnEquals": {"lambda:SourceFunctionArn": [function_arn]}}}
    return [placing, {**placing, "Effect": "Deny", **own}]


def metastore(env: Environment, arguments: Mapping[str, str]) -> list[Statement]:
    """Allows Spark to use Glue's catalog as its metastore: it creates a database `default`, and looks for `global_temp`.

    For Glue the argument counts as true with every value except false.
    """
    if arguments.get("--enable-glue-datacatalog", "false").lower() == "false":
        return []
    catalog, default, temporary = (env.arn("glue", name) for name in ("catalog", "database/default", "database/global_temp"))
    return [allow(["glue:GetDatabase"], [catalog, default, temporary]), allow(["glue:CreateDatabase"], [catalog, default])]


def connections(env: Environment, names: Iterable[str]) -> list[Statement]:
    """Allows a Glue job to use connections: to read them, and to attach its workers to their network."""
    describe = ("RouteTables", "SecurityGroups", "Subnets", "VpcAttribute", "VpcEndpoints", "NetworkInterfaces")
    return [
        allow(
            ["glue:GetConnection"],
            [env.arn("glue", "catalog"), *(env.arn("glue", f"connection/{literal(name)}") for name in names)],
        ),
        allow([*(f"ec2:Describe{what}" for what in describe), "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"], ["*"]),
        {
            **allow(["ec2:CreateTags", "ec2:DeleteTags"], [env.arn("ec2", "network-interface/*")]),
            "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}},
        },
    ]
