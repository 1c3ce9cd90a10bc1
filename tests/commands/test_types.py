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
