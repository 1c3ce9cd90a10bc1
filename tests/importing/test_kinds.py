"""What of each kind can be declared, and where each of its values is written."""

import json
from collections import defaultdict
from typing import Any

import pytest

from common.importing import crawlers, functions, jobs, machines, rules, values
from common.importing.entries import Context, Entry
from common.importing.references import References
from common.importing.selection import Keys, LiveResource
from tests.importing.live import ENV, arn
from tests.support.repository import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/fsa"
GROUP = arn("logs", "log-group:/fsa/states:*")
FUNCTION: dict[str, Any] = {"Runtime": "python3.12", "Handler": "app.run", "MemorySize": 512, "Timeout": 9, "Role": ROLE}
JOB: dict[str, Any] = {
    "Command": {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://code/load.py"},
    "Role": ROLE,
    "GlueVersion": "4.0",
    "WorkerType": "G.1X",
    "NumberOfWorkers": 5,
    "Timeout": 100,
}
SHELL = {
    **JOB,
    "Command": {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://code/load.py"},
    "MaxCapacity": 1.0,
}
CRAWLER: dict[str, Any] = {
    "Role": ROLE,
    "DatabaseName": "sales",
    "Targets": {"S3Targets": [{"Path": "s3://company-raw/orders/"}]},
}
SUCCEED = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
ENDLESS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"x.$": "$unset"}, "Next": "A"}}}
MACHINE: dict[str, Any] = {"definition": json.dumps(SUCCEED), "type": "STANDARD", "roleArn": ROLE, "status": "ACTIVE"}
TARGET: dict[str, Any] = {"Id": "1", "Arn": arn("states", "stateMachine:orders"), "RoleArn": ROLE}
RULE: dict[str, Any] = {"ScheduleExpression": "rate(1 day)", "State": "ENABLED", "Targets": [TARGET]}
PATTERN = {"EventPattern": json.dumps({"source": ["aws.s3"]}), "ScheduleExpression": ""}


def resource(kind: str, live: dict[str, Any]) -> LiveResource:
    return LiveResource(kind, "orders", "arn", live)


def context(retention: int | str | None = "never") -> Context:
    references = References(ENV, Keys(), lambda name: name, {("state-machine", "orders"): "orders"}, {"company-raw"})
    return Context(ENV, "sales", references, retentions=defaultdict(lambda: retention))


