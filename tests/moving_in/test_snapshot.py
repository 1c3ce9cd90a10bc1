"""The witness sees every change of a live account, and none where there is none."""

import ast
import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.moving_in import snapshot
from tests.moving_in.conftest import Client, LiveAccount

HERE = Path(__file__).parent
WITNESSES = ("snapshot.py", "readers.py", "zips.py", *sorted(path.name for path in HERE.glob("f*.py")), "stack_account.py")

CHANGES: dict[str, Callable[[Client], Any]] = {
    "function FSA-DEV-Orders-Enrich: get_function Configuration MemorySize: 128 -> 256": lambda client: client(
        "lambda"
    ).update_function_configuration(FunctionName="FSA-DEV-Orders-Enrich", MemorySize=256),
    "function FSA-DEV-Orders-Validate: get_function_concurrency ReservedConcurrentExecutions: 7": lambda client: client(
        "lambda"
    ).delete_function_concurrency(FunctionName="FSA-DEV-Orders-Validate"),
    "function FSA-DEV-Orders-Validate: get_function_event_invoke_config": lambda client: client(
        "lambda"
    ).delete_function_event_invoke_config(FunctionName="FSA-DEV-Orders-Validate"),
    "function FSA-DEV-Orders-Validate: get_policy": lambda client: client("lambda").remove_permission(
        FunctionName="FSA-DEV-Orders-Validate", StatementId="from-landing"
    ),
    "crawler FSA-DEV-Orders-Crawler: get_crawlers Description": lambda client: client("glue").update_crawler(
        Name="FSA-DEV-Orders-Crawler", Description="another"
    ),
    "state machine FSA-DEV-Orders-Main: describe_state_machine tracingConfiguration": lambda client: client(
        "stepfunctions"
    ).update_state_machine(
        stateMachineArn="arn:aws:states:us-east-1:204417093321:stateMachine:FSA-DEV-Orders-Main",
        tracingConfiguration={"enabled": False},
    ),
    "rule FSA-DEV-Orders-Nightly: describe_rule State": lambda client: client("events").enable_rule(
        Name="FSA-DEV-Orders-Nightly"
    ),
    "rule FSA-DEV-Orders-Arrived: list_targets_by_rule Targets": lambda client: client("events").remove_targets(
        Rule="FSA-DEV-Orders-Arrived", Ids=["Id4c1f3a-orders"]
    ),
    "role FSA-DEV-Glue: inline FSA-DEV-Glue-kms": lambda client: client("iam").delete_role_policy(
        RoleName="FSA-DEV-Glue", PolicyName="FSA-DEV-Glue-kms"
    ),
    "role FSA-DEV-Glue: attached": lambda client: client("iam").detach_role_policy(
        RoleName="FSA-DEV-Glue", PolicyArn="arn:aws:iam::204417093321:policy/FSA-DEV-Data"
    ),
    "bucket fsa-dev-cleansed-zone: get_bucket_encryption": lambda client: client("s3").delete_bucket_encryption(
        Bucket="fsa-dev-cleansed-zone"
    ),
    "log group /aws/lambda/FSA-DEV-Orders-Validate: describe_log_groups retentionInDays": lambda client: client(
        "logs"
    ).delete_retention_policy(logGroupName="/aws/lambda/FSA-DEV-Orders-Validate"),
}
"""Changes of one field each, by the beginning of what the comparison must print."""


def test_two_snapshots_of_an_untouched_account_are_equal_and_each_change_is_seen(fsa: LiveAccount) -> None:
    before = fsa.snapshot()
    assert list(snapshot.compare(before, fsa.snapshot()).lines()) == []
    for change in CHANGES.values():
        change(fsa.client)
    fields = snapshot.compare(before, fsa.snapshot()).fields
    assert [line for line in CHANGES if not any(field.startswith(line) for field in fields)] == []


def test_the_account_has_what_it_was_given(fsa: LiveAccount) -> None:
    """An emulator that forgets a field would let a deployer lose it unseen."""
    taken = fsa.snapshot()
    function = taken["function FSA-DEV-Orders-Validate"]["fields"]["get_function"]["Configuration"]
    fields = {"DeadLetterConfig", "TracingConfig", "KMSKeyArn", "Layers", "VpcConfig", "EphemeralStorage", "Environment"}
    assert all(function[name] for name in fields)
    job = taken["job orders_landing_DEV"]["fields"]["get_jobs"]
    assert {"Connections", "SecurityConfiguration", "NonOverridableArguments", "NotificationProperty", "LogUri"} <= job.keys()
    crawler = taken["crawler FSA-DEV-Orders-Crawler"]["fields"]["get_crawlers"]
    assert len(crawler["Targets"]["S3Targets"] + crawler["Targets"]["DynamoDBTargets"]) == 3
    assert crawler["Classifiers"] == ["FSA-DEV-Pipes"]
    assert taken["state machine FSA-DEV-Orders-Main"]["tags"]["CostCenter"] == "4711"


def test_tags_are_told_apart_from_fields_and_what_is_added_or_gone_is_named() -> None:
    before: snapshot.Snapshot = {
        "job a": {"fields": {"get_jobs": {"Timeout": 5, "LastModifiedOn": "x"}}, "tags": {"Team": "a"}},
        "job b": {"fields": {}, "tags": {}},
    }
    after = copy.deepcopy(before)
    del after["job b"]
    after["job c"] = {"fields": {}, "tags": {}}
    after["job a"]["fields"]["get_jobs"]["LastModifiedOn"] = "y"
    after["job a"]["tags"]["owner"] = "us"
    differences = snapshot.compare(before, after)
    assert differences.added == ("job c",)
    assert differences.gone == ("job b",)
    assert differences.fields == ()
    assert differences.tags == ('job a: owner: "(absent)" -> "us"',)


def test_a_field_is_volatile_at_its_own_place_alone() -> None:
    before: snapshot.Snapshot = {"job a": {"fields": {"get_jobs": {"DefaultArguments": {"LastModifiedOn": "1"}}}, "tags": {}}}
    after = copy.deepcopy(before)
    after["job a"]["fields"]["get_jobs"]["DefaultArguments"]["LastModifiedOn"] = "2"
    assert snapshot.compare(before, after).fields == ('job a: get_jobs DefaultArguments LastModifiedOn: "1" -> "2"',)


@pytest.mark.parametrize("file", WITNESSES)
def test_a_witness_knows_nothing_of_the_deployer(file: str) -> None:
    """Neither the accounts nor what compares them may follow from what the deployer expects."""
    imported = set()
    for node in ast.walk(ast.parse((HERE / file).read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    allowed = {"boto3", "botocore", "tests.moving_in", *sys.stdlib_module_names}
    strange = {name for name in imported if name.split(".")[0] not in allowed and not name.startswith("tests.moving_in")}
    assert strange == set()


def test_as_a_command_it_compares_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for name, timeout in (("before", 5), ("after", 6)):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"job a": {"fields": {"get_jobs": {"Timeout": timeout}}, "tags": {}}}))
        files.append(str(path))
    assert snapshot.main(["compare", *files]) == 2
    assert capsys.readouterr().out == "fields: job a: get_jobs Timeout: 5 -> 6\n"
    assert snapshot.main(["compare", files[0], files[0]]) == 0
    assert capsys.readouterr().out == "nothing differs\n"
