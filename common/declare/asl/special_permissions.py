"""What optimised integrations need besides the rows of `integration_permissions`, where an ARN has to be made from other texts.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html, which links the page of each integration.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from common.base.json_types import Json, JsonObject
from common.declare import permissions
from common.declare.asl.needs import Need, need
from common.declare.asl.target_forms import FORMS, arn_of
from common.declare.asl.targets import ALL, Problem, Targets, values_at
from common.model.reference import MARK

API = re.compile(r"(?P<id>«[^»]*»|[a-z0-9]+)\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
SITE = re.compile(r"https://[^/]+/")
"""Matches the beginning of a URL that says which site it is of."""
S3_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?(?P<key>.*)", re.DOTALL)
PROFILE = re.compile(r"(?P<area>us|eu|apac|us-gov|global|jp|au|ca)\.(?P<model>[a-z0-9.:-]+)")
"""Matches the name of an inference profile that sends requests to several regions."""
MODEL_ARN = re.compile(
    r"arn:aws[a-z-]*:bedrock:[a-z0-9-]+:([0-9]{12})?:(foundation-model|provisioned-model|inference-profile|"
    r"application-inference-profile|custom-model|custom-model-deployment|imported-model|prompt-router|default-prompt-router)/[A-Za-z0-9.:_-]+"
)
SIGNED = frozenset({"IAM_ROLE", "RESOURCE_POLICY"})
"""The ways of API Gateway in which Step Functions calls as the role of the machine."""
CATALOG = tuple(
    f"glue:{verb}"
    for verb in (
        *("BatchGetPartition", "GetDatabase", "GetDatabases", "GetPartition", "GetPartitions", "GetTable", "GetTables"),
        *("BatchCreatePartition", "BatchDeletePartition", "BatchDeleteTable", "CreatePartition", "CreateTable"),
        *(
            "CreateDatabase",
            "DeleteDatabase",
            "DeletePartition",
            "DeleteTable",
            "UpdateDatabase",
            "UpdatePartition",
            "UpdateTable",
        ),
    )
)
BY_ATHENA: JsonObject = {"ForAnyValue:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com"]}}
"""What a query reads cannot be told from its text, so it is allowed to Athena alone, not to the machine itself.

Follows https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena-calledvia.html
"""


class Call(NamedTuple):
    """A task that calls an integration."""

    targets: Targets
    parameters: Json
    place: str
    waits: bool
    """Whether it waits for the end of a job."""


def needs(action: str, call: Call) -> Iterator[Need]:
    """Yields what an integration needs besides its rows; nothing for most."""
    if action in SPECIAL:
        yield from SPECIAL[action](call)


def executions(machine_arn: str) -> str:
    """Returns the prefix of the ARNs of a machine's executions, for all of its versions and aliases."""
    machine = ":".join(machine_arn.split(":")[:7])
    return machine.replace(":stateMachine:", ":execution:")


def _named_by_row(call: Call, word: str, parameter: str, actions: tuple[str, ...]) -> set[str]:
    """The ARNs that a parameter names. A row of the integration names it, too, and reports what is wrong with it."""
    reported = len(call.targets.problems)
    arns = call.targets.of_parameter(word, parameter, call.parameters, call.place, actions) or set()
    del call.targets.problems[reported:]
    return arns


def _nested(call: Call) -> Iterator[Need]:
    targets = call.targets
    if not call.waits:
        return
    machines = _named_by_row(call, "machine", "StateMachineArn", ("states:StartExecution",))
    runs = {targets.env.arn("states", "execution:*") if MARK.search(arn) else f"{executions(arn)}:*" for arn in machines}
    yield need(("states:DescribeExecution", "states:StopExecution"), runs)


