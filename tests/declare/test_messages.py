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


def mapped(repository: Repository, *lines: str) -> dict[str, Any]:
    repository.project("acres", FUNCTION, *lines)
    return dict(repository.resources()["resource/incoming"].desired())


def test_all_that_a_mapping_of_a_queue_takes(repository: Repository) -> None:
    """As CreateEventSourceMapping has it for queues."""
    line = 'p.on_messages("incoming", f, work, batch_size=50, window_seconds=5, max_concurrency=7, enabled=False, filters=[F])'
    desired = mapped(repository, 'F = {"body": {"kind": ["order", {"prefix": "re"}]}}', QUEUE, line)
    assert desired["FilterCriteria"] == {"Filters": [{"Pattern": '{"body": {"kind": ["order", {"prefix": "re"}]}}'}]}
    assert desired["ScalingConfig"] == {"MaximumConcurrency": 7}
    assert (desired["BatchSize"], desired["MaximumBatchingWindowInSeconds"], desired["Enabled"]) == (50, 5, False)


def test_all_that_a_mapping_of_a_stream_takes(repository: Repository) -> None:
    """As CreateEventSourceMapping has it for streams."""
    line = (
        'p.on_messages("incoming", f, stream, starting="2027-01-31T06:30:00", parallel=4, retries=2, max_age_seconds=3600, '
        'split_failed=True, tumbling_seconds=60, on_failure=p.queue("lost"))'
    )
    desired = mapped(repository, STREAM, line)
    expected = {
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": 1801377000,
        "ParallelizationFactor": 4,
        "MaximumRetryAttempts": 2,
        "MaximumRecordAgeInSeconds": 3600,
        "BisectBatchOnFunctionError": True,
        "TumblingWindowInSeconds": 60,
        "DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:sqs:{HERE}:t-dev-acres-lost"}},
    }
    assert {name: desired[name] for name in expected} == expected
    lost = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [f"arn:aws:sqs:{HERE}:t-dev-acres-lost"]}
    assert lost in granted(repository)


def test_what_is_given_up_goes_to_a_bucket_too(repository: Repository) -> None:
    desired = mapped(repository, TABLE, 'p.on_messages("incoming", f, runs, on_failure=p.shared.bucket("artifacts"))')
    assert desired["DestinationConfig"] == {"OnFailure": {"Destination": "arn:aws:s3:::t-dev-artifacts"}}
    assert [entry["Resource"] for entry in granted(repository) if "s3:PutObject" in entry["Action"]] == [
        ["arn:aws:s3:::t-dev-artifacts/*"]
    ]


def test_the_stream_of_a_table_has_an_arn_that_aws_gives(repository: Repository) -> None:
    table = 'runs = p.table("runs", partition_key="id", stream="NEW_IMAGE")'
    desired = mapped(repository, table, 'p.on_messages("incoming", f, runs)')
    assert desired["EventSourceArn"] == "«acres: table/runs#StreamArn»"
    assert Key("acres", "table", "runs") in repository.resources()["resource/incoming"].needs
    receiving = next(entry for entry in granted(repository) if "dynamodb:GetRecords" in entry["Action"])
    assert receiving["Resource"] == ["«acres: table/runs#StreamArn»"]


def test_the_key_of_a_queue_of_others_comes_with_it(repository: Repository) -> None:
    key = f"arn:aws:kms:{HERE}:key/0a1b2c3d-0000-4000-8000-123456789012"
    mapped(repository, f'p.on_messages("incoming", f, p.existing.queue("theirs", kms_key="{key}"))')
    assert {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key]} in granted(repository)


NO_STREAM = 'runs = p.resource("runs", "AWS::DynamoDB::Table", {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]})'

NO_GLOBAL_STREAM = NO_STREAM.replace("::Table", "::GlobalTable").replace("})", ', "Replicas": [{"Region": "eu-central-1"}]})')


