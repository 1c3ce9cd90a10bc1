"""Tables with a second key, and with properties: streams, encryption, class and time to live."""

from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends

from tests.engine.test_adopting import NAME, PLACE, done
from tests.support.repository import Repository
from tests.support.terminal import squeezed

STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
TTL = {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "gone"}}
ENCRYPTED = {"SSESpecification": {"Enabled": True, "SSEType": "KMS"}}


def declare(repository: Repository, properties: dict[str, Any], more: str = "") -> None:
    repository.project("acres", f'p.table("runs", partition_key="id", properties={properties!r}{more})')


def described() -> tuple[dict[str, Any], dict[str, Any]]:
    dynamodb = boto3.client("dynamodb", **PLACE)
    ttl = dynamodb.describe_time_to_live(TableName=f"{NAME}-runs")["TimeToLiveDescription"]
    return dynamodb.describe_table(TableName=f"{NAME}-runs")["Table"], ttl


def test_each_is_made_compared_and_taken_away(repository: Repository, moto_dates: None) -> None:
    declare(repository, {**STREAM, **TTL, **ENCRYPTED})
    done(repository, "deploy")
    table, ttl = described()
    assert table["StreamSpecification"] == STREAM["StreamSpecification"]
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "gone")
    assert "nothing to do" in done(repository, "plan", "--verify")
    assert "0 drifted" in done(repository, "drift")
    declare(repository, ENCRYPTED)
    planned = squeezed(done(repository, "plan", code=2))
    assert "StreamSpecification no longer declared; TimeToLiveSpecification no longer declared" in planned
    done(repository, "deploy")
    table, ttl = described()
    assert not table.get("StreamSpecification", {}).get("StreamEnabled")
    assert ttl["TimeToLiveStatus"] == "DISABLED"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert "nothing to do" in done(repository, "plan", "--verify")


def test_what_reads_its_stream_follows_each_new_one(repository: Repository, moto_dates: None) -> None:
    """Each stream has an ARN of its own: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html."""
    function = boto3.client("lambda", **PLACE)
    read = []
    for view in ("NEW_IMAGE", "OLD_IMAGE"):
        table = f'runs = p.table("runs", partition_key="id", stream="{view}")'
        repository.project("acres", table, 'p.function("Validate", environment={"STREAM": runs.stream_arn})')
        done(repository, "deploy")
        variables = function.get_function_configuration(FunctionName=f"{NAME}-Validate")["Environment"]["Variables"]
        assert variables["STREAM"] == described()[0]["LatestStreamArn"]
        assert "nothing to do" in done(repository, "plan", "--verify")
        read.append(variables["STREAM"])
        table_of_moto = dynamodb_backends["123456789012"][PLACE["region_name"]].tables[f"{NAME}-runs"]
        table_of_moto.latest_stream_label = None  # moto enables no stream of a table that has had one; AWS does
    assert len(set(read)) == 2


def test_one_can_be_added_to_a_table_that_is_there(repository: Repository, moto_dates: None) -> None:
    declare(repository, {})
    done(repository, "deploy")
    declare(repository, {**STREAM, **TTL})
    assert "StreamSpecification.StreamEnabled false → true" in squeezed(done(repository, "plan", code=2))
    done(repository, "deploy")
    table, ttl = described()
    assert (table["StreamSpecification"]["StreamEnabled"], ttl["AttributeName"]) == (True, "gone")
    assert "nothing to do" in done(repository, "plan", "--verify")


