"""What IAM is asked about a request of a client, or about a call that a service makes with somebody's role.

The table of `iam_needs` comes first, which knows every resource and every action of a call (also iam:PassRole). What it does not
list is one action on one resource, as ministack reads it from the request.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import iam_needs
import seams
import settings as launch_settings
from botocore.session import Session
from iam_needs import ANY, Asked
from json_types import Function, JsonObject
from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, s3

_CLIENTS = {"states": "stepfunctions", "tagging": "resourcegroupstaggingapi", "monitoring": "cloudwatch"}
"""botocore's names of ministack's services, where they differ."""
_PREFIXES = {"stepfunctions": "states", "cloudcontrol": "cloudformation", "resourcegroupstaggingapi": "tag"}
"""How the actions of a service begin, where that is not its name."""
_QUERY = frozenset({"iam", "sns"})
_TAGGING = frozenset({"TagResource", "TagRole", "PutObjectTagging"})
_TAGS = frozenset({"Tags", "tags", "Tagging", "Tags.member.1.Key"})
_TABLE_WORDS = ("Table", "Partition", "ColumnStatistics")
_ministack: dict[str, Function] = {}
"""ministack's own way to read a resource from a request, which `enforcement` replaces."""


def install(_: launch_settings.Settings) -> None:
    """Check what this module calls."""
    parameters = "service, method, path, headers, body, query_params, region, account_id"
    _ministack["arn"] = seams.use(iam_actions, "extract_resource_arn", parameters)
    seams.use(iam_actions, "_s3_action", "method, path, query_params")
    seams.table(iam, "_roles")
    seams.table(s3, "_buckets")


def of_request(
    service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
) -> list[Asked]:
    """What IAM is asked about a request, if more or something else than what ministack reads from it."""
    flat = {name: value[0] if isinstance(value, list) else value for name, value in query.items()}
    if service == "s3":
        return _of_s3(method, path, headers, flat)
    if service == "lambda":
        operation, parameters = _routed(method, path)
    elif target := headers.get("x-amz-target"):
        operation, parameters = target.rpartition(".")[2], {}
    else:
        operation, parameters = str(flat.get("Action", "")), flat
        if service not in _QUERY or not operation:
            return []
    return _listed(_CLIENTS.get(service, service), operation, {**_json(body), **parameters})


def of_call(service: str, operation: str, parameters: JsonObject) -> list[Asked]:
    """What IAM is asked about a call that a service makes, with botocore's names of the service and of the operation."""
    questions = _listed(service, operation, parameters)
    if questions:
        return questions
    of_ministack = {client: name for name, client in _CLIENTS.items()}.get(service, service)
    texts = {name: str(value) for name, value in parameters.items() if isinstance(value, str | int)}
    headers, body = {"x-amz-target": f"X.{operation}"}, json.dumps(parameters, default=str).encode()
    where = (get_region(), get_account_id())
    arn = _ministack["arn"](of_ministack, "POST", "/", headers, body, texts, *where)
    return [Asked(f"{_PREFIXES.get(service, service)}:{operation}", arn, {})]


def _listed(service: str, operation: str, parameters: JsonObject) -> list[Asked]:
    """What the table says of a call; nothing where it does not know the call or its resource."""
    here, call = f"{get_region()}:{get_account_id()}", f"{service}:{operation}"
    if service == "iam" and "RoleName" in parameters:
        return _of_role(operation, parameters)
    if service == "glue" and any(word in operation for word in _TABLE_WORDS) and "DatabaseName" in parameters:
        return [Asked(f"glue:{operation}", arn, {}) for arn in _catalog(parameters, here)]
    if service == "lambda":
        parameters = {**parameters, "FunctionName": str(parameters.get("FunctionName", "")).rpartition(":function:")[2]}
        if call not in iam_needs.NEEDS:
            return [Asked(call, _of_lambda(operation, parameters, here), {})]
    try:
        questions = [*iam_needs.asked(call, parameters, here)]
    except KeyError:  # the table does not know the call, or the way in which it names its resource
        return []
    tags = any(parameters.get(name) for name in _TAGS)
    arns = {question.arn for question in questions}
    return [
        _with_role(question)
        for question in questions
        if (tags or operation in _TAGGING or question.action.partition(":")[2] not in _TAGGING)
        and f"{question.arn}:*" not in arns  # CloudWatch Logs asks about the streams of a group
    ]


