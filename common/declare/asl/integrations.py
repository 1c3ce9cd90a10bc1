"""Finds the IAM statements that a state machine needs: exactly those for what its definition does.

Each task's integration names the API operation, and the parameter that names its target the only resource that it is allowed on.
A Map in distributed mode starts executions of the machine that it is in, and reads its items from a bucket itself.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
and https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names
from common.base.text_rules import ROLE_NAME
from common.declare.asl import targets
from common.declare.asl.walk import inner_machines, is_distributed
from common.declare.permissions import Statement, allow
from common.environment.config import Environment
from common.model.reference import Names, Ref

ROLE = re.compile(rf"arn:aws[a-z-]*:iam::[0-9]{{12}}:role/{ROLE_NAME}")
ACTIVITY = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:[0-9]{12}:activity:[^:]+")
SYNC_RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
INTEGRATIONS = {
    "lambda:invoke": ("lambda:InvokeFunction",),
    "glue:startJobRun": ("glue:StartJobRun",),
    "glue:startJobRun.sync": ("glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"),
    "states:startExecution": ("states:StartExecution",),
    "states:startExecution.sync": ("states:StartExecution",),
    "states:startExecution.sync:2": ("states:StartExecution",),
    "sns:publish": ("sns:Publish",),
    "sqs:sendMessage": ("sqs:SendMessage",),
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
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetObjectAttributes": ("s3:GetObject", "s3:GetObjectAttributes"),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListParts": ("s3:ListMultipartUploadParts",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:SelectObjectContent": ("s3:GetObject",),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:UploadPartCopy": ("s3:GetObject", "s3:PutObject"),
    "sns:PublishBatch": ("sns:Publish",),
    "sqs:DeleteMessageBatch": ("sqs:DeleteMessage",),
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
}
"""IAM actions whose name differs from that of the operation."""
READERS = {"s3:getObject": ("s3:GetObject",), "s3:listObjectsV2": ("s3:ListBucket",)}
WRITERS = {
    "s3:putObject": ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
}
"""What a distributed Map reads its items with, and writes its results with: IAM actions by the operation that it names."""

Need = tuple[tuple[str, ...], set[str]]
"""IAM actions, and the resources on which they are needed."""


def state_machine(env: Environment, own: Ref, definition: JsonMapping, names: Names, where: str) -> Iterator[Statement]:
    """The statements that a definition (before substitution of its references) needs.

    Args:
        env: names what is not declared.
        own: the machine itself.
        definition: its structure proved.
        names: what it may refer to.
        where: named in errors.

    Raises:
        DeclarationError: what a state needs cannot be told from its integration and references. Only who takes the statements
            gets to know: with a role from configuration they are somebody else's matter.
    """
    allowed: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, state in _states(definition):
        if state["Type"] == "Task":
            needs = _task(env, state, names, f"{where}: {name}")
        elif is_distributed(state):
            needs = _distributed(env, own, state, names, f"{where}: {name}")
        else:
            continue
        for actions, arns in needs:
            allowed[actions] |= arns
    for actions, arns in sorted(allowed.items()):
        yield allow(actions, arns)


def _states(machine: JsonMapping) -> Iterator[tuple[str, JsonMapping]]:
    """Yields the states of a checked definition, also nested ones."""
    for name, state in machine["States"].items():
        yield name, state
        for inner in inner_machines(state):
            yield from _states(inner)


def _task(env: Environment, task: JsonMapping, names: Names, where: str) -> Iterator[Need]:
    resource = str(task.get("Resource", ""))
    if "Credentials" in task:  # then the task does all that it does as somebody else
        yield ("sts:AssumeRole",), {_role(env, task["Credentials"], names, f"{where}.Credentials")}
        return
    _, integration, name = resource.partition(":states:::")
    if not integration:
        if not ACTIVITY.fullmatch(
            str(names.substitute(resource, where)[0])
        ):  # whose workers come to ask for work, so nobody is called
            yield ("lambda:InvokeFunction",), set(targets.arns(env, "function", resource, names, f"{where}.Resource"))
        return
    service, operation, actions = _actions(name, where)
    parameters = _parameters(task)
    arns = targets.of_task(env, service, operation, parameters, names, where)
    if {"CopySource", "CopySource.$"} & parameters.keys() and "s3:GetObject" in actions:
        source = parameters.get("CopySource", parameters.get("CopySource.$"))
        yield ("s3:GetObject",), targets.buckets_in(env, source, names, f"{where}.CopySource")
        actions = tuple(action for action in actions if action != "s3:GetObject")
    yield actions, arns
    if service == "states" and ".sync" in name:
        yield ("events:DescribeRule", "events:PutRule", "events:PutTargets"), {env.arn("events", f"rule/{SYNC_RULE}")}
        yield ("states:DescribeExecution", "states:StopExecution"), {f"{_executions(arn)}:*" for arn in arns}


def _role(env: Environment, credentials: Json, names: Names, where: str) -> str:
    """Returns the role that a task assumes."""
    role, _ = names.substitute(_object(credentials).get("RoleArn"), where)
    if not isinstance(role, str) or not ROLE.fullmatch(role):
        raise DeclarationError(
            f"{where}: which RoleArn it is cannot be told before it runs, so no permission can be generated. "
            f"Name the role, or set one for the machine in config/{env.name}.json."
        )
    return role


def _distributed(env: Environment, own: Ref, state: JsonMapping, names: Names, where: str) -> Iterator[Need]:
    """Its items' executions are the machine's own, named behind the label of the Map."""
    executions = _executions(own.arn)
    yield ("states:StartExecution",), {own.arn}
    yield ("states:DescribeExecution", "states:StopExecution"), {f"{executions}:*", f"{executions}/*"}
    yield ("states:RedriveExecution",), {f"{executions}/*"}
    if "ItemReader" in state:
        reader = state["ItemReader"]
        actions, bucket = _bucket(env, reader, READERS, names, f"{where}.ItemReader")
        yield actions, bucket
        if {"VersionId", "VersionId.$"} & _parameters(reader).keys():
            yield ("s3:GetObjectVersion",), bucket
        if _object(reader.get("ReaderConfig")).get("Transformation") == "LOAD_AND_FLATTEN":  # reads what it has listed, too
            yield ("s3:GetObject",), bucket
    if "Resource" in state.get("ResultWriter", {}):  # without it the results go on to the next state
        yield _bucket(env, state["ResultWriter"], WRITERS, names, f"{where}.ResultWriter")


def _bucket(env: Environment, part: JsonMapping, types: Mapping[str, tuple[str, ...]], names: Names, where: str) -> Need:
    """Returns what reading or writing the bucket of an ItemReader or ResultWriter needs."""
    operation = str(part.get("Resource", "")).partition(":states:::")[2]
    if operation not in types:
        hint = did_you_mean(operation, types, otherwise=known_names(types))
        raise DeclarationError(f"{where}: the integration {operation!r} is not known.{hint}")
    bucket = _parameters(part).get("Bucket")
    return types[operation], set(targets.arns(env, "bucket", bucket, names, f"{where}.Bucket"))


def _parameters(part: JsonMapping) -> JsonMapping:
    """Returns the parameters in JSONPath or JSONata; none if all of it is an expression."""
    return _object(part.get("Parameters") or part.get("Arguments"))


def _object(value: Json) -> JsonMapping:
    return value if isinstance(value, Mapping) else {}


def _executions(machine_arn: str) -> str:
    """Returns the prefix of the ARNs of a machine's executions, for all of its versions and aliases."""
    machine = ":".join(machine_arn.split(":")[:7])
    return machine.replace(":stateMachine:", ":execution:")


def _actions(name: str, where: str) -> tuple[str, str, tuple[str, ...]]:
    """Returns the service, the operation and the IAM actions of an integration, from the end of its ARN."""
    plain = name.removesuffix(".waitForTaskToken")
    if plain.startswith("aws-sdk:"):
        service, _, operation = plain.removeprefix("aws-sdk:").partition(":")
        if not service or not operation:
            raise DeclarationError(f"{where}: {name!r} is no integration. It is written …:aws-sdk:service:operation.")
        service = {"sfn": "states", "eventbridge": "events", "cloudwatchlogs": "logs"}.get(service, service)
        operation = f"{operation[0].upper()}{operation[1:]}"
        action = f"{service}:{operation}"
        return service, operation, SDK_ACTIONS.get(action, (action,))
    if plain not in INTEGRATIONS:
        hint = did_you_mean(plain, INTEGRATIONS, otherwise=known_names(["aws-sdk:…", *sorted(INTEGRATIONS)]))
        raise DeclarationError(f"{where}: the integration {name!r} is not known.{hint}")
    service, _, operation = plain.partition(":")
    return service, operation.partition(".")[0], INTEGRATIONS[plain]
