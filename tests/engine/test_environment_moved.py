"""Another prefix, region or artifact bucket in the configuration: what was deployed is renamed, or the change is refused."""

import json
from pathlib import Path

import pytest

from common.base.errors import OwnershipError
from common.engine.options import Options
from common.environment.config import Environment
from tests.state.test_locations import ARN, all_of, named, names
from tests.support.deploying import ENV, bucket, deploy, plan
from tests.support.fake_aws import World

PREFIXED = ENV.model_copy(update={"name_prefix": "other"})


def deploy_as(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.deploying.ENV", env)


def test_another_prefix_is_a_rename_of_everything_and_not_a_stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ownership tag begins with the prefix, so what is ours carries another one, as its record says."""
    world = World()
    deploy(world, named("test"), tmp_path)
    deploy_as(PREFIXED, monkeypatch)
    renamed = deploy(world, named("other", env=PREFIXED), tmp_path)
    assert renamed.reasons()["bucket/artifacts"] == "Tags.deployer:environment test/dev → other/dev"
    assert names(world) == {*all_of("other"), "test-kept"}
    assert deploy(world, named("other", env=PREFIXED), tmp_path).actions() == {"store/kept/formerly/test-kept": "orphan"}
    deploy(world, named("other", env=PREFIXED), tmp_path, options=Options(prune=True, data=True))
    assert names(world) == all_of("other")


def test_a_record_does_not_lend_the_tags_of_an_environment_of_another_name(tmp_path: Path) -> None:
    world = World()
    deploy(world, named("same"), tmp_path)
    world.live[f"{ARN}same-base"]["Tags"]["deployer:environment"] = "test/prod"
    stored = world.buckets[ENV.artifact_bucket]["dev/p/records/thing/base.json"]
    stored.body = json.dumps({**json.loads(stored.body), "owner": "test/prod"}).encode()
    with pytest.raises(OwnershipError, match="belongs to test/prod"):
        plan(world, named("same", size=2), tmp_path)


def test_another_artifact_bucket_is_refused_while_what_was_deployed_from_the_first_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    deploy(world, named("same"), tmp_path)
    deploy_as(ENV.model_copy(update={"artifact_bucket_": "elsewhere"}), monkeypatch)
    with pytest.raises(OwnershipError, match=r"There is no artifact bucket elsewhere, but p: thing/base, .* of dev are there"):
        deploy(world, named("same"), tmp_path)
    adopted = deploy(world, named("same"), tmp_path, options=Options(adopt={"nobody"}))
    assert set(adopted.actions().values()) == {"create", "record"}


def test_what_is_in_another_region_is_not_taken_for_gone(tmp_path: Path) -> None:
    world = World()
    deploy(world, named("same"), tmp_path)
    moved = ENV.model_copy(update={"region": "eu-west-1"})
    with pytest.MonkeyPatch.context() as patched:
        deploy_as(moved, patched)
        ended = deploy(world, [bucket()], tmp_path, options=Options(prune=True, data=True), undeclared=["p"])
    assert {action for key, action in ended.actions().items() if "bucket" not in key} == {"orphan"}
    assert "it is in eu-central-1: set region back in config/dev.json to delete it" in ended.reasons()["rule/nightly"]
    assert names(world) == all_of("same")
