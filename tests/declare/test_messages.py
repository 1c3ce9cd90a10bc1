"""Functions that are called with messages."""

from pathlib import Path
from typing import Any

import pytest

from common.model.resource import Key
from tests.support.repository import Repository

HERE = "eu-central-1:123456789012"
QUEUE = 'work = p.queue("work", visibility_timeout_seconds=360)'
STREAM = 'stream = p.resource("clicks", "AWS::Kinesis::Stream", {"ShardCount": 1})'
TABLE = (
    'runs = p.resource("runs", "AWS::DynamoDB::Table", {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], '
    '"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST", '
    '"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}})'
)
FUNCTION = 'f = p.function("Validate")'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def granted(repository: Repository) -> list[dict[str, Any]]:
    document = repository.resources()["role/Validate-lambda"].desired()["Policies"]["deployer-permissions"]
    return [dict(statement) for statement in document["Statement"]]


def test_a_function_takes_the_messages_of_a_queue(repository: Repository) -> None:
    repository.project("acres", QUEUE, FUNCTION, 'p.on_messages("incoming", f, work, batch_size=5, window_seconds=2)')
    mapping = repository.resources()["resource/incoming"]
    desired = mapping.desired()
    assert {name: value for name, value in desired.items() if name != "Tags"} == {
        "TypeName": "AWS::Lambda::EventSourceMapping",
        "EventSourceArn": f"arn:aws:sqs:{HERE}:t-dev-acres-work",
        "FunctionName": "t-dev-acres-Validate",
        "BatchSize": 5,
        "MaximumBatchingWindowInSeconds": 2,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    assert {Key("acres", "queue", "work"), Key("acres", "lambda", "Validate")} <= set(mapping.needs)
    receiving = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    assert {"Effect": "Allow", "Action": receiving, "Resource": [f"arn:aws:sqs:{HERE}:t-dev-acres-work"]} in granted(repository)


@pytest.mark.parametrize(
    ("line", "source", "attribute", "action"),
    [(STREAM, "stream", "clicks#Arn", "kinesis:GetRecords"), (TABLE, "runs", "runs#StreamArn", "dynamodb:GetRecords")],
)
def test_or_those_of_a_stream(repository: Repository, line: str, source: str, attribute: str, action: str) -> None:
    repository.project("acres", line, FUNCTION, f'p.on_messages("incoming", f, {source}, starting="TRIM_HORIZON")')
    desired = repository.resources()["resource/incoming"].desired()
    assert attribute in desired["EventSourceArn"]
    assert desired["StartingPosition"] == "TRIM_HORIZON"
    statement = next(entry for entry in granted(repository) if action in entry["Action"])
    assert attribute in statement["Resource"][0]


def test_or_of_what_is_named_by_its_arn(repository: Repository) -> None:
    arn = "arn:aws:sqs:eu-central-1:999999999999:theirs"
    repository.project("acres", FUNCTION, f'p.on_messages("incoming", f, "{arn}", partial_failures=False)')
    desired = repository.resources()["resource/incoming"].desired()
    assert desired["EventSourceArn"] == arn
    assert "FunctionResponseTypes" not in desired
    assert any(arn in statement["Resource"] for statement in granted(repository))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('p.on_messages("incoming", work, work)', "function is about a lambda, not about queue/work"),
        ('p.on_messages("incoming", f, f)', "lambda/Validate is neither a queue, nor a stream, nor a table with a stream"),
        ('p.on_messages("incoming", f, "theirs")', "theirs is neither a queue"),
        ('p.on_messages("incoming", f, work, batch_size=0)', "batch_size"),
        ('p.on_messages("incoming", f, work, properties={"Filter": 1})', "EventSourceMapping has no such property"),
        (
            'short = p.queue("short"); p.on_messages("incoming", f, short)',
            "queue/short hides a message for 30 seconds, and lambda/Validate may work 60 seconds: Lambda refuses that",
        ),
    ],
)
def test_what_lambda_would_refuse_is_refused(repository: Repository, line: str, message: str) -> None:
    repository.project("acres", QUEUE, FUNCTION, line)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err
