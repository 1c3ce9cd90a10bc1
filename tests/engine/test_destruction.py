"""Destroying what a world in memory has."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from common.engine.connection import Connection
from common.engine.destruction import Destruction
from common.model.choices import Choices
from common.model.events import Event, Note
from common.model.tags import tag_list
from tests.support.deploying import ENV, deploy, things
from tests.support.fake_aws import FakeAws, World


class Tagged(FakeAws):
    """A world whose artifact bucket has our tags."""

    def _GetBucketTagging(self, Bucket: str) -> dict[str, Any]:
        assert Bucket == ENV.artifact_bucket
        return {"TagSet": tag_list(ENV.ownership("shared"))}


def test_the_artifact_bucket_stays_while_something_is_recorded_in_it(tmp_path: Path) -> None:
    """This deployer does not know the kind `thing`, so it cannot delete one."""
    world, events = World(), list[Event]()
    deploy(world, things({"a": {"Size": 1}}), tmp_path)
    with ThreadPoolExecutor() as pool:
        connection = Connection(ENV, Tagged(world), pool, pool)
        destruction = Destruction(connection, tmp_path, dict, events.append, Choices(data=True))
        destruction.carry_out(destruction.plan())
        destruction.close()
    notes = [event.text for event in events if isinstance(event, Note)]
    assert notes == ["The artifact bucket stays, because it has the records of 1 resource."]
    assert ENV.artifact_bucket in world.buckets
