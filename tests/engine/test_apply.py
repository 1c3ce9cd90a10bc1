"""Plan and apply in a world in memory: what is done, what is left alone, and that dying anywhere is harmless."""

import json
from pathlib import Path

import pytest

from common.base.errors import AwsError, OwnershipError
from common.engine.options import Options
from common.model.resource import Key
from tests.support.deploying import BUCKET, ENV, deploy, killed, plan, things
from tests.support.fake_aws import World

READS = {"GetObject", "HeadObject", "GetObjectTagging", "ListBuckets", "ListObjectsV2", "GetCallerIdentity", "GetResources"}
READS |= {"ListRoles", "Get"}
FIRST = {"a": {"Size": 1}, "b": {"Size": 1, "Kind": "x"}, "c": {"Size": 1}}
CODES = {"b": "print(1)", "c": "print(2)"}


def writes(calls: dict[str, int]) -> dict[str, int]:
    return {operation: count for operation, count in calls.items() if operation.partition(":")[2] not in READS}


def test_a_first_deploy_creates_everything_and_a_second_writes_nothing(tmp_path: Path) -> None:
    world = World()
    first = deploy(world, things(FIRST, CODES), tmp_path)
    assert first.actions() == {
        "bucket/artifacts": "create",
        "artifact/b": "upload",
        "artifact/c": "upload",
        "thing/a": "create",
        "thing/b": "create",
        "thing/c": "create",
    }
    second = deploy(world, things(FIRST, CODES), tmp_path / "elsewhere")
    assert second.actions() == {}
    assert writes(second.aws.calls) == {}
    assert second.aws.calls.total() == 4  # index, roles, and the root of each of two projects; who asks says the connection
    assert not (tmp_path / "elsewhere").exists()


def test_a_changed_file_updates_what_runs_it_and_names_the_file(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST, CODES), tmp_path)
    changed = deploy(world, things(FIRST, {**CODES, "c": "print(3)"}), tmp_path)
    assert changed.actions() == {"artifact/c": "upload", "thing/c": "update"}
    assert changed.reasons()["thing/c"] == "main.txt changed"
    assert changed.aws.calls["fake:Put"] == 1


def test_a_changed_field_is_named_with_both_values(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)
    changed = deploy(world, things({**FIRST, "a": {"Size": 2}}), tmp_path)
    assert changed.reasons() == {"thing/a": "Size 1 → 2"}


def test_a_change_that_is_taken_back_before_the_deploy_costs_nothing(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST, CODES), tmp_path)
    outcome, _ = plan(world, things(FIRST, {**CODES, "c": "print(3)"}), tmp_path)
    assert not outcome.plan.is_empty
    assert writes(deploy(world, things(FIRST, CODES), tmp_path).aws.calls) == {}


def test_an_immutable_field_replaces(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)
    changed = deploy(world, things({**FIRST, "b": {"Size": 1, "Kind": "y"}}), tmp_path)
    assert changed.actions() == {"thing/b": "replace"}
    assert world.live["arn:aws:fake:eu-central-1:123456789012:p/b"]["Kind"] == "y"


def test_what_is_gone_from_aws_is_created_again(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST, CODES), tmp_path)
    del world.live["arn:aws:fake:eu-central-1:123456789012:p/b"]
    again = deploy(world, things(FIRST, CODES), tmp_path)
    assert again.reasons() == {"thing/b": "is gone from AWS"}


def test_an_index_that_lags_costs_a_read_and_nothing_else(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)
    world.index_lags = set(world.live)
    again = deploy(world, things(FIRST), tmp_path)
    assert again.actions() == {}
    assert (again.aws.calls["fake:Get"], again.aws.calls["s3:ListBuckets"]) == (3, 1)
    assert writes(again.aws.calls) == {}


def test_drift_is_seen_when_asked_for_and_repaired(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)
    world.live["arn:aws:fake:eu-central-1:123456789012:p/a"]["Size"] = 7
    assert deploy(world, things(FIRST), tmp_path).actions() == {}
    repaired = deploy(world, things(FIRST), tmp_path, options=Options(verify=True))
    assert repaired.reasons() == {"thing/a": "changed by somebody else: Size 1 → 7; this is put back"}
    assert world.live["arn:aws:fake:eu-central-1:123456789012:p/a"]["Size"] == 1


