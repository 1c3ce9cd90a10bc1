"""What is read of each AWS service for a snapshot: every answer in full, by resource and by the call that gave it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote

from botocore.exceptions import ClientError

Answers: TypeAlias = Iterator[tuple[str, dict[str, Any]]]

ABSENT = frozenset(
    {
        "EntityNotFoundException",
        "ResourceNotFoundException",
        "ResourceNotFound",
        "NoSuchBucketPolicy",
        "NoSuchCORSConfiguration",
        "NoSuchEntity",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "NoSuchWebsiteConfiguration",
        "OwnershipControlsNotFoundError",
        "ProvisionedConcurrencyConfigNotFoundException",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
"""Error codes that say that a resource does not have what was asked for."""
UNKNOWN = frozenset({"InvalidAction", "UnknownOperationException", "NotImplemented", "UnsupportedOperation", "501"})
"""Error codes with which an emulator says that it does not have a call."""
REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
"""Error codes for who may not read something, as the policy of a key."""


@dataclass(frozen=True)
class Service:
    """A client that reads."""

    client: Any
    clients: Callable[[str], Any]
    objects: bool
    """Whether the objects of buckets are listed, too."""
    unread: list[str] = field(default_factory=list)
    """What was refused, or is not offered here. The answers hold the same text."""

    def read(self, operation: str, /, **parameters: Any) -> Any:
        """The answer without its metadata; None if the resource has nothing of this kind. Other errors are raised."""
        try:
            answer = getattr(self.client, operation)(**parameters)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ABSENT:
                return None
            if code in UNKNOWN | REFUSED:
                self.unread.append(f"{operation} {parameters}: {code}")
                return self.unread[-1]
            raise
        answer.pop("ResponseMetadata", None)
        return answer

    def all(self, operation: str, /, **parameters: Any) -> dict[str, list[Any]]:
        """All pages of a list, joined."""
        if not self.client.can_paginate(operation):
            answer = self.read(operation, **parameters)
            return {} if not isinstance(answer, dict) else {name: part for name, part in answer.items() if isinstance(part, list)}
        joined: dict[str, list[Any]] = {}
        try:
            for page in self.client.get_paginator(operation).paginate(**parameters):
                for name, part in page.items():
                    if isinstance(part, list):
                        joined.setdefault(name, []).extend(part)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in UNKNOWN | REFUSED:
                self.unread.append(f"{operation} {parameters}: {code}")
            elif code not in ABSENT:
                raise
        return joined

    def each(self, names: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Several calls about one resource, by their names; what it does not have is left out."""
        answers = {operation: self.read(operation, **parameters) for operation, parameters in names.items()}
        return {operation: answer for operation, answer in answers.items() if answer is not None}


def _functions(service: Service) -> Answers:
    for listed in service.all("list_functions").get("Functions", []):
        name = {"FunctionName": listed["FunctionName"]}
        operations = (
            "get_function",
            "get_policy",
            "get_function_concurrency",
            "get_function_event_invoke_config",
            "get_function_url_config",
            "get_function_code_signing_config",
            "get_runtime_management_config",
            "get_function_recursion_config",
        )
        answer = service.each(dict.fromkeys(operations, name))
        for operation in ("list_aliases", "list_versions_by_function", "list_provisioned_concurrency_configs"):
            answer[operation] = service.all(operation, **name)
        for version in answer["list_versions_by_function"].get("Versions", []):
            version.pop("LastModified", None)
            version.pop("RevisionId", None)
        answer["list_event_source_mappings"] = service.all("list_event_source_mappings", **name)
        yield f"function {listed['FunctionName']}", {**answer, "tags": answer["get_function"].pop("Tags", {})}
    for layer in service.all("list_layers").get("Layers", []):
        yield f"layer {layer['LayerName']}", service.all("list_layer_versions", LayerName=layer["LayerName"])


