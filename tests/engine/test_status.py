"""What a status tells of subscriptions."""

from typing import Any

from common.base.digest import Digest
from common.base.errors import AwsError
from common.engine.status import unconfirmed
from common.model.resource import Key
from common.state.records import Records
from common.state.release_root import Root
from tests.resources.scripted import ScriptedAws

ARN = "arn:aws:sns:eu-central-1:123456789012:t-dev-alerts:"
PEOPLE = ("ann", "ben", "cid")


class Recorded(Records):
    """The records of subscriptions."""

    def __init__(self) -> None:
        pass

    def read(self, key: Key) -> dict[str, Any]:
        name = key.name.partition(".email-")[2].partition("-")[0]
        assert name in PEOPLE, f"{key} is not a subscription"
        return {"desired": {"Endpoint": f"{name}@example.com"}, "outputs": {"Identifier": f"{ARN}{name}"}}


def pending(value: str) -> dict[str, dict[str, str]]:
    return {"Attributes": {"PendingConfirmation": value}}


def test_whoever_has_not_confirmed_is_told_nothing() -> None:
    """As AWS tells it: https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html."""
    gone = AwsError("sns", "GetSubscriptionAttributes", "NotFound", "Subscription does not exist")
    aws = ScriptedAws({"sns:GetSubscriptionAttributes": [pending("true"), pending("false"), gone]})
    keys = [f"resource/subscription.alerts.email-{name}-example-com" for name in PEOPLE]
    root = Root(digests=dict.fromkeys([*keys, "lambda/Validate", "resource/work"], Digest("d")))
    assert list(unconfirmed(aws, Recorded(), "acres", root)) == ["ann@example.com (waits for it)", "cid@example.com (is gone)"]
    assert [parameters["SubscriptionArn"] for _, parameters in aws.calls] == [f"{ARN}{name}" for name in PEOPLE]


def test_without_subscriptions_nothing_is_asked() -> None:
    aws = ScriptedAws({})
    assert list(unconfirmed(aws, Recorded(), "acres", Root(digests={"lambda/Validate": Digest("d")}))) == []
    assert aws.calls == []