def function(**fields: Any) -> LiveResource:
    return resource("lambda", {"Configuration": {**FUNCTION, **fields}})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"PackageType": "Image"}, ""),
        ({"Runtime": "java21"}, "its runtime java21 is neither Python nor Node.js"),
        ({"Runtime": "nodejs22.x"}, ""),
        ({"Environment": {"Error": {"ErrorCode": "AccessDenied", "Message": "no key"}}}, "does not show its variables: no key"),
        ({"State": "Failed"}, "its last update has not succeeded"),
        ({"State": "Inactive", "LastUpdateStatus": "Successful"}, ""),
        ({"Role": "arn:aws:iam::x:role/fsa"}, "role"),
    ],
)
def test_which_functions_can_be_declared(fields: dict[str, Any], reason: str) -> None:
    assert reason in functions.why_not(function(**fields))
    assert bool(reason) == bool(functions.why_not(function(**fields)))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"Command": {**JOB["Command"], "Name": "gluestreaming"}}, ""),
        ({"Command": {**JOB["Command"], "Name": "glueray", "PythonVersion": "3.9"}, "WorkerType": "Z.2X"}, ""),
        ({"Command": {**JOB["Command"], "Name": "gluevisual"}}, "it is a gluevisual job"),
        ({"Command": {**JOB["Command"], "ScriptLocation": "s3://code/Load.scala"}}, "is not a Python file in S3"),
        ({"Command": {**JOB["Command"], "PythonVersion": "2"}}, "for Python 2"),
        ({"Command": {"Name": "glueetl", "ScriptLocation": "s3://code/load.py"}}, ""),
        ({"WorkerType": None, "MaxCapacity": 10.0}, "sized by MaxCapacity"),
        ({"GlueVersion": "2.0"}, "glue_version is '2.0'"),
        ({"GlueVersion": None}, ""),
        ({"DefaultArguments": {"--job-language": "scala"}}, "is not a Python file in S3"),
        (SHELL, ""),
        ({**SHELL, "MaxCapacity": 0.0625}, ""),
        ({**SHELL, "Command": {**SHELL["Command"], "PythonVersion": "3"}}, ""),
        ({**SHELL, "Command": {**SHELL["Command"], "PythonVersion": "2"}}, "a pythonshell job for Python 2"),
    ],
)
def test_which_jobs_can_be_declared(fields: dict[str, Any], reason: str) -> None:
    why = jobs.why_not(resource("glue-job", {**JOB, **fields}))
    assert reason in why
    assert bool(reason) == bool(why)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"Targets": {"MongoDBTargets": [{"Path": "db"}]}}, ""),
        ({"Targets": {"JdbcTargets": [{"ConnectionName": "sales", "Path": "db"}]}}, ""),
        ({"Targets": {}}, "it has no targets"),
        ({"DatabaseName": None}, "it has no database"),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_ANEW"}}, "CRAWL_ANEW"),
        ({"Schedule": {"ScheduleExpression": "cron(0 3 * * ? *)"}}, ""),
    ],
)
def test_which_crawlers_can_be_declared(fields: dict[str, Any], reason: str) -> None:
    why = crawlers.why_not(resource("crawler", {**CRAWLER, **fields}))
    assert reason in why
    assert bool(reason) == bool(why)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        ({"status": "DELETING"}, "it is being deleted"),
        ({"definition": "no JSON"}, "Expecting value"),
        ({"definition": json.dumps({"StartAt": "B", "States": SUCCEED["States"]})}, "there is no state 'B'"),
        (
            {"definition": json.dumps({**SUCCEED, "Comment": "password=Xk29vPq7mZt4Lw"})},
            "Comment in its definition holds a secret",
        ),
        ({"definition": json.dumps(ENDLESS)}, ""),
        ({"loggingConfiguration": {"level": "ALL", "destinations": []}}, "AWS shows no log_group"),
    ],
)
def test_which_machines_can_be_declared(fields: dict[str, Any], reason: str) -> None:
    why = machines.why_not(resource("state-machine", {**MACHINE, **fields}))
    assert reason in why
    assert bool(reason) == bool(why)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, ""),
        (PATTERN, ""),
        ({"EventPattern": PATTERN["EventPattern"]}, "both a schedule and a pattern, or neither"),
        ({"Targets": [{"Id": "1", "Arn": arn("lambda", "function:x")}]}, "it starts no state machine"),
        ({"Targets": [{**TARGET, "RoleArn": None}]}, "AWS shows no role"),
        ({"State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"}, "AWS shows no enabled"),
        ({"ManagedBy": "states.amazonaws.com"}, "states.amazonaws.com manages it"),
    ],
)
def test_which_rules_can_be_declared(fields: dict[str, Any], reason: str) -> None:
    why = rules.why_not(resource("rule", {**RULE, **fields}))
    assert reason in why
    assert bool(reason) == bool(why)


def test_a_function_has_its_code_in_the_declaration_and_its_sizes_in_the_configuration() -> None:
    network = {"SubnetIds": ["subnet-b", "subnet-a"], "SecurityGroupIds": ["sg-1"]}
    live = function(Runtime="nodejs22.x", Handler="index.handler", Architectures=["arm64"], VpcConfig=network, Timeout=60)
    entry = functions.entry(live, "Validate", context(14))
    assert (entry.named, entry.code_settings) == ({}, {"runtime": "nodejs22.x", "architecture": "arm64"})
    placed = {"subnet_ids": ["subnet-a", "subnet-b"], "security_group_ids": ["sg-1"]}
    assert entry.settings == {"memory_mb": 512, "role": ROLE, "network": placed, "log_retention_days": 14}