def _glue(service: Service) -> Answers:
    sts = service.clients("sts").get_caller_identity()
    partition, account, region = sts["Arn"].split(":")[1], sts["Account"], service.client.meta.region_name

    def tags(kind: str, name: str) -> dict[str, str]:
        arn = f"arn:{partition}:glue:{region}:{account}:{kind}/{name}"
        answer: dict[str, str] = (service.read("get_tags", ResourceArn=arn) or {}).get("Tags", {})
        return answer

    for job in service.all("get_jobs").get("Jobs", []):
        yield f"job {job['Name']}", {"get_jobs": job, "tags": tags("job", job["Name"])}
    for crawler in service.all("get_crawlers").get("Crawlers", []):
        yield f"crawler {crawler['Name']}", {"get_crawlers": crawler, "tags": tags("crawler", crawler["Name"])}
    for trigger in service.all("get_triggers").get("Triggers", []):
        yield f"glue trigger {trigger['Name']}", {"get_triggers": trigger, "tags": tags("trigger", trigger["Name"])}
    for database in service.all("get_databases").get("DatabaseList", []):
        tables = service.all("get_tables", DatabaseName=database["Name"])
        yield (
            f"database {database['Name']}",
            {"get_databases": database, "get_tables": tables, "tags": tags("database", database["Name"])},
        )
    for connection in service.all("get_connections", HidePassword=True).get("ConnectionList", []):
        yield f"connection {connection['Name']}", {"get_connections": connection}
    for configuration in service.all("get_security_configurations").get("SecurityConfigurations", []):
        yield f"security configuration {configuration['Name']}", {"get_security_configurations": configuration}
    for classifier in service.all("get_classifiers").get("Classifiers", []):
        ((kind, fields),) = classifier.items()
        yield f"classifier {fields['Name']}", {kind: fields}


def _machines(service: Service) -> Answers:
    for listed in service.all("list_state_machines").get("stateMachines", []):
        arn = {"stateMachineArn": listed["stateMachineArn"]}
        answer = service.read("describe_state_machine", **arn)
        answer["definition"] = json.loads(answer["definition"])
        tags = service.read("list_tags_for_resource", resourceArn=listed["stateMachineArn"])["tags"]
        others = {name: service.all(name, **arn) for name in ("list_state_machine_versions", "list_state_machine_aliases")}
        yield (
            f"state machine {listed['name']}",
            {"describe_state_machine": answer, **others, "tags": {tag["key"]: tag["value"] for tag in tags}},
        )


def _rules(service: Service) -> Answers:
    for listed in service.all("list_rules").get("Rules", []):
        answer = service.each({"describe_rule": {"Name": listed["Name"]}})
        answer["list_targets_by_rule"] = service.all("list_targets_by_rule", Rule=listed["Name"])
        yield (
            f"rule {listed['Name']}",
            {**answer, "tags": _listed(service.read("list_tags_for_resource", ResourceARN=listed["Arn"]))},
        )


def _schedules(service: Service) -> Answers:
    for listed in service.all("list_schedules").get("Schedules", []):
        name = {"Name": listed["Name"], "GroupName": listed["GroupName"]}
        yield f"schedule {listed['GroupName']}/{listed['Name']}", service.each({"get_schedule": name})


def _roles(service: Service) -> Answers:
    for listed in service.all("list_roles").get("Roles", []):
        name = {"RoleName": listed["RoleName"]}
        role = service.read("get_role", **name)["Role"]
        tags = {tag["Key"]: tag["Value"] for tag in role.pop("Tags", ())}
        inline = {
            policy: _policy(service.read("get_role_policy", **name, PolicyName=policy)["PolicyDocument"])
            for policy in service.all("list_role_policies", **name).get("PolicyNames", [])
        }
        role["AssumeRolePolicyDocument"] = _policy(role["AssumeRolePolicyDocument"])
        policies = service.all("list_attached_role_policies", **name).get("AttachedPolicies", [])
        attached = sorted({policy["PolicyArn"] for policy in policies})
        yield f"role {listed['RoleName']}", {"get_role": role, "inline": inline, "attached": attached, "tags": tags}
    for policy in service.all("list_policies", Scope="Local").get("Policies", []):
        version = {"PolicyArn": policy["Arn"], "VersionId": policy["DefaultVersionId"]}
        policy.pop("AttachmentCount", None)  # follows from the roles
        yield f"policy {policy['PolicyName']}", {"list_policies": policy, **service.each({"get_policy_version": version})}


def _policy(document: Any) -> Any:
    return json.loads(unquote(document)) if isinstance(document, str) else document


