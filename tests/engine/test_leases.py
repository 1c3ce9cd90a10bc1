"""Leases are taken after the plan, only where something will change, and never left behind."""

import json
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from common.engine.apply_context import ApplyContext
from common.engine.leases import Leases
from common.engine.plan_data import Outcome
from common.engine.root_updates import RootUpdates
from common.model.resource import Resource
from common.state.lease import Lock
from common.state.records import Records
from tests.support.deploying import ABOUT, ENV, Sequential, deploy, plan, things
from tests.support.fake_aws import FakeAws, Killed, World
from tests.support.repository import Repository

PLACE = {"region_name": "eu-central-1"}
LOCK = {"Bucket": "t-dev-artifacts", "Key": "dev/acres/lock.json"}
PUT, READ = "s3:PutObject", "glue:GetJob"


@pytest.fixture
def edited(repository: Repository, moto_dates: None) -> Repository:
    """A project that was deployed, and its job edited since."""
    repository.project("acres", 'p.function("Validate")', 'p.job("load")')
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.write("projects/acres/glue/landing/load.py", "print('other rows')\n")
    return repository


def locked() -> bool:
    return "Contents" in boto3.client("s3", **PLACE).list_objects_v2(Bucket=LOCK["Bucket"], Prefix=LOCK["Key"])


def test_a_deploy_reads_before_it_takes_its_lease(edited: Repository, aws_calls: list[str]) -> None:
    assert edited.invoke("deploy", "--env", "dev").code == 0
    assert aws_calls.index(READ) < aws_calls.index(PUT)
    assert not locked()


def test_a_plan_takes_no_lease(edited: Repository, aws_calls: list[str]) -> None:
    assert edited.invoke("plan", "--env", "dev").code == 2
    assert PUT not in aws_calls


def test_an_unchanged_deploy_takes_no_lease(edited: Repository, aws_calls: list[str]) -> None:
    assert edited.invoke("deploy", "--env", "dev").code == 0
    aws_calls.clear()
    assert edited.invoke("deploy", "--env", "dev").code == 0
    assert edited.invoke("deploy-lambdas", "--env", "dev", "--only", "lambda/*").code == 0
    assert PUT not in aws_calls


def test_a_deploy_that_must_be_confirmed_takes_no_lease_before_the_answer(edited: Repository, aws_calls: list[str]) -> None:
    edited.configure(protected=True)
    ended = edited.invoke("deploy", "--env", "dev")
    assert (ended.code, "nobody can be asked here" in ended.err) == (1, True), ended
    assert PUT not in aws_calls


def test_a_plan_that_fails_leaves_neither_lease_nor_mark(edited: Repository) -> None:
    glue = boto3.client("glue", **PLACE)
    role = glue.get_job(JobName="t-dev-acres-load")["Job"]["Role"]
    glue.create_job(Name="t-dev-acres-other", Role=role, Command={"Name": "glueetl", "ScriptLocation": "s3://b/k"})
    edited.write("projects/acres/glue/landing/other.py", "print('rows')\n")
    ended = edited.invoke("deploy", "--env", "dev")
    assert (ended.code, "Rename yours, or take it over" in ended.err) == (1, True), ended
    assert not locked()
    tags = boto3.client("s3", **PLACE).get_object_tagging(Bucket=LOCK["Bucket"], Key="dev/acres/release.json")["TagSet"]
    assert {"Key": "state", "Value": "clean"} in tags


def test_who_else_deploys_is_told_after_the_plan(edited: Repository) -> None:
    boto3.client("s3", **PLACE).put_object(**LOCK, Body=json.dumps({"holder": "ann"}))
    ended = edited.invoke("deploy", "--env", "dev")
    assert (ended.code, "is being deployed by ann" in ended.err) == (1, True), ended
    assert "upload-glue      1 to upload" in ended.out