def _http(call: Call) -> Iterator[Need]:
    """The page allows the call on the machine, for its method and endpoint, and reading the secret of the connection."""
    targets, parameters, place, _ = call
    actions = ("states:InvokeHTTPEndpoint",)
    values = {name: next((value for _, value in values_at(parameters, name)), None) for name in ("ApiEndpoint", "Method")}
    method, endpoint = (targets.text_of(values[name], place) for name in ("Method", "ApiEndpoint"))
    urls = [permissions.literal(endpoint)] if endpoint else sorted(targets.may_call.urls())
    if not urls and SITE.match(beginning := targets.beginning_of(values["ApiEndpoint"], place)):
        urls = [f"{permissions.literal(beginning)}*"]
    if not urls:
        targets.untold("URL", f"{place}.ApiEndpoint", actions, "https://api.example.com/*")
    when: JsonObject = {"StringEquals": {"states:HTTPMethod": [method]}} if method else {}
    yield need(actions, [targets.own.arn] if urls else [], {**when, "StringLike": {"states:HTTPEndpoint": urls}})
    named = (f"{parameter}.ConnectionArn" for parameter in ("Authentication", "InvocationConfig"))
    connections = set().union(*(_named_by_row(call, "connection", parameter, actions) for parameter in named))
    secrets = {_secret_of(targets, connection) for connection in connections}
    yield need(("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"), secrets)


def _secret_of(targets: Targets, connection: str) -> str:
    """The secret of a connection has the name of the connection, and an id behind it."""
    parts = connection.split(":", 5)
    if len(parts) < 6 or "«" in connection:
        return targets.env.arn("secretsmanager", "secret:events!connection/*")
    name = parts[5].split("/")[1]
    return f"{parts[0]}:{parts[1]}:secretsmanager:{parts[3]}:{parts[4]}:secret:events!connection/{name}/*"


def _api(call: Call) -> Iterator[Need]:
    targets, parameters, place, _ = call
    action = ("execute-api:Invoke",)
    fields = ("AuthType", "ApiEndpoint", "Stage", "Method", "Path")
    values = {name: next(iter(values_at(parameters, name)), (name, "")) for name in fields}
    authorisation, endpoint, stage, method, path = (targets.text_of(values[name][1], place) for name in fields)
    if authorisation is not None and authorisation not in SIGNED:
        return
    if endpoint is None:
        listed = targets.may_call.matching(lambda arn: ":execute-api:" in arn)
        if not listed:
            targets.untold(
                "API", f"{place}.{values['ApiEndpoint'][0]}", action, targets.env.arn("execute-api", "API/STAGE/GET/PATH")
            )
        yield need(action, listed)
    elif (api := API.fullmatch(endpoint)) is None:
        example = f"abc123.execute-api.{targets.env.region}.amazonaws.com"
        targets.problems.append(Problem(f"{place}.ApiEndpoint: {endpoint!r} is not an endpoint of API Gateway, as in {example}."))
    else:
        rest = ALL if path is None else permissions.literal(path.lstrip("/"))
        arn = f"arn:{targets.env.partition}:execute-api:{api['region']}:{targets.env.account_id}:{api['id']}"
        yield need(action, {f"{arn}/{stage or ALL}/{method or ALL}/{rest}"})


def _model(call: Call) -> Iterator[Need]:
    targets, parameters, place, _ = call
    yield need(("bedrock:InvokeModel",), model_arns(targets, "ModelId", parameters, place))
    for field, action in (("Input", "s3:GetObject"), ("Output", "s3:PutObject")):
        for at, value in values_at(parameters, f"{field}.S3Uri"):
            text = targets.text_of(value, place)
            uri = S3_URI.fullmatch(text or targets.beginning_of(value, place))
            if uri is not None and (text or "/" in uri[0].removeprefix("s3://")):
                key = permissions.literal(uri["key"])
                yield need((action,), {targets.env.bucket_arn(uri["bucket"], key if text and key else f"{key}*")})
            elif text is None:
                yield need((action,), {arn for arn in targets.of_value("bucket", None, f"{place}.{at}", (action,)) if "/" in arn})
            else:
                targets.problems.append(Problem(f"{place}.{at}: {text!r} is not a place in a bucket, as in s3://bucket/key."))


