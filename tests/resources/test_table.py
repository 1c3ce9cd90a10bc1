"""What is particular to tables: protection, and states that take their time."""

from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.model.generated import mark_of
from common.model.resource import Key, Live
from common.resources import table_indexes, table_settings
from common.resources.table_indexes import Index
from common.resources.table_reference import TableRef
from tests.resources.builders import Place, final, live_state, updated
from tests.resources.scripted import Answer, ScriptedAws, refused

BUSY = refused("UpdateContinuousBackups", "ContinuousBackupsUnavailableException", "Backups are being enabled")
ABSENT = refused("DescribeTable", "ResourceNotFoundException")
BACKUPS = "dynamodb:UpdateContinuousBackups"


def test_recovery_is_switched_on_as_soon_as_backups_allow(place: Place) -> None:
    script: dict[str, Any] = {"dynamodb:DescribeTable": ABSENT, "dynamodb:CreateTable": {}, BACKUPS: [BUSY, BUSY, {}]}
    aws = ScriptedAws(script)
    place.table().create(aws, final(place.table()))
    assert aws.operations == ["dynamodb:DescribeTable", "dynamodb:CreateTable", "dynamodb:table_exists", *[BACKUPS] * 3]
    assert aws.slept == [2.0, 2.0]


def test_backups_that_are_never_ready_are_loud(place: Place) -> None:
    aws = ScriptedAws({BACKUPS: BUSY})
    with pytest.raises(AwsError, match="ContinuousBackupsUnavailableException"):
        updated(aws, place.table(), {"PointInTimeRecovery"})
    assert sum(aws.slept) < 60


def test_deletion_takes_the_protection_off_first(moto_aws: AwsSession, place: Place) -> None:
    table = place.table()
    table.create(moto_aws, final(table))
    with pytest.raises(AwsError):
        moto_aws.call("dynamodb", "DeleteTable", TableName=table.name)
    table.delete(moto_aws)
    assert table.read(moto_aws) is None


def test_a_table_that_is_being_deleted_is_absent_and_its_end_is_waited_for(place: Place) -> None:
    leaving = {"Table": {"TableStatus": "DELETING"}}
    assert place.table().read(ScriptedAws({"dynamodb:DescribeTable": leaving})) is None
    aws = ScriptedAws({"dynamodb:DescribeTable": leaving, "dynamodb:CreateTable": {}, BACKUPS: {}})
    place.table().create(aws, final(place.table()))
    assert aws.operations[1:3] == ["dynamodb:table_not_exists", "dynamodb:CreateTable"]


def test_another_key_cannot_be_had_in_place(moto_aws: AwsSession, place: Place) -> None:
    place.table().create(moto_aws, final(place.table()))
    other = place.table(partition_key="id")
    state = live_state(moto_aws, other)
    assert state is not None
    assert {name for name in final(other) if final(other)[name] != state[name]} == other.immutable


def test_a_creation_whose_answer_was_lost_meets_its_own_table(place: Place) -> None:
    taken = refused("CreateTable", "ResourceInUseException", "Table already exists")
    aws = ScriptedAws({"dynamodb:DescribeTable": ABSENT, "dynamodb:CreateTable": taken, BACKUPS: {}})
    place.table().create(aws, final(place.table()))
    assert aws.operations[-2:] == ["dynamodb:table_exists", BACKUPS]


@pytest.mark.parametrize(("status", "ends_well"), [("DELETING", True), ("UPDATING", False)])
def test_a_deletion_whose_answer_was_lost_meets_what_it_has_begun(place: Place, status: str, ends_well: bool) -> None:
    states: Any = [{"Table": {"TableStatus": "ACTIVE"}}, {"Table": {"TableStatus": status}}]
    busy = refused("DeleteTable", "ResourceInUseException", "Table is being deleted")
    aws = ScriptedAws({"dynamodb:DescribeTable": states, "dynamodb:DeleteTable": busy})
    if ends_well:
        place.table().delete(aws)
        assert aws.operations[-1] == "dynamodb:table_not_exists"
    else:
        with pytest.raises(AwsError, match="ResourceInUseException"):
            place.table().delete(aws)


def test_what_can_be_changed_in_place_is_changed_and_waited_for(place: Place) -> None:
    aws = ScriptedAws({"dynamodb:UpdateTable": {}})
    updated(aws, place.table(), {"BillingMode", "DeletionProtectionEnabled"})
    sent = {"BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": True}
    assert aws.calls[0] == ("dynamodb:UpdateTable", {"TableName": "t-runs", **sent})
    assert aws.operations == ["dynamodb:UpdateTable", "dynamodb:table_exists"]


def test_recovery_that_is_on_is_not_switched_on_again(place: Place) -> None:
    """That would begin it anew: what was before could not be had back any more."""
    table = place.table()
    for before, calls in (("ENABLED", []), ("DISABLED", [BACKUPS])):
        aws = ScriptedAws({BACKUPS: {}})
        updated(aws, table, {"PointInTimeRecovery"}, Live({**final(table), "PointInTimeRecovery": before}))
        assert aws.operations == calls