def _of_lambda(operation: str, parameters: JsonObject, here: str) -> str:
    """The resource of a call to Lambda that the table does not list."""
    if "EventSourceMapping" in operation:
        return f"arn:aws:lambda:{here}:event-source-mapping:{parameters['UUID']}" if "UUID" in parameters else ANY
    return f"arn:aws:lambda:{here}:function:{parameters['FunctionName']}" if parameters["FunctionName"] else ANY


def _of_role(operation: str, parameters: JsonObject) -> list[Asked]:
    """Of a role that exists IAM asks by its path; of another one, as the call names it."""
    name = str(parameters["RoleName"])
    path = parameters.get("Path", "/")
    arn = iam._roles.get(name, {}).get("Arn", f"arn:aws:iam::{get_account_id()}:role{path}{name}")
    bound = parameters.get("PermissionsBoundary") or iam._roles.get(name, {}).get("PermissionsBoundary")
    context = {"iam:PermissionsBoundary": str(bound)} if bound else {}
    tagged = operation == "CreateRole" and any(parameters.get(tags) for tags in _TAGS)
    return [Asked(f"iam:{action}", arn, context) for action in (operation, *(["TagRole"] if tagged else []))]


def _with_role(question: Asked) -> Asked:
    """The same of a role that is passed by its name, as Glue accepts it."""
    if question.action != "iam:PassRole":
        return question
    role = iam._roles.get(question.arn.rpartition("/")[2], {})
    return Asked(question.action, role.get("Arn", question.arn), question.context)


def _catalog(parameters: JsonObject, here: str) -> list[str]:
    """A table is asked about together with its database and the catalog."""
    names = (parameters.get("TableName"), parameters.get("Name"), (parameters.get("TableInput") or {}).get("Name"), "*")
    table = next(name for name in names if name)
    database = parameters["DatabaseName"]
    return [f"arn:aws:glue:{here}:{part}" for part in ("catalog", f"database/{database}", f"table/{database}/{table}")]


def _of_s3(method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str]) -> list[Asked]:
    """What is asked besides the one action that ministack reads: tags of a new object, and who may know that one is missing."""
    action = iam_actions._s3_action(method, path, dict(query))
    bucket, _, key = path.lstrip("/").partition("/")
    if action is None or not key:
        return []
    whole, questions = f"arn:aws:s3:::{bucket}", [Asked(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}", {})]
    if action == "PutObject" and headers.get("x-amz-tagging"):
        questions.append(Asked("s3:PutObjectTagging", f"{whole}/{key}", {}))
    if action in {"PutObject", "DeleteObject"} and headers.get("if-match"):
        questions.append(Asked("s3:GetObject", f"{whole}/{key}", {}))
    if action in {"GetObject", "GetObjectTagging"} and key not in (s3._buckets.get(bucket) or {"objects": {}})["objects"]:
        # S3 tells nobody else that an object does not exist. Its key is the prefix: https://github.com/ceph/ceph/pull/68577
        questions.append(Asked("s3:ListBucket", whole, {"s3:prefix": key}))
    return questions


def _json(body: bytes) -> JsonObject:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


@cache
def _routes() -> list[tuple[str, "re.Pattern[str]", str]]:
    """The methods and paths of Lambda's operations, those with most fixed parts first."""
    model = Session().get_service_model("lambda")
    http = {name: model.operation_model(name).http for name in model.operation_names}
    longest = sorted(http, key=lambda name: -len(re.sub(r"\{\w+\}", "", http[name]["requestUri"])))
    patterns = {
        name: re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(http[name]["requestUri"].rstrip("/"))) for name in longest
    }
    return [(http[name]["method"], re.compile(f"{patterns[name]}/?"), name) for name in longest]


def _routed(method: str, path: str) -> tuple[str, JsonObject]:
    """The operation of a request to Lambda, with the parameters in its path."""
    for verb, pattern, operation in _routes():
        if verb == method and (match := pattern.fullmatch(path)):
            return operation, {**match.groupdict()}
    return "", {}
