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
from common.declare.declaration import Entry
from common.declare.workspace import DeclaredPipelines
from common.engine.connection import Connection
from common.engine.drift import compare
from common.engine.garbage import Collector
from common.engine.status import read_all
from common.model.events import Note
from common.model.resource import Resource
from common.report import drift_report, history_report, status_report
from common.report.deploy_report import TextReport
from common.state import releases
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

    def rendered(self) -> list[Resource]:
        return [thing for thing in things(FIELDS, CODES) if thing.key.project == self.name]


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
    victim = world.buckets[ENV.artifact_bucket][data.draw(st.sampled_from([*OBJECTS, *paths]))]
    if data.draw(st.booleans()):
        victim.body = data.draw(stored(victim.body))
    else:
        victim.tags = data.draw(TAGS)
    return world


Command = Callable[[Connection, DeclaredPipelines, TextIO], object]


def show_status(connection: Connection, declarations: DeclaredPipelines, to: TextIO) -> None:
    status_report.show(read_all(connection, declarations, others=True, why_undeclared=str, verify=True), to)


def show_history(connection: Connection, _: DeclaredPipelines, to: TextIO) -> None:
    records = connection.records
    history_report.show(releases.of_projects(records, sorted(records.projects()), 20, connection.pool), to)


def show_drift(connection: Connection, declarations: DeclaredPipelines, to: TextIO) -> None:
    place = (connection.env, connection.aws, connection.records)
    drift_report.show(compare(*place, declarations.resources, connection.pool), to)


def unlock(connection: Connection, _: DeclaredPipelines, to: TextIO) -> None:
    def refuse(holder: str) -> None:
        raise DeployError(holder)

    connection.lease("p", {}, lambda text: TextReport(stream=to)(Note(text))).remove(refuse)


COMMANDS: dict[str, Command] = {"status": show_status, "history": show_history, "drift": show_drift, "unlock": unlock}


@pytest.mark.parametrize("name", COMMANDS)
@FUZZ
@given(data=st.data())
def test_whatever_is_stored_it_is_told_in_print(deployed: tuple[World, Path], name: str, data: st.DataObject) -> None:
    """Nothing moves the cursor or goes on for ever, and nothing is changed."""
    world, to = damaged(deployed, data, LOCK), io.StringIO()
    aws = FakeAws(world)
    pipelines: list[Any] = [Declared("shared"), Declared("p")]
    declarations = DeclaredPipelines(ENV, pipelines, things(FIELDS, CODES), {})
    live = copy.deepcopy(world.live)
    with pool_of(1) as pool:
        try:
            COMMANDS[name](Connection(ENV, aws, pool, pool), declarations, to)
        except DeployError as error:
            TextReport(stream=to)(Note(str(error)))
    text = to.getvalue()
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert len(text) < 50_000
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
    return {
        stored_object.body.decode() for name, stored_object in world.buckets[ENV.artifact_bucket].items() if "/artifacts/" in name
    }
