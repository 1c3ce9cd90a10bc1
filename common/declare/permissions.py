"""Builds the IAM statements of a resource's role, from what its declaration reads and writes and from where it runs.

The statements of a state machine follow from its definition: see `integrations`.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from common.base.errors import DeclarationError
from common.base.json_types import JsonObject
from common.environment.config import Environment
from common.model.existing import ExistingRef
from common.model.generated import GeneratedRef
from common.model.kind import Kind
from common.model.reference import Grantable, Location, Ref
from common.resources import every_kind, kind_of

Statement = JsonObject

_DEAD_LETTERS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}
"""The actions that send what has failed, by service."""
SPECIAL_CHARACTERS = re.compile(r"[*?]|\$(?=\{)")
"""Matches the characters that have a special meaning in a policy."""


def allow(actions: Iterable[str], resources: Iterable[str]) -> Statement:
    """Returns a statement in a fixed order, so that equal permissions are equal states."""
    return {"Effect": "Allow", "Action": sorted(set(actions)), "Resource": sorted(set(resources))}


def grants(env: Environment, reads: Iterable[Grantable], writes: Iterable[Grantable]) -> Iterator[Statement]:
    """Yields the statements for what is read and written."""
    for granted, writing in ((reads, False), (writes, True)):
        for grant in granted:
            yield from _grant_bucket(env, grant, writing=writing) if _is_bucket(grant) else _grant_other(grant, writing=writing)
            yield from encryption(references([grant]), writing=writing)


def encryption(refs: Iterable[Ref], *, writing: bool) -> Iterator[Statement]:
    """Yields the statements for the keys of what others have encrypted.

    Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html and
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    key = kind_of("key")
    keys = dict.fromkeys(ref.kms_key for ref in refs if isinstance(ref, ExistingRef) and ref.kms_key)
    yield from (allow(_granted_actions(key, writing=writing), [arn]) for arn in keys)


def references(*granted: Iterable[Grantable]) -> tuple[Ref, ...]:
    """Returns the resources that grants refer to."""
    return tuple(grant.bucket if isinstance(grant, Location) else grant for grants in granted for grant in grants)


def _is_bucket(grant: Grantable) -> bool:
    return isinstance(grant, Location) or grant.key.kind == "bucket"


def _grant_bucket(env: Environment, grant: Grantable, *, writing: bool) -> Iterator[Statement]:
    bucket, prefix = (grant.bucket, literal(grant.prefix.strip("/"))) if isinstance(grant, Location) else (grant, "")
    # Glue's file system creates a marker object for every folder of a path.
    folders = list(accumulate(prefix.split("/"), lambda above, name: f"{above}/{name}")) if writing else []
    # S3A, which Glue 5.1 uses, requests the folder itself before it lists it.
    objects = [f"{prefix}/*", prefix, *(f"{folder}_$folder$" for folder in folders)] if prefix else ["*"]
    yield allow(
        _granted_actions(kind_of(bucket.key.kind), writing=writing), [env.bucket_arn(bucket.name, key) for key in objects]
    )
    listing = allow(["s3:ListBucket"], [env.bucket_arn(bucket.name)])
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{prefix}/*", prefix]}}
    yield listing


def literal(text: str) -> str:
    """Escapes a text so that IAM reads no patterns or variables in it."""
    return SPECIAL_CHARACTERS.sub(lambda match: f"${{{match[0]}}}", text)


def _grant_other(grant: Grantable, *, writing: bool) -> Iterator[Statement]:
    ref = grant.bucket if isinstance(grant, Location) else grant
    kind = kind_of(ref.key.kind)
    if isinstance(grant, Location) or not (actions := _granted_actions(kind, writing=writing)):
        grantable = sorted(f"{name}s" for name, kind in every_kind().items() if _granted_actions(kind, writing=writing))
        verb = "written" if writing else "read"
        raise DeclarationError(f"{ref.key.project}: {ref.key} cannot be {verb}: this can be granted for {', '.join(grantable)}.")
    yield allow(actions, [ref.in_policies, *kind.granted(ref.arn)])


def _granted_actions(kind: Kind, *, writing: bool) -> tuple[str, ...]:
    return kind.writes if writing else kind.reads


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


def dead_letter(arn: str, refs: Iterable[Ref]) -> Iterator[Statement]:
    """Allows a function to send what has failed to a queue or topic, as Lambda wants it before it accepts the target.

    Follows https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    targets = [ref for ref in refs if arn in {ref.arn, *ref.generated.values()}]
    services = {service for ref in targets if isinstance(ref, GeneratedRef) for service in ref.services} or {arn.split(":")[2]}
    yield allow([action for service, action in _DEAD_LETTERS.items() if service in services], [arn])
    yield from encryption(targets, writing=True)


def own_key(arn: str) -> Statement:
    """Allows the use of the key that encrypts the resource itself.

    Follows https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    return allow(kind_of("key").writes, [arn])


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