def _buckets(service: Service) -> Answers:
    operations = (
        "get_bucket_versioning",
        "get_bucket_encryption",
        "get_bucket_policy",
        "get_bucket_lifecycle_configuration",
        "get_bucket_notification_configuration",
        "get_public_access_block",
        "get_bucket_ownership_controls",
        "get_bucket_cors",
        "get_bucket_logging",
        "get_bucket_website",
        "get_bucket_replication",
        "get_bucket_accelerate_configuration",
        "get_bucket_request_payment",
        "get_bucket_acl",
        "get_bucket_location",
    )
    for listed in service.all("list_buckets").get("Buckets", []):
        bucket = {"Bucket": listed["Name"]}
        answer = service.each(dict.fromkeys(operations, bucket))
        tags = _listed(service.read("get_bucket_tagging", **bucket), "TagSet")
        if service.objects:
            objects = service.all("list_objects_v2", **bucket).get("Contents", [])
            answer["objects"] = {entry["Key"]: [entry["ETag"], entry["Size"]] for entry in objects}
        yield f"bucket {listed['Name']}", {**answer, "tags": tags}


def _listed(answer: Any, name: str = "Tags") -> dict[str, str]:
    """Tags that come as a list."""
    listed = answer.get(name, []) if isinstance(answer, dict) else []
    return {tag["Key"]: tag["Value"] for tag in listed}


def _log_groups(service: Service) -> Answers:
    for group in service.all("describe_log_groups").get("logGroups", []):
        name = {"logGroupName": group["logGroupName"]}
        answer = {
            operation: service.all(operation, **name)
            for operation in ("describe_subscription_filters", "describe_metric_filters")
        }
        tags = (service.read("list_tags_log_group", **name) or {}).get("tags", {})
        yield f"log group {group['logGroupName']}", {"describe_log_groups": group, **answer, "tags": tags}


def _tables(service: Service) -> Answers:
    for name in service.all("list_tables").get("TableNames", []):
        operations = ("describe_table", "describe_time_to_live", "describe_continuous_backups")
        answer = service.each({operation: {"TableName": name} for operation in operations})
        tags = _listed(service.read("list_tags_of_resource", ResourceArn=answer["describe_table"]["Table"]["TableArn"]))
        yield f"table {name}", {**answer, "tags": tags}


def _topics(service: Service) -> Answers:
    for topic in service.all("list_topics").get("Topics", []):
        arn = topic["TopicArn"]
        answer = service.each({"get_topic_attributes": {"TopicArn": arn}})
        answer["subscriptions"] = service.all("list_subscriptions_by_topic", TopicArn=arn)
        yield f"topic {arn.split(':')[-1]}", {**answer, "tags": _listed(service.read("list_tags_for_resource", ResourceArn=arn))}


def _queues(service: Service) -> Answers:
    for url in service.all("list_queues").get("QueueUrls", []):
        answer = service.each({"get_queue_attributes": {"QueueUrl": url, "AttributeNames": ["All"]}})
        tags = (service.read("list_queue_tags", QueueUrl=url) or {}).get("Tags", {})
        yield f"queue {url.split('/')[-1]}", {**answer, "tags": tags}


def _keys(service: Service) -> Answers:
    for listed in service.all("list_keys").get("Keys", []):
        key = {"KeyId": listed["KeyId"]}
        answer = service.each(
            {"describe_key": key, "get_key_rotation_status": key, "get_key_policy": {**key, "PolicyName": "default"}}
        )
        aliases = service.all("list_aliases", **key).get("Aliases", [])
        yield f"key {listed['KeyId']}", {**answer, "aliases": sorted(alias["AliasName"] for alias in aliases)}


def _secrets(service: Service) -> Answers:
    for secret in service.all("list_secrets").get("SecretList", []):
        answer = service.read("describe_secret", SecretId=secret["ARN"])
        yield f"secret {secret['Name']}", {"tags": _listed(answer), "describe_secret": {**answer, "Tags": None}}


def _parameters(service: Service) -> Answers:
    for parameter in service.all("describe_parameters").get("Parameters", []):
        yield f"parameter {parameter['Name']}", {"describe_parameters": parameter}


READERS: Mapping[str, Callable[[Service], Answers]] = {
    "lambda": _functions,
    "glue": _glue,
    "stepfunctions": _machines,
    "events": _rules,
    "scheduler": _schedules,
    "iam": _roles,
    "s3": _buckets,
    "logs": _log_groups,
    "dynamodb": _tables,
    "sns": _topics,
    "sqs": _queues,
    "kms": _keys,
    "secretsmanager": _secrets,
    "ssm": _parameters,
}