def test_force_applies_what_has_not_changed(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)
    forced = deploy(world, things(FIRST), tmp_path, options=Options(force=True))
    assert forced.reasons()["thing/a"] == "forced"
    assert forced.aws.calls["fake:Put"] == 9


def test_what_is_not_ours_is_not_touched_unless_adopted(tmp_path: Path) -> None:
    world = World()
    arn = "arn:aws:fake:eu-central-1:123456789012:p/a"
    world.live[arn] = {"Size": 5}
    with pytest.raises(OwnershipError, match=r"thing/a.*--adopt"):
        deploy(world, things(FIRST), tmp_path)
    assert world.live == {arn: {"Size": 5}}
    deploy(world, things(FIRST), tmp_path, options=Options(adopt={"nobody"}))
    assert world.live[arn]["Size"] == 1


def test_what_belongs_to_another_environment_is_named(tmp_path: Path) -> None:
    world = World()
    world.live["arn:aws:fake:eu-central-1:123456789012:p/a"] = {"Size": 5, "Tags": {"deployer:environment": "other/prod"}}
    with pytest.raises(OwnershipError, match="belongs to other/prod"):
        deploy(world, things(FIRST), tmp_path)


def test_a_failure_stops_what_depends_on_it_and_nothing_else(tmp_path: Path) -> None:
    world = World()

    def fault(_number: int, when: str, operation: str) -> None:
        if when == "before" and operation == "Put" and "arn:aws:fake:eu-central-1:123456789012:p/a" in world.live:
            raise AwsError("fake", "Put", "Throttling", "Rate exceeded")

    both = [*things(FIRST), *[thing for thing in things({"z": {"Size": 1}}, project="q") if thing.key != BUCKET]]
    first = deploy(world, both, tmp_path, fault=fault)
    assert first.failed == {Key("p", "thing", "a"), Key("q", "thing", "z")}
    assert first.untried == {Key("p", "thing", "b"), Key("p", "thing", "c")}
    second = deploy(world, both, tmp_path)
    assert set(second.actions()) == {"thing/a", "thing/b", "thing/c", "thing/z"}
    assert deploy(world, both, tmp_path).actions() == {}


def test_a_part_is_deployed_and_the_rest_is_still_known_to_be_missing(tmp_path: Path) -> None:
    world = World()
    part = {Key("p", "thing", "a"), BUCKET}
    deploy(world, things(FIRST), tmp_path, options=Options(selected=part.__contains__))
    rest = deploy(world, things(FIRST), tmp_path)
    assert set(rest.actions()) == {"thing/b", "thing/c"}
    assert deploy(world, things(FIRST), tmp_path).actions() == {}


def test_what_is_no_longer_declared_is_told_and_left_alone(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)
    fewer = {name: fields for name, fields in FIRST.items() if name != "c"}
    for _ in range(2):
        after = deploy(world, things(fewer), tmp_path)
        assert after.actions() == {"thing/c": "orphan"}
        assert after.plan.is_empty
    assert "arn:aws:fake:eu-central-1:123456789012:p/c" in world.live


@pytest.mark.parametrize("damage", ["no root", "no tags", "foreign body", "not JSON", "wrong schema", "no state"])
def test_a_root_that_cannot_be_trusted_leads_to_more_calls_and_the_same_result(tmp_path: Path, damage: str) -> None:
    world = World()
    deploy(world, things(FIRST, CODES), tmp_path)
    objects = world.buckets[ENV.artifact_bucket]
    root = objects["dev/p/release.json"]
    match damage:
        case "no root":
            del objects["dev/p/release.json"]
        case "no tags":
            root.tags = {}
        case "foreign body":
            root.body, root.tags["root-sha256"] = objects["dev/shared/release.json"].body, "0" * 64
        case "not JSON":
            root.body, root.tags["root-sha256"] = b"\x00{", "1" * 64
        case "wrong schema":
            root.body, root.tags["root-sha256"] = b'{"schema": 0}', "2" * 64
        case "no state":
            root.tags["state"] = "deploying"
    healed = deploy(world, things(FIRST, CODES), tmp_path)
    assert healed.actions() == {}
    assert healed.aws.calls.total() > 5
    assert healed.aws.calls["fake:Put"] == 0
    assert deploy(world, things(FIRST, CODES), tmp_path).aws.calls.total() == 4


