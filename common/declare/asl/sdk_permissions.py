"""What the calls of `aws-sdk:` integrations need: the IAM actions of the operation, on what its parameters name.

Where a parameter names the target by name or ARN, the action is allowed on exactly that. What AWS names itself, such as the id of
an instance that an execution has started, is a pattern of the type. An action that supports no narrower resource is allowed on
all (``*``), and one that IAM does not know is refused.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

import re
from collections.abc import Iterator, Mapping

from common.base.json_types import Json
from common.declare.asl import passed_roles, sdk_data
from common.declare.asl.bucket_permissions import in_bucket
from common.declare.asl.integration_permissions import INTEGRATIONS
from common.declare.asl.needs import Need, need
from common.declare.asl.optimised import optimised
from common.declare.asl.sdk_actions import actions_of, prefix_of
from common.declare.asl.special_permissions import Call, model_arns
from common.declare.asl.targets import Problem, Targets, values_at

PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "lambda": {"FunctionName": "function"},
    "glue": {"JobName": "job", "CrawlerName": "crawler", "DatabaseName": "database"},
    "states": {"StateMachineArn": "machine"},
    "sns": {"TopicArn": "topic", "TargetArn": "topic"},
    "sqs": {"QueueUrl": "queue"},
    "dynamodb": {
        "TableName": "table",
        **{f"TransactItems[].{verb}.TableName": "table" for verb in ("Get", "Put", "Update", "Delete", "ConditionCheck")},
    },
    "secretsmanager": {"SecretId": "secret"},
}
"""The parameters of each service that name a target which a project may declare, with the kind of the target."""
NAMED = {"Crawler": "crawler", "Database": "database"}
"""What `Name` is in an operation of Glue that is called after it."""
KNOWN = frozenset(
    {
        *(
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
        ),
        *("glue:GetCrawler", "glue:GetJobRun", "glue:StartCrawler", "glue:StartJobRun", "glue:StopCrawler", "glue:GetTable"),
        *(
            "lambda:InvokeFunction",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutObject",
            "secretsmanager:GetSecretValue",
            "sns:Publish",
            "sqs:SendMessage",
            "states:StartExecution",
        ),
    }
)
"""Actions that are not looked up in the list of those that exist, so that an unchanged deploy mostly does not read it."""
STATEMENT = re.compile(
    r"""\s*(?P<verb>SELECT|INSERT|UPDATE|DELETE)\b(?:.*?\b(?:FROM|INTO)\b)?\s*["']?(?P<table>[A-Za-z0-9_.-]{3,255})""",
    re.IGNORECASE | re.DOTALL,
)
"""Matches the beginning of a statement in PartiQL."""


def needs(targets: Targets, name: str, parameters: Json, place: str) -> Iterator[Need]:
    """Yields what a call needs.

    Args:
        targets: finds targets, and collects problems.
        name: the end of the integration, as in ``glue:startCrawler``.
        parameters: the parameters of the task.
        place: the state.
    """
    service, _, operation = name.partition(":")
    if not service or not operation:
        text = f"{place}: 'aws-sdk:{name}' is not an integration. It is written …:aws-sdk:service:operation."
        targets.problems.append(Problem(text))
        return
    prefix, operation = prefix_of(service), f"{operation[0].upper()}{operation[1:]}"
    actions = actions_of(prefix, operation)
    optimised_as = f"{prefix}:{operation[0].lower()}{operation[1:]}"
    if optimised_as in INTEGRATIONS and actions[0].partition(":")[2].lower() == operation.lower():
        yield from optimised(Call(targets, parameters, place, waits=False), optimised_as)
        return
    if KNOWN.issuperset(actions):
        yield from _own(targets, actions, operation, parameters, place)
    else:
        from common.declare.asl import sdk_resources  # an unchanged deploy mostly needs no list of actions

        if prefix == "apigateway":
            yield from sdk_resources.of_api_gateway(targets, service, operation, parameters, place)
        elif sdk_resources.exist(targets, actions, place):
            yield from _own(targets, actions, operation, parameters, place)
    yield from sdk_data.needs(targets, prefix, parameters, place)
    yield from passed_roles.needs(targets, service, prefix, operation, parameters, place)


