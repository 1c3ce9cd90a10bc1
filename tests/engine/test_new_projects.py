"""The plan of a project that was never deployed: what it reads goes out at once, and not after what is stored of the project."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.base.lean_dataclass import dataclass
from common.engine.options import Options
from common.engine.plan_data import Outcome
from common.engine.planner import Planner
from common.model.resource import Resource
from common.model.role_needs import RoleNeeds
from common.state.records import Records
from tests.support.deploying import ENV, deploy, pool_of, reads_of, things, types
from tests.support.fake_aws import FakeAws, Thing, World

ROLE = "arn:aws:iam::123456789012:role/pipelines"
FIRST = {"a": {"Size": 1}}


@dataclass(frozen=True, kw_only=True)
class Running(Thing):
    """A thing that runs with a role that exists."""

    @property
    def role_needs(self) -> RoleNeeds:
        return RoleNeeds(arn=ROLE, service="fake.amazonaws.com")


class ListedLast(FakeAws):
    """Answers what is stored of a project only after some other operations: who asks for them afterwards waits for ever.

    Args:
        world: the world.
        awaited: the operations that must have been answered before.
        meanwhile: what others do before the answer.
    """

    def __init__(self, world: World, awaited: set[str], meanwhile: Callable[[], None] = lambda: None) -> None:
        super().__init__(world)
        self._answered = {operation: threading.Event() for operation in awaited}
        self._meanwhile = meanwhile

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation == "ListObjectsV2":
            assert all(event.wait(20) for event in self._answered.values())
            self._meanwhile()
        try:
            return super().call(service, operation, **parameters)
        finally:
            if operation in self._answered:
                self._answered[operation].set()

    def _GetRole(self, **_: Any) -> dict[str, Any]:
        return {"Role": {}}

    def _ListRolePolicies(self, **_: Any) -> dict[str, Any]:
        return {"PolicyNames": []}

    def _ListAttachedRolePolicies(self, **_: Any) -> dict[str, Any]:
        return {"AttachedPolicies": []}


def planned(aws: FakeAws, resources: list[Resource], build_dir: Path, jobs: int = 8) -> Outcome:
    records = Records(aws, ENV)
    with pool_of(jobs) as pool:
        planner = Planner(ENV, aws, records, build_dir, pool, types=types)
        return planner.plan(resources, Options(), reads_of(aws, records, build_dir, pool))


def actions(outcome: Outcome) -> dict[str, str]:
    return {str(change.key): str(change.action) for change in outcome.plan.changes}


def test_resources_and_roles_are_read_beside_what_is_stored(tmp_path: Path) -> None:
    bucket, thing = things(FIRST)
    assert isinstance(thing, Thing)
    aws = ListedLast(World(), {"Get", "GetRole", "ListRolePolicies", "ListAttachedRolePolicies"})
    outcome = planned(aws, [bucket, Running(identity=thing.identity, fields=thing.fields)], tmp_path)
    assert actions(outcome) == {"bucket/artifacts": "create", "thing/a": "create"}
    assert (aws.calls["fake:Get"], aws.calls["iam:GetRole"]) == (2, 1), "each once, the bucket too"


def test_roles_do_not_wait_until_a_thread_has_ended_a_live_read(tmp_path: Path) -> None:
    """A live read waits for the listing of its kind, so many of them occupy all threads."""
    bucket, thing = things(FIRST)
    assert isinstance(thing, Thing)
    aws = ListedLast(World(), set())
    planned(aws, [bucket, Running(identity=thing.identity, fields=thing.fields)], tmp_path, jobs=1)
    begun = [*aws.calls]
    assert begun.index("iam:GetRole") < begun.index("fake:Get")


def test_what_was_read_before_a_root_is_read_again(tmp_path: Path) -> None:
    """A root without tags is found only in the listing; its resources may have changed since they were read."""
    world = World()
    deploy(world, things(FIRST), tmp_path)
    for project in ("p", "shared"):
        world.buckets[ENV.artifact_bucket][f"dev/{project}/release.json"].tags = {}

    def change() -> None:
        world.live["arn:aws:fake:eu-central-1:123456789012:p/a"]["Size"] = 7

    outcome = planned(ListedLast(world, {"Get"}, change), things(FIRST), tmp_path)
    assert actions(outcome)["thing/a"] == "update"
