"""What is decided of one resource where its record is damaged or tells of an earlier name, and the reason that is told."""

from pathlib import Path

import pytest

from common.base.digest import Digest
from common.base.lean_dataclass import dataclass
from common.engine.decisions import Decider
from common.engine.options import Options
from common.model.declared import Identity
from common.model.generated import mark_of
from common.model.resource import Action, Key, Live
from common.state.records import Records
from common.state.release_root import Baseline
from tests.support.deploying import ENV, deploy, things
from tests.support.fake_aws import FakeAws, Thing, World

ARN = "arn:aws:fake:eu-central-1:123456789012:p/"
FIRST = {"a": {"Size": 1}, "b": {"Size": 1}}


def test_what_is_gone_and_whose_record_cannot_be_read_may_have_had_another_name(tmp_path: Path) -> None:
    """It is made again, and somebody should look for the old one."""
    world = World()
    deploy(world, things(FIRST), tmp_path)
    world.buckets[ENV.artifact_bucket]["dev/p/records/thing/a.json"].body = b"{"
    del world.live["arn:aws:fake:eu-central-1:123456789012:p/a"]
    changed = deploy(world, things({**FIRST, "a": {"Size": 2}}), tmp_path)
    reported = "is gone from AWS; its record cannot be read, so another name that it had is not known"
    assert changed.reasons() == {"thing/a": reported}


def test_what_was_never_there_is_told_apart_from_what_is_gone(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)
    del world.live["arn:aws:fake:eu-central-1:123456789012:p/a"]
    changed = deploy(world, things({**FIRST, "c": {"Size": 1}}), tmp_path)
    assert changed.reasons() == {"thing/a": "is gone from AWS", "thing/c": "does not exist"}


def test_what_aws_gives_anew_is_not_what_somebody_else_has_changed() -> None:
    thing = things({"a": {}, "b": {"Url": mark_of(Key("p", "thing", "a"), "Url")}})[-1]
    aws = FakeAws(World(), lambda *_: None)
    decider = Decider(ENV, aws, Records(aws, ENV), {thing.key: Digest("d")}, {}, Options())
    live = Live({**thing.desired(), "Url": "https://former"}, None)
    change = decider.decide(thing, Baseline(digests={thing.key: Digest("d")}), live, None)
    assert change.reason == "Url https://former → (Url is known after thing/a is created)"


@dataclass(frozen=True, kw_only=True)
class Lossy(Thing):
    """A thing whose size nobody has declared, and which an update to the default would lose something of."""

    defaults = frozenset({"Size"})

    def loses(self, name: str, live: object) -> str:
        return "older lines are deleted" if name == "Size" and live != 1 else ""


@pytest.mark.parametrize(("begun", "action"), [(True, Action.UPDATE), (False, Action.NOOP)])
def test_a_default_replaces_what_a_creation_that_broke_off_has_left_and_nothing_else(begun: bool, action: Action) -> None:
    """What exists otherwise has the value that somebody gave it."""
    key = Key("p", "thing", "a")
    thing = Lossy(identity=Identity(key=key, name="a", arn=f"{ARN}a", tags=ENV.ownership("p")), fields={"Size": 1})
    aws, digests = FakeAws(World(), lambda *_: None), {key: Digest("d")}
    baseline = Baseline(pending={key: {}}) if begun else Baseline(digests=digests)
    decider = Decider(ENV, aws, Records(aws, ENV), digests, {}, Options())
    assert decider.decide(thing, baseline, Live({**thing.desired(), "Size": 9}, None), None).action is action


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [(None, "x", "Label none → x"), ("x", None, "Label x → none"), (1, [True], "Label 1 → [true]")],
)
def test_a_reason_has_texts_as_they_are_and_says_none_for_nothing(before: object, after: object, reason: str) -> None:
    thing = things({"a": {"Label": after}})[-1]
    aws, digests = FakeAws(World(), lambda *_: None), {thing.key: Digest("d")}
    decider = Decider(ENV, aws, Records(aws, ENV), digests, {}, Options())
    live = Live({**thing.desired(), "Label": before}, None)
    assert decider.decide(thing, Baseline(digests={thing.key: Digest("old")}), live, None).reason == reason


@dataclass(frozen=True, kw_only=True)
class Secretive(Thing):
    """A thing with a label that nobody may read."""

    hidden = frozenset({"Label"})


def test_a_hidden_field_whose_record_cannot_be_read_is_changed_and_not_told() -> None:
    key = Key("p", "thing", "a")
    thing = Secretive(identity=Identity(key=key, name="a", arn=f"{ARN}a", tags=ENV.ownership("p")), fields={"Label": "new"})
    aws, digests = FakeAws(World(), lambda *_: None), {key: Digest("d")}
    decider = Decider(ENV, aws, Records(aws, ENV), digests, {}, Options())
    change = decider.decide(thing, Baseline(digests=digests), Live({**thing.desired(), "Label": "old"}, None), {})
    assert (change.action, "old" in change.reason, [field.name for field in change.fields]) == (Action.UPDATE, False, ["Label"])
