"""What `drift` says of records and release roots that are damaged, and how it shows values that nobody may read."""

from pathlib import Path

import pytest

from common.base.lean_dataclass import dataclass
from common.engine.drift import DriftResult, compare
from common.model.declared import Identity
from common.model.resource import Key, Resource
from common.state.records import Records
from tests.support.deploying import BUCKET, ENV, deploy, pool_of, things
from tests.support.fake_aws import FakeAws, Thing, World

FIELDS = {"a": {"Size": 1}, "b": {"Size": 1}}
ROOT, RECORD = "dev/p/release.json", "dev/p/records/thing/a.json"


def compared(world: World, resources: list[Resource], aws: FakeAws | None = None, *, with_records: bool = True) -> DriftResult:
    aws = aws or FakeAws(world)
    with pool_of(1) as pool:
        return compare(ENV, aws, Records(aws, ENV), resources, pool, with_records=with_records)


def drifted(result: DriftResult) -> dict[str, str]:
    return {item.key: item.how for item in result.drifted}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World()
    deploy(made, things(FIELDS), tmp_path)
    return made


def unread(world: World, resources: list[Resource]) -> int:
    """How many records are not read without records, which finds the same."""
    with_records, without = FakeAws(world), FakeAws(world)
    assert compared(world, resources, without, with_records=False) == compared(world, resources, with_records)
    left_out = with_records.calls - without.calls
    assert left_out.keys() <= {"s3:GetObject", "s3:GetObjectTagging"}
    assert left_out["s3:GetObject"] == left_out["s3:GetObjectTagging"]
    return left_out["s3:GetObject"]


@pytest.mark.parametrize(("others", "left_out"), [("nothing", 3), ("a field", 2), ("tags", 2), ("a deletion", 2)])
def test_without_records_the_same_is_found_and_only_those_that_matter_are_read(world: World, others: str, left_out: int) -> None:
    """A page that is made every morning need not read two objects for each resource that is as it was deployed."""
    resources = things(FIELDS)
    arn = resources[1].arn
    if others == "a field":
        world.live[arn]["Size"] = 9
    elif others == "tags":
        world.live[arn]["Tags"] = {"team": "soil"}
    elif others == "a deletion":
        del world.live[arn]
    assert unread(world, resources) == left_out


def test_without_records_what_is_declared_otherwise_or_under_way_is_compared_with_its_record(world: World) -> None:
    assert unread(world, things({**FIELDS, "b": {"Size": 2}})) == 2
    world.buckets[ENV.artifact_bucket][ROOT].body = b"{}"
    assert unread(world, things(FIELDS)) == 1, "that of the bucket, which has a root of its own"


def test_a_resource_without_its_record_is_named_and_not_taken_for_undeployed(world: World) -> None:
    del world.buckets[ENV.artifact_bucket][RECORD]
    result = compared(world, things(FIELDS))
    assert (drifted(result), result.undeployed, result.checked) == ({"thing/a": "not recorded"}, (), 3)


@pytest.mark.parametrize("body", [None, b"{}", b"not JSON"])
def test_a_release_root_that_is_lost_or_damaged_is_named(world: World, body: bytes | None) -> None:
    objects = world.buckets[ENV.artifact_bucket]
    if body is None:
        del objects[ROOT]
    else:
        objects[ROOT].body = body
    assert drifted(compared(world, things(FIELDS))) == {"release.json": "not recorded"}


def test_a_damaged_release_root_is_named_even_if_no_record_is_left(world: World) -> None:
    objects = world.buckets[ENV.artifact_bucket]
    objects[ROOT].body = b"{}"
    for path in [path for path in objects if path.startswith("dev/p/records/")]:
        del objects[path]
    assert drifted(compared(world, things(FIELDS))) == {"release.json": "not recorded"}


def test_a_project_that_was_never_deployed_has_not_lost_anything(world: World) -> None:
    result = compared(world, [*things(FIELDS), *things({"c": {"Size": 1}}, project="q")[1:]])
    assert (result.drifted, result.undeployed) == ((), ("q:thing/c",))


def test_fields_that_others_have_set_are_listed_by_project_and_resource(tmp_path: Path) -> None:
    world = World()
    resources = [*things({"z": {"Size": 1}}), *things({"a": {"Size": 1}}, project="q")[1:]]
    deploy(world, resources, tmp_path)
    for resource in resources[1:]:
        world.live[resource.arn]["Tags"]["team"] = "soil"
    result = compared(world, resources)
    assert [(kept.project, kept.key, kept.fields) for kept in result.kept] == [
        ("p", "thing/z", ("Tags.team",)),
        ("q", "thing/a", ("Tags.team",)),
    ]
    assert result.drifted == ()


@dataclass(frozen=True, kw_only=True)
class Keeper(Thing):
    """A thing with a field that nobody may read."""

    hidden = frozenset({"Variables"})


def test_values_of_hidden_fields_are_shown_by_their_digests_alone(tmp_path: Path) -> None:
    identity = Identity(
        key=Key("p", "thing", "k"),
        name="k",
        arn="arn:aws:fake:eu-central-1:123456789012:p/k",
        tags=ENV.ownership("p"),
        needs=(BUCKET,),
    )
    world, resources = World(), [*things({}), Keeper(identity=identity, fields={"Variables": {"PLACE": "meadow"}})]
    deploy(world, resources, tmp_path)
    world.live[identity.arn]["Variables"] = {"PLACE": "orchard"}
    (item,) = compared(world, resources).drifted
    (field,) = item.fields
    assert (item.how, field.name, field.applied) == ("changed", "Variables.PLACE", field.declared)
    values = [field.applied, field.declared, field.live]
    assert all(str(value).startswith("(sha256 ") for value in values), values
    assert field.live != field.applied


def test_an_artifact_that_is_gone_has_drifted_and_what_runs_it_has_not(tmp_path: Path) -> None:
    world, resources = World(), things({"a": {"Size": 1}}, {"a": "print(1)"})
    deploy(world, resources, tmp_path)
    (artifact,) = resources[1].artifacts
    del world.buckets[ENV.artifact_bucket][artifact.location]
    assert drifted(compared(world, resources)) == {"artifact/a": "deleted"}


def test_what_is_to_be_renamed_has_not_drifted(tmp_path: Path) -> None:
    """Its former resource exists; `plan` shows the new name."""
    world, (_, old) = World(), things({"a": {"Size": 1}})
    deploy(world, things({"a": {"Size": 1}}), tmp_path)
    identity = Identity(key=old.key, name="newer", arn=f"{old.arn}-newer", tags=old.tags, needs=old.needs)
    result = compared(world, [*things({}), Thing(identity=identity, fields={"Size": 1})])
    assert (result.drifted, result.undeployed, result.checked) == ((), (), 2)