def _own(targets: Targets, actions: tuple[str, ...], operation: str, parameters: Json, place: str) -> Iterator[Need]:
    """Yields the actions of the call itself, which exist."""
    prefix = actions[0].partition(":")[0]
    if prefix == "s3" and list(values_at(parameters, "Bucket")):
        yield from in_bucket(targets, actions, parameters, place)
    elif prefix == "bedrock" and actions[0].startswith("bedrock:InvokeModel"):
        yield need(actions, model_arns(targets, "ModelId", parameters, place, actions))
    elif prefix == "dynamodb" and actions[0].startswith("dynamodb:PartiQL"):
        yield from _statements(targets, actions, parameters, place)
    elif (arns := _declarable(targets, prefix, operation, actions, parameters, place)) is not None and KNOWN.issuperset(actions):
        yield need(actions, arns)
    else:
        from common.declare.asl import sdk_resources

        if arns is None:
            yield from sdk_resources.of_actions(targets, actions, operation, parameters, place)
        else:
            yield from (need((action,), sdk_resources.fitting(targets, action, arns)) for action in actions)


def _declarable(
    targets: Targets, prefix: str, operation: str, actions: tuple[str, ...], parameters: Json, place: str
) -> set[str] | None:
    """Returns the ARNs of targets that a project may declare; None if the parameters name none."""
    words = dict(PARAMETERS.get(prefix, {}))
    if prefix == "glue":
        words |= next(({"Name": word} for named, word in NAMED.items() if named in operation), {})
    if isinstance(parameters, str):  # an expression makes all of them
        called = {word: path for path, word in words.items() if word in operation.lower()}
        words = {path: word for word, path in called.items()} or dict([*words.items()][:1])
    named = [
        target_arns
        for path, word in words.items()
        if (target_arns := targets.of_parameter(word, path, parameters, place, actions)) is not None
    ]
    if prefix == "dynamodb" and isinstance(parameters, Mapping):
        tables = parameters.get("RequestItems", "RequestItems.$" in parameters)
        if isinstance(tables, Mapping):
            named += [targets.of_value("table", name, f"{place}.RequestItems", actions) for name in tables]
        elif tables:
            named.append(targets.of_value("table", None, f"{place}.RequestItems", actions))
    if not named:
        return None
    arns = set().union(*named)
    if prefix == "glue" and "Table" in operation:
        names = [targets.text_of(value, place) for path in ("TableName", "Name") for _, value in values_at(parameters, path)]
        if names and names[0] and re.fullmatch(r"[\w-]+", names[0]):
            arns = {f"{arn[:-1]}{names[0]}" if re.search(r":table/[^/]+/\*$", arn) else arn for arn in arns}
    if prefix == "dynamodb" and list(values_at(parameters, "IndexName")):
        arns |= {f"{table}/index/*" for table in arns}
    return arns


def _statements(targets: Targets, actions: tuple[str, ...], parameters: Json, place: str) -> Iterator[Need]:
    """Statements in PartiQL say what they do, and with which table."""
    paths = ("Statement", "Statements[].Statement", "TransactStatements[].Statement")
    for value in [value for path in paths for _, value in values_at(parameters, path)] or [None]:
        text = targets.text_of(value, place)
        match = STATEMENT.match(text) if text else None
        if match is None:
            yield need(actions, targets.of_value("table", None, f"{place}.Statement", actions))
        else:
            action = f"dynamodb:PartiQL{match['verb'].capitalize()}"
            tables = targets.of_value("table", match["table"], f"{place}.Statement", (action,))
            yield need((action,), tables | {f"{table}/index/*" for table in tables if action.endswith("Select")})
