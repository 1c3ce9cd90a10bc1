"""Whole deployments on a world in memory: what comes in which order, and what another deploy does meanwhile."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

import pytest

from common.base.errors import AwsError, DeployError, FailedError, StoppedError
from common.model.declared import Identity
from common.model.events import Blocked
from common.model.resource import Key, Resource
from tests.support.deploying import BUCKET, ENV, bucket, deploy
from tests.support.fake_aws import Killed, Thing, World
from tests.support.whole_deployments import (
    FUNCTION,
    Fault,
    Function,
    Machine,
    declared,
    deployment,
    finished,
    live,
    pipeline,
)


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


def test_who_waited_plans_again_although_something_was_uploaded_beside_the_roots(tmp_path: Path) -> None:
    """An upload is no change: it is used by the second plan."""

    def with_code(value: int, code: str) -> list[Resource]:
        return [bucket(), declared(Function, "fn", value, code=code), declared(Machine, "sm", 1, FUNCTION)]

    world = World()
    deploy(world, with_code(1, "print(1)"), tmp_path)
    fault = overtaking(world, tmp_path, with_code(9, "print(1)"))
    opened = deployment(tmp_path, world, with_code(1, "print(2)"), fault=fault, wait=True)
    opened.run()
    opened.close()
    assert opened.plans == 2
    assert finished(opened.events) == ["upload artifact/fn", "update lambda/fn"]
    assert live(world)["fn"] == 1


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


def test_an_upload_that_had_not_begun_when_the_deploy_was_stopped_is_not_said_to_be_done(tmp_path: Path) -> None:
    world = World()
    deploy(world, [bucket()], tmp_path)
    functions = [declared(Function, name, 1, code=f"print({name!r})") for name in ("first", "second")]

    def fault(_number: int, when: str, operation: str) -> None:
        uploaded = any("/artifacts/" in name for name in world.buckets[ENV.artifact_bucket])
        if (operation, when) == ("PutObject", "after") and uploaded and opened.engine is not None:
            opened.engine.interrupt()

    opened = deployment(tmp_path, world, [bucket(), *functions], fault=fault)
    opened.run()
    with pytest.raises(DeployError):
        opened.close()
    assert finished(opened.events) == ["upload artifact/first"]
    blocked_keys = {str(event.change.key) for event in opened.events if isinstance(event, Blocked)}
    assert blocked_keys == {"artifact/second", "lambda/first", "lambda/second"}


def test_what_was_not_tried_is_found_out_once_however_many_changes_there_are(tmp_path: Path) -> None:
    """Otherwise the end of a deploy that is stopped takes time with the square of their number."""
    looks = {}
    for size in (1, 3):
        frames: list[FrameType] = []

        def profile(frame: FrameType, event: str, _: object, frames: list[FrameType] = frames) -> None:
            if event == "call" and frame.f_code.co_qualname == "Engine.untried":
                frames.append(frame)

        functions = [declared(Function, f"f{number}", 1, code="print(1)") for number in range(size)]
        sys.setprofile(profile)
        try:
            result = deploy(World(), [bucket(), *functions], tmp_path / str(size), interrupted=True)
        finally:
            sys.setprofile(None)
        assert len({event.change.key for event in result.events if isinstance(event, Blocked)}) == 2 * size + 1
        looks[size] = len(frames)
    assert looks[3] == looks[1] > 0


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
