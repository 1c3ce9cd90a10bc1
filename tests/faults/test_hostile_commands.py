"""The commands that only tell, and the one that deletes artifacts: whatever is stored, they end with an answer or one message."""

import copy
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.base.errors import DeployError, UnfinishedError
from common.commands import drift, history, status, unlock
from common.commands.invocation import Invocation
from common.declare.declaration import Entry
from common.engine.garbage import Collector
from common.engine.session import Session
from common.model.choices import Choices
from common.model.events import Note
from common.model.resource import Resource
from common.state.lease import Lock
from common.state.records import Records
from tests.faults.bounded import bounded
from tests.faults.hostile import TAGS, stored
from tests.faults.test_hostile import CODES, FIELDS, OBJECTS
from tests.support.deploying import ENV, deploy, pool_of, things
from tests.support.fake_aws import EPOCH, FakeAws, World

FUZZ = bounded(150)
LOCK = "dev/p/lock.json"
DAY = 24 * 3600.0


@dataclass(frozen=True)
class Declared:
    """A pipeline of things."""

    name: str
    entry: Entry | None = None

    def resources(self) -> list[Resource]:
        return [one for one in things(FIELDS, CODES) if one.key.project == self.name]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """FIELDS were deployed a year ago, some of them many times before that; somebody holds the lease."""
    world, build_dir = World(), tmp_path_factory.mktemp("build")
    for number in range(12):
        deploy(world, things(FIELDS, {**CODES, "b": f"print({number})"}), build_dir)
    deploy(world, things(FIELDS, CODES), build_dir)
    world.seconds += 400 * DAY
    Lock(FakeAws(world), ENV, "p", {"holder": "ann", "since": "today"}, lambda _: None)._put({"IfNoneMatch": "*"})
    return world, build_dir


def damaged(deployed: tuple[World, Path], data: st.DataObject, *paths: str) -> World:
    """One object of ours is another."""
    world = copy.deepcopy(deployed[0])
    one = world.buckets[ENV.artifact_bucket][data.draw(st.sampled_from([*OBJECTS, *paths]))]
    if data.draw(st.booleans()):
        one.body = data.draw(stored(one.body))
    else:
        one.tags = data.draw(TAGS)
    return world


Command = Callable[[Path, Choices, Invocation, TextIO], object]
COMMANDS: dict[str, Command] = {
    "status": lambda root, choices, invocation, to: status.status(root, choices, invocation, json=False, stream=to),
    "history": lambda root, choices, invocation, to: history.report(root, choices, invocation, "20", json=False, stream=to),
    "drift": lambda root, choices, invocation, to: drift.report(root, choices, invocation, json=False, stream=to),
    "unlock": lambda root, choices, invocation, _: unlock.unlock(root, choices, invocation),
}


@pytest.mark.parametrize("name", COMMANDS)
@FUZZ
@given(data=st.data())
def test_whatever_is_stored_it_is_told_in_print(deployed: tuple[World, Path], name: str, data: st.DataObject) -> None:
    """Nothing moves the cursor or goes on for ever, and nothing is changed but the lease that is taken away."""
    world, root, to = damaged(deployed, data, LOCK), deployed[1], io.StringIO()
    choices, invocation, told = (
        Choices(env="dev", project="shared" if name == "unlock" else None, yes=True, jobs=1),
        Invocation([]),
        [],
    )
    session = Session(root, choices, (), lambda event: told.append(event.text if isinstance(event, Note) else ""))
    aws = FakeAws(world)
    pipelines: list[Any] = [Declared("shared"), Declared("p")]
    session.__dict__.update(configured=ENV, env=ENV, aws=aws, caller="arn:aws:iam::123456789012:user/test", pipelines=pipelines)
    session.__dict__["resources"] = things(FIELDS, CODES)
    for key in (("status", choices), (Session, choices)):
        invocation.keep(key, lambda: session, lambda _: None)
    live = copy.deepcopy(world.live)
    try:
        COMMANDS[name](root, choices, invocation, to)
    except DeployError as error:
        told.append(str(error))
    finally:
        session.pool.shutdown()
    said = to.getvalue() + "\n".join(told)
    assert all(letter.isprintable() or letter == "\n" for letter in said)
    assert len(said) < 50_000
    assert (world.live, aws.calls["s3:PutObject"], aws.calls["s3:DeleteObject"]) == (live, 0, 0)


@FUZZ
@given(data=st.data())
def test_whatever_is_stored_nothing_that_is_in_use_is_collected(deployed: tuple[World, Path], data: st.DataObject) -> None:
    world = damaged(deployed, data)
    world.seconds += 3600
    before = bodies(world)
    aws = FakeAws(world)
    lock = Lock(aws, ENV, "p", {"holder": "test"}, lambda _: None)
    with pool_of(1) as pool:
        collector = Collector(ENV, aws, Records(aws, ENV), pool, EPOCH + timedelta(seconds=world.seconds), 30)
        try:
            collector.collect("p", lock, {"id": "gc"})
        except UnfinishedError:
            assert bodies(world) == before
        finally:
            lock._stopping.set()
    assert bodies(world) >= set(CODES.values())
    deploy(world, things(FIELDS, CODES), deployed[1])


def bodies(world: World) -> set[str]:
    """Every artifact there is."""
    return {one.body.decode() for name, one in world.buckets[ENV.artifact_bucket].items() if "/artifacts/" in name}