def test_a_record_without_its_tag_proves_nothing(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)
    objects = world.buckets[ENV.artifact_bucket]
    del objects["dev/p/release.json"]
    objects["dev/p/records/thing/a.json"].tags = {}
    world.live["arn:aws:fake:eu-central-1:123456789012:p/a"]["Size"] = 4
    assert deploy(world, things(FIRST), tmp_path).actions() == {"thing/a": "update"}


CHANGES = {
    "first": ({}, {}, FIRST, CODES),
    "update": (FIRST, CODES, {**FIRST, "a": {"Size": 2}, "c": {"Size": 3}}, {**CODES, "b": "print(9)"}),
    "replace": (FIRST, CODES, {**FIRST, "b": {"Size": 2, "Kind": "y"}}, CODES),
    "repair": (FIRST, CODES, FIRST, CODES),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", ["again", "back", "back with others"])
def test_killed_at_any_call_the_next_deploy_converges(tmp_path: Path, change: str, when: str, then: str) -> None:
    """Also when the change is taken back after the crash: then the old records match, and must not be believed.

    What somebody has changed by hand is put right by whoever looks at everything, before the crash and after it.
    """
    fields, codes, new_fields, new_codes = CHANGES[change]
    options = Options(verify=True) if change == "repair" else None
    boundaries = 0
    while True:
        world = World()
        if fields:
            deploy(world, things(fields, codes), tmp_path)
        if change == "repair":
            world.live["arn:aws:fake:eu-central-1:123456789012:p/a"]["Size"] = 7
        if not killed(world, things(new_fields, new_codes), tmp_path, boundaries, when, options=options):
            break
        boundaries += 1
        target = (new_fields, new_codes) if then == "again" or not fields else (fields, codes)
        if then == "back with others" and fields:
            target = ({**fields, "a": {"Size": 50}}, codes)
        deploy(world, things(*target), tmp_path, options=options)
        expected = World()
        deploy(expected, things(*target), tmp_path)
        assert world.live == expected.live, f"killed {when} call {boundaries}"
        quiet = deploy(world, things(*target), tmp_path, options=options)
        assert quiet.actions() == {}
        assert writes(quiet.aws.calls) == {}
    assert boundaries > 15


def test_many_at_once_end_as_one_after_the_other(tmp_path: Path) -> None:
    fields = {f"t{number}": {"Size": number} for number in range(30)}
    parallel, sequential = World(), World()
    deploy(parallel, things(fields), tmp_path, jobs=8)
    deploy(sequential, things(fields), tmp_path)
    assert parallel.live == sequential.live


def test_a_plan_reads_no_record_of_what_is_new_and_none_of_an_artifact(tmp_path: Path) -> None:
    """It reads the root, and the record of what runs the artifact that changed."""
    world = World()
    deploy(world, things(FIRST, CODES), tmp_path)
    outcome, aws = plan(world, things({**FIRST, "d": {"Size": 1}}, {**CODES, "c": "print(3)"}), tmp_path)
    assert {str(change.key) for change in outcome.plan.changes if change.action != "noop"} == {"artifact/c", "thing/c", "thing/d"}
    assert aws.calls["s3:GetObject"] == 2


def test_the_root_of_another_project_is_tidied_by_a_deploy_that_changes_something(tmp_path: Path) -> None:
    """Nobody declares the project any more: its resources stay without --prune, and no artifact is needed for them."""
    world = World()
    deploy(world, [*things({"a": {"Size": 1}}), *things({"b": {"Size": 1}}, {"b": "print(1)"}, "q")[1:]], tmp_path)
    root = world.buckets[ENV.artifact_bucket]["dev/q/release.json"]
    assert "artifact/b" in json.loads(root.body)["digests"]
    changed = deploy(world, things({"a": {"Size": 2}}), tmp_path, undeclared=["q"])
    assert changed.actions() == {"thing/a": "update", "thing/b": "orphan"}
    assert {*json.loads(world.buckets[ENV.artifact_bucket]["dev/q/release.json"].body)["digests"]} == {"thing/b"}
