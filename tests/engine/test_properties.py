"""Properties, deployed: any field in AWS's own spelling is sent, read back, compared, shown, and taken away again."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from common.resources import accepted_fields, kinds
from tests.engine.test_adopting import NAME, PLACE, aws, done, leaves, shape
from tests.support.replacing_aws import ReplacingAws
from tests.support.repository import Repository
from tests.support.terminal import squeezed
from tests.support.valid_values import ARN, TEXTS, valid

__all__ = ["aws"]
ACCEPTED = {
    "lambda": ("Function", "Validate", accepted_fields.FUNCTION),
    "glue-job": ("Job", "load", accepted_fields.JOB),
    "crawler": ("Crawler", "found", accepted_fields.CRAWLER),
    "state-machine": ("Machine", "main", accepted_fields.MACHINE),
}
KEY, DEAD = ARN, TEXTS["TargetArn"]
SETTINGS: dict[str, dict[str, Any]] = {
    "lambda": {
        "description": "ours",
        "tracing": True,
        "dead_letter": DEAD,
        "reserved_concurrency": 3,
        "kms_key": KEY,
        "log_format": "JSON",
        "log_level": "WARN",
    },
    "glue-job": {
        "description": "ours",
        "security_configuration": "kms",
        "notify_delay_minutes": 1,
        "non_overridable_arguments": {"--a": "1"},
        "queuing": True,
        "maintenance_window": "Sun:10",
    },
    "crawler": {"description": "ours", "classifiers": ["csv"], "security_configuration": "kms"},
    "state-machine": {"kms_key": KEY},
}
SENT: dict[str, dict[str, Any]] = {
    "lambda": {
        "Description": "ours",
        "TracingConfig.Mode": "Active",
        "DeadLetterConfig.TargetArn": DEAD,
        "KMSKeyArn": KEY,
        "LoggingConfig.LogFormat": "JSON",
        "LoggingConfig.ApplicationLogLevel": "WARN",
    },
    "glue-job": {
        "Description": "ours",
        "SecurityConfiguration": "kms",
        "NotificationProperty.NotifyDelayAfter": 1,
        "NonOverridableArguments.--a": "1",
        "JobRunQueuingEnabled": True,
        "MaintenanceWindow": "Sun:10",
    },
    "crawler": {"Description": "ours", "Classifiers": ["csv"], "CrawlerSecurityConfiguration": "kms"},
    "state-machine": {"encryptionConfiguration.type": "CUSTOMER_MANAGED_KMS_KEY", "encryptionConfiguration.kmsKeyId": KEY},
}
"""What the settings are in AWS; `reserved_concurrency` has operations of its own."""


def properties_of(kind: str) -> dict[str, Any]:
    """A valid value of each field that a kind accepts besides its settings."""
    described = kinds()[kind].properties
    assert described is not None
    members = shape(kinds()[kind].service, described.operation).members
    for name in described.path:
        members = members[name].members
    own = {name.partition(".")[0] for name in (*described.settings, *described.fields)}
    without = {"CodeGenConfigurationNodes", "Targets", "Configuration", "CapacityProviderConfig", "SourceControlDetails"}
    names = members.keys() & ACCEPTED[kind][2].keys() - own - without
    return {name: valid(members[name], name) for name in sorted(names)}


def declared(
    properties: Mapping[str, Mapping[str, Any]], settings: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[str, ...]:
    """A pipeline with these properties and settings."""
    arguments = {
        kind: f"properties={properties.get(kind, {})!r}, settings={(settings or {}).get(kind, {})!r}" for kind in ACCEPTED
    }
    database = 'database=p.shared.database("lake")'
    states = '{"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}'
    return (
        f'p.function("Validate", environment={{"ZONE": "1"}}, {arguments["lambda"]})',
        f'p.job("load", streaming=True, arguments={{"--zone": "1"}}, {arguments["glue-job"]})',
        f'p.crawler("found", targets=[p.shared.bucket("artifacts") / "x"], {database}, {arguments["crawler"]})',
        f'p.state_machine("main", {states}, {arguments["state-machine"]})',
    )


@pytest.fixture
def fresh(repository: Repository, aws: ReplacingAws) -> ReplacingAws:
    """An AWS with nothing in it yet."""
    aws.live.clear()
    aws.tags.clear()
    return aws


def test_every_field_is_sent_and_read_back_and_goes_when_it_is_declared_no_more(
    repository: Repository, fresh: ReplacingAws
) -> None:
    properties = {kind: properties_of(kind) for kind in ACCEPTED}
    assert all(properties[kind] for kind in ("lambda", "glue-job", "crawler"))
    assert {kind: {*settings} for kind, settings in SETTINGS.items()} == {
        kind: {setting.name for setting in described.fields.values()} - {"snap_start"}  # of versions, which have their own tests
        for kind in ACCEPTED
        if (described := kinds()[kind].properties)
    }
    repository.project("acres", *declared(properties, SETTINGS))
    done(repository, "deploy")
    for kind, (of, name, _) in ACCEPTED.items():
        live = dict(leaves(fresh.live[f"{of}/{NAME}-{name}"]))
        expected = (dict(leaves(properties[kind])) if properties[kind] else {}) | SENT[kind]
        assert {field: live.get(field) for field in expected} == expected, kind
    assert fresh.reserved == {f"{NAME}-Validate": 3}
    assert "nothing to do" in done(repository, "plan")
    assert "nothing to do" in done(repository, "plan", "--verify")
    assert "0 drifted" in done(repository, "drift")

    fresh.live[f"Job/{NAME}-load"]["NotificationProperty"]["NotifyDelayAfter"] = 99
    assert "NotificationProperty.NotifyDelayAfter 1 → 99; this is put back" in squeezed(
        done(repository, "plan", "--verify", code=2)
    )
    assert "NotificationProperty.NotifyDelayAfter" in done(repository, "drift", code=2)
    done(repository, "deploy", "--verify")

    repository.project("acres", *declared({}))
    planned = done(repository, "plan", code=2)
    assert "SecurityConfiguration no longer declared" in planned
    done(repository, "deploy")
    job, function = fresh.live[f"Job/{NAME}-load"], fresh.live[f"Function/{NAME}-Validate"]
    gone = properties["glue-job"].keys() | {name.partition(".")[0] for name in SENT["glue-job"]}
    assert not job.keys() & gone - {"Command", "ExecutionClass"}
    assert fresh.reserved == {}
    assert function["LoggingConfig"] == {"LogGroup": f"/aws/lambda/{NAME}-Validate", "LogFormat": "Text"}
    of_function = {*properties["lambda"], *(field.partition(".")[0] for field in SENT["lambda"])}
    for name in accepted_fields.FUNCTION_RESET.keys() & of_function:
        assert function[name] == accepted_fields.FUNCTION_RESET[name], name
    for name, value in accepted_fields.CRAWLER_RESET.items():
        assert fresh.live[f"Crawler/{NAME}-found"][name] == value, name
    assert fresh.live[f"Machine/{NAME}-main"]["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}
    assert "nothing to do" in done(repository, "plan", "--verify")


def test_a_field_beside_a_declared_one_is_kept(repository: Repository, fresh: ReplacingAws) -> None:
    """Of a structure and of a map, only the declared entries are compared."""
    properties: dict[str, dict[str, Any]] = {
        "crawler": {
            "Targets": {"DynamoDBTargets": [{"Path": "runs"}]},
            "Configuration": '{"Grouping": {"TableLevelConfiguration": 2}}',
        },
    }
    settings: dict[str, dict[str, Any]] = {
        "lambda": {"log_format": "JSON", "tracing": True},
        "glue-job": {"non_overridable_arguments": {"--a": "1"}},
    }
    repository.project("acres", *declared(properties, settings))
    done(repository, "deploy")
    function, crawler = fresh.live[f"Function/{NAME}-Validate"], fresh.live[f"Crawler/{NAME}-found"]
    assert function["LoggingConfig"] == {"LogGroup": f"/aws/lambda/{NAME}-Validate", "LogFormat": "JSON"}
    assert crawler["Targets"].keys() == {"S3Targets", "DynamoDBTargets"}
    assert json.loads(crawler["Configuration"]).keys() == {"Version", "CrawlerOutput", "Grouping"}
    function["LoggingConfig"]["SystemLogLevel"] = "DEBUG"
    fresh.live[f"Job/{NAME}-load"]["NonOverridableArguments"]["--theirs"] = "1"
    assert "nothing to do" in done(repository, "plan", "--verify")
    settings["lambda"]["tracing"] = False
    settings["glue-job"]["non_overridable_arguments"] = {"--a": "2"}
    repository.project("acres", *declared(properties, settings))
    planned = squeezed(done(repository, "plan", code=2))
    assert "TracingConfig.Mode Active → PassThrough" in planned
    assert "NonOverridableArguments.--a 1 → 2; kept, not declared: NonOverridableArguments.--theirs" in planned
    done(repository, "deploy")
    assert fresh.live[f"Job/{NAME}-load"]["NonOverridableArguments"] == {"--a": "2", "--theirs": "1"}
    assert function["LoggingConfig"]["SystemLogLevel"] == "DEBUG"


def test_reserved_concurrency_of_others_stays(repository: Repository, fresh: ReplacingAws) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: 0 stops a function, so it is a value."""
    repository.project("acres", *declared({}))
    done(repository, "deploy")
    fresh.reserved[f"{NAME}-Validate"] = 7
    assert "nothing to do" in done(repository, "plan", "--verify")
    repository.project("acres", *declared({}, {"lambda": {"description": "ours"}}))
    done(repository, "deploy")
    assert fresh.reserved == {f"{NAME}-Validate": 7}
    repository.project("acres", *declared({}, {"lambda": {"reserved_concurrency": 0}}))
    assert "ReservedConcurrentExecutions 7 → 0" in squeezed(done(repository, "plan", code=2))
    done(repository, "deploy")
    assert fresh.reserved == {f"{NAME}-Validate": 0}
    repository.project("acres", *declared({}))
    assert "ReservedConcurrentExecutions no longer declared" in squeezed(done(repository, "plan", code=2))
    done(repository, "deploy")
    assert fresh.reserved == {}


