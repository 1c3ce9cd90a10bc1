"""The IAM statements that a resource needs for what its declaration says it reads, writes and calls.

What a state machine may do follows from its definition: each task's integration names the API operation, and the resources that
the task refers to are the only ones it is allowed on.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from common.config import Environment
from common.definition import inner_machines
from common.errors import DeclarationError
from common.reference import Grantable, Location, Names, Ref

Statement = dict[str, Any]

READ = {
    "table": tuple(f"dynamodb:{verb}" for verb in ("BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan")),
    "database": ("glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"),
}
WRITE = {
    "table": (
        *READ["table"],
        *("dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"),
        "dynamodb:UpdateItem",
    ),
    "topic": ("sns:Publish",),
    "database": (
        *READ["database"],
        "glue:BatchCreatePartition",
        "glue:BatchDeletePartition",
        "glue:BatchGetPartition",
        "glue:CreatePartition",
        "glue:CreateTable",
        "glue:DeletePartition",
        "glue:DeleteTable",
        "glue:UpdatePartition",
        "glue:UpdateTable",
    ),
}
OBJECT_READ = ("s3:GetObject",)
OBJECT_WRITE = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")
SYNC_RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
INTEGRATIONS = {
    "lambda:invoke": ("lambda:InvokeFunction",),
    "glue:startJobRun": ("glue:StartJobRun",),
    "glue:startJobRun.sync": ("glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"),
    "states:startExecution": ("states:StartExecution",),
    "states:startExecution.sync": ("states:StartExecution",),
    "states:startExecution.sync:2": ("states:StartExecution",),
    "sns:publish": ("sns:Publish",),
    "dynamodb:getItem": ("dynamodb:GetItem",),
    "dynamodb:putItem": ("dynamodb:PutItem",),
    "dynamodb:updateItem": ("dynamodb:UpdateItem",),
    "dynamodb:deleteItem": ("dynamodb:DeleteItem",),
}
"""IAM actions of the optimised integrations that pipelines use. `aws-sdk:` integrations name their action themselves."""
SDK_ACTIONS = {
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "dynamodb:TransactGetItems": ("dynamodb:GetItem",),
    "dynamodb:TransactWriteItems": (
        *("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
    ),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:UploadPartCopy": ("s3:GetObject", "s3:PutObject"),
    "sns:PublishBatch": ("sns:Publish",),
}
"""Where the IAM action is not called as the operation is."""


def allow(actions: Iterable[str], resources: Iterable[str]) -> Statement:
    """One statement, in a fixed order so that equal permissions are equal states."""
    return {"Effect": "Allow", "Action": sorted(set(actions)), "Resource": sorted(set(resources))}


def grants(env: Environment, reads: Iterable[Grantable], writes: Iterable[Grantable]) -> Iterator[Statement]:
    """The statements for what is read and written."""
    for what, table, objects in ((reads, READ, OBJECT_READ), (writes, WRITE, OBJECT_WRITE)):
        for one in what:
            yield from _bucket(env, one, objects) if _is_bucket(one) else _other(env, one, table)


def references(*granted: Iterable[Grantable]) -> tuple[Ref, ...]:
    """The resources that grants refer to."""
    return tuple(one.bucket if isinstance(one, Location) else one for many in granted for one in many)


def _is_bucket(one: Grantable) -> bool:
    return isinstance(one, Location) or one.key.kind == "bucket"


def _bucket(env: Environment, one: Grantable, actions: tuple[str, ...]) -> Iterator[Statement]:
    bucket, prefix = (one.bucket, one.prefix) if isinstance(one, Location) else (one, "")
    # Glue's file system marks every folder on the way by an object of its own.
    folders = list(accumulate(prefix.split("/")[:-1], lambda above, name: f"{above}/{name}")) if actions == OBJECT_WRITE else []
    objects = [f"{prefix}*", *(f"{folder}_$folder$" for folder in folders)]
    yield allow(actions, [env.bucket_arn(bucket.name, key) for key in objects])
    listing = allow(["s3:ListBucket"], [env.bucket_arn(bucket.name)])
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{prefix}*", prefix.rstrip("/")]}}
    yield listing


def _other(env: Environment, one: Grantable, table: Mapping[str, tuple[str, ...]]) -> Iterator[Statement]:
    if isinstance(one, Location) or one.key.kind not in table:
        verb = "read" if table is READ else "written"
        name = one.bucket.key if isinstance(one, Location) else one.key
        raise DeclarationError(f"{name.project}: {name} cannot be {verb}: grants are for buckets, tables, databases and topics.")
    resources = [one.arn]
    if one.key.kind == "database":
        resources = [env.arn("glue", "catalog"), one.arn, env.arn("glue", f"table/{one.name}/*")]
    yield allow(table[one.key.kind], resources)


def logs(group_arns: Iterable[str]) -> Statement:
    """Writing to log groups that exist. Without CreateLogGroup, so that nothing recreates a group without its retention."""
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{arn}:*" for arn in group_arns])


def glue_logs(env: Environment, name: str) -> Statement:
    """Writing to log groups of Glue's own, which all of an account share and whoever comes first creates."""
    group = env.arn("logs", f"log-group:/aws-glue/{name}")
    return allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], [group, f"{group}:*"])


