"""Listings come in pages, and tell of more than is asked for: whatever reads one reads it to its end, and what is its own."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.aws.tagging_index import list_tagged
from common.base.errors import AwsError
from common.engine.garbage import Collector
from common.engine.options import Options
from common.state.lease import Lock
from common.state.records import Records
from common.state.releases import history
from tests.support.deploying import ABOUT, ENV, bucket, deploy, plan, pool_of, things
from tests.support.fake_aws import EPOCH, FakeAws, World

FIELDS = {name: {"Size": 1} for name in "abcdef"}
DAY = 24 * 3600.0


def deployed(world: World, tmp_path: Path) -> Any:
    """What is deployed, left over, pruned and planned again."""
    deploy(world, things(FIELDS, {"b": "print(1)"}), tmp_path)
    less = things({name: FIELDS[name] for name in "ab"})
    shown, _ = plan(world, less, tmp_path)
    deploy(world, less, tmp_path, options=Options(prune=True))
    again, _ = plan(world, less, tmp_path, Options(verify=True))
    orphans = [str(change.key) for change in shown.plan.changes if change.action == "orphan"]
    return orphans, again.plan.is_empty, sorted(world.live)


def collected(world: World, tmp_path: Path) -> Any:
    """What is collected of many releases, and what history tells of them."""
    for number in range(14):
        deploy(world, things({"b": {"Size": 1}}, {"b": f"print({number})"}), tmp_path)
        world.seconds += DAY
    world.seconds += 400 * DAY
    aws = FakeAws(world)
    with pool_of(1) as pool:
        collector = Collector(ENV, aws, Records(aws, ENV), pool, EPOCH + timedelta(seconds=world.seconds))
        gone = collector.collect("p", Lock(aws, ENV, "p", {}, lambda _: None), ABOUT)
        return [item.key for item in gone], len(history(Records(aws, ENV), "p", 20, pool))


def emptied(world: World, tmp_path: Path) -> Any:
    """What is left of a bucket with many versions once it is erased."""
    deploy(world, things(FIELDS), tmp_path)
    made = bucket()
    made.erase(FakeAws(world), made)
    return sorted(world.buckets)


@pytest.mark.parametrize("what", [deployed, collected, emptied])
@pytest.mark.parametrize("page", [1, 3])
def test_with_small_pages_all_is_as_with_large_ones(tmp_path: Path, what: Callable[[World, Path], Any], page: int) -> None:
    large, small = World(), World(page=page)
    assert what(small, tmp_path / "small") == what(large, tmp_path / "large")


def test_the_index_is_asked_for_what_carries_the_environment_s_tag(tmp_path: Path) -> None:
    world = World()
    deploy(world, things({"a": {"Size": 1}}), tmp_path)
    theirs = {"deployer:environment": "test/prod", "deployer:project": "p"}
    world.live["arn:aws:fake:eu-central-1:123456789012:p/theirs"] = {"Tags": theirs}
    result = list_tagged(FakeAws(world), ENV)
    assert result == {"arn:aws:s3:::test-artifacts": "shared", "arn:aws:fake:eu-central-1:123456789012:p/a": "p"}
    assert list_tagged(FakeAws(world), ENV, ["s3"]) == {"arn:aws:s3:::test-artifacts": "shared"}


def test_a_bucket_of_that_name_that_is_another_s_is_not_used(tmp_path: Path) -> None:
    """Whoever does not say whose bucket it must be is refused by the world of these tests."""
    world = World()
    deploy(world, things({"a": {"Size": 1}}), tmp_path)
    with pytest.raises(AwsError, match="AccessDenied"):
        FakeAws(world).call("s3", "GetObject", Bucket=ENV.artifact_bucket, Key="dev/p/release.json")
