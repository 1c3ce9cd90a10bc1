"""A deploy that is stopped writes nothing more than what it has begun: roots of others are left to the next one."""

from pathlib import Path

import pytest

from tests.support.deploying import ENV, deploy, things
from tests.support.fake_aws import Killed, World

BEFORE, AFTER = {"a": {"Size": 1}}, {"a": {"Size": 2}}


def dead(tmp_path: Path) -> World:
    """A world in which a deploy died when all was done and recorded, but for its root, which is the last that it puts."""
    worlds = [World(), World()]
    for world in worlds:
        deploy(world, things(BEFORE), tmp_path)
    last = deploy(worlds[0], things(AFTER), tmp_path).aws.calls["s3:PutObject"]
    puts: list[str] = []

    def fault(_number: int, when: str, operation: str) -> None:
        puts.extend([operation] if (when, operation) == ("before", "PutObject") else [])
        if len(puts) == last:
            raise Killed

    with pytest.raises(Killed):
        deploy(worlds[1], things(AFTER), tmp_path, fault=fault)
    worlds[1].seconds += 3600
    return worlds[1]


@pytest.mark.parametrize(("interrupted", "left"), [(True, "deploying"), (False, "clean")])
def test_a_root_that_a_dead_deploy_has_left_is_not_written_by_one_that_is_stopped(
    tmp_path: Path, interrupted: bool, left: str
) -> None:
    world = dead(tmp_path)
    root = world.buckets[ENV.artifact_bucket]["dev/p/release.json"]
    assert root.tags["state"] == "deploying"
    stopped = deploy(world, things(AFTER), tmp_path, interrupted=interrupted)
    assert stopped.actions() == {"thing/a": "record"}
    assert world.buckets[ENV.artifact_bucket]["dev/p/release.json"].tags["state"] == left
    assert (stopped.aws.calls["s3:PutObject"] == 0) == interrupted
