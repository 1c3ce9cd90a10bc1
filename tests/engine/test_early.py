"""What was edited is read before it is known that it has to be: not more than that, and not too early."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.base.errors import OvertakenError
from common.base.json_types import JsonMapping
from common.engine.options import Options
from common.engine.plan_data import Outcome
from common.engine.planner import Planner
from common.engine.reads import MAX_EARLY_READS
from common.model.resource import Artifact, Key, Resource
from common.state.records import Records
from common.state.release_root import Root, RootTag
from tests.support.deploying import ENV, deploy, plan, reads_of, things
from tests.support.fake_aws import FakeAws, World

MOMENT, LONG = 0.05, 60.0
"""Seconds in which what must not happen would have happened, and in which what must happen has happened on any machine."""


class Versioned(Records):
    """The root of a project is told only when a resource was read: who waits for the root before that waits for ever."""

    def __init__(self, aws: FakeAws, looked: threading.Event, *, early: bool) -> None:
        super().__init__(aws, ENV)
        self.looked, self._early = looked, early

    def root_tag(self, project: str) -> RootTag | None:
        assert project != "p" or not self.looked.wait(MOMENT), "a resource was read before the mark of its root"
        return super().root_tag(project)

    def root(self, project: str, version: str | None = None) -> tuple[Root | None, str | None]:
        assert not self._early or self.looked.wait(LONG), "nothing is read before the root has come"
        return super().root(project, version)


class Overwritten(Versioned):
    """In a bucket that keeps no versions nothing may be read before the root has come."""

    def root_tag(self, project: str) -> RootTag | None:
        result = super().root_tag(project)
        return result and replace(result, version=None)

    def root(self, project: str, version: str | None = None) -> tuple[Root | None, str | None]:
        assert not self.looked.wait(MOMENT), "a resource was read before its root"
        return Records.root(self, project, version)


def planned(
    world: World,
    resources: list[Resource],
    likely: list[Resource],
    tmp_path: Path,
    records: type[Versioned] = Versioned,
    during: Callable[[str], None] = lambda _: None,
    *,
    early: bool = True,
) -> tuple[Outcome, list[str]]:
    """The plan, and the operations in the order in which they were asked for."""
    requested: list[str] = []
    looked = threading.Event()

    def note(_: int, when: str, operation: str) -> None:
        if when == "before":
            during(operation)
            requested.append(operation)
        elif operation == "Get":
            looked.set()

    aws = FakeAws(world, note)
    with ThreadPoolExecutor(16) as pool:
        known_records = records(aws, looked, early=early)
        reads = reads_of(aws, known_records, tmp_path, pool)
        reads.expect(likely)
        return Planner(ENV, aws, known_records, tmp_path, pool).plan(resources, Options(), reads), requested


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World()
    deploy(made, things({"a": {"Size": 1}, "b": {"Size": 1}}), tmp_path)
    return made


@pytest.mark.parametrize(("records", "before"), [(Versioned, "GetObjectTagging"), (Overwritten, "GetObject")])
def test_it_is_read_once_and_no_earlier_than_the_root(
    world: World, tmp_path: Path, records: type[Versioned], before: str
) -> None:
    """The root is overwritten only if nobody has written it since: so what is planned must be no older than that."""
    resources = things({"a": {"Size": 2}, "b": {"Size": 1}})
    outcome, requested = planned(world, resources, resources[1:2], tmp_path, records)
    assert [(str(change.key), str(change.action)) for change in outcome.plan.changes if change.action != "noop"] == [
        ("thing/a", "update")
    ]
    assert requested.count("Get") == 1
    earlier = requested[: requested.index("Get")]
    later = requested.count(before) - earlier.count(before)
    assert later in ({0, 1} if before == "GetObject" else {0})  # the record of what changes is read beside it, after the root
    assert ("GetObject" in earlier) == (before == "GetObject")


@pytest.mark.parametrize(("records", "expectation"), [(Versioned, pytest.raises(OvertakenError)), (Overwritten, nullcontext())])
def test_what_was_read_before_somebody_else_deployed_is_not_believed(
    world: World, tmp_path: Path, records: type[Versioned], expectation: AbstractContextManager[object]
) -> None:
    """Between the mark and the root; they may even have put back the same."""
    resources = things({"a": {"Size": 2}, "b": {"Size": 1}})
    waiting = [things({"a": {"Size": size}, "b": {"Size": 1}}) for size in (1, 2)]

    def somebody(operation: str) -> None:
        while operation == "GetObject" and waiting:
            deploy(world, waiting.pop(), tmp_path)

    outcome, requested = planned(world, resources, resources[1:2], tmp_path, records, somebody)
    assert (requested.index("Get") < requested.index("GetObject")) == (records is Versioned)
    with expectation:
        Records(FakeAws(world), ENV).start("p", Root(), outcome.baselines["p"].etag, None)


def test_after_a_switch_of_branches_only_what_differs_is_read(world: World, tmp_path: Path) -> None:
    many = {f"t{number}": {"Size": 1} for number in range(MAX_EARLY_READS + 1)}
    deploy(world, things(many), tmp_path)
    resources = things(many)
    assert "Get" not in planned(world, resources, resources[1:], tmp_path, early=False)[1]
    assert planned(world, resources, resources[2:], tmp_path)[1].count("Get") == MAX_EARLY_READS


class LateIndex(FakeAws):
    """The index answers only when everything else that the plan needs was read: who waits for it before that waits for ever."""

    def __init__(self, world: World) -> None:
        super().__init__(world, self._note)
        self.seen = {name: threading.Event() for name in ("live", "record", "artifact")}

    def _note(self, _: int, when: str, operation: str) -> None:
        if (when, operation) == ("after", "Get"):
            self.seen["live"].set()

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        for name, event in self.seen.items() if operation == "GetResources" else ():
            assert event.wait(LONG), f"the {name} is read only when the index has answered"
        return super().pages(service, operation, **parameters)


class Seen(Records):
    """Records that tell which of them were read."""

    def __init__(self, aws: LateIndex) -> None:
        super().__init__(aws, ENV)
        self._seen = aws.seen

    def read(self, key: Key) -> JsonMapping:
        self._seen["record"].set()
        return super().read(key)

    def uploaded_content(self, artifact: Artifact) -> str | None:
        self._seen["artifact"].set()
        return super().uploaded_content(artifact)


def test_what_differs_from_its_release_is_read_while_the_index_is_still_listed(tmp_path: Path) -> None:
    """Also where no edit was noticed, as after a plan; nothing is read that would not be, and what a change takes is prepared."""
    world, fields = World(), {"a": {"Size": 1}, "b": {"Size": 1}}
    deploy(world, things(fields, {"a": "print(1)"}), tmp_path)
    changed = things({**fields, "new": {"Size": 1}}, {"a": "print(2)"})
    prepared: list[str] = []
    aws = LateIndex(world)
    with ThreadPoolExecutor(16) as pool:
        records = Seen(aws)
        planner = Planner(ENV, aws, records, tmp_path, pool, prepare=lambda: prepared.append("once"))
        outcome = planner.plan(changed, Options(), reads_of(aws, records, tmp_path, pool))
    expected, usual = plan(world, changed, tmp_path)
    assert outcome.plan == expected.plan
    assert {str(change.key) for change in outcome.plan.changes if change.action != "noop"} == {
        "artifact/a", "thing/a", "thing/new",
    }  # fmt: skip
    assert aws.calls == usual.calls
    assert prepared == ["once"]


def test_for_what_is_unchanged_nothing_is_prepared(world: World, tmp_path: Path) -> None:
    aws, prepared = FakeAws(world), list[str]()
    with ThreadPoolExecutor(4) as pool:
        records = Records(aws, ENV)
        planner = Planner(ENV, aws, records, tmp_path, pool, prepare=lambda: prepared.append("once"))
        planner.plan(things({"a": {"Size": 1}, "b": {"Size": 1}}), Options(), reads_of(aws, records, tmp_path, pool))
    assert (prepared, aws.calls.total()) == ([], 4)
