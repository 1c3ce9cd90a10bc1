"""Bad input of every part of a declaration that is about any field, permission, type or trigger: one clear message each."""

from pathlib import Path

import pytest

from tests.support.repository import Repository

MACHINE = 'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})'
SEND = (
    'p.schedule("s", "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "rate(1 day)", {"QueueUrl": "x", "MessageBody": BODY}, OPEN)'
)
OPEN = 'permissions=[allow("sqs:SendMessage", on="arn:aws:sqs:eu-central-1:123456789012:x")]'
TABLE = 'p.resource("t", "AWS::DynamoDB::Table", {"KeySchema": [{"AttributeName": "id", "KeyTyp": "HASH"}]})'
BAD = {
    'p.table("t", partition_key="id", stream="NEW")': [
        "stream is 'NEW'; it must be one of KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES."
    ],
    'p.table("t", partition_key="id", time_to_live=5)': ["TypeError: time_to_live is a text, not 5."],
    'p.function("Validate", reads=[secret("")])': ["TypeError: secret takes a name or an ARN, not ''."],
    TABLE: [
        "resource/t (AWS::DynamoDB::Table):",
        'KeySchema[0]: "KeyType" is a required property.',
        "KeySchema[0].KeyTyp: AWS::DynamoDB::Table has no such property. Did you mean 'KeyType'?",
    ],
    'p.resource("t", "AWS::DynamoDB::Table", {"KeySchema": 5})': [
        "resource/t (AWS::DynamoDB::Table):",
        'KeySchema: 5 is not of type "array", or 5 is not of types "string", "object".',
    ],
    'p.resource("q", "AWS::SQS::Queue", {"FifoQueue": True})': [
        "resource/q (AWS::SQS::Queue):",
        "QueueName: what is FIFO has a name that ends with .fifo, and t-dev-acres-q does not.",
    ],
    'p.resource("q", "AWS::SQS::Queue", {"FifoQueue": []})': [
        "resource/q (AWS::SQS::Queue):",
        'FifoQueue: [] is not of type "boolean"',
    ],
    'p.resource("q", "AWS::SQS::Queue", {"Tags": ["team"]})': [
        "resource/q (AWS::SQS::Queue):",
        "Tags: it must be a list of objects with Key and Value, or an object of texts.",
    ],
    'p.resource("t", "AWS::SNS::Topic", {"TopicName": "orders.fifo"})': [
        "resource/t (AWS::SNS::Topic):",
        "FifoTopic: orders.fifo ends with .fifo, so it must be true.",
    ],
    'p.resource("t", "AWS::SNS::Topic", {"TopicName": "${k.Arn}"}); p.resource("k", "AWS::KMS::Key", {"KeyPolicy": {}})': [
        "resource/t: ${k.Arn} refers to nothing.",
        "A name can take only what is declared above it.",
    ],
    SEND.replace("BODY", '{"a": 1}').replace("OPEN", OPEN): [
        "rule/s: sendMessage:",
        "constant.MessageBody: it must be a text, not {'a': 1}. Write the JSON as a text.",
    ],
    SEND.replace("BODY", "True").replace("OPEN", OPEN): ["constant.MessageBody: it must be a text, not True. Quote it."],
    'p.crawler("c", targets=[p.shared.bucket("artifacts") / "a"])': [
        "crawler/c: a crawler needs a database, unless all its targets are tables of the catalog."
    ],
    'p.function("Validate", handler=5)': ["deploy.py:11: TypeError: handler is a text, not 5."],
    'p.function("Validate", settings="x")': [
        "deploy.py:11: TypeError: settings is an object, as in FunctionSettings(memory_mb=512)"
    ],
    'p.job("load", settings=5)': ["deploy.py:11: TypeError: settings is an object, as in FunctionSettings(memory_mb=512)"],
    'p.function("Validate", environment=["A"])': [
        "deploy.py:11: TypeError: environment is an object of texts, as in {'MODE': 'full'}, not list."
    ],
    'p.directory("glue", p.shared.bucket("artifacts") / 5)': [
        "TypeError: a place in a bucket is a text, as in bucket / 'orders'"
    ],
    'p.directory("glue", p.shared.bucket("artifacts") / "a" / 5)': ["TypeError: a place in a bucket is a text"],
    'p.directory("glue", p.shared.bucket("artifacts") / "a" / "../b")': [
        "ValueError: 'a/../b' is not a place in a bucket: S3 has no folders above. Write the whole place."
    ],
    'p.schedule("s", p.job("load"), "rate(1 day)", {"--x": 5})': [
        "rule/s: startJobRun:",
        "constant.Arguments.--x: it must be a text, not 5. Quote it.",
    ],
}


@pytest.mark.parametrize("line", BAD)
def test_what_aws_would_refuse_is_one_message(tmp_path: Path, line: str) -> None:
    repository = Repository(tmp_path)
    repository.project("acres", "from common import allow, secret", MACHINE, *line.split("; "))
    refused = repository.invoke("policy", "--env", "dev")
    assert refused.code == 1
    assert "Traceback" not in refused.err
    message = " ".join(refused.err.split())
    for part in BAD[line]:
        assert part in message
    assert message.count("error:") == 1


def test_fifo_queues_with_their_name_and_arguments_that_are_texts_are_taken(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    queue = 'p.resource("q", "AWS::SQS::Queue", {"FifoQueue": True, "QueueName": "orders.fifo"})'
    repository.project("acres", queue, 'p.schedule("s", p.job("load"), "rate(1 day)", {"--x": "5"})')
    assert repository.resources()["resource/q"].name == "orders.fifo"