@pytest.mark.parametrize(
    ("retention", "settings"),
    [("never", {}), (None, {"logging": "unmanaged"}), ("shared", {"logging": "unmanaged"}), (14, {"log_retention_days": 14})],
)
def test_a_log_group_is_ours_if_it_exists_and_is_of_one_function(retention: Any, settings: dict[str, Any]) -> None:
    entry = functions.entry(function(), "Validate", context(retention))
    assert {name: value for name, value in entry.settings.items() if name.startswith("log")} == settings


def test_a_machine_accepts_the_rules_that_it_breaks_in_aws() -> None:
    entry = machines.entry(resource("state-machine", {**MACHINE, "definition": json.dumps(ENDLESS)}), "orders", context())
    assert entry.named["accept"] == ["ENDLESS_STATE: AWS has it so", "VARIABLE: AWS has it so"]
    assert "accept" not in machines.entry(resource("state-machine", MACHINE), "orders", context()).named


def test_a_machine_logs_to_the_group_that_it_has() -> None:
    logging = {"level": "ALL", "includeExecutionData": True, "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": GROUP}}]}
    entry = machines.entry(
        resource("state-machine", {**MACHINE, "type": "EXPRESS", "loggingConfiguration": logging}), "m", context()
    )
    assert entry.code_settings == {"type": "EXPRESS"}
    assert entry.settings == {"role": ROLE, "log_level": "ALL", "log_execution_data": True, "log_group": GROUP}
    silent = machines.entry(resource("state-machine", MACHINE), "m", context())
    assert silent.settings == {"role": ROLE, "log_level": "OFF"}


def test_a_machine_that_calls_an_alias_is_told_of() -> None:
    """A deploy changes $LATEST alone: https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html."""
    made, function = context(), arn("lambda", "function:customers-Lookup")
    states = {
        "A": {"Type": "Task", "Resource": f"{function}:live", "Next": "B"},
        "B": {"Type": "Task", "Resource": f"{function}:$LATEST", "End": True},
    }
    definition = json.dumps({"StartAt": "A", "States": states})
    entry = machines.entry(resource("state-machine", {**MACHINE, "definition": definition}), "m", made)
    assert entry.notes == [
        "It calls customers-Lookup:live; a deploy changes $LATEST, so publish a version, and point live at it."
    ]


def test_targets_are_locations_if_they_are_spelled_so() -> None:
    made = context()
    entry = crawlers.entry(resource("crawler", CRAWLER), "c", made)
    assert entry.named == {"targets": ['company_raw / "orders"'], "database": "sales"}
    assert [(used.kind, used.name) for used in made.references.new_uses()] == [("bucket", "company-raw"), ("database", "sales")]
    targets = [{"Path": "s3://company-raw/orders", "Exclusions": ["*.tmp"]}, {"Path": "s3://company-raw/"}]
    entry = crawlers.entry(
        resource("crawler", {**CRAWLER, "Targets": {"S3Targets": targets, "JdbcTargets": [{}]}}), "c", context()
    )
    assert entry.named["targets"] == []
    assert entry.settings["targets"] == ["s3://company-raw/orders", "s3://company-raw/"]
    assert "exclusions" not in entry.settings, "each target has its own, so none is declared and all stay"
    assert entry.settings["properties"] == {"Targets": {"JdbcTargets": [{}]}}


EVENT = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
TRANSFORMER = {
    "InputPathsMap": {"bucket": "$.detail.bucket.name", "key": "$.detail.object.key"},
    "InputTemplate": '{"bucket": <bucket>, "key": <key>}',
}


