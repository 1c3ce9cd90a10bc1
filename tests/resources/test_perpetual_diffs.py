"""Each kind, of which AWS tells a field otherwise than it was declared: a plan after a deploy is empty, and a drift is seen.

Each case is a change for ever that users of other tools have met, or a default that AWS's own pages tell.
"""

import json
from typing import Any

import pytest

from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings, StateMachineSettings
from common.model.resource import Resource
from tests.resources.builders import TAGS, Place, final
from tests.resources.scripted import ScriptedAws

PLACE = Place()
Script = dict[str, Any]


def of_function(function: Resource, **live: Any) -> Script:
    """What Lambda tells of a function besides what was declared."""
    told = {**final(function), "RevisionId": "1", **live}
    told["LoggingConfig"] = {"LogFormat": "Text", **final(function)["LoggingConfig"], **live.get("LoggingConfig", {})}
    return {"lambda:GetFunction": {"Configuration": told, "Code": {}, "Tags": told.pop("Tags")}}


def of_job(job: Resource, **live: Any) -> Script:
    told = {**final(job), **live}
    tags = told.pop("Tags")
    return {"glue:GetJob": {"Job": {n: v for n, v in told.items() if v is not None}}, "glue:GetTags": {"Tags": tags}}


def of_crawler(crawler: Resource, **live: Any) -> Script:
    told = {**final(crawler), "State": "READY"}
    told |= {"Schedule": {"ScheduleExpression": told["Schedule"]}, "Configuration": json.dumps(told["Configuration"]), **live}
    tags = told.pop("Tags")
    return {"glue:GetCrawler": {"Crawler": {n: v for n, v in told.items() if v is not None}}, "glue:GetTags": {"Tags": tags}}


def of_machine(machine: Resource, **live: Any) -> Script:
    told = {**final(machine), **live}
    tags = [{"key": key, "value": value} for key, value in told.pop("Tags").items()]
    shown = {name: value for name, value in told.items() if value is not None}
    return {"stepfunctions:DescribeStateMachine": shown, "stepfunctions:ListTagsForResource": {"tags": tags}}


def of_queue(**live: str) -> Script:
    usual = {"VisibilityTimeout": "30", "MessageRetentionPeriod": "345600", "SqsManagedSseEnabled": "true"}
    return {"sqs:GetQueueAttributes": {"Attributes": {**usual, **live}}, "sqs:ListQueueTags": {"Tags": TAGS}}


def of_topic(**live: str) -> Script:
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    return {"sns:GetTopicAttributes": {"Attributes": live}, "sns:ListTagsForResource": {"Tags": tags}}


def policy(principal: Any, action: Any = "sqs:SendMessage") -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=1)


