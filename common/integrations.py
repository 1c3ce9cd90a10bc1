"""The IAM statements that a state machine needs: what its definition does, and nothing else.

Each task's integration names the API operation, and the resources that the task refers to are the only ones it is allowed on.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from common.config import Environment
from common.definition import inner_machines
from common.errors import DeclarationError
from common.permissions import Statement, allow
from common.reference import Names, Ref

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