def test_a_table_may_have_a_second_key_and_keys_that_are_no_text(repository: Repository, moto_dates: None) -> None:
    boto3.client("dynamodb", **PLACE).create_table(
        TableName=f"{NAME}-runs",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    declare(repository, {})
    assert "what is taken over is not replaced" in done(repository, "plan", "--adopt", code=1)
    declare(repository, {}, ', sort_key="at", key_types={"at": "N"}')
    done(repository, "deploy", "--adopt")
    assert "nothing to do" in done(repository, "plan", "--verify")


def indexes() -> dict[str, Any]:
    return {index["IndexName"]: index for index in described()[0].get("GlobalSecondaryIndexes", ())}


def test_indexes_are_made_one_at_a_time_replaced_and_deleted(repository: Repository, moto_dates: None) -> None:
    """See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.html ."""
    by_day = 'indexes={"by_day": {"partition_key": "day", "sort_key": "at"}'
    types, more = 'key_types={"at": "N"}', '"by_zone": {"partition_key": "zone", "attributes": ["rows"]}'
    declare(repository, {}, f', {by_day}}}, {types}, stream="NEW_IMAGE", time_to_live="gone"')
    done(repository, "deploy")
    table, ttl = described()
    assert indexes()["by_day"]["KeySchema"][1] == {"AttributeName": "at", "KeyType": "RANGE"}
    assert {"AttributeName": "at", "AttributeType": "N"} in table["AttributeDefinitions"]
    assert (table["StreamSpecification"]["StreamViewType"], ttl["AttributeName"]) == ("NEW_IMAGE", "gone")
    assert "nothing to do" in done(repository, "plan", "--verify")

    declare(repository, {}, f', {by_day}, {more}, "by_key": {{"partition_key": "k", "attributes": []}}}}, {types}')
    assert "GlobalSecondaryIndexes.by_key" in squeezed(done(repository, "plan", code=2))
    done(repository, "deploy")
    assert indexes()["by_zone"]["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["rows"]}
    assert indexes()["by_key"]["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert "nothing to do" in done(repository, "plan", "--verify")

    changed = '{"by_day": {"partition_key": "day"}, "by_zone": {"partition_key": "zone", "attributes": ["rows"]}}'
    declare(repository, {}, f", indexes={changed}")
    planned = squeezed(done(repository, "plan", code=2))
    assert "GlobalSecondaryIndexes.by_day.KeySchema" in planned
    assert "GlobalSecondaryIndexes.by_key no longer declared" in planned
    done(repository, "deploy")
    assert indexes().keys() == {"by_day", "by_zone"}
    assert [key["AttributeName"] for key in indexes()["by_day"]["KeySchema"]] == ["day"]
    assert "nothing to do" in done(repository, "plan", "--verify")
    declare(repository, {})
    done(repository, "deploy")
    assert indexes() == {}


def test_an_index_of_somebody_else_is_named_and_stays(repository: Repository, moto_dates: None) -> None:
    declare(repository, {}, ', indexes={"by_day": {"partition_key": "day"}}')
    done(repository, "deploy")
    theirs = {
        "IndexName": "theirs",
        "KeySchema": [{"AttributeName": "them", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    boto3.client("dynamodb", **PLACE).update_table(
        TableName=f"{NAME}-runs",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "day", "them")],
        GlobalSecondaryIndexUpdates=[{"Create": theirs}],
    )
    assert "kept, not declared: GlobalSecondaryIndexes.theirs" in squeezed(done(repository, "drift"))
    declare(repository, {}, ', indexes={"by_zone": {"partition_key": "zone"}}')
    done(repository, "deploy")
    assert indexes().keys() == {"theirs", "by_zone"}


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ('indexes={"by_day": {"key": "day"}}', "indexes: by_day: an index is an object with a key"),
        (
            'indexes={"by_day": {"partition_key": "day", "attribute": []}}',
            "an index has no 'attribute'. Did you mean 'attributes'?",
        ),
        ('indexes={"by day": {"partition_key": "day"}}', "the name 'by day' must have 3 to 255 letters"),
        (
            'stream="NEW_IMAGE", properties={"StreamSpecification": {"StreamEnabled": False}}',
            "stream and properties both set StreamSpecification: take",
        ),
        ('stream="NEW"', "stream is 'NEW'; it must be one of KEYS_ONLY, NEW_IMAGE"),
        ('key_types={"at": "N"}', "key_types: the table has no key 'at'."),
        ('sort_key="at", key_types={"at": "number"}', "key_types: the type of at is 'number'; it must be S (text), N (number)"),
        (
            'properties={"StreamSpecification": {"StreamEnabled": "yes"}}',
            "StreamSpecification.StreamEnabled is 'yes'; it must be true or",
        ),
        ('properties={"TimeToLiveSpecification": {"Enabled": True}}', "TimeToLiveSpecification needs AttributeName."),
        ('properties={"BillingMode": "PROVISIONED"}', "properties: the deployer itself sets BillingMode."),
    ],
)
def test_what_dynamodb_would_not_accept_is_refused(repository: Repository, line: str, refused: str) -> None:
    repository.project("acres", f'p.table("runs", partition_key="id", {line})')
    assert refused in done(repository, "policy", code=1)
