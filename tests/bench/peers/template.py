"""The benchmark's project as a CloudFormation template: the same resources with the same settings, under the same names.

Code and scripts are named by their paths in the repository, as `aws cloudformation package` and SAM expect it, so every tool
packages the same files. The artifact bucket is not in it: other tools need theirs before the first deploy.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from common.base.json_types import JsonObject
from common.model.resource import Key, Resource
from tests.support.repository import Repository


def write_template(repository: Repository, path: Path) -> None:
    """Writes the template of everything that is declared."""
    resources = [resource for pipeline in repository.declared() for resource in pipeline.rendered()]
    path.write_text(json.dumps(template(resources, repository.root)))


def template(resources: Sequence[Resource], repository: Path) -> JsonObject:
    """The template of all resources but the artifact bucket.

    Args:
        resources: those of all projects, the shared ones included.
        repository: the repository's root.
    """
    present = [resource for resource in resources if str(resource.key) != "bucket/artifacts"]
    ids = {resource.key: _logical_id(resource.key) for resource in present}
    entries: JsonObject = {}
    for resource in present:
        type_name, properties = TYPES[resource.key.kind]
        entry: JsonObject = {"Type": type_name, "Properties": properties(resource, repository)}
        if needs := [ids[key] for key in resource.needs if key in ids]:
            entry["DependsOn"] = needs
        entries[ids[resource.key]] = entry
        if resource.key.kind == "bucket":
            policy = {"Bucket": {"Ref": ids[resource.key]}, "PolicyDocument": resource.desired()["Policy"]}
            entries[f"{ids[resource.key]}Policy"] = {"Type": "AWS::S3::BucketPolicy", "Properties": policy}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": entries}


def _logical_id(key: Key) -> str:
    return "".join(part.capitalize() for part in re.split(r"\W|_", f"{key.kind}-{key.name}"))


def _pairs(tags: Mapping[str, str]) -> list[JsonObject]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def _bucket(bucket: Resource, _: Path) -> JsonObject:
    state = bucket.desired()
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": state["Encryption"]}}
    return {
        "BucketName": bucket.name,
        "VersioningConfiguration": {"Status": state["Versioning"]},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": state["ObjectOwnership"]}]},
        "PublicAccessBlockConfiguration": state["PublicAccessBlock"],
        "Tags": _pairs(bucket.tags),
    }


def _database(database: Resource, _: Path) -> JsonObject:
    return {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": database.name}}


def _log_group(group: Resource, _: Path) -> JsonObject:
    return {"LogGroupName": group.name, "RetentionInDays": group.desired()["retentionInDays"], "Tags": _pairs(group.tags)}


def _role(role: Resource, _: Path) -> JsonObject:
    state = role.desired()
    policies = [{"PolicyName": name, "PolicyDocument": policy} for name, policy in state["Policies"].items()]
    document = state["AssumeRolePolicyDocument"]
    properties = {"RoleName": role.name, "Path": state["Path"], "AssumeRolePolicyDocument": document, "Policies": policies}
    return {**properties, "Tags": _pairs(role.tags)}


def _function(function: Resource, repository: Path) -> JsonObject:
    state = function.desired()
    fields = ("Runtime", "Role", "Handler", "MemorySize", "Timeout", "EphemeralStorage", "LoggingConfig", "Architectures")
    folder = repository / "projects" / function.key.project / "lambda" / function.key.name
    properties = {"FunctionName": function.name, **{field: state[field] for field in fields}}
    return {**properties, "Code": str(folder), "Tags": _pairs(function.tags)}


def _job(job: Resource, repository: Path) -> JsonObject:
    state = job.desired()
    fields = ["Role", "DefaultArguments", "ExecutionProperty", "MaxRetries", "Timeout", "GlueVersion", "WorkerType"]
    fields += ["NumberOfWorkers", "ExecutionClass"]
    (script,) = (repository / "projects" / job.key.project / "glue").rglob(f"{job.key.name}.py")
    properties = {"Name": job.name, **{field: state[field] for field in fields}}
    return {**properties, "Command": {**state["Command"], "ScriptLocation": str(script)}, "Tags": dict(job.tags)}


def _crawler(crawler: Resource, _: Path) -> JsonObject:
    state = crawler.desired()
    fields = ("Role", "DatabaseName", "Targets", "SchemaChangePolicy", "RecrawlPolicy")
    properties = {"Name": crawler.name, **{field: state[field] for field in fields}}
    return {**properties, "Configuration": json.dumps(state["Configuration"]), "Tags": dict(crawler.tags)}


def _machine(machine: Resource, _: Path) -> JsonObject:
    state = machine.desired()
    logging = state["loggingConfiguration"]
    (destination,) = logging["destinations"]
    group = {"LogGroupArn": destination["cloudWatchLogsLogGroup"]["logGroupArn"]}
    return {
        "StateMachineName": machine.name,
        "StateMachineType": state["type"],
        "DefinitionString": state["definition"],
        "RoleArn": state["roleArn"],
        "LoggingConfiguration": {
            "Level": logging["level"],
            "IncludeExecutionData": logging["includeExecutionData"],
            "Destinations": [{"CloudWatchLogsLogGroup": group}],
        },
        "TracingConfiguration": {"Enabled": state["tracingConfiguration"]["enabled"]},
        "Tags": _pairs(machine.tags),
    }


TYPES: Mapping[str, tuple[str, Callable[[Resource, Path], JsonObject]]] = {
    "bucket": ("AWS::S3::Bucket", _bucket),
    "database": ("AWS::Glue::Database", _database),
    "log-group": ("AWS::Logs::LogGroup", _log_group),
    "role": ("AWS::IAM::Role", _role),
    "lambda": ("AWS::Lambda::Function", _function),
    "glue-job": ("AWS::Glue::Job", _job),
    "crawler": ("AWS::Glue::Crawler", _crawler),
    "state-machine": ("AWS::StepFunctions::StateMachine", _machine),
}
"""The CloudFormation type of each kind, and what returns its properties."""
