"""What nobody declares survives every update: each field that AWS's own models know is set by hand, then a change is deployed.

AWS answers here as its documentation says: UpdateJob removes or resets what it is not given, UpdateCrawler, PutRule and the
structures of a function are taken as a whole, too.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html#aws-glue-api-jobs-job-UpdateJob
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
import pytest

from common.environment.resource_settings import CrawlerSettings
from common.model import comparison
from common.model.resource import Resource
from common.resources import accepted_fields
from tests.resources.builders import Place, brought, final
from tests.resources.scripted import ScriptedAws

OWNED_NAMES = {"Name", "FunctionName", "name", "Tags", "tags"}
NEVER_READ = {
    # The code is set by UpdateFunctionCode; the others can only be said at creation, or belong to another way of running.
    "lambda": {"Code", "Publish", "PublishTo", "PackageType", "CodeSigningConfigArn", "ImageConfig", "TenancyConfig"},
    "glue": {"AllocatedCapacity", "MaxCapacity"},  # said otherwise by what is declared
    "stepfunctions": {"publish", "versionDescription"},
}


@cache
def shape(service: str, operation: str, *path: str) -> Any:
    """The input of an operation, or a structure in it."""
    result = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    for name in path:
        result = result.members[name]
    return result


def filled(of: Any, depth: int = 4) -> Any:
    """A value with every member set, as a person may have set it; some shapes hold themselves, so not without end."""
    if of.type_name == "structure":
        return {name: filled(member, depth - 1) for name, member in of.members.items()} if depth else {}
    if of.type_name == "map":
        return {"by-hand": filled(of.value, depth)}
    if of.type_name == "list":
        return [filled(of.member, depth)]
    plain: dict[str, Any] = {"boolean": True, "integer": 7, "long": 7, "double": 7.0, "float": 7.0}
    return plain.get(of.type_name) or (of.enum[-1] if getattr(of, "enum", None) else f"by hand {of.name}")


def by_hand(service: str, operation: str) -> dict[str, Any]:
    """Every field of a creation that can be set and that no type of ours leaves out for a reason."""
    members = shape(service, operation).members
    return {name: filled(member) for name, member in members.items() if name not in OWNED_NAMES | NEVER_READ[service]}


def survives(sent: Mapping[str, Any], live: Mapping[str, Any], declared: Mapping[str, Any]) -> None:
    """Whether a call has every live field that nobody declares, and nothing else that is not declared."""
    for name, value in live.items():
        if name not in declared:
            assert sent.get(name) == value, name
        elif (
            isinstance(value, Mapping) and isinstance(declared[name], Mapping) and name not in {"Environment", "DefaultArguments"}
        ):
            survives(sent[name], value, declared[name])
    for name, value in declared.items():
        if not isinstance(value, Mapping | list):
            assert sent[name] == value, name


def test_a_job_keeps_every_field() -> None:
    job = Place().job(arguments={"--zone": "final"})
    live = {**by_hand("glue", "CreateJob"), **{name: value for name, value in final(job).items() if name != "Tags"}}
    live["Command"] = {**filled(shape("glue", "CreateJob", "Command")), **final(job)["Command"]}
    read_only = {
        "Name": job.name,
        "CreatedOn": 1,
        "LastModifiedOn": 1,
        "ProfileName": "x",
        "AllocatedCapacity": 2,
        "MaxCapacity": 2.0,
    }
    answer = {"Job": {**live, **read_only, "DefaultArguments": {}}}
    aws = ScriptedAws({"glue:GetJob": answer, "glue:GetTags": {"Tags": final(job)["Tags"]}, "glue:UpdateJob": {}})
    assert brought(aws, job) == {"DefaultArguments"}
    sent = aws.sent("glue:UpdateJob")["JobUpdate"]
    assert sent.keys() <= shape("glue", "UpdateJob", "JobUpdate").members.keys()
    declared = {name: value for name, value in final(job).items() if name not in {"Tags", "Connections"}}
    survives(sent, {name: value for name, value in live.items() if name != "Connections"}, declared)
    assert {"SecurityConfiguration", "NonOverridableArguments", "NotificationProperty", "Description"} <= sent.keys()
    assert sent["Command"]["Runtime"] == live["Command"]["Runtime"]
    assert "MaxCapacity" not in sent


def test_a_crawler_keeps_every_field() -> None:
    crawler = Place().crawler(settings=CrawlerSettings(table_prefix="ours_"))
    desired = final(crawler)
    live = by_hand("glue", "CreateCrawler") | {"State": "READY", "Version": 3, "Schedule": {"State": "NOT_SCHEDULED"}}
    live |= {name: desired[name] for name in ("Role", "DatabaseName", "SchemaChangePolicy", "RecrawlPolicy")}
    live["TablePrefix"] = "by_hand_"
    path = desired["Targets"]["S3Targets"][0]["Path"]
    live["Targets"]["S3Targets"][0] |= {"Path": path, "Exclusions": []}
    theirs = {"Grouping": {"TableLevelConfiguration": 3}, "CrawlerOutput": {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}}
    live["Configuration"] = json.dumps(comparison.merged(desired["Configuration"], theirs))
    aws = ScriptedAws({"glue:GetCrawler": {"Crawler": live}, "glue:GetTags": {"Tags": desired["Tags"]}, "glue:UpdateCrawler": {}})
    assert brought(aws, crawler) == {"TablePrefix"}
    sent = aws.sent("glue:UpdateCrawler")
    assert sent.keys() <= shape("glue", "UpdateCrawler").members.keys()
    others = {"Description", "Classifiers", "LineageConfiguration", "LakeFormationConfiguration", "CrawlerSecurityConfiguration"}
    assert {name: sent[name] for name in others} == {name: live[name] for name in others}
    assert sent["Targets"] == live["Targets"]
    assert json.loads(sent["Configuration"]) == json.loads(live["Configuration"])
    assert sent["TablePrefix"] == "ours_"


@pytest.mark.parametrize("changed", ["Timeout", "CodeSha256"])
def test_a_function_keeps_every_field(changed: str) -> None:
    place = Place()
    function = place.function()
    desired = final(function)
    live = by_hand("lambda", "CreateFunction") | {name: value for name, value in desired.items() if name != "Tags"}
    whole = shape("lambda", "UpdateFunctionConfiguration")
    live["LoggingConfig"] = {**filled(whole.members["LoggingConfig"]), **desired["LoggingConfig"]}
    live["VpcConfig"] = {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": ""}
    live |= {changed: 1 if changed == "Timeout" else "other", "RevisionId": "r1"}
    answer = {"Configuration": live, "Code": {"SourceKMSKeyArn": "key"}, "Tags": desired["Tags"]}
    done = {"LastUpdateStatus": "Successful", "CodeSha256": desired["CodeSha256"]}
    updates = {"lambda:UpdateFunctionConfiguration": done, "lambda:UpdateFunctionCode": done}
    aws = ScriptedAws({"lambda:GetFunction": answer, **updates})
    result = function.read(aws)
    assert result is not None
    unsaid = whole.members.keys() - desired.keys() - {"FunctionName", "RevisionId", "ImageConfig"}
    assert unsaid <= result.undeclared.keys()  # what Lambda keeps because no call names it, is named to people
    assert brought(aws, function) == {changed}
    if changed == "CodeSha256":
        assert aws.sent("lambda:UpdateFunctionCode")["SourceKMSKeyArn"] == "key"
        return
    sent = aws.sent("lambda:UpdateFunctionConfiguration")
    assert sent.keys() <= whole.members.keys()
    assert not sent.keys() & unsaid
    assert sent["LoggingConfig"] == live["LoggingConfig"]


def test_a_state_machine_keeps_its_key() -> None:
    machine = Place().state_machine()
    desired = final(machine)
    live = by_hand("stepfunctions", "CreateStateMachine") | {name: desired[name] for name in desired if name != "Tags"}
    live |= {"definition": '{"StartAt": "X"}', "status": "ACTIVE"}
    tags = [{"key": name, "value": text} for name, text in desired["Tags"].items()]
    fields: dict[str, Any] = {
        "stepfunctions:UpdateStateMachine": {"revisionId": "r2"},
        "stepfunctions:ListTagsForResource": {"tags": tags},
    }
    aws = ScriptedAws({"stepfunctions:DescribeStateMachine": live, **fields})
    assert brought(aws, machine) == {"definition"}
    sent = aws.sent("stepfunctions:UpdateStateMachine")
    assert sent["encryptionConfiguration"] == live["encryptionConfiguration"]
    unsent = shape("stepfunctions", "UpdateStateMachine").members.keys() - sent.keys()
    assert unsent == {"publish", "versionDescription"}


def test_a_rule_keeps_what_put_rule_would_empty_and_what_is_said_of_its_target() -> None:
    rule = Place().rule(schedule="rate(2 days)", input={"n": 2})
    desired = final(rule)
    inputs = {"Input", "InputPath", "InputTransformer"}
    members = shape("events", "PutTargets", "Targets").member.members
    own = {name: filled(member) for name, member in members.items() if name not in inputs}
    target = {**own, **desired["Targets"][0], "Input": "{}"}
    live = {"ScheduleExpression": "rate(1 day)", "State": "ENABLED", "Description": "theirs", "RoleArn": "arn:theirs"}
    other = {"Id": "theirs", "Arn": "arn:aws:sns:eu-central-1:123456789012:x"}
    aws = ScriptedAws(
        {
            "events:DescribeRule": live,
            "events:ListTargetsByRule": {"Targets": [target, other]},
            "events:ListTagsForResource": {"Tags": [{"Key": key, "Value": value} for key, value in desired["Tags"].items()]},
            "events:PutRule": {},
            "events:PutTargets": {},
        }
    )
    assert brought(aws, rule) == {"ScheduleExpression", "Targets"}
    put = aws.sent("events:PutRule")
    assert (put["Description"], put["RoleArn"]) == ("theirs", "arn:theirs")
    (sent,) = aws.sent("events:PutTargets")["Targets"]
    assert sent == {**target, "Input": '{"n": 2}'}


@pytest.mark.parametrize(
    ("overrides", "of"),
    [
        (accepted_fields.JOB, ("glue", "UpdateJob", "JobUpdate")),
        (accepted_fields.CRAWLER, ("glue", "UpdateCrawler")),
        (accepted_fields.FUNCTION, ("lambda", "UpdateFunctionConfiguration")),
        (accepted_fields.MACHINE, ("stepfunctions", "UpdateStateMachine")),
    ],
)
def test_what_an_update_takes_is_what_the_model_says(overrides: Mapping[str, Any], of: tuple[str, ...]) -> None:
    """A field that AWS adds has to be carried, too."""
    place = Place()
    types: dict[str, Resource] = {"JobUpdate": place.job(), "UpdateCrawler": place.crawler()}
    types |= {"UpdateFunctionConfiguration": place.function(), "UpdateStateMachine": place.state_machine()}
    declared = final(types[of[-1]])
    members = shape(*of).members
    names = {"FunctionName", "RevisionId", "ImageConfig", "Name", "stateMachineArn", "publish", "versionDescription"}
    assert members.keys() - names - declared.keys() <= overrides.keys()
    assert overrides.keys() - members.keys() <= {"SourceKMSKeyArn"}
    for name, inner in overrides.items():
        if inner:
            assert inner.keys() == members[name].members.keys(), name
    target = shape("glue", "UpdateCrawler", "Targets", "S3Targets").member.members
    assert accepted_fields.TARGET.keys() | {"Path", "Exclusions"} == target.keys()