ROOT, OTHER = "arn:aws:iam::123456789012:root", "arn:aws:iam::111122223333:root"
JSON = PLACE.function(settings=FunctionSettings(), properties={"LoggingConfig": {"LogFormat": "JSON"}})
OFF = PLACE.function(
    properties={"SnapStart": {"ApplyOn": "None"}, "Description": "", "VpcConfig": {"Ipv6AllowedForDualStack": False}}
)
JOB = PLACE.job(settings=JobSettings(timeout_minutes=480), properties={"JobRunQueuingEnabled": False, "Description": ""})
FOUR = PLACE.job(settings=JobSettings(glue_version="4.0", timeout_minutes=2880))
NEWEST = PLACE.job(settings=JobSettings(glue_version="6.0"))
CRAWLER = PLACE.crawler(
    settings=CrawlerSettings(deleted_data="deprecate"),
    properties={"LakeFormationConfiguration": {"UseLakeFormationCredentials": False}, "Classifiers": []},
)
DYNAMO = PLACE.crawler(targets=(), properties={"Targets": {"DynamoDBTargets": [{"Path": "t", "scanAll": False}]}})
QUIET = PLACE.state_machine(settings=StateMachineSettings(log_level="OFF"))
QUEUE = PLACE.queue(properties={"Policy": policy({"AWS": ["123456789012", "111122223333"]}, ["sqs:SendMessage"])})
REDRIVEN = PLACE.queue(dead_letter_arn="arn:dead", properties={"RedriveAllowPolicy": '{ "redrivePermission": "denyAll" }'})
TOPIC = PLACE.topic(properties={"Policy": policy("*", "sns:Publish")})
DENIED = '{"redrivePermission":"denyAll"}'
INHERITED = '{"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}},"Version":1.0}'
UNTOLD = {"Targets": {"DynamoDBTargets": [{"Path": "t"}]}}
CASES: dict[str, tuple[Resource, Script, Script]] = {
    # The levels that Lambda fills in: hashicorp/terraform-provider-aws#42181
    "levels of JSON": (
        JSON,
        of_function(JSON, LoggingConfig={"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}),
        of_function(JSON, LoggingConfig={"LogFormat": "Text"}),
    ),
    "what is off": (
        OFF,
        of_function(OFF, Description=None, VpcConfig={"VpcId": "", "SubnetIds": [], "SecurityGroupIds": []}),
        of_function(OFF, SnapStart={"ApplyOn": "PublishedVersions"}),
    ),
    # https://docs.aws.amazon.com/glue/latest/webapi/API_CreateJob.html
    "timeout of Glue 5.0": (
        JOB,
        of_job(JOB, Timeout=None, JobRunQueuingEnabled=None, Description=None),
        of_job(JOB, Timeout=2880),
    ),
    "queuing": (JOB, of_job(JOB), of_job(JOB, JobRunQueuingEnabled=True)),
    "timeout of Glue 4.0": (FOUR, of_job(FOUR, Timeout=None), of_job(FOUR, Timeout=480)),
    "version of Glue": (NEWEST, of_job(NEWEST, GlueVersion=None), of_job(NEWEST, GlueVersion="5.1")),
    # GetJob tells the capacity beside the workers of which it follows.
    "capacity": (FOUR, of_job(FOUR, MaxCapacity=2.0, AllocatedCapacity=2), of_job(FOUR, NumberOfWorkers=3)),
    "role by name": (FOUR, of_job(FOUR, Role="runner"), of_job(FOUR, Role="other")),
    "empty maps": (FOUR, of_job(FOUR, Connections=None, ExecutionProperty=None, MaxRetries=None), of_job(FOUR, MaxRetries=1)),
    # https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html
    "policies of a crawler": (
        CRAWLER,
        of_crawler(CRAWLER, SchemaChangePolicy=None, RecrawlPolicy=None, LakeFormationConfiguration=None, Classifiers=None),
        of_crawler(CRAWLER, SchemaChangePolicy={"UpdateBehavior": "LOG"}),
    ),
    "configuration with other keys first": (
        CRAWLER,
        of_crawler(CRAWLER, Configuration=INHERITED),
        of_crawler(CRAWLER, Configuration='{"Version": 1.0}'),
    ),
    # Glue scans the whole table where nothing is said, so what it does not tell is not off.
    "a scan that is on by default": (DYNAMO, of_crawler(DYNAMO), of_crawler(DYNAMO, **UNTOLD)),
    "logging that is off": (
        QUIET,
        of_machine(QUIET, loggingConfiguration={"level": "OFF", "includeExecutionData": True}, tracingConfiguration=None),
        of_machine(QUIET, tracingConfiguration={"enabled": True}),
    ),
    "spelling of a definition": (
        QUIET,
        of_machine(QUIET, definition='{"States": {"Done": {"Type":"Pass", "End":true}},\n "StartAt": "Done"}'),
        of_machine(QUIET, definition='{"StartAt":"Done","States":{"Done":{"Type":"Succeed"}}}'),
    ),
    # hashicorp/terraform#13972
    "accounts of a policy": (
        QUEUE,
        of_queue(Policy=policy({"AWS": [OTHER, ROOT]})),
        of_queue(Policy=policy({"AWS": [ROOT]})),
    ),
    "everybody in a policy": (
        TOPIC,
        of_topic(Policy=policy({"AWS": "*"}, ["sns:Publish"])),
        of_topic(Policy=policy({"AWS": ROOT})),
    ),
    # hashicorp/terraform-provider-aws#40119
    "redrive policies": (
        REDRIVEN,
        of_queue(RedrivePolicy='{"deadLetterTargetArn":"arn:dead","maxReceiveCount":"5"}', RedriveAllowPolicy=DENIED),
        of_queue(RedrivePolicy='{"deadLetterTargetArn":"arn:dead","maxReceiveCount":6}', RedriveAllowPolicy=DENIED),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_aws_tells_otherwise_is_no_change_and_a_drift_is_one(case: str) -> None:
    resource, told, drifted = CASES[case]
    live = resource.read(ScriptedAws(told))
    assert live is not None
    assert live.state == final(resource)
    live = resource.read(ScriptedAws(drifted))
    assert live is not None
    assert live.state != final(resource)
