"""What is particular to log groups: they are found by the beginning of their name."""

from common.aws.session import AwsSession
from tests.resources.builders import Place, final, live_state


def test_a_longer_name_is_another_group(moto_aws: AwsSession, place: Place) -> None:
    moto_aws.call("logs", "CreateLogGroup", logGroupName="/t/logs-of-others")
    group = place.log_group()
    assert group.read(moto_aws) is None
    group.create(moto_aws, final(group))
    assert live_state(moto_aws, group) == final(group)


def test_a_group_without_retention_is_different(moto_aws: AwsSession, place: Place) -> None:
    moto_aws.call("logs", "CreateLogGroup", logGroupName="/t/logs")
    assert live_state(moto_aws, place.log_group()) == {"retentionInDays": "never", "Tags": {}}
