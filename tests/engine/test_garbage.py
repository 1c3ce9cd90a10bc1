"""Artifacts that nothing needs are deleted, and no others, whatever was released before."""

import json
from pathlib import Path

import pytest

from common.base.errors import AwsError, DeployError, UnfinishedError
from common.engine.options import Options
from common.model.resource import Key
from common.state.records import Records
from common.state.releases import history
from tests.support.deploying import ENV, WHOSE, deploy, killed, pool_of, things
from tests.support.fake_aws import FakeAws, Stored, World
from tests.support.garbage import DAY, FIELDS, artifacts, collect, released


def test_what_the_last_ten_releases_or_thirty_days_name_stays(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(40)))
    assert len(collect(world)) == 9  # superseded more than 30 days ago, of 40 days
    assert artifacts(world) == {f"print({number})" for number in range(9, 40)}
    world.seconds += 300 * DAY
    collect(world)
    assert artifacts(world) == {f"print({number})" for number in range(30, 40)}
    assert collect(world) == []


def test_an_old_release_that_was_in_force_until_yesterday_stays(tmp_path: Path) -> None:
    """What was started under it may still run."""
    world = World()
    released(world, tmp_path, "print(0)", apart=400 * DAY)
    released(world, tmp_path, *(f"print({number})" for number in range(1, 15)), apart=0.5 * DAY)
    collect(world, days=8)
    assert "print(0)" in artifacts(world)
    world.seconds += 30 * DAY
    collect(world, days=8)
    assert "print(0)" not in artifacts(world)


def test_what_was_uploaded_lately_stays_though_nothing_names_it(tmp_path: Path) -> None:
    """Somebody's next deploy may be about to."""
    world = World()
    released(world, tmp_path, "print(0)")
    stray = things(FIELDS, {"b": "print(1)"})[-1].artifact
    assert stray is not None
    Records(FakeAws(world), ENV).upload(stray, stray.build(tmp_path), None)
    world.seconds += 29 * DAY
    assert collect(world) == []
    world.seconds += 2 * DAY
    assert collect(world) == [stray.location]
    assert artifacts(world) == {"print(0)"}


def test_every_version_goes_and_the_next_deploy_uploads_again(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(13)))
    world.seconds += 400 * DAY
    gone = collect(world)
    assert len(gone) == 3
    assert not [key for key, _ in world.versions[ENV.artifact_bucket] if key in gone]
    back = deploy(world, things(FIELDS, {"b": "print(0)"}), tmp_path)
    assert back.actions() == {"artifact/b": "upload", "thing/b": "update"}


def test_what_a_record_names_stays_though_the_root_knows_another(tmp_path: Path) -> None:
    """Scripts were uploaded again and again, but the job that runs one was never updated."""
    world = World()
    released(world, tmp_path, "print(0)")
    body = json.loads(world.buckets[ENV.artifact_bucket]["dev/p/records/thing/b.json"].body)
    script = things(FIELDS, {"b": "print(0)"})[-1].artifact
    assert script is not None
    assert body["artifacts"] == [script.location]
    for number in range(1, 13):
        only = {Key("p", "artifact", "b")}
        deploy(world, things(FIELDS, {"b": f"print({number})"}), tmp_path, keys=only)
    world.seconds += 400 * DAY
    collect(world)
    assert "print(0)" in artifacts(world)
    assert "print(1)" not in artifacts(world)


def test_a_record_that_cannot_be_read_may_need_anything(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(15)))
    world.seconds += 300 * DAY
    before = artifacts(world)
    world.buckets[ENV.artifact_bucket]["dev/p/records/thing/b.json"].body = b'{"schema": 1'
    with pytest.raises(UnfinishedError, match=r"dev/p/records/thing/b\.json cannot be read, so what thing/b needs is not known"):
        collect(world)
    assert artifacts(world) == before
    deploy(world, things(FIELDS, {"b": "print(14)"}), tmp_path, options=Options(verify=True))
    collect(world)
    assert len(artifacts(world)) == 10


