"""What is particular to databases: an update replaces what it does not name."""

from common.aws.session import AwsSession
from tests.resources.builders import Place, updated


def test_what_is_not_ours_survives_an_update(moto_aws: AwsSession, place: Place) -> None:
    theirs = {"LocationUri": "s3://t-final/", "Parameters": {"owner": "them"}}
    moto_aws.call("glue", "CreateDatabase", DatabaseInput={"Name": "t_final", **theirs})
    database = place.database(description="Acres")
    updated(moto_aws, database, {"Description"})
    live = moto_aws.call("glue", "GetDatabase", Name="t_final")["Database"]
    assert {name: live[name] for name in theirs} == theirs
    assert live["Description"] == "Acres"
