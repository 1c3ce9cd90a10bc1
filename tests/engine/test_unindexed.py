"""What no index shows, as objects in a bucket, is deleted with what it needs, and else is there if it is recorded."""

from pathlib import Path

import pytest

from common.base.lean_dataclass import dataclass
from common.model.declared import Identity
from common.model.resource import Key, Resource
from tests.support.deploying import ENV, bucket, deploy, things
from tests.support.fake_aws import Thing, World

ARN = "arn:aws:fake:eu-central-1:123456789012:p/"


@dataclass(frozen=True, kw_only=True)
class Within(Thing):
    """A thing within another one."""

    indexed = False


def declared() -> list[Resource]:
    (_, outer), key = things({"outer": {"Size": 1}}), Key("p", "thing", "within")
    identity = Identity(key=key, name="within", arn=f"{ARN}within", tags=ENV.ownership("p"), needs=(outer.key,))
    return [bucket(), outer, Within(identity=identity, fields={"Size": 1})]


def test_it_costs_an_unchanged_deploy_no_call(tmp_path: Path) -> None:
    world = World()
    deploy(world, declared(), tmp_path)
    unchanged = deploy(world, declared(), tmp_path)
    assert (unchanged.actions(), unchanged.aws.calls["fake:Get"]) == ({}, 0)


@pytest.mark.parametrize("is_gone", [True, False])
def test_it_is_read_if_what_it_needs_is_gone(tmp_path: Path, is_gone: bool) -> None:
    world = World()
    deploy(world, declared(), tmp_path)
    for name in ("outer", "within") if is_gone else ("outer",):
        del world.live[f"{ARN}{name}"]
    expected = {"thing/outer": "create", **({"thing/within": "create"} if is_gone else {})}
    assert deploy(world, declared(), tmp_path).actions() == expected