def log_delivery() -> Statement:
    """What Step Functions needs to deliver its logs; these operations know no narrower resource."""
    deliveries = ("CreateLogDelivery", "DeleteLogDelivery", "GetLogDelivery", "ListLogDeliveries", "UpdateLogDelivery")
    policies = ("DescribeLogGroups", "DescribeResourcePolicies", "PutResourcePolicy")
    return allow([f"logs:{verb}" for verb in (*deliveries, *policies)], ["*"])


def tracing() -> Statement:
    """What Step Functions needs to send traces; these operations know no narrower resource."""
    verbs = ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")
    return allow([f"xray:{verb}" for verb in verbs], ["*"])


def network_interfaces() -> Statement:
    """What Lambda needs to place a function in a network; these operations know no narrower resource."""
    verbs = ("AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces")
    return allow([f"ec2:{verb}" for verb in (*verbs, "DescribeSubnets", "UnassignPrivateIpAddresses")], ["*"])


def metastore(env: Environment, arguments: Mapping[str, str]) -> list[Statement]:
    """What Spark needs where Glue's catalog is its metastore: it makes a database `default`, and looks for `global_temp`.

    Glue minds that the argument is there, whatever it says but false.
    """
    if arguments.get("--enable-glue-datacatalog", "false").lower() == "false":
        return []
    catalog, default, temporary = (env.arn("glue", one) for one in ("catalog", "database/default", "database/global_temp"))
    return [allow(["glue:GetDatabase"], [catalog, default, temporary]), allow(["glue:CreateDatabase"], [catalog, default])]


def connections(env: Environment, names: Iterable[str]) -> list[Statement]:
    """What a Glue job needs to use connections: to read them, and to place its workers in their network."""
    describe = ("RouteTables", "SecurityGroups", "Subnets", "VpcAttribute", "VpcEndpoints", "NetworkInterfaces")
    return [
        allow(["glue:GetConnection"], [env.arn("glue", "catalog"), *(env.arn("glue", f"connection/{name}") for name in names)]),
        allow([*(f"ec2:Describe{what}" for what in describe), "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"], ["*"]),
        {
            **allow(["ec2:CreateTags", "ec2:DeleteTags"], [env.arn("ec2", "network-interface/*")]),
            "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}},
        },
    ]


def state_machine(env: Environment, definition: Mapping[str, Any], names: Names, where: str) -> Iterator[Statement]:
    """The statements that a definition (before substitution of its references) needs.

    Raises:
        DeclarationError: what a task needs cannot be told from its integration and references. Only who takes the statements
            gets to know: with a role from configuration they are somebody else's matter.
    """
    allowed: dict[tuple[str, ...], set[str]] = {}
    for task in _tasks(definition):
        service, actions = _actions(str(task.get("Resource", "")), where)
        _, refs = names.substitute({key: task[key] for key in ("Resource", "Parameters", "Arguments") if key in task}, where)
        arns = {arn for ref in refs for arn in _arns(env, ref)}
        if not arns:
            raise DeclarationError(
                f"{where}: a task calls {actions[-1]} on nothing of this project. Refer to it as ${{Name.arn}}."
            )
        allowed.setdefault(actions, set()).update(arns)
        if service == "states" and ".sync" in str(task["Resource"]):
            rule = env.arn("events", f"rule/{SYNC_RULE}")
            allowed.setdefault(("events:DescribeRule", "events:PutRule", "events:PutTargets"), set()).add(rule)
            executions = {f"{arn.replace(':stateMachine:', ':execution:')}:*" for arn in arns}
            allowed.setdefault(("states:DescribeExecution", "states:StopExecution"), set()).update(executions)
    for actions, arns in sorted(allowed.items()):
        yield allow(actions, arns)


def _tasks(machine: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The tasks of a definition whose structure was proved, nested ones too."""
    for state in machine["States"].values():
        if state["Type"] == "Task":
            yield state
        for inner in inner_machines(state):
            yield from _tasks(inner)


def _actions(resource: str, where: str) -> tuple[str, tuple[str, ...]]:
    """The service and IAM actions of a task's Resource, which is a function's reference or an integration's ARN."""
    _, integration, name = resource.partition(":states:::")
    if not integration:
        return "lambda", ("lambda:InvokeFunction",)
    plain = name.removesuffix(".waitForTaskToken")
    if plain.startswith("aws-sdk:"):
        service, _, operation = plain.removeprefix("aws-sdk:").partition(":")
        if not service or not operation:
            raise DeclarationError(f"{where}: {resource!r} is no integration. It is written …:aws-sdk:service:operation.")
        service = {"sfn": "states", "eventbridge": "events", "cloudwatchlogs": "logs"}.get(service, service)
        action = f"{service}:{operation[0].upper()}{operation[1:]}"
        return service, SDK_ACTIONS.get(action, (action,))
    if plain not in INTEGRATIONS:
        raise DeclarationError(
            f"{where}: the integration {name!r} is not known. Known are aws-sdk:… and {', '.join(sorted(INTEGRATIONS))}."
        )
    return plain.partition(":")[0], INTEGRATIONS[plain]


def _arns(env: Environment, ref: Ref) -> tuple[str, ...]:
    if ref.key.kind == "lambda":
        return (ref.arn, f"{ref.arn}:*")
    if ref.key.kind == "bucket":
        return (ref.arn, env.bucket_arn(ref.name, "*"))
    if ref.key.kind == "database":
        return (env.arn("glue", "catalog"), ref.arn, env.arn("glue", f"table/{ref.name}/*"))
    return (ref.arn,)
