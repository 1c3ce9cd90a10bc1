"""Which attributes of a resource are known while a plan decides for what refers to them."""

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest

from common.aws.protocol import Aws
from common.base.errors import AwsError, DeployError
from common.base.lean_dataclass import dataclass
from common.engine.decisions import Decider
from common.engine.options import Options
from common.engine.reads import Reads
from common.engine.rounds import Rounds
from common.model.declared import Identity
from common.model.generated import mark_of
from common.model.resource import Key, Outputs, Resource, State
from tests.support.deploying import BUCKET, ENV, bucket, deploy, things
from tests.support.fake_aws import FakeAws, Thing, World

RECORDED, ADOPTED, THERE = "recorded", "adopted", {"Arn": "arn:there"}


class Known:
    """What is read: a record with outputs, a resource without a record that exists, and nothing else."""

    def body(self, key: Key) -> "Future[Mapping[str, Any]]":
        answer: Future[Mapping[str, Any]] = Future()
        answer.set_result({"outputs": {"Arn": "arn:recorded"}} if key.name == RECORDED else {})
        return answer

    def outputs(self, resource: Resource) -> Mapping[str, str] | None:
        return THERE if resource.key.name == ADOPTED else None


def test_what_is_adopted_has_its_attributes_before_it_has_a_record() -> None:
    _, recorded, adopted, absent = things({RECORDED: {}, ADOPTED: {}, "absent": {}})
    rounds = Rounds(cast(Reads, Known()), {}, {})
    rounds.decide([], [recorded, adopted, absent], [], cast(Decider, None))
    assert rounds.attributes(recorded.key) == {"Arn": "arn:recorded"}
    assert rounds.attributes(adopted.key) == THERE
    assert rounds.attributes(absent.key) is None
    assert rounds.attributes(Key("p", "thing", "elsewhere")) is None


@dataclass(frozen=True, kw_only=True)
class Endpoint(Thing):
    """A thing that gets another address whenever it is made."""

    def create(self, aws: Aws, desired: State) -> Outputs:
        super().create(aws, desired)
        return {"Url": f"https://{cast(FakeAws, aws).world.writes}"}


def test_what_refers_to_a_resource_that_is_made_again_is_updated(tmp_path: Path) -> None:
    def identity(kind: str, name: str, needed: Key) -> Identity:
        arn = f"arn:aws:fake:eu-central-1:123456789012:p/{name}"
        return Identity(key=Key("p", kind, name), name=name, arn=arn, tags=ENV.ownership("p"), needs=(needed,))

    endpoint = Endpoint(identity=identity("resource", "endpoint", BUCKET), fields={"Size": 1})
    user = Thing(identity=identity("thing", "user", endpoint.key), fields={"Url": mark_of(endpoint.key, "Url")})
    world = World()
    deploy(world, [bucket(), endpoint, user], tmp_path)
    former = world.live[user.arn]["Url"]
    del world.live[endpoint.arn]
    again = deploy(world, [bucket(), endpoint, user], tmp_path)
    assert again.actions() == {"resource/endpoint": "create", "thing/user": "update"}
    assert world.live[user.arn]["Url"] != former


def test_a_resource_that_may_not_be_read_refuses_the_plan(tmp_path: Path) -> None:
    def fault(_number: int, when: str, operation: str) -> None:
        if (operation, when) == ("Get", "before"):
            raise AwsError("fake", "Get", "AccessDenied", "no")

    world = World()
    deploy(world, things({"a": {}, "b": {}}), tmp_path)
    with pytest.raises(DeployError, match="AccessDenied"):
        deploy(world, things({"a": {}, "b": {}}), tmp_path, fault=fault, options=Options(verify=True))