@pytest.mark.parametrize(("wildcard", "place", "suffix"), [("in/*", "in", ""), ("in/a/*.csv", "in/a", ".csv"), ("*", "", "")])
def test_a_rule_that_waits_for_objects_as_ours_do_is_one_of_ours(wildcard: str, place: str, suffix: str) -> None:
    detail = {"bucket": {"name": ["company-raw"]}, "object": {"key": [{"wildcard": wildcard}]}}
    live = {
        **RULE,
        **PATTERN,
        "EventPattern": json.dumps({**EVENT, "detail": detail}),
        "Targets": [{**TARGET, "InputTransformer": TRANSFORMER}],
    }
    entry = rules.entry(resource("rule", live), "r", context())
    assert entry.method == "on_object"
    assert entry.arguments == ["orders", f'company_raw / "{place}"']
    assert entry.named == ({"suffix": suffix} if suffix else {})


def test_any_other_pattern_is_written_as_it_is() -> None:
    detail = {"bucket": {"name": ["company-raw"]}, "object": {"key": [{"prefix": "in/"}]}}
    live = {**RULE, **PATTERN, "EventPattern": json.dumps({**EVENT, "detail": detail})}
    entry = rules.entry(resource("rule", live), "r", context())
    assert entry.method == "on_event"
    assert entry.arguments == ["orders", {**EVENT, "detail": {**detail, "bucket": {"name": ["${company-raw.name}"]}}}]


@pytest.mark.parametrize(
    ("constant", "arguments"),
    [
        ({"a": 1}, [{"a": 1}]),
        ({}, []),
        ([1], []),
        ({"password": "Xk29-vPq7!mZt4Lw"}, []),
        ({"in": "s3://company-raw/x"}, [{"in": "s3://${company-raw.name}/x"}]),
    ],
)
def test_the_input_of_a_schedule_is_written_if_it_is_an_object_without_secrets(constant: Any, arguments: list[Any]) -> None:
    live = {**RULE, "Targets": [{**TARGET, "Input": json.dumps(constant)}, {"Id": "2", "Arn": arn("sns", "t")}]}
    entry = rules.entry(resource("rule", live), "r", context())
    assert entry.arguments == ["orders", "rate(1 day)", *arguments]
    assert f"Its other targets cannot be declared; they stay as they are: {arn('sns', 't')}." in entry.notes


def test_values_of_this_environment_are_configured_and_secrets_are_not_written() -> None:
    entry = Entry(resource=function(), key="Validate", method="function")
    live = {
        "LEVEL": "INFO",
        "BUCKET": "company-raw",
        "STAGE": "dev",
        "QUEUE": "https://sqs.eu-central-1.amazonaws.com/1/x",
        "DB_PASSWORD": "Xk29-vPq7!mZt4Lw",
        "CONNECTION": "Server=db;User=x;Password=Xk29vPq7mZt4Lw",
        "DB_SECRET_NAME": "orders/db",
    }
    values.set_values(entry, context(), "environment", live)
    declared = {"BUCKET": "${company-raw.name}", "DB_SECRET_NAME": "orders/db", "LEVEL": "INFO"}
    assert entry.named == {"environment": declared}
    assert entry.settings == {"environment": {"QUEUE": live["QUEUE"], "STAGE": "dev"}}
    assert entry.secrets == ["CONNECTION", "DB_PASSWORD"]
    text = json.dumps([entry.named, entry.settings, entry.comments, entry.notes])
    assert "Xk29" not in text
    assert "/t-dev/sales/Validate/DB_PASSWORD" in text


def test_an_argument_whose_name_cannot_be_declared_stays() -> None:
    entry = Entry(resource=function(), key="load", method="job")
    values.set_values(
        entry, context(), "arguments", {"library-set": "analytics", "--x": "1", "--db_password": "Xk29-vPq7!mZt4Lw"}
    )
    assert entry.named == {"arguments": {"--x": "1"}}
    assert entry.notes == ["The argument library-set has no name that can be declared; AWS keeps it as it is."]
    assert entry.secrets == ["--db_password"]
