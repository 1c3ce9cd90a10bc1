"""Dead letter queues of rules: EventBridge sends to them by the policy of the queue, and not by the role of the rule.

A queue of the project gets the policy, unless its declaration gives it one. That of others has to allow it already.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import json
from dataclasses import replace

from common.aws.resource_schemas import schema_of
from common.base.errors import DeclarationError
from common.base.json_types import JsonObject
from common.declare import cloud_resources, properties
from common.declare.project_resources import ProjectResources
from common.declare.resource_references import KIND, stand_in
from common.environment.resource_settings import TriggerSettings
from common.model.generated import mark_of
from common.model.reference import Ref
from common.model.resource import Resource
from common.resources.cloud_control import CloudResource
from common.resources.queue import Queue

INLINE_POLICY = "AWS::SQS::QueueInlinePolicy"


def fields_of(
    project: ProjectResources, ref: Ref, settings: TriggerSettings, queue: Ref | None = None
) -> tuple[JsonObject, tuple[Ref, ...]]:
    """The fields of the target of a rule, and what they refer to.

    Args:
        project: the project.
        ref: the rule.
        settings: its settings.
        queue: the queue that takes what it could not deliver, if any.
    """
    fields, named = properties.render(project, ref, settings.properties)
    fields = with_retries(fields, settings)
    if queue is None:
        return fields, named
    project.rules_of_queues[queue].append(ref)
    return {**fields, "DeadLetterConfig": {"Arn": queue.arn}}, (*named, queue)


def with_retries(fields: JsonObject, settings: TriggerSettings) -> JsonObject:
    """The fields of a target of a rule or a schedule, with how often a delivery that fails is tried again."""
    if settings.retries is None:
        return fields
    return {**fields, "RetryPolicy": {**fields.get("RetryPolicy", {}), "MaximumRetryAttempts": settings.retries}}


def allow_rules(project: ProjectResources) -> None:
    """Lets the queues of a project take what its rules could not deliver.

    Raises:
        DeclarationError: a shared queue does not let rules send.
    """
    for ref, rules in project.rules_of_queues.items():
        queue = project.known().get(ref.key)
        if isinstance(queue, Queue) and "Policy" not in queue.properties:
            if ref.key.project != project.project:
                raise DeclarationError(
                    f"{project.where(rules[0])}: the policy of {ref.key} lets no rule send to it. Declare it in deploy.py with "
                    f'properties={{"Policy": …}} that allows sqs:SendMessage to events.amazonaws.com, or take a queue of the '
                    f"project."
                )
            policy = json.dumps(_policy(ref, rules), sort_keys=True)
            project.add(replace(queue, properties={**queue.properties, "Policy": policy}))
        elif isinstance(queue, CloudResource) and ref.key.project == project.project:
            _add_policy(project, ref, queue, rules)


def _policy(queue: Ref, rules: list[Ref]) -> JsonObject:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue.arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": sorted(rule.arn for rule in rules)}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _add_policy(project: ProjectResources, ref: Ref, queue: Resource, rules: list[Ref]) -> None:
    """Adds the policy of a queue of any type, unless another declaration is about its policy."""
    url = mark_of(ref.key, "QueueUrl")
    policies = (resource for resource in project.resources() if isinstance(resource, CloudResource))
    if any("Policy" in resource.type_name and url in str(resource.properties) for resource in policies):
        return
    schema, key = schema_of(INLINE_POLICY, project.env.region), project.key(KIND, f"{ref.key.name}.rules")
    identity = project.identity(stand_in(project.env, key, schema, ""), [queue.key])
    declared = {"Queue": url, "PolicyDocument": _policy(ref, rules)}
    project.add(cloud_resources.resource_of(identity, schema, declared, project.env, project.where(rules[0])))
