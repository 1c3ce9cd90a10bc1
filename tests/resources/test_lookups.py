"""Which answers show that a thing of somebody else can be used."""

import pytest

from common.base.json_types import JsonObject
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import kind_of


def is_there(kind: str, response: JsonObject) -> bool:
    lookup = kind_of(kind).lookup
    assert lookup is not None
    return lookup.is_there(response, Ref(Key("existing", kind, "Runs"), "Runs", "arn:any"))


@pytest.mark.parametrize(
    ("kind", "usable", "deleted"),
    [
        ("key", {"KeyMetadata": {"KeyState": "Enabled"}}, {"KeyMetadata": {"KeyState": "PendingDeletion"}}),
        ("key", {"KeyMetadata": {"KeyState": "Updating"}}, {"KeyMetadata": {"KeyState": "PendingReplicaDeletion"}}),
        ("secret", {"Name": "Runs"}, {"Name": "Runs", "DeletedDate": "2026-01-01"}),
        ("table", {"Table": {"TableStatus": "UPDATING"}}, {"Table": {"TableStatus": "DELETING"}}),
        ("state-machine", {"status": "ACTIVE"}, {"status": "DELETING"}),
    ],
)
def test_what_is_being_deleted_cannot_be_used(kind: str, usable: JsonObject, deleted: JsonObject) -> None:
    """AWS still describes it until it is gone.

    Of keys for up to 30 days: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    Of secrets likewise: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    Of machines until their executions end: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    assert is_there(kind, usable)
    assert not is_there(kind, deleted)


def test_a_log_group_is_the_one_of_its_whole_name() -> None:
    assert is_there("log-group", {"logGroups": [{"logGroupName": "Runs-2"}, {"logGroupName": "Runs"}]})
    assert not is_there("log-group", {"logGroups": [{"logGroupName": "Runs-2"}]})
