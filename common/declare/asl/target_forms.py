"""How the targets of integrations are named: by name or ARN, which ARN a name stands for, and what belongs to a target.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from common.environment.config import Environment
from common.model.kind import GLUE_NAMES, MACHINE_NAMES, ArnForm
from common.resources import kind_of

VERSION = r"(:[0-9]+)?"
GLUE = f"(?!arn:){GLUE_NAMES.pattern.pattern}"
SAGEMAKER = "[A-Za-z0-9](-*[A-Za-z0-9]){0,62}"
PLAIN = "[A-Za-z0-9._-]{1,256}"


class Form(NamedTuple):
    """How one kind of target is named.

    Attributes:
        name: a pattern of names.
        arn: the ARN behind its partition, with places for region, account and name; unset for a kind of our own.
        kind: our own kind of resource, which references name.
        types: what CloudFormation calls its type.
        by_name: whether parameters take names.
        by_arn: whether parameters take ARNs.
        qualifier: a pattern of what may stand behind a name or an ARN.
        is_given: whether its name is mostly made while the machine runs, by AWS or from the execution. Then one that is known
            only at run time stands for all of this kind in the account, as on AWS's pages.
    """

    name: str
    arn: str = ""
    kind: str = ""
    types: tuple[str, ...] = ()
    by_name: bool = True
    by_arn: bool = True
    qualifier: str = ""
    is_given: bool = False


def _regional(service: str, resource: str) -> str:
    return f"{service}:{{region}}:{{account}}:{resource}{{name}}"


def _sagemaker(resource: str, *, is_given: bool = True) -> Form:
    return Form(SAGEMAKER, _regional("sagemaker", f"{resource}/"), by_arn=False, is_given=is_given)


FORMS = {
    "function": Form(
        "[A-Za-z0-9_-]{1,64}", kind="lambda", types=("AWS::Lambda::Function",), qualifier="(:[A-Za-z0-9$_.-]{1,128})?"
    ),
    "job": Form(GLUE, kind="glue-job", types=("AWS::Glue::Job",), by_arn=False),
    "crawler": Form(GLUE, kind="crawler", types=("AWS::Glue::Crawler",), by_arn=False),
    "database": Form(GLUE, kind="database", types=("AWS::Glue::Database",), by_arn=False),
    "machine": Form(
        MACHINE_NAMES.pattern.pattern,
        kind="state-machine",
        types=("AWS::StepFunctions::StateMachine",),
        by_name=False,
        qualifier="(:[A-Za-z0-9$_.-]{1,128})?",
    ),
    "topic": Form(r"[A-Za-z0-9_-]{1,256}(\.fifo)?", kind="topic", types=("AWS::SNS::Topic",), by_name=False),
    "table": Form("[A-Za-z0-9_.-]{3,255}", kind="table", types=("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")),
    "secret": Form(r"[A-Za-z0-9/_+=.@!-]{1,512}", kind="secret", types=("AWS::SecretsManager::Secret",)),
    "bucket": Form(
        r"[a-z0-9]([a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]", "s3:::{name}", kind="bucket", types=("AWS::S3::Bucket",), by_arn=False
    ),
    "queue": Form(
        r"[A-Za-z0-9_-]{1,80}(\.fifo)?",
        _regional("sqs", ""),
        kind="queue",
        types=("AWS::SQS::Queue",),
        by_name=False,
        by_arn=False,
    ),
    "role": Form(
        r"([A-Za-z0-9+=,.@_/-]+/)?[A-Za-z0-9+=,.@_-]{1,64}", "iam::{account}:role/{name}", kind="role", types=("AWS::IAM::Role",)
    ),
    "instance profile": Form(
        "[A-Za-z0-9+=,.@_-]{1,64}", "iam::{account}:role/{name}", kind="role", types=("AWS::IAM::Role",), by_arn=False
    ),
    "workgroup": Form(
        "[A-Za-z0-9._-]{1,128}", _regional("athena", "workgroup/"), types=("AWS::Athena::WorkGroup",), by_arn=False
    ),
    "data catalog": Form(PLAIN, _regional("athena", "datacatalog/"), types=("AWS::Athena::DataCatalog",), by_arn=False),
    "DataBrew job": Form("[^*?$:/]{1,240}", _regional("databrew", "job/"), types=("AWS::DataBrew::Job",), by_arn=False),
    "job queue": Form(PLAIN, _regional("batch", "job-queue/"), types=("AWS::Batch::JobQueue",)),
    "job definition": Form(PLAIN, _regional("batch", "job-definition/"), types=("AWS::Batch::JobDefinition",), qualifier=VERSION),
    "task definition": Form(PLAIN, _regional("ecs", "task-definition/"), types=("AWS::ECS::TaskDefinition",), qualifier=VERSION),
    "EMR cluster": Form(
        "j-[A-Z0-9]{1,64}", _regional("elasticmapreduce", "cluster/"), types=("AWS::EMR::Cluster",), by_arn=False, is_given=True
    ),
    "EMR Serverless application": Form(
        "[0-9a-z]{1,64}",
        _regional("emr-serverless", "/applications/"),
        types=("AWS::EMRServerless::Application",),
        by_arn=False,
        is_given=True,
    ),
    "virtual cluster": Form(
        "[0-9a-z]{1,64}",
        _regional("emr-containers", "/virtualclusters/"),
        types=("AWS::EMRContainers::VirtualCluster",),
        by_arn=False,
        is_given=True,
    ),
    "EKS cluster": Form(
        "[0-9A-Za-z][A-Za-z0-9_-]{0,99}", _regional("eks", "cluster/"), types=("AWS::EKS::Cluster",), by_arn=False
    ),
    "endpoint": _sagemaker("endpoint", is_given=False),
    "endpoint configuration": _sagemaker("endpoint-config", is_given=False),
    "model": _sagemaker("model", is_given=False),
    "training job": _sagemaker("training-job"),
    "transform job": _sagemaker("transform-job"),
    "processing job": _sagemaker("processing-job"),
    "labeling job": _sagemaker("labeling-job"),
    "tuning job": _sagemaker("hyper-parameter-tuning-job"),
    "project": Form("[A-Za-z0-9][A-Za-z0-9_-]{1,149}", _regional("codebuild", "project/"), types=("AWS::CodeBuild::Project",)),
    "event bus": Form(r"[A-Za-z0-9._/-]{1,256}", _regional("events", "event-bus/"), types=("AWS::Events::EventBus",)),
    "connection": Form(
        r"[A-Za-z0-9._-]{1,64}/[A-Za-z0-9-]+",
        _regional("events", "connection/"),
        types=("AWS::Events::Connection",),
        by_name=False,
    ),
    "foundation model": Form(r"[a-z0-9.:-]{1,140}", "bedrock:{region}::foundation-model/{name}"),
}
"""The kinds of targets, by the word that messages use."""
QUEUE_URL = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/([0-9]{12})/([A-Za-z0-9_-]{1,80}(\.fifo)?)")


def _template(form: Form) -> str:
    if form.arn:
        return form.arn
    service, beginning, _ = _arn_form(form)
    return _regional(service, beginning)


def _arn_form(form: Form) -> ArnForm:
    return kind_of(form.kind).arn_form


def arn_of(env: Environment, form: Form, name: str) -> str:
    """Returns the ARN of a target of this name; of all with the name ``*``."""
    return f"arn:{env.partition}:{_template(form).format(region=env.region, account=env.account_id, name=name)}"


def matched_arn(form: Form, partition: str, text: str) -> re.Match[str] | None:
    """Returns the match of an ARN of this form: its first group is the ARN without what qualifies it; None if it is none."""
    places = {"region": "[a-z0-9-]+", "account": "[0-9]{12}", "name": form.name}
    parts = re.split(r"\{(\w+)\}", _template(form))
    pattern = "".join(places[part] if number % 2 else re.escape(part) for number, part in enumerate(parts))
    return re.fullmatch(rf"(arn:{partition}:{pattern}){form.qualifier}", text)


def _database_parts(arn: str) -> tuple[str, ...]:
    return (f"{arn.partition(':database/')[0]}:catalog", arn, f"{arn.replace(':database/', ':table/')}/*")


def _revisions(arn: str) -> tuple[str, ...]:
    return (arn,) if re.search(r"(:[0-9]+|»)$", arn) else (arn, f"{arn}:*")  # without a revision the newest is meant


PARTS: Mapping[str, Callable[[str], tuple[str, ...]]] = {
    "bucket": lambda arn: (arn, f"{arn}/*"),
    "database": _database_parts,
    "function": lambda arn: (arn, f"{arn}:*"),  # executions that began before a deploy may still name a version
    "job definition": _revisions,
    "secret": lambda arn: (arn, f"{arn}-??????"),  # AWS ends the ARN with six characters; the whole ARN ends with them already
    "task definition": _revisions,
}
"""What belongs to a target: a function's versions, a bucket's objects, a database's tables."""


def with_parts(word: str, arn: str) -> tuple[str, ...]:
    """Returns the ARN of a target and of what belongs to it."""
    if word in PARTS:
        return PARTS[word](arn)
    if FORMS[word].arn.startswith("sagemaker:") and arn != arn.lower():
        return (arn, arn.lower())  # SageMaker writes ARNs in small letters
    return (arn,)
