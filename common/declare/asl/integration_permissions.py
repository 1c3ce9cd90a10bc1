"""What each optimised integration needs, as AWS's page of the integration has it, but on the target alone where that can be told.

`INTEGRATIONS` has the rows of each integration. A row has actions and what they are allowed on:

* ``"job queue JobQueue"``: a kind of target of `target_forms`, and the parameter that names it. With ``=default`` behind it, that
  is the target if the parameter is absent; with ``?`` the row counts only if the parameter is there.
* ``"ecs:task/{Cluster=default}/*"``: the ARN of what lies below or beside the target, with names that parameters give.
* ``"*"``: the action supports no narrower resource, or AWS's page says that it has to be so.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html, which links the page of each integration.
"""

from collections.abc import Mapping
from typing import NamedTuple

from common.base.json_types import JsonObject


class Row(NamedTuple):
    """Actions, and what they are allowed on."""

    actions: tuple[str, ...]
    on: tuple[str, ...]
    waits: bool = False
    """Whether only the forms that wait for the end of a job need it, `.sync` and `.sync:2`."""
    when: JsonObject | None = None
    """The conditions of the statement."""


def _needs(actions: str, *on: str) -> Row:
    return Row(tuple(actions.split()), on)


def _sync(actions: str, *on: str) -> Row:
    return Row(tuple(actions.split()), on, waits=True)


def _passes(service: str, *roles: str) -> Row:
    return Row(("iam:PassRole",), roles, when={"StringEquals": {"iam:PassedToService": [service]}})


def _rule(name: str) -> Row:
    """The rule of EventBridge that Step Functions manages, to learn of the end of a job."""
    return Row(("events:DescribeRule", "events:PutRule", "events:PutTargets"), (f"events:rule/{name}",), waits=True)


def _service_linked(service: str, role: str) -> Row:
    condition: JsonObject = {"StringLike": {"iam:AWSServiceName": [service]}}
    return Row(("iam:CreateServiceLinkedRole",), (f"iam:aws-service-role/{service}/{role}",), when=condition)


def _sagemaker(verbs: str, word: str, resource: str, name: str, rule: str, *roles: str) -> tuple[Row, ...]:
    """A job of SageMaker: it is created, described and stopped. Step Functions tags it, which takes a permission of its own."""
    job = f"{word} {name}"
    passing = (_passes("sagemaker.amazonaws.com", *roles),) if roles else ()
    created = _needs(f"sagemaker:Create{verbs} sagemaker:AddTags", job)
    waiting = _sync(f"sagemaker:Describe{verbs} sagemaker:Stop{verbs}", job)
    return (created, _needs("sagemaker:ListTags", f"sagemaker:{resource}/*"), *passing, waiting, _rule(rule))