THEIRS = {
    "GlobalSecondaryIndexes": (
        [
            {
                "IndexName": "by-id",
                "KeySchema": [{"AttributeName": "run_id", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "GlobalSecondaryIndexes",
    ),
    "StreamSpecification": ({"StreamEnabled": True}, "StreamSpecification"),
    "SSEDescription": ({"SSEType": "KMS", "Status": "ENABLED"}, "SSESpecification"),
    "TableClassSummary": ({"TableClass": "STANDARD_INFREQUENT_ACCESS"}, "TableClass"),
    "Replicas": ([{"RegionName": "eu-west-1"}], "Replicas"),
}
"""How DynamoDB describes what others have set, and the name under which an update would set it."""


@pytest.mark.parametrize("field", THEIRS)
def test_what_others_have_set_is_seen(place: Place, field: str) -> None:
    value, name = THEIRS[field]
    live = {**final(place.table()), "TableStatus": "ACTIVE", field: value}
    backups = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}
    aws = ScriptedAws(
        {
            "dynamodb:DescribeTable": {"Table": live},
            "dynamodb:DescribeContinuousBackups": {"ContinuousBackupsDescription": backups},
            "dynamodb:DescribeTimeToLive": {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}},
            "dynamodb:ListTagsOfResource": {"Tags": []},
        }
    )
    result = place.table().read(aws)
    assert result is not None
    assert result.undeclared.keys() == {name}


def test_each_index_is_awaited_before_the_next(place: Place) -> None:
    """Of a table, DynamoDB makes or deletes one at a time.

    See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
    """
    table = place.table(indexes={"by_a": Index("a"), "by_b": Index("b")})
    definitions = final(table)["AttributeDefinitions"]

    def described(*indexes: tuple[str, str]) -> dict[str, Any]:
        listed = [
            {
                "IndexName": f"by_{name}",
                "IndexStatus": status,
                "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name, status in indexes
        ]
        more = [{"AttributeName": name, "AttributeType": "S"} for name, _ in indexes]
        return {
            "Table": {
                "TableStatus": "ACTIVE",
                "AttributeDefinitions": [*definitions, *more],
                "GlobalSecondaryIndexes": listed,
            }
        }

    first, both = described(("a", "ACTIVE")), described(("a", "ACTIVE"), ("b", "ACTIVE"))
    making = described(("a", "ACTIVE"), ("b", "CREATING"))
    answers: list[Answer] = [described(), described(), described(("a", "CREATING")), first, first, making, both]
    aws = ScriptedAws({"dynamodb:DescribeTable": answers, "dynamodb:UpdateTable": {}})
    table_indexes.make(aws, table, final(table)["GlobalSecondaryIndexes"], {})
    made = [sent for name, sent in aws.calls if name == "dynamodb:UpdateTable"]
    assert [sent["GlobalSecondaryIndexUpdates"][0]["Create"]["IndexName"] for sent in made] == ["by_a", "by_b"]
    assert [item["AttributeName"] for item in made[1]["AttributeDefinitions"]] == ["run_id", "a", "b"]
    assert aws.slept == [10.0, 10.0]


def test_an_index_that_is_as_declared_is_left_alone_whatever_it_is_doing(place: Place) -> None:
    table = place.table(indexes={"by_a": Index("a")})
    keys = {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
    definitions = [*final(table)["AttributeDefinitions"], {"AttributeName": "a", "AttributeType": "S"}]

    def described(status: str) -> dict[str, Any]:
        listed = [{"IndexName": "by_a", "IndexStatus": status, **keys}]
        return {"Table": {"TableStatus": "ACTIVE", "AttributeDefinitions": definitions, "GlobalSecondaryIndexes": listed}}

    aws = ScriptedAws({"dynamodb:DescribeTable": [described("UPDATING"), described("ACTIVE")]})
    table_indexes.make(aws, table, final(table)["GlobalSecondaryIndexes"], {})
    assert "dynamodb:UpdateTable" not in aws.operations


@pytest.mark.parametrize("status", ["ENABLED", "ENABLING", "UPDATING"])
def test_encryption_whose_key_is_being_changed_is_on(status: str) -> None:
    """Its states are in https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSEDescription.html."""
    answer = {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    live = table_settings.live(lambda *_, **__: answer, {"SSEDescription": {"Status": status, "SSEType": "KMS"}})
    assert live["SSESpecification"] == {"Enabled": True, "SSEType": "KMS"}


def test_a_stream_that_is_off_is_switched_on_by_one_call(place: Place) -> None:
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}}
    aws = ScriptedAws({"dynamodb:DescribeTable": {"Table": {}}, "dynamodb:UpdateTable": {}})
    updated(aws, place.table(properties=stream), {"StreamSpecification"})
    sent = [parameters["StreamSpecification"] for name, parameters in aws.calls if name == "dynamodb:UpdateTable"]
    assert sent == [stream["StreamSpecification"]]


def test_a_stream_that_is_on_is_switched_off_before_it_tells_something_else(place: Place) -> None:
    """DynamoDB refuses to enable a stream on a table that has one.

    See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html#DDB-UpdateTable-request-StreamSpecification
    """
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}}
    table = place.table(properties=stream)
    live = {"Table": {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}}
    aws = ScriptedAws({"dynamodb:DescribeTable": live, "dynamodb:UpdateTable": {}})
    updated(aws, table, {"StreamSpecification"})
    sent = [parameters["StreamSpecification"] for name, parameters in aws.calls if name == "dynamodb:UpdateTable"]
    assert sent == [{"StreamEnabled": False}, stream["StreamSpecification"]]


def test_only_the_stream_of_a_table_that_has_one_is_known_after_it_is_made() -> None:
    key = Key("p", "table", "runs")
    streaming = TableRef(key, "runs", "arn:runs", has_stream=True)
    assert streaming.generated == {"StreamArn": streaming.stream_arn} == {"StreamArn": mark_of(key, "StreamArn")}
    plain = TableRef(key, "runs", "arn:runs")
    assert plain.generated == {}
    with pytest.raises(ValueError, match="table/runs has no stream"):
        _ = plain.stream_arn
