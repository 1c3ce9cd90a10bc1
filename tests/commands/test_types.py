"""`invoke types`: what can be declared, without an environment."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from tests.support.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_all_types_are_counted_by_service(repository: Repository) -> None:
    ended = repository.invoke("types")
    assert ended.code == 0
    methods = ended.out.splitlines()[1].split(", ")
    assert {"function", "topic", "schedule", "on_messages"} <= {name.strip() for name in methods}
    assert not {"role", "trigger", "rendered"} & {name.strip() for name in methods}
    assert any(line.split() == ["AWS::SQS", "3"] for line in ended.out.splitlines())


@pytest.mark.parametrize("match", ["AWS::SQS::*", "sqs", "aws::sqs::queue?*"])
def test_a_pattern_or_a_part_of_a_name_lists_types(repository: Repository, match: str) -> None:
    lines = repository.invoke("types", "--match", match).out.split()
    assert "AWS::SQS::QueueInlinePolicy" in lines
    assert "AWS::SQS::QueuePolicy" not in lines  # only CloudFormation can make it


def test_a_whole_name_shows_its_properties(repository: Repository) -> None:
    out = repository.invoke("types", "--match", "AWS::SNS::Subscription").out
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "required, only at creation" in rows["TopicArn"]
    assert "given by AWS" in rows["Arn"]
    assert "attributes: Arn" in out
    assert "taken by" not in out


def test_it_says_which_triggers_take_one(repository: Repository) -> None:
    out = " ".join(repository.invoke("types", "--match", "AWS::SQS::Queue").out.split())
    taken = "on_event(target), on_object(target), schedule(target), on_messages(source), on_failure(notify), dead_letter"
    assert f"a reference to one is taken by: {taken}" in out


def test_json_has_the_same(repository: Repository) -> None:
    whole = json.loads(repository.invoke("types", "--match", "AWS::SQS::Queue", "--json").out)
    assert whole["types"] == ["AWS::SQS::Queue"]
    assert {"name": "QueueUrl", "type": "string", "notes": ["given by AWS"], "description": ""} in [
        {**entry, "description": ""} for entry in whole["properties"]
    ]
    assert whole["attributes"] == ["Arn", "QueueUrl"]


def test_an_editor_gets_a_schema_of_files(repository: Repository) -> None:
    schema = json.loads(repository.invoke("types", "--match", "AWS::SQS::*", "--schema").out)
    valid = jsonschema_rs.validator_for(schema)
    assert valid.is_valid({"work": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 5}}})
    entries: tuple[dict[str, object], ...] = (
        {"Type": "AWS::SQS::Nothing"},
        {"Type": "AWS::SQS::Queue", "Properties": {"Delay": 5}},
        {"Properties": {}},
    )
    for wrong in entries:
        assert not valid.is_valid({"work": wrong})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--match", "AWS::SQS::Queu*x"], "No type matches AWS::SQS::Queu*x. Did you mean 'AWS::SQS::Queue'?"),
        (["--schema"], "would be too large for an editor"),
        (["--match", "AWS::WAF::*"], "The Cloud Control API manages no type that matches AWS::WAF::*"),
        (["--match", "AWS::Glue::DevEndpoint"], "The Cloud Control API does not manage AWS::Glue::DevEndpoint"),
    ],
)
def test_what_cannot_be_shown_is_told(repository: Repository, words: list[str], message: str) -> None:
    ended = repository.invoke("types", *words)
    assert ended.code == 1
    assert message in ended.err


@pytest.mark.parametrize("match", ["function", "lambda"])
def test_a_kind_shows_its_arguments_settings_and_properties(repository: Repository, match: str) -> None:
    out = repository.invoke("types", "--match", match).out
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "lambda, declared by function" in out
    assert "arguments of function: reference, handler," in out
    assert "1 or more" in rows["provisioned_concurrency"]
    assert {"snap_start", "file_system", "publish", "dead_letter"} <= rows.keys()
    assert "properties, in AWS's own spelling (UpdateFunctionConfiguration): " in out
    assert "LoggingConfig.SystemLogLevel" in out
    assert "MemorySize" not in out
    assert "LoggingConfig.LogFormat" not in out


@pytest.mark.parametrize(
    ("match", "arguments", "properties"),
    [
        ("table", {"table": {"indexes", "time_to_live", "stream"}}, {"TableClass", "TimeToLiveSpecification"}),
        ("bucket", {"bucket": {"kms_key", "expire_days", "access_logs"}}, {"CORSConfiguration", "ReplicationConfiguration"}),
        ("topic", {"topic": {"properties"}}, {"DisplayName", "KmsMasterKeyId"}),
        ("log-group", {"log_group": {"properties"}}, {"kmsKeyId", "logGroupClass", "deletionProtectionEnabled"}),
        ("job", {"job": {"streaming", "ray"}}, {"SourceControlDetails", "Command.Runtime"}),
        ("trigger", {"on_event": {"pattern"}, "schedule": {"timezone"}}, {"RetryPolicy"}),
    ],
)
def test_kinds_as_json(repository: Repository, match: str, arguments: dict[str, set[str]], properties: set[str]) -> None:
    whole = json.loads(repository.invoke("types", "--match", match, "--json").out)
    for method, names in arguments.items():
        assert names <= {*whole["arguments"][method]}
    assert properties <= {*whole["properties"]}