def test_a_reference_in_a_setting_comes_first_and_is_replaced(repository: Repository, moto_dates: None) -> None:
    """Its role may send there and use the key, as Lambda wants it before it accepts the target."""
    settings: dict[str, Any] = {"dead_letter": "${dead.arn}", "tracing": True, "kms_key": KEY.replace("key/1", "key/11111111")}
    repository.project(
        "acres", 'p.queue("dead", properties={"DelaySeconds": "5"})', f'p.function("Validate", settings={settings!r})'
    )
    resources = repository.resources()
    assert resources["queue/dead"].key in resources["lambda/Validate"].needs
    assert resources["lambda/Validate"].desired()["DeadLetterConfig"] == {"TargetArn": resources["queue/dead"].arn}
    allowed = json.dumps(resources["role/Validate-lambda"].desired())
    assert all(action in allowed for action in ("sqs:SendMessage", "xray:PutTraceSegments", "kms:Decrypt", settings["kms_key"]))
    printed = repository.invoke("policy", "--env", "dev").out
    assert all(action in printed for action in ("kms:CreateGrant", "lambda:PutFunctionConcurrency", settings["kms_key"]))


def test_configuration_has_the_last_word_and_other_kinds_take_properties_too(repository: Repository, moto_dates: None) -> None:
    repository.configure(projects={"acres": {"functions": {"Validate": {"description": "of dev"}}}})
    target = {"RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600}}
    repository.project(
        "acres",
        'p.function("Validate", settings={"description": "ours", "tracing": True})',
        'p.queue("dead", properties={"DelaySeconds": "5", "ReceiveMessageWaitTimeSeconds": "20"})',
        'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})',
        f'p.schedule("daily", m, "rate(1 day)", properties={target!r})',
    )
    desired = repository.resources()["lambda/Validate"].desired()
    assert (desired["Description"], desired["TracingConfig"]) == ("of dev", {"Mode": "Active"})
    done(repository, "deploy", "--only", "rule/*")
    done(repository, "deploy", "--only", "queue/*")
    sqs, events = boto3.client("sqs", **PLACE), boto3.client("events", **PLACE)
    url = sqs.get_queue_url(QueueName=f"{NAME}-dead")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["DelaySeconds"], attributes["ReceiveMessageWaitTimeSeconds"]) == ("5", "20")
    (rule_target,) = events.list_targets_by_rule(Rule=f"{NAME}-daily")["Targets"]
    assert rule_target["RetryPolicy"] == target["RetryPolicy"]
    assert "nothing to do" in done(repository, "plan", "--verify", "--only", "rule/*")
    declaration = (repository.root / "projects/acres/deploy.py").read_text()
    repository.write(
        "projects/acres/deploy.py", declaration.replace(f", properties={target!r}", "").replace('"DelaySeconds": "5", ', "")
    )
    assert "Targets.daily" not in done(repository, "plan", "--only", "rule/*", code=2)
    done(repository, "deploy", "--only", "queue/*")
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (attributes["DelaySeconds"], attributes["ReceiveMessageWaitTimeSeconds"]) == ("0", "20")
    done(repository, "deploy", "--only", "rule/*")
    (rule_target,) = events.list_targets_by_rule(Rule=f"{NAME}-daily")["Targets"]
    assert "RetryPolicy" not in rule_target
