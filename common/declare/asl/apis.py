"""Checks what tasks call: that the integration and the action exist, and that the action has their parameters.

Actions of `aws-sdk:` integrations are looked up in the models of the installed botocore. Optimised integrations are listed here,
for botocore does not know which actions they have; the parameters of most are those of the API.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from common.aws import sdk_services
from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names

WAIT = ".waitForTaskToken"
SYNC = ".sync"
_PLAIN, _SYNC, _TOKEN = ("",), ("", SYNC), ("", WAIT)
_ALL = ("", SYNC, WAIT)
OPTIMISED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "apigateway": {"invoke": _TOKEN},
    "athena": {
        "startQueryExecution": _SYNC,
        "stopQueryExecution": _PLAIN,
        "getQueryExecution": _PLAIN,
        "getQueryResults": _PLAIN,
    },
    "batch": {"submitJob": _ALL},
    "bedrock": {"invokeModel": _TOKEN, "createModelCustomizationJob": _SYNC},
    "codebuild": {"startBuild": _SYNC, "stopBuild": _PLAIN, "batchDeleteBuilds": _PLAIN, "batchGetReports": _PLAIN}
    | {"startBuildBatch": _SYNC, "stopBuildBatch": _PLAIN, "retryBuildBatch": _SYNC, "deleteBuildBatch": _PLAIN},
    "databrew": {"startJobRun": _SYNC},
    "dynamodb": dict.fromkeys(("getItem", "putItem", "updateItem", "deleteItem"), _PLAIN),
    "ecs": {"runTask": _ALL},
    "eks": {"call": _PLAIN, "runJob": _SYNC, "createCluster": _SYNC, "deleteCluster": _SYNC}
    | dict.fromkeys(("createFargateProfile", "deleteFargateProfile", "createNodegroup", "deleteNodegroup"), _SYNC),
    "elasticmapreduce": {"createCluster": _SYNC, "addStep": _SYNC, "terminateCluster": _SYNC, "cancelStep": _PLAIN}
    | {"setClusterTerminationProtection": _PLAIN, "modifyInstanceFleetByName": _PLAIN, "modifyInstanceGroupByName": _PLAIN},
    "emr-containers": {"createVirtualCluster": _PLAIN, "deleteVirtualCluster": _SYNC, "startJobRun": _SYNC},
    "emr-serverless": {"createApplication": _SYNC, "deleteApplication": _SYNC, "startApplication": _SYNC}
    | {"stopApplication": _SYNC, "startJobRun": _SYNC, "cancelJobRun": _SYNC},
    "events": {"putEvents": _TOKEN},
    "glue": {"startJobRun": _SYNC},
    "http": {"invoke": _PLAIN},
    "lambda": {"invoke": _TOKEN},
    "mediaconvert": {"createJob": _SYNC},
    "sagemaker": dict.fromkeys(("createEndpoint", "createEndpointConfig", "createModel", "updateEndpoint"), _PLAIN)
    | dict.fromkeys(("createProcessingJob", "createTrainingJob", "createTransformJob"), _SYNC)
    | dict.fromkeys(("createHyperParameterTuningJob", "createLabelingJob"), _SYNC),
    "sns": {"publish": _TOKEN},
    "sqs": {"sendMessage": _TOKEN},
    "states": {"startExecution": ("", SYNC, ".sync:2", WAIT)},
}
"""The optimised integrations: for each service its actions, and for each of these the endings that it may have."""
MODELS = {"databrew": "databrew", "states": "stepfunctions", "bedrock": "bedrock-runtime"}
"""What botocore calls a service of an optimised integration, where that differs."""
_HTTP = frozenset({"ApiEndpoint", "Method", "Headers", "QueryParameters", "RequestBody"})
OWN_PARAMETERS: Mapping[str, frozenset[str]] = {
    "apigateway": _HTTP | {"Stage", "Path", "AllowNullValues", "AuthType"},
    "eks": frozenset(),
    "elasticmapreduce": frozenset(
        {*("ClusterId", "Step", "ExecutionRoleArn", "StepId", "TerminationProtected", "InstanceFleetName", "InstanceFleet")}
        | {*("InstanceGroupName", "InstanceGroup", "Name", "LogUri", "LogEncryptionKmsKeyId", "AdditionalInfo", "AmiVersion")}
        | {*("ReleaseLabel", "Instances", "Steps", "BootstrapActions", "SupportedProducts", "NewSupportedProducts")}
        | {*("Applications", "Configurations", "VisibleToAllUsers", "JobFlowRole", "ServiceRole", "Tags")}
        | {*("SecurityConfiguration", "AutoScalingRole", "ScaleDownBehavior", "CustomAmiId", "EbsRootVolumeSize")}
        | {*("EbsRootVolumeIops", "EbsRootVolumeThroughput", "RepoUpgradeOnBoot", "KerberosAttributes", "OSReleaseLabel")}
        | {*("StepConcurrencyLevel", "ManagedScalingPolicy", "PlacementGroupConfigs", "AutoTerminationPolicy")}
    ),
    "emr-containers": frozenset(),
    "emr-serverless": frozenset(),
    "http": _HTTP | {"Authentication", "InvocationConfig", "Transform"},
    "mediaconvert": frozenset(
        {*("AccelerationSettings", "BillingTagsSource", "ClientRequestToken", "HopDestinations", "JobEngineVersion")}
        | {*("JobTemplate", "Priority", "Queue", "Role", "Settings", "SimulateReservedQueue", "StatusUpdateInterval")}
        | {*("Tags", "UserMetadata")}
    ),
}
"""Services with other parameters than the API in optimised integrations: those of all their actions, as far as they are known."""
ALIKE = 0.85
"""A parameter that is as similar as this to one of `OWN_PARAMETERS` is taken for misspelled; any other may be missing there."""
FURTHER = {"bedrock": frozenset({"Input", "Output"}), "sagemaker": frozenset({"Tags"})}
"""The parameters that an optimised integration has in addition to those of the API."""
TOKEN = re.compile(
    r"\$\$(?![.{\w])|\$\$\.Task(?:\.Token|(?!\.?\w))|\$states(?!\.?\w)|\$states\.context(?:\.Task(?:\.Token|(?!\.?\w))|(?!\.?\w))"
)
"""Matches what may pass on a task token: the token itself, or a part of the context object that has it."""
INTEGRATION = re.compile(r"arn:[^:]*:states:[^:]*:[^:]*:(?P<name>.+)")


def api_problems(states: Iterable[tuple[str, str, JsonMapping]], language: object) -> Iterator[str]:
    """Yields the problems of tasks, and of what a distributed Map reads and writes.

    Args:
        states: as of `states.refusals`.
        language: the query language of the definition; a state can set another.
    """
    for here, _, state in states:
        parts = [(here, state)] if state["Type"] == "Task" else []
        if state["Type"] == "Map":
            parts = [(f"{here}.{name}", state[name]) for name in ("ItemReader", "ResultWriter") if name in state]
        for at, part in parts:
            yield from _part(at, part, state.get("QueryLanguage", language), in_map=state["Type"] == "Map")


def _part(here: str, part: JsonMapping, language: object, *, in_map: bool) -> Iterator[str]:
    match = INTEGRATION.fullmatch(str(part.get("Resource", "")))
    if match is None or match["name"].startswith("activity:") or _is_later(match["name"]):
        return
    field = "Arguments" if language == "JSONata" else "Parameters"
    plain, dot, ending = match["name"].partition(".")
    service, _, action = plain.partition(":")
    problems = [*_integration(f"{here}.Resource", service, action, dot + ending, in_map=in_map)]
    yield from problems
    parameters = part.get(field)
    if dot + ending == WAIT and not in_map and not _mentions_token(parameters):
        token = "{% $states.context.Task.Token %}" if language == "JSONata" else "$$.Task.Token"
        yield f"{here}: it waits for a task token, so its {field} must pass one on: {token}."
    if not problems and isinstance(parameters, Mapping) and parameters:
        yield from _parameters(f"{here}.{field}", service, action, parameters)


def _integration(at: str, service: str, action: str, ending: str, *, in_map: bool) -> Iterator[str]:
    if in_map and service == "s3":
        if action not in {"getObject", "listObjectsV2", "putObject"}:
            yield f"{at}: a Map has no {action!r}.{did_you_mean(action, ['getObject', 'listObjectsV2', 'putObject'])}"
    elif service == "aws-sdk":
        yield from _sdk(at, action, ending)
    elif service not in OPTIMISED or ending not in OPTIMISED[service].get(action, ()):
        integrations = [
            f"{name}:{operation}{form}" for name in OPTIMISED for operation, forms in OPTIMISED[name].items() for form in forms
        ]
        integration = f"{service}:{action}{ending}"
        everything = known_names(["aws-sdk:…", *integrations], len(integrations) + 1)
        guess = did_you_mean(integration, integrations, otherwise=everything)
        yield f"{at}: the integration {integration!r} is not known.{guess}"


def _sdk(at: str, action: str, ending: str) -> Iterator[str]:
    name, _, operation = action.partition(":")
    service = sdk_services.service_of(name)
    if service is None:
        yield f"{at}: the AWS SDK has no service {name!r}.{sdk_services.suggested_service(name)}"
    elif sdk_services.operation_of(service, operation) is None:
        guess = did_you_mean(operation, sdk_services.actions(service))
        yield f"{at}: {name} has no action {operation!r}.{guess}"
    if ending not in {"", WAIT}:
        yield f"{at}: an action of the AWS SDK ends with {WAIT} or nothing, not {ending!r}.{did_you_mean(ending, [WAIT])}"


def _parameters(here: str, service: str, action: str, parameters: JsonMapping) -> Iterator[str]:
    if service == "s3":  # a Map's reader and writer have parameters of their own, such as the Prefix of s3:putObject
        return
    if service in OWN_PARAMETERS:
        names = OWN_PARAMETERS[service]
        for field in parameters:
            name = field.removesuffix(".$")
            if name not in names and (close := get_close_matches(name, names, n=1, cutoff=ALIKE)):
                yield f"{here}.{field}: there is no such parameter. Did you mean {close[0]!r}?"
        return
    sdk = service == "aws-sdk"
    name, _, operation = action.partition(":") if sdk else (service, "", action)
    model = sdk_services.service_of(name) if sdk else MODELS.get(service, service)
    api_operation = sdk_services.operation_of(model, operation) if model else None  # other models have some of bedrock
    if model and api_operation:
        further = frozenset[str]() if sdk else FURTHER.get(service, frozenset())
        yield from sdk_services.Call(model, api_operation, further, _is_later, as_object=not sdk).problems(parameters, here)


def _mentions_token(parameters: Json) -> bool:
    """Whether a task token is passed on, as far as it can be told."""
    if isinstance(parameters, Mapping):
        return any(_mentions_token(value) for value in parameters.values())
    if isinstance(parameters, list):
        return any(_mentions_token(value) for value in parameters)
    return isinstance(parameters, str) and (TOKEN.search(parameters) is not None or "${" in parameters or "__" in parameters)


def _is_later(text: str) -> bool:
    """Whether a text is known only later: it has a token that is replaced, or is an expression."""
    return "${" in text or "__" in text or text.strip().startswith("{%")
