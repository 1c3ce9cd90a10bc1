"""Whole deployments on a world in memory: what comes in which order, and what another deploy does meanwhile."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.base.errors import AwsError, DeployError, FailedError, StoppedError
from common.declare.workspace import DeclaredPipelines, Workspace
from common.engine.apply import Engine
from common.engine.connection import Connection
from common.engine.deployment import Deployment
from common.engine.planner import Outcome
from common.model import steps
from common.model.choices import Choices
from common.model.declared import Identity
from common.model.events import Blocked, Event, Finished
from common.model.resource import Key, Resource
from common.state.lease import Lock
from tests.support.deploying import BUCKET, ENV, bucket, deploy
from tests.support.fake_aws import ArtifactBucket, FakeAws, Killed, Text, Thing, World

Fault = Callable[[int, str, str], None]


@dataclass(frozen=True, kw_only=True)
class Function(Thing):
    """Belongs to the step of functions."""

    kind = "lambda"


@dataclass(frozen=True, kw_only=True)
class Machine(Thing):
    """Belongs to the step of state machines."""

    kind = "state-machine"


def declared(of: type[Thing], name: str, value: int, *needs: Key, code: str | None = None) -> Thing:
    artifact = Text(key=Key("p", "artifact", name), text=code) if code else None
    return of(
        identity=Identity(
            key=Key("p", of.kind, name),
            name=name,
            arn=f"arn:aws:fake:eu-central-1:123456789012:p/{name}",
            tags=ENV.ownership("p"),
            needs=(BUCKET, *needs, *([artifact.key] if artifact else [])),
        ),
        fields={"V": value},
        code=artifact,
    )


FUNCTION = Key("p", "lambda", "fn")


def pipeline(function: int | None, machine: int) -> list[Resource]:
    """A state machine and, if wanted, the function that it needs."""
    if function is None:
        return [bucket(), declared(Machine, "sm", machine)]
    return [bucket(), declared(Function, "fn", function), declared(Machine, "sm", machine, FUNCTION)]


class OnWorld(Deployment):
    """A deployment into a world, of resources that are given."""

    def __init__(
        self,
        root: Path,
        world: World,
        resources: list[Resource],
        choices: Choices,
        fault: Fault = lambda *_: None,
        planning: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.events: list[Event] = []
        self._world, self._planning, self.plans = world, planning, 0
        aws, pool = FakeAws(world, fault), ThreadPoolExecutor(1)
        consumers = {artifact.key: resource.key for resource in resources for artifact in resource.artifacts}
        workspace = Workspace(root, choices)
        workspace.environment = ENV
        connection, declarations = Connection(ENV, aws, pool, pool), DeclaredPipelines(ENV, [], resources, consumers)
        self.records = connection.records
        super().__init__(workspace, connection, declarations, [], steps.STEPS, self.events.append, types=types)

    @property
    def engine(self) -> Engine | None:
        return self._applying.engine

    def _make_plan(self) -> Outcome:
        self.plans += 1
        self._planning(self.plans)
        return super()._make_plan()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._connection.pool.shutdown()

    def new_lease(self, project: str) -> Lock:
        return Lock(self._connection.aws, ENV, project, {"holder": "B"}, self._say, clock=lambda: self._world.seconds)

    def run(self) -> None:
        """All steps, and --prune."""
        for name in steps.STEPS:
            self.step(name)
        if self._choices.prune:
            self.prune()


def types(kind: str) -> Any:
    return {type_.kind: type_ for type_ in (Thing, Function, Machine, ArtifactBucket)}.get(kind)


def deployment(
    root: Path,
    world: World,
    resources: list[Resource],
    *,
    fault: Fault = lambda *_: None,
    planning: Callable[[int], None] = lambda _: None,
    wait: bool = False,
    prune: bool = False,
) -> OnWorld:
    return OnWorld(root, world, resources, Choices(env="dev", jobs=1, wait=wait, prune=prune), fault, planning)


def live(world: World) -> dict[str, Any]:
    return {arn.rpartition("/")[2]: state["V"] for arn, state in world.live.items() if ":fake:" in arn}


def finished(events: list[Event]) -> list[str]:
    return [f"{event.change.action} {event.change.key}" for event in events if isinstance(event, Finished)]


def overtaking(world: World, root: Path, by: list[Resource]) -> Fault:
    """Another deploy, which is done by the time this one has its first lease."""
    came: list[bool] = []

    def fault(_number: int, when: str, operation: str) -> None:
        if (operation, when) == ("PutObject", "before") and not came:
            came.append(True)
            deploy(world, by, root / "other")

    return fault


def test_deletions_come_after_every_step(tmp_path: Path) -> None:
    world = World()
    deploy(world, pipeline(1, 1), tmp_path)
    opened = deployment(tmp_path, world, pipeline(None, 2), prune=True)
    opened.run()
    opened.close()
    assert finished(opened.events) == ["update state-machine/sm", "delete lambda/fn"]
    assert live(world) == {"sm": 2}


def test_nothing_is_deleted_when_something_failed(tmp_path: Path) -> None:
    world = World()
    deploy(world, pipeline(1, 1), tmp_path)

    def fault(_number: int, when: str, operation: str) -> None:
        if (operation, when) == ("Put", "before"):
            raise AwsError("fake", "Put", "InvalidDefinition", "no")

    opened = deployment(tmp_path, world, pipeline(None, 2), fault=fault, prune=True)
    opened.run()
    with pytest.raises(FailedError):
        opened.close()
    assert live(world) == {"fn": 1, "sm": 1}
    blocked = [event for event in opened.events if isinstance(event, Blocked)]
    assert [(str(event.change.key), str(event.needed)) for event in blocked] == [("lambda/fn", "state-machine/sm")]


def test_who_waited_plans_the_steps_before_again(tmp_path: Path) -> None:
    world = World()
    deploy(world, pipeline(1, 1), tmp_path)
    opened = deployment(tmp_path, world, pipeline(1, 2), fault=overtaking(world, tmp_path, pipeline(9, 1)), wait=True)
    opened.run()
    opened.close()
    assert opened.plans == 2
    assert live(world) == {"fn": 1, "sm": 2}


def test_a_signal_while_the_second_plan_is_made_stops_the_deploy(tmp_path: Path) -> None:
    world = World()
    deploy(world, pipeline(1, 1), tmp_path)

    def planning(number: int) -> None:
        if number == 2:
            os.kill(os.getpid(), signal.SIGINT)

    fault = overtaking(world, tmp_path, pipeline(1, 9))
    opened = deployment(tmp_path, world, pipeline(1, 2), fault=fault, planning=planning, wait=True)
    opened.run()
    with pytest.raises(StoppedError):
        opened.close()
    assert live(world) == {"fn": 1, "sm": 9}


def test_what_a_stopped_deploy_has_uploaded_is_done_and_the_rest_is_told(tmp_path: Path) -> None:
    world = World()
    deploy(world, [bucket()], tmp_path)
    resources: list[Resource] = [bucket(), declared(Function, "fn", 1, code="print(1)"), declared(Machine, "sm", 1, FUNCTION)]

    def fault(_number: int, when: str, operation: str) -> None:
        uploaded = any("/artifacts/" in name for name in world.buckets[ENV.artifact_bucket])
        if (operation, when) == ("PutObject", "after") and uploaded and not signals:
            signals.append(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    signals: list[int] = []
    opened = deployment(tmp_path, world, resources, fault=fault)
    opened.run()
    with pytest.raises(StoppedError):
        opened.close()
    assert live(world) == {}
    assert finished(opened.events) == ["upload artifact/fn"]
    blocked_keys = [str(event.change.key) for event in opened.events if isinstance(event, Blocked)]
    assert blocked_keys == ["lambda/fn", "state-machine/sm"]


def test_an_error_that_nobody_foresaw_leaves_its_resource_in_doubt(tmp_path: Path) -> None:
    world = World()
    deploy(world, pipeline(1, 1), tmp_path)

    def fault(_number: int, when: str, operation: str) -> None:
        if (operation, when) == ("Put", "after"):
            raise KeyError("FunctionArn")

    opened = deployment(tmp_path, world, pipeline(2, 1), fault=fault)
    with pytest.raises(KeyError):
        opened.run()
    with pytest.raises(FailedError):
        opened.close()
    assert live(world)["fn"] == 2
    again = deploy(world, pipeline(1, 1), tmp_path)  # the change is taken back
    assert again.reasons()["lambda/fn"] == "V 2 → 1"
    assert live(world)["fn"] == 1


def test_what_a_dead_deploy_had_under_way_may_still_happen(tmp_path: Path) -> None:
    world = World()
    deploy(world, pipeline(1, 1), tmp_path)

    def dies(_number: int, when: str, operation: str) -> None:
        if (operation, when) == ("Put", "before"):
            raise Killed  # its request is on its way

    with pytest.raises(Killed):
        deploy(world, pipeline(2, 1), tmp_path, fault=dies)
    world.seconds += 3600
    arn = declared(Function, "fn", 1).arn
    with pytest.raises(DeployError, match="lambda/fn has changed since this plan was made"):
        deploy(world, pipeline(1, 1), tmp_path, before_apply=lambda: world.live[arn].update(V=2))
    deploy(world, pipeline(1, 1), tmp_path)
    assert live(world) == {"fn": 1, "sm": 1}


def test_a_root_that_cannot_be_written_keeps_no_other_from_being(tmp_path: Path) -> None:
    world = World()
    deploy(world, pipeline(1, 1), tmp_path)
    arn = "arn:aws:fake:eu-central-1:123456789012:q/a"
    identity = Identity(key=Key("q", "thing", "a"), name="a", arn=arn, tags=ENV.ownership("q"), needs=(BUCKET,))
    q = Thing(identity=identity, fields={"V": 1})

    def fault(_number: int, when: str, operation: str) -> None:
        """Both are done; the next root is that of p."""
        if (operation, when) == ("PutObject", "before") and opened.engine and len(opened.engine.done) == 2 and not fails:
            fails.append(True)
            raise AwsError("s3", "PutObject", "KMS.DisabledException", "the key is disabled")

    fails: list[bool] = []
    opened = deployment(tmp_path, world, [*pipeline(1, 2), q], fault=fault)
    opened.run()
    with pytest.raises(AwsError, match="the key is disabled"):
        opened.close()
    marks = {name: opened.records.root_tag(name) for name in ("p", "q", "shared")}
    assert {name: mark.state for name, mark in marks.items() if mark} == {"p": "deploying", "q": "clean", "shared": "clean"}
    assert not [name for name in world.buckets[ENV.artifact_bucket] if name.endswith("lock.json")]
