"""A collection that is killed, or that runs beside a deploy, takes nothing that is needed."""

from pathlib import Path

import pytest

from common.aws.fence import fenced
from common.base.errors import OvertakenError
from common.model.resource import Action
from common.state.lease import Lock
from tests.support.deploying import ENV, deploy, things
from tests.support.fake_aws import FakeAws, Killed, World
from tests.support.garbage import DAY, FIELDS, artifacts, collect, released


def test_a_deploy_that_was_planned_before_does_not_rely_on_what_is_gone(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(13)))
    world.seconds += 400 * DAY
    back_to_the_first = things(FIELDS, {"b": "print(0)"})

    def meanwhile() -> None:
        assert len(collect(world)) == 3

    with pytest.raises(OvertakenError, match="Deploy again"):
        deploy(world, back_to_the_first, tmp_path, before_apply=meanwhile)
    assert "print(0)" not in artifacts(world)
    deploy(world, back_to_the_first, tmp_path)
    assert "print(0)" in artifacts(world)


def test_a_deploy_does_not_rely_on_artifacts_that_a_killed_collection_has_deleted(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(13)))
    world.seconds += 400 * DAY

    def fault(_call: int, when: str, operation: str) -> None:
        if (when, operation) == ("after", "DeleteObjects"):
            raise Killed

    def meanwhile() -> None:
        with pytest.raises(Killed):
            collect(world, FakeAws(world, fault))
        world.seconds += 3600

    back_to_the_first = things(FIELDS, {"b": "print(0)"})
    with pytest.raises(OvertakenError, match="Deploy again"):
        deploy(world, back_to_the_first, tmp_path, before_apply=meanwhile)
    deploy(world, back_to_the_first, tmp_path)
    assert "print(0)" in artifacts(world)


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_nothing_needed_is_gone_and_the_next_run_goes_on(tmp_path: Path, when: str) -> None:
    boundaries = 0
    while True:
        world = World()
        released(world, tmp_path, *(f"print({number})" for number in range(12)))
        world.seconds += 400 * DAY

        def fault(call: int, moment: str, _operation: str, at: int = boundaries) -> None:
            if (call, moment) == (at, when):
                raise Killed

        try:
            collect(world, FakeAws(world, fault))
        except Killed:
            boundaries += 1
        else:
            break
        world.seconds += 3600
        assert artifacts(world) >= {f"print({number})" for number in range(2, 12)}
        again = deploy(world, things(FIELDS, {"b": "print(11)"}), tmp_path)
        assert {change.action for change in again.plan.changes} == {Action.NOOP}
        collect(world)
        assert artifacts(world) == {f"print({number})" for number in range(2, 12)}
    assert boundaries > 10


def test_what_a_collection_that_lost_its_lease_deletes_late_is_uploaded_again(tmp_path: Path) -> None:
    """Its last request arrives when a deploy has gone back to what was to be deleted: a job would find no script."""
    world, won = World(), list[bool]()
    released(world, tmp_path, *(f"print({number})" for number in range(13)))
    world.seconds += 400 * DAY
    back = things(FIELDS, {"b": "print(0)"})

    def fault(_call: int, when: str, operation: str) -> None:
        if (when, operation) == ("before", "DeleteObjects") and not won:
            with fenced(None):  # another process
                Lock(FakeAws(world), ENV, "p", {}, lambda _: None).remove(lambda _: None)
                won.append(deploy(world, back, tmp_path).failed == set())

    with pytest.raises(OvertakenError):
        collect(world, FakeAws(world, fault))
    assert won == [True]
    assert "print(0)" not in artifacts(world)
    again = deploy(world, back, tmp_path)
    assert again.actions()["artifact/b"] == "upload"
    assert "print(0)" in artifacts(world)
    world.seconds += 3600
    deploy(world, back, tmp_path)
    assert deploy(world, back, tmp_path).aws.calls["s3:GetObject"] == 0, "the root's tag proves all of it again"