def test_an_unfinished_deploy_is_not_cleaned_up_after(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(12)))
    world.seconds += 400 * DAY
    assert killed(world, things(FIELDS, {"b": "print(99)"}), tmp_path, 10, "after")
    with pytest.raises(UnfinishedError, match="p: its last deploy did not finish"):
        collect(world)
    assert len(artifacts(world)) >= 12


def test_what_a_deploy_that_failed_needs_is_not_known(tmp_path: Path) -> None:
    """It has ended and said so, but what it was about to change may run with what it brought or with what was before."""
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(12)))
    world.seconds += 400 * DAY

    def refuse(_number: int, when: str, operation: str) -> None:
        if (when, operation) == ("before", "Put"):
            raise AwsError("fake", "Put", "AccessDenied", "No")

    assert deploy(world, things(FIELDS, {"b": "print(99)"}), tmp_path, fault=refuse).failed
    before = artifacts(world)
    with pytest.raises(UnfinishedError, match="p: its last deploy did not finish"):
        collect(world)
    assert artifacts(world) == before


def test_where_old_versions_may_not_be_listed_nothing_is_deleted_and_it_is_said(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(12)))
    world.seconds += 400 * DAY

    def refuse(_number: int, when: str, operation: str) -> None:
        if (when, operation) == ("before", "ListObjectVersions"):
            raise AwsError("s3", "ListObjectVersions", "AccessDenied", "not authorized to perform s3:ListBucketVersions")

    before = artifacts(world)
    with pytest.raises(DeployError, match="s3:ListBucketVersions"):
        collect(world, FakeAws(world, refuse))
    assert artifacts(world) == before
    assert "dev/p/lock.json" not in world.buckets[ENV.artifact_bucket], "the lease is given back"


def test_history_tells_what_was_collected_and_why(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(12)))
    world.seconds += 400 * DAY
    gone = collect(world)
    with pool_of(1) as pool:
        newest, *_ = history(Records(FakeAws(world), ENV), "p", 1, pool)
    reported = {"action": "collect", "reason": "no release needs it any more", "outcome": "done"}
    keys = [f"artifact/{key.partition('/artifacts/')[2]}" for key in gone]
    assert [dict(change) for change in newest.changes] == [{"key": key, **reported} for key in keys]
    assert (len(gone), newest.outcome, newest.about["id"]) == (2, "succeeded", "gc")


def test_what_is_left_of_a_destroyed_project_is_kept_as_long_and_no_longer(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, "print(0)")
    deploy(world, things({}), tmp_path, options=Options(prune=True), undeclared=["p"])
    assert collect(world) == []
    assert artifacts(world) == {"print(0)"}


def test_a_bill_of_materials_goes_with_its_artifact_and_not_before(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(13)))
    aws = FakeAws(world)
    for key in [key for key in world.buckets[ENV.artifact_bucket] if "/artifacts/" in key]:
        aws.call("s3", "PutObject", **WHOSE, Key=f"{key}.cdx.json", Body=b"{}")
    world.seconds += 29 * DAY
    assert collect(world) == [], "each artifact is old enough, and its bill is younger"
    world.seconds += 400 * DAY
    gone = collect(world)
    assert sorted(gone) == sorted(
        [key for key in gone if key.endswith(".txt")] + [f"{key}.cdx.json" for key in gone if key.endswith(".txt")]
    )
    assert len(gone) == 6
    left = {key.removesuffix(".cdx.json") for key in world.buckets[ENV.artifact_bucket] if "/artifacts/" in key}
    assert len(left) == 10


def test_a_release_that_cannot_be_read_may_need_anything(tmp_path: Path) -> None:
    world = World()
    released(world, tmp_path, *(f"print({number})" for number in range(13)), apart=4 * DAY)
    roots = [
        stored
        for key, stored in world.versions[ENV.artifact_bucket]
        if key == "dev/p/release.json" and isinstance(stored, Stored)
    ]
    roots[-5].body = roots[-5].body[:9]
    before = artifacts(world)
    with pytest.raises(UnfinishedError, match="cannot be read, so nobody knows what it needs"):
        collect(world)
    assert artifacts(world) == before
    world.seconds += 400 * DAY
    collect(world)
    assert len(artifacts(world)) == 10
