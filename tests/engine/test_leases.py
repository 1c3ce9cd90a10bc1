"""Leases that are taken while a plan is still being made: only where something will change, in order, and never left behind."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from common.base.errors import LockedError
from common.engine.leases import EarlyLeases
from common.state.lease import Lock
from tests.support.deploying import ENV, bucket
from tests.support.fake_aws import FakeAws, World
from tests.support.repository import Repository

PLACE = {"region_name": "eu-central-1"}
LOCK = {"Bucket": "t-dev-artifacts", "Key": "dev/acres/lock.json"}
PUT, READ = "s3:PutObject", "glue:GetJob"


class Leases:
    """Early leases on a world, and what was asked of it since."""

    def __init__(self, world: World, pool: ThreadPoolExecutor) -> None:
        self.asked: list[str] = []
        self.world = world
        self.early = EarlyLeases(lambda name: self.lock(name, "B"), pool)

    def lock(self, project: str, holder: str) -> Lock:
        return Lock(FakeAws(self.world, self._note), ENV, project, {"holder": holder}, lambda _: None)

    def held(self) -> set[str]:
        """The projects of which there is a lock."""
        return {path.split("/")[1] for path in self.world.buckets[ENV.artifact_bucket] if path.endswith("lock.json")}

    def _note(self, _: int, when: str, operation: str) -> None:
        self.asked += [operation] if when == "before" else []


@pytest.fixture
def leases() -> Iterator[Leases]:
    world, one = World(), bucket()
    one.create(FakeAws(world), one.desired())
    with ThreadPoolExecutor(1) as pool:
        made = Leases(world, pool)
        yield made
        made.early.give_back()


def test_a_lease_that_was_taken_early_is_not_taken_again(leases: Leases) -> None:
    leases.early.take({"b", "a"})
    for project in ("a", "b"):
        lease = leases.early.of(project)
        lease.acquire()
        lease.check()
    assert leases.asked == ["PutObject"] * 2
    with pytest.raises(LockedError):
        leases.lock("a", "C").acquire()


def test_a_lease_that_was_given_back_can_be_taken_again(leases: Leases) -> None:
    leases.early.take({"a"})
    lease = leases.early.of("a")
    lease.release()
    assert leases.held() == set()
    lease.acquire()
    assert leases.held() == {"a"}
    lease.release()


def test_none_is_taken_after_one_that_another_has(leases: Leases) -> None:
    """Two who wait for each other's would wait for ever."""
    other = leases.lock("b", "C")
    other.acquire()
    leases.early.take({"a", "b", "c"})
    leases.early.of("a")
    assert leases.held() == {"a", "b"}
    with pytest.raises(LockedError, match="C"):
        leases.early.of("b").acquire()


def test_before_one_is_waited_for_the_others_are_given_back(leases: Leases) -> None:
    leases.early.take({"b", "c"})
    leases.early.of("a")
    assert leases.held() == set()


def test_what_nobody_asks_for_is_given_back(leases: Leases) -> None:
    leases.early.take({"a", "b"})
    leases.early.of("a").release()
    leases.early.give_back()
    assert leases.held() == set()
    leases.early.take(())
    leases.early.give_back()


@pytest.fixture
def edited(repository: Repository, moto_dates: None) -> Repository:
    """A project that was deployed, and its job edited since."""
    repository.project("acres", 'p.function("Validate")', 'p.job("load")')
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.write("projects/acres/glue/landing/load.py", "print('other rows')\n")
    return repository


def locked() -> bool:
    return "Contents" in boto3.client("s3", **PLACE).list_objects_v2(Bucket=LOCK["Bucket"], Prefix=LOCK["Key"])


def test_a_deploy_takes_its_lease_while_it_reads(edited: Repository, aws_calls: list[str]) -> None:
    (edited.root / "build" / "stat-cache.json").unlink()  # so that the job is not read before it is known that it changes
    assert edited.invoke("deploy", "--env", "dev", "--jobs", "1").code == 0
    assert aws_calls.index(PUT) < aws_calls.index(READ)
    assert not locked()


def test_a_plan_takes_none(edited: Repository, aws_calls: list[str]) -> None:
    assert edited.invoke("plan", "--env", "dev").code == 2
    assert PUT not in aws_calls


def test_nor_does_a_deploy_of_what_has_not_changed(edited: Repository, aws_calls: list[str]) -> None:
    assert edited.invoke("deploy", "--env", "dev").code == 0
    aws_calls.clear()
    assert edited.invoke("deploy", "--env", "dev").code == 0
    assert edited.invoke("deploy-lambdas", "--env", "dev", "--only", "lambda/*").code == 0
    assert PUT not in aws_calls


def test_nor_one_that_must_be_confirmed(edited: Repository, aws_calls: list[str]) -> None:
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