def model_arns(
    targets: Targets, parameter: str, parameters: Json, place: str, action: tuple[str, ...] = ("bedrock:InvokeModel",)
) -> set[str]:
    """Returns the ARNs of a model of Bedrock; of an inference profile also the model in all regions that it may choose."""
    arns: set[str] = set()
    for field, value in values_at(parameters, parameter):
        text, where = targets.text_of(value, place), f"{place}.{field}"
        if text is None:
            listed = targets.may_call.matching(lambda arn: MODEL_ARN.fullmatch(arn) is not None)
            if not listed:
                targets.untold("model", where, action, arn_of(targets.env, FORMS["foundation model"], "MODEL"))
            arns |= listed
        elif profile := PROFILE.fullmatch(text.rpartition("/")[2] if ":inference-profile/" in text else text):
            arns.add(text if text.startswith("arn:") else targets.env.arn("bedrock", f"inference-profile/{text}"))
            arns.add(f"arn:{targets.env.partition}:bedrock:*::foundation-model/{profile['model']}")
        elif MODEL_ARN.fullmatch(text):
            arns.add(text)
        else:
            arns |= targets.of_value("foundation model", value, where, action)
    return arns


def _customization(call: Call) -> Iterator[Need]:
    action = ("bedrock:CreateModelCustomizationJob",)
    yield need(action, model_arns(call.targets, "BaseModelIdentifier", call.parameters, call.place))


def _query(call: Call) -> Iterator[Need]:
    """What a query reads is allowed to Athena; on what `may_call` lists, if it lists buckets or databases."""
    targets, parameters, place, _ = call
    catalog, tables = targets.env.arn("glue", "catalog"), targets.env.arn("glue", "table/*")
    everything = {catalog, targets.env.arn("glue", "database/*"), tables, targets.env.arn("glue", "userDefinedFunction/*")}
    yield need(CATALOG, targets.may_call.of_kind("database") or everything, BY_ATHENA)
    yield need(("lakeformation:GetDataAccess",), {ALL}, BY_ATHENA)
    buckets = targets.may_call.of_kind("bucket") or {targets.env.bucket_arn(ALL)}
    yield need(("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"), buckets, BY_ATHENA)
    uris = [targets.text_of(value, place) for _, value in values_at(parameters, "ResultConfiguration.OutputLocation")]
    place_of_results = S3_URI.fullmatch(uris[0]) if uris and uris[0] else None
    if place_of_results is None:
        results = buckets
    else:
        bucket, prefix = place_of_results["bucket"], permissions.literal(place_of_results["key"])
        results = {targets.env.bucket_arn(bucket), targets.env.bucket_arn(bucket, f"{prefix}*")}
    written = ("GetBucketLocation", "GetObject", "ListBucket", "ListBucketMultipartUploads", "ListMultipartUploadParts")
    yield need([f"s3:{verb}" for verb in (*written, "AbortMultipartUpload", "PutObject")], results, BY_ATHENA)


def _results(call: Call) -> Iterator[Need]:
    targets = call.targets
    buckets = targets.may_call.of_kind("bucket") or {targets.env.bucket_arn(ALL)}
    yield need(("s3:GetObject",), buckets, BY_ATHENA)


def _virtual_cluster(call: Call) -> Iterator[Need]:
    """The page allows it for the role of the job alone, which the call does not pass."""
    targets, parameters, place, _ = call
    action = ("emr-containers:StartJobRun",)
    clusters = targets.of_parameter("virtual cluster", "VirtualClusterId", parameters, place, action)
    roles = targets.of_parameter("role", "ExecutionRoleArn", parameters, place, action)
    if clusters and roles:
        yield need(action, clusters, {"StringEquals": {"emr-containers:ExecutionRoleArn": sorted(roles)}})
    elif clusters is None or roles is None:
        targets.problems.append(Problem(f"{place} needs {action[0]}, but has no VirtualClusterId or no ExecutionRoleArn."))


SPECIAL: Mapping[str, Callable[[Call], Iterator[Need]]] = {
    "apigateway:invoke": _api,
    "athena:getQueryResults": _results,
    "athena:startQueryExecution": _query,
    "bedrock:createModelCustomizationJob": _customization,
    "bedrock:invokeModel": _model,
    "emr-containers:startJobRun": _virtual_cluster,
    "http:invoke": _http,
    "states:startExecution": _nested,
}
"""What yields the further needs of an integration, by service and action."""
