"""The optimised integrations: their actions, the endings of these, and the parameters that differ from those of the API.

They are listed here, for botocore does not know which actions they have. Those of `OWN_SHAPES` have parameters of their own,
which are described as botocore describes shapes.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and the page of each service there
"""

from collections.abc import Mapping

from common.base.json_types import JsonMapping
from common.declare.asl.called import WAIT

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
MODELS = {"elasticmapreduce": "emr", "states": "stepfunctions", "bedrock:invokeModel": "bedrock-runtime"}
"""What botocore calls a service of an optimised integration, where that differs; of one action, where only that is elsewhere."""
OPERATIONS = {"elasticmapreduce:createCluster": "RunJobFlow"}
"""The operations whose parameters an action has, where it has another name."""
FURTHER = {"bedrock:invokeModel": frozenset({"Input", "Output"}), "sagemaker": frozenset({"Tags"})}
"""The parameters that an optimised integration has in addition to those of the API."""


def _shape(required: str, others: str = "", **shapes: str) -> JsonMapping:
    """A structure with these members, each of any type, or of one of `SHAPES` or of the service's own model."""
    names = [*required.split(), *others.split()]
    return {
        "type": "structure",
        "required": required.split(),
        "members": {name: {"shape": shapes.get(name, "Any")} for name in names},
    }


def _choice(*values: str) -> JsonMapping:
    return {"type": "string", "enum": list(values)}


SHAPES: Mapping[str, JsonMapping] = {
    "Any": {"type": "any"},
    "Object": {"type": "map", "value": {"shape": "Any"}},
    "Method": _choice("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"),
    "AuthType": _choice("NO_AUTH", "IAM_ROLE", "RESOURCE_POLICY"),
    "Flag": {"type": "boolean"},
    "Connection": _shape("ConnectionArn"),
    "InvocationConfig": _shape("ConnectionArn"),
    "Transform": _shape("", "RequestBodyEncoding RequestEncodingOptions"),
    "LogOptions": _shape("", "RetrieveLogs RawLogs LogParameters"),
}
"""The shapes that members of `OWN_SHAPES` have."""
OWN_SHAPES: Mapping[str, JsonMapping] = {
    "apigateway:invoke": _shape(
        "ApiEndpoint Method",
        "Headers Stage Path QueryParameters RequestBody AllowNullValues AuthType",
        Method="Method",
        AuthType="AuthType",
        Headers="Object",
        QueryParameters="Object",
        AllowNullValues="Flag",
    ),
    "eks:call": _shape(
        "ClusterName CertificateAuthority Endpoint Method Path",
        "QueryParameters RequestBody",
        Method="Method",
        QueryParameters="Object",
    ),
    "eks:runJob": _shape(
        "ClusterName CertificateAuthority Endpoint Job", "Namespace LogOptions", Job="Object", LogOptions="LogOptions"
    ),
    "elasticmapreduce:addStep": _shape("ClusterId Step", "ExecutionRoleArn RetryOnFailure", Step="StepConfig"),
    "elasticmapreduce:cancelStep": _shape("ClusterId StepId", "StepCancellationOption"),
    "elasticmapreduce:modifyInstanceFleetByName": _shape("ClusterId InstanceFleetName InstanceFleet", InstanceFleet="Object"),
    "elasticmapreduce:modifyInstanceGroupByName": _shape("ClusterId InstanceGroupName InstanceGroup", InstanceGroup="Object"),
    "elasticmapreduce:setClusterTerminationProtection": _shape("ClusterId TerminationProtected", TerminationProtected="Flag"),
    "elasticmapreduce:terminateCluster": _shape("ClusterId"),
    "http:invoke": _shape(
        "ApiEndpoint Method",
        "Authentication InvocationConfig Headers QueryParameters RequestBody Transform",
        Method="Method",
        Authentication="Connection",
        InvocationConfig="InvocationConfig",
        Headers="Object",
        QueryParameters="Object",
        Transform="Transform",
    ),
    "s3:putObject": _shape("Bucket", "Prefix ExpectedBucketOwner"),
}
"""The parameters of the actions that are not those of an API, by service and action; the one of S3 is a Map's writer."""
ONE_OF: Mapping[str, tuple[str, ...]] = {
    "http:invoke": ("InvocationConfig", "Authentication"),
    "sns:publish": ("TopicArn", "TargetArn", "PhoneNumber"),
}
"""The parameters of which an action needs one."""