@pytest.mark.parametrize(
    "queue",
    [
        'q = p.queue("secret", visibility_timeout_seconds=360, kms_key="${key.Arn}")',
        'q = p.resource("secret", "AWS::SQS::Queue", {"VisibilityTimeout": 360, "KmsMasterKeyId": "${key.Arn}"})',
    ],
)
def test_the_key_of_a_queue_of_the_project_comes_with_it(repository: Repository, queue: str) -> None:
    """The queue is declared after the function: the function's role still gets the key, and is made after it."""
    key = 'p.resource("key", "AWS::KMS::Key", {"KeyPolicy": {}})'
    mapped(repository, key, queue, 'p.on_messages("incoming", f, q)')
    assert any("kms:Decrypt" in entry["Action"] and "key#Arn" in str(entry["Resource"]) for entry in granted(repository))
    assert Key("acres", "resource", "key") in repository.resources()["role/Validate-lambda"].needs


ANY_QUEUE = 'short = p.resource("short", "AWS::SQS::Queue"{})'


def test_a_queue_of_any_kind_hides_messages_long_enough(repository: Repository) -> None:
    line = 'p.on_messages("incoming", f, short)'
    desired = mapped(repository, ANY_QUEUE.format(', {"VisibilityTimeout": 60}'), line)
    assert desired["EventSourceArn"] == "«acres: resource/short#Arn»"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('p.on_messages("incoming", work, work)', "function is about a lambda, not about queue/work"),
        ('p.on_messages("incoming", f, f)', "lambda/Validate is neither a queue, nor a stream, nor a table with a stream"),
        ('p.on_messages("incoming", f, "theirs")', "theirs is neither a queue"),
        ('p.on_messages("incoming", f, work, batch_size=0)', "batch_size"),
        ('p.on_messages("incoming", f, work, properties={"Filter": 1})', "EventSourceMapping has no such property"),
        (
            'p.on_messages("incoming", f, work, batch_size=11)',
            "more than 10 messages of a queue take window_seconds of at least 1",
        ),
        ('p.on_messages("incoming", f, p.queue("a.fifo"), window_seconds=1)', "a FIFO queue has batches of at most 10"),
        ('p.on_messages("incoming", f, work, parallel=2, retries=1)', "retries, parallel: only a stream has that"),
        (
            'p.on_messages("incoming", f, work, on_failure=p.queue("b"))',
            "on_failure: only a stream has that. What a queue gives up goes to its dead letter queue",
        ),
        ('p.on_messages("incoming", f, work, starting="LATEST")', "starting: only a stream has that"),
        (f'{STREAM}; p.on_messages("incoming", f, stream, max_concurrency=2)', "max_concurrency: only a queue has that"),
        ('p.on_messages("incoming", f, work, max_concurrency=1)', "max_concurrency is 1; AWS accepts 2 to 1000"),
        (f'{STREAM}; p.on_messages("incoming", f, stream, starting="OLDEST")', "write LATEST, TRIM_HORIZON or a moment in UTC"),
        (
            f'{TABLE}; p.on_messages("incoming", f, runs, starting="2027-01-31T06:30:00")',
            "the stream of a table is read from LATEST or TRIM_HORIZON",
        ),
        (
            f'{TABLE.replace("StreamViewType", "StreamViewTyp")}; p.on_messages("incoming", f, runs)',
            "StreamViewTyp",
        ),
        (
            f'{NO_STREAM}; p.on_messages("incoming", f, runs)',
            'resource/runs has no stream. Declare it with "StreamSpecification"',
        ),
        (
            f'{NO_GLOBAL_STREAM}; p.on_messages("incoming", f, runs)',
            'resource/runs has no stream. Declare it with "StreamSpecification"',
        ),
        (
            'p.on_messages("incoming", f, p.table("runs", partition_key="id"))',
            'nor a table with a stream. Declare the table with stream="NEW_IMAGE"',
        ),
        ('p.on_messages("incoming", f, work, filters={"body": ["x"]})', "filters is a list, even of one"),
        ('p.on_messages("incoming", f, work, filters=[{"body": "x"}])', "filters: body is 'x'; it must be a list of values"),
        ('p.on_messages("incoming", f, work, filters=[{"body": [{"prefx": "x"}]}])', "Did you mean 'prefix'?"),
        (
            f'{ANY_QUEUE.format("")}; p.on_messages("incoming", f, short, window_seconds=5)',
            "lambda/Validate may work 60 seconds: Lambda refuses that. Declare the queue with VisibilityTimeout 365.",
        ),
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