def begun(world: World, declared: list[Resource], tmp_path: Path) -> tuple[Outcome, Leases]:
    """A plan, and leases for it of which none is taken yet."""
    outcome, _ = plan(world, declared, tmp_path)
    aws = FakeAws(world)

    def lock(project: str) -> Lock:
        return Lock(aws, ENV, project, {"holder": "test"}, lambda _: None)

    roots = RootUpdates(outcome, {item.key: item for item in declared}, {})
    context = ApplyContext(Sequential(), tmp_path, lambda _: None, lock, about=lambda: ABOUT)
    return outcome, Leases(outcome, Records(aws, ENV), roots, context, lambda: False, lambda _: ())


def test_of_a_project_whose_root_was_written_the_lease_is_kept_until_the_root_is_clean(tmp_path: Path) -> None:
    """A deploy that is overtaken in one project ends at once; in another it has begun, and nobody else may meanwhile."""
    world, declared = World(), things({"a": {"Size": 1}})
    deploy(world, declared, tmp_path)
    outcome, leases = begun(world, declared, tmp_path)
    leases.take(["p", "shared"])
    leases.write_root("p", ())
    leases.give_back(without_root=True)
    objects = world.buckets[ENV.artifact_bucket]
    assert ({*leases.held}, "dev/p/lock.json" in objects, "dev/shared/lock.json" in objects) == ({"p"}, True, False)
    leases.release("p", outcome.baselines["p"].as_root())
    leases.give_back()
    assert objects["dev/p/release.json"].tags["state"] == "clean"
    assert (leases.held, "dev/p/lock.json" in objects) == ({}, False)


def test_what_a_dead_deploy_may_still_change_is_doubted_beside_what_was_doubted_before(tmp_path: Path) -> None:
    world, changed = World(), things({"a": {"Size": 2}})
    deploy(world, things({"a": {"Size": 1}}), tmp_path)

    def die(_number: int, when: str, operation: str) -> None:
        if (when, operation) == ("before", "Put"):
            raise Killed

    with pytest.raises(Killed):
        deploy(world, changed, tmp_path, fault=die)
    world.seconds += 120  # its lease has run out, and a request of it may still be on its way
    outcome, leases = begun(world, changed, tmp_path)
    leases.take(["p"])
    leases.write_root("p", ())
    until = "2031-01-01T00:00:00+00:00"
    leases.release("p", replace(outcome.baselines["p"].as_root(), doubted={"thing/z": until}))
    leases.give_back()
    root, _ = Records(FakeAws(world), ENV).root("p")
    assert root is not None
    assert (root.doubted["thing/z"], {*root.doubted}) == (until, {"thing/a", "thing/z"})


def test_while_one_lease_is_waited_for_those_after_it_are_free(tmp_path: Path) -> None:
    """Two deploys that each hold what the other waits for would wait for ever."""
    world, declared = World(), things({"a": {"Size": 1}})
    deploy(world, declared, tmp_path)
    other = Lock(FakeAws(world), ENV, "p", {"holder": "ann"}, lambda _: None)
    other.acquire()
    told: list[set[str]] = []

    def held() -> set[str]:
        return {name.split("/")[1] for name in world.buckets[ENV.artifact_bucket] if name.endswith("/lock.json")}

    def say(text: str) -> None:
        assert "waiting for ann" in text
        told.append(held())
        other.release()

    def lock(project: str) -> Lock:
        return Lock(FakeAws(world), ENV, project, {"holder": "test"}, say)

    outcome, _ = plan(world, declared, tmp_path)
    context = ApplyContext(Sequential(), tmp_path, lambda _: None, lock, wait=True, about=lambda: ABOUT)
    roots = RootUpdates(outcome, {item.key: item for item in declared}, {})
    leases = Leases(outcome, Records(FakeAws(world), ENV), roots, context, lambda: False, lambda _: ())
    leases.take(["p", "shared"])
    assert (told, held(), {*leases.held}) == ([{"p"}], {"p", "shared"}, {"p", "shared"})
    leases.give_back()
    assert held() == set()