CLUSTER = "EMR cluster ClusterId"
APPLICATION = "EMR Serverless application ApplicationId"
PROJECT = "project ProjectName"
ENDPOINT_CONFIG = "endpoint configuration EndpointConfigName"
NODES = "eks:nodegroup/{ClusterName}/{NodegroupName}/*"
FARGATE = "eks:fargateprofile/{ClusterName}/{FargateProfileName}/*"
SAGEMAKER_RULE = "StepFunctionsGetEventsForSageMaker{}JobsRule"
EMR_RULE = "StepFunctionsGetEventForEMR{}Rule"
SERVERLESS_RULE = "StepFunctionsGetEventsForEMRServerless{}Rule"
BATCH_RULE = "StepFunctionsGetEventForCodeBuildStartBuildBatchRule"
EMR_ROLES = (
    _passes("elasticmapreduce.amazonaws.com", "role ServiceRole?"),
    _passes("ec2.amazonaws.com", "instance profile JobFlowRole?"),
    _passes("application-autoscaling.amazonaws.com", "role AutoScalingRole?"),
)
INTEGRATIONS: Mapping[str, tuple[Row, ...]] = {
    "apigateway:invoke": (),
    "athena:getQueryExecution": (_needs("athena:GetQueryExecution", "athena:workgroup/*"),),
    "athena:getQueryResults": (_needs("athena:GetQueryResults", "athena:workgroup/*"),),
    "athena:startQueryExecution": (
        _needs("athena:StartQueryExecution", "workgroup WorkGroup=primary"),
        _needs("athena:GetDataCatalog", "data catalog QueryExecutionContext.Catalog=AwsDataCatalog"),
        _sync("athena:GetQueryExecution athena:StopQueryExecution", "workgroup WorkGroup=primary"),
    ),
    "athena:stopQueryExecution": (_needs("athena:StopQueryExecution", "athena:workgroup/*"),),
    "batch:submitJob": (
        _needs("batch:SubmitJob", "job queue JobQueue", "job definition JobDefinition"),
        _needs("batch:TagResource", "batch:job/* if Tags"),
        _sync("batch:DescribeJobs", "*"),
        _sync("batch:TerminateJob", "batch:job/*"),
        _rule("StepFunctionsGetEventsForBatchJobsRule"),
    ),
    "bedrock:createModelCustomizationJob": (
        _needs("bedrock:CreateModelCustomizationJob", "bedrock:custom-model/*", "bedrock:model-customization-job/*"),
        _passes("bedrock.amazonaws.com", "role RoleArn"),
        _sync("bedrock:GetModelCustomizationJob bedrock:StopModelCustomizationJob", "bedrock:model-customization-job/*"),
    ),
    "bedrock:invokeModel": (),
    "codebuild:batchDeleteBuilds": (_needs("codebuild:BatchDeleteBuilds", "codebuild:project/*"),),
    "codebuild:batchGetReports": (_needs("codebuild:BatchGetReports", "codebuild:report-group/*"),),
    "codebuild:deleteBuildBatch": (_needs("codebuild:DeleteBuildBatch", "codebuild:project/*"),),
    "codebuild:retryBuildBatch": (
        _needs("codebuild:RetryBuildBatch", "codebuild:project/*"),
        _sync("codebuild:BatchGetBuildBatches codebuild:StopBuildBatch", "codebuild:project/*"),
        _rule(BATCH_RULE),
    ),
    "codebuild:startBuild": (
        _needs("codebuild:StartBuild", PROJECT),
        _passes("codebuild.amazonaws.com", "role ServiceRoleOverride?"),
        _sync("codebuild:BatchGetBuilds codebuild:StopBuild", PROJECT),
        _rule("StepFunctionsGetEventForCodeBuildStartBuildRule"),
    ),
    "codebuild:startBuildBatch": (
        _needs("codebuild:StartBuildBatch", PROJECT),
        _passes("codebuild.amazonaws.com", "role ServiceRoleOverride?"),
        _sync("codebuild:BatchGetBuildBatches codebuild:StopBuildBatch", PROJECT),
        _rule(BATCH_RULE),
    ),
    "codebuild:stopBuild": (_needs("codebuild:StopBuild", "codebuild:project/*"),),
    "codebuild:stopBuildBatch": (_needs("codebuild:StopBuildBatch", "codebuild:project/*"),),
    "databrew:startJobRun": (
        _needs("databrew:StartJobRun", "DataBrew job Name"),
        _sync("databrew:ListJobRuns databrew:StopJobRun", "DataBrew job Name"),
    ),
    **{
        f"dynamodb:{verb}Item": (_needs(f"dynamodb:{verb.title()}Item", "table TableName"),)
        for verb in ("delete", "get", "put", "update")
    },
    "ecs:runTask": (
        _needs("ecs:RunTask", "task definition TaskDefinition"),
        _needs("ecs:TagResource", "ecs:task/{Cluster=default}/* if Tags"),
        _passes("ecs-tasks.amazonaws.com", "role Overrides.TaskRoleArn?", "role Overrides.ExecutionRoleArn?"),
        _sync("ecs:DescribeTasks ecs:StopTask", "ecs:task/{Cluster=default}/*"),
        _rule("StepFunctionsGetEventsForECSTaskRule"),
    ),
    "eks:call": (),
    "eks:createCluster": (
        _needs("eks:CreateCluster", "*"),
        _passes("eks.amazonaws.com", "role RoleArn"),
        _sync("eks:DeleteCluster eks:DescribeCluster", "EKS cluster Name"),
    ),
    "eks:createFargateProfile": (
        _needs("eks:CreateFargateProfile", "EKS cluster ClusterName"),
        _needs("iam:GetRole", "role PodExecutionRoleArn"),
        _passes("eks.amazonaws.com", "role PodExecutionRoleArn"),
        _sync("eks:DeleteFargateProfile eks:DescribeFargateProfile", FARGATE),
    ),
    "eks:createNodegroup": (
        _needs("ec2:DescribeSubnets", "*"),
        _needs("eks:CreateNodegroup", "EKS cluster ClusterName"),
        _needs("iam:GetRole iam:ListAttachedRolePolicies", "role NodeRole"),
        _passes("eks.amazonaws.com", "role NodeRole"),
        _sync("eks:DeleteNodegroup eks:DescribeNodegroup", NODES),
    ),
    "eks:deleteCluster": (_needs("eks:DeleteCluster", "EKS cluster Name"), _sync("eks:DescribeCluster", "EKS cluster Name")),
    "eks:deleteFargateProfile": (_needs("eks:DeleteFargateProfile", FARGATE), _sync("eks:DescribeFargateProfile", FARGATE)),
    "eks:deleteNodegroup": (_needs("eks:DeleteNodegroup", NODES), _sync("eks:DescribeNodegroup", NODES)),
    "eks:runJob": (),
    "elasticmapreduce:addStep": (
        _needs("elasticmapreduce:AddJobFlowSteps", CLUSTER),
        _sync("elasticmapreduce:CancelSteps elasticmapreduce:DescribeStep", CLUSTER),
        _rule(EMR_RULE.format("AddJobFlowSteps")),
    ),
    "elasticmapreduce:cancelStep": (_needs("elasticmapreduce:CancelSteps", CLUSTER),),
    "elasticmapreduce:createCluster": (
        _needs("elasticmapreduce:RunJobFlow", "*"),
        _needs("elasticmapreduce:AddTags", "elasticmapreduce:cluster/* if Tags"),
        *EMR_ROLES,
        _sync("elasticmapreduce:DescribeCluster elasticmapreduce:TerminateJobFlows", "elasticmapreduce:cluster/*"),
        _rule(EMR_RULE.format("RunJobFlow")),
    ),
    "elasticmapreduce:modifyInstanceFleetByName": (
        _needs("elasticmapreduce:ListInstanceFleets elasticmapreduce:ModifyInstanceFleet", CLUSTER),
    ),
    "elasticmapreduce:modifyInstanceGroupByName": (
        _needs("elasticmapreduce:ListInstanceGroups elasticmapreduce:ModifyInstanceGroups", CLUSTER),
    ),
    "elasticmapreduce:setClusterTerminationProtection": (_needs("elasticmapreduce:SetTerminationProtection", CLUSTER),),
    "elasticmapreduce:terminateCluster": (
        _needs("elasticmapreduce:TerminateJobFlows", CLUSTER),
        _sync("elasticmapreduce:DescribeCluster", CLUSTER),
        _rule(EMR_RULE.format("TerminateJobFlows")),
    ),
    "emr-containers:createVirtualCluster": (
        _needs("emr-containers:CreateVirtualCluster", "*"),
        _service_linked("emr-containers.amazonaws.com", "AWSServiceRoleForAmazonEMRContainers"),
    ),
    "emr-containers:deleteVirtualCluster": (
        _needs("emr-containers:DeleteVirtualCluster", "virtual cluster Id"),
        _sync("emr-containers:DescribeVirtualCluster", "virtual cluster Id"),
    ),
    "emr-containers:startJobRun": (
        _sync(
            "emr-containers:CancelJobRun emr-containers:DescribeJobRun",
            "emr-containers:/virtualclusters/{VirtualClusterId}/jobruns/*",
        ),
    ),
    "emr-serverless:cancelJobRun": (
        _needs("emr-serverless:CancelJobRun", "emr-serverless:/applications/{ApplicationId}/jobruns/{JobRunId}"),
        _sync("emr-serverless:GetJobRun", "emr-serverless:/applications/{ApplicationId}/jobruns/{JobRunId}"),
        _rule(SERVERLESS_RULE.format("Job")),
    ),
    "emr-serverless:createApplication": (
        _needs("emr-serverless:CreateApplication", "emr-serverless:/*"),
        _service_linked("ops.emr-serverless.amazonaws.com", "AWSServiceRoleForAmazonEMRServerless"),
        _sync("emr-serverless:DeleteApplication emr-serverless:GetApplication", "emr-serverless:/applications/*"),
        _rule(SERVERLESS_RULE.format("Application")),
    ),
    "emr-serverless:deleteApplication": (
        _needs("emr-serverless:DeleteApplication", APPLICATION),
        _sync("emr-serverless:GetApplication", APPLICATION),
        _rule(SERVERLESS_RULE.format("Application")),
    ),
    "emr-serverless:startApplication": (
        _needs("emr-serverless:StartApplication", APPLICATION),
        _sync("emr-serverless:GetApplication emr-serverless:StopApplication", APPLICATION),
        _rule(SERVERLESS_RULE.format("Application")),
    ),
    "emr-serverless:startJobRun": (
        _needs("emr-serverless:StartJobRun", APPLICATION),
        _passes("emr-serverless.amazonaws.com", "role ExecutionRoleArn"),
        _sync("emr-serverless:CancelJobRun emr-serverless:GetJobRun", "emr-serverless:/applications/{ApplicationId}/jobruns/*"),
        _rule(SERVERLESS_RULE.format("Job")),
    ),
    "emr-serverless:stopApplication": (
        _needs("emr-serverless:StopApplication", APPLICATION),
        _sync("emr-serverless:GetApplication", APPLICATION),
        _rule(SERVERLESS_RULE.format("Application")),
    ),
    "events:putEvents": (_needs("events:PutEvents", "event bus Entries[].EventBusName=default"),),
    "glue:startJobRun": (
        _needs("glue:StartJobRun", "job JobName"),
        _sync("glue:BatchStopJobRun glue:GetJobRun glue:GetJobRuns", "job JobName"),
    ),
    "http:invoke": (
        _needs(
            "events:RetrieveConnectionCredentials",
            "connection Authentication.ConnectionArn?",
            "connection InvocationConfig.ConnectionArn?",
        ),
    ),
    "lambda:invoke": (_needs("lambda:InvokeFunction", "function FunctionName"),),
    "mediaconvert:createJob": (
        _needs("mediaconvert:CreateJob", "*"),
        _passes("mediaconvert.amazonaws.com", "role Role"),
        _sync("mediaconvert:CancelJob mediaconvert:GetJob", "mediaconvert:jobs/*"),
        _rule("StepFunctionsGetEventsForMediaConvertJobRule"),
    ),
    "sagemaker:createEndpoint": (_needs("sagemaker:AddTags sagemaker:CreateEndpoint", "endpoint EndpointName", ENDPOINT_CONFIG),),
    "sagemaker:createEndpointConfig": (_needs("sagemaker:AddTags sagemaker:CreateEndpointConfig", ENDPOINT_CONFIG),),
    "sagemaker:createHyperParameterTuningJob": _sagemaker(
        "HyperParameterTuningJob",
        "tuning job",
        "hyper-parameter-tuning-job",
        "HyperParameterTuningJobName",
        SAGEMAKER_RULE.format("Tuning"),
        "role TrainingJobDefinition.RoleArn?",
        "role TrainingJobDefinitions[].RoleArn?",
    ),
    "sagemaker:createLabelingJob": _sagemaker(
        "LabelingJob", "labeling job", "labeling-job", "LabelingJobName", SAGEMAKER_RULE.format("Labeling"), "role RoleArn"
    ),
    "sagemaker:createModel": (
        _needs("sagemaker:AddTags sagemaker:CreateModel", "model ModelName"),
        _passes("sagemaker.amazonaws.com", "role ExecutionRoleArn?"),
    ),
    "sagemaker:createProcessingJob": _sagemaker(
        "ProcessingJob",
        "processing job",
        "processing-job",
        "ProcessingJobName",
        SAGEMAKER_RULE.format("Processing"),
        "role RoleArn",
    ),
    "sagemaker:createTrainingJob": _sagemaker(
        "TrainingJob", "training job", "training-job", "TrainingJobName", SAGEMAKER_RULE.format("Training"), "role RoleArn"
    ),
    "sagemaker:createTransformJob": _sagemaker(
        "TransformJob", "transform job", "transform-job", "TransformJobName", SAGEMAKER_RULE.format("Transform")
    ),
    "sagemaker:updateEndpoint": (_needs("sagemaker:UpdateEndpoint", "endpoint EndpointName", ENDPOINT_CONFIG),),
    "sns:publish": (_needs("sns:Publish", "topic TopicArn?", "topic TargetArn?"), _needs("sns:Publish", "* if PhoneNumber")),
    "sqs:sendMessage": (_needs("sqs:SendMessage", "queue QueueUrl"),),
    "states:startExecution": (
        _needs("states:StartExecution", "machine StateMachineArn"),
        _rule("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
    ),
}
"""What the optimised integrations need, by service and action. What cannot be written so is in `special_permissions`."""
