"""Deploying things into a `fake_aws.World`, as a session would, in the calling thread's own process or in one that dies."""

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.aws.protocol import Aws
from common.engine.apply import Engine
from common.engine.apply_context import ApplyContext
from common.engine.first_reads import FirstReads
from common.engine.options import Options
from common.engine.plan_data import Outcome
from common.engine.planner import Planner
from common.engine.reads import Reads
from common.environment.config import Environment
from common.model.declared import Identity
from common.model.events import Event
from common.model.resource import Key, Plan, Resource
from common.state.lease import Lock
from common.state.records import Records
from tests.support.fake_aws import ArtifactBucket, FakeAws, Killed, Store, Text, Thing, Trigger, World

ENV = Environment(
    name="dev", account_id="123456789012", region="eu-central-1", name_prefix="test", artifact_bucket="test-artifacts"
)
BUCKET = Key("shared", "bucket", "artifacts")
WHOSE = {"Bucket": ENV.artifact_bucket, "ExpectedBucketOwner": ENV.account_id}
"""What every call on the artifact bucket says."""
ABOUT = {"id": "1", "holder": "test"}


class Sequential(ThreadPoolExecutor):
    """A pool of one: what it runs is in one order, so that every call has its number."""

    def __init__(self) -> None:
        super().__init__(1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future


def types(kind: str) -> Any:
    """The types of the world by kind."""
    named = {resource_type.kind: resource_type for resource_type in (Thing, Store, Trigger, ArtifactBucket)}
    return {**named, "resource": Thing}.get(kind)


def things(fields: Mapping[str, Any], codes: Mapping[str, str] | None = None, project: str = "p") -> list[Resource]:
    """The artifact bucket and one thing for each name; `b` needs `a`, `c` needs `b`, and so on."""
    resources: list[Resource] = [bucket()]
    codes = codes or {}
    for before, name in zip([None, *fields], fields, strict=False):
        key = Key(project, "thing", name)
        code = Text(key=Key(project, "artifact", name), text=codes[name]) if name in codes else None
        needs = [Key(project, "thing", before)] if before else [BUCKET]
        needs += [code.key] if code else []
        resources.append(
            Thing(
                identity=Identity(
                    key=key,
                    name=name,
                    arn=f"arn:aws:fake:eu-central-1:123456789012:{project}/{name}",
                    tags=ENV.ownership(project),
                    needs=tuple(needs),
                ),
                fields=dict(fields[name]),
                code=code,
            )
        )
    return resources


def bucket() -> ArtifactBucket:
    arn = f"arn:aws:s3:::{ENV.artifact_bucket}"
    return ArtifactBucket(
        identity=Identity(key=BUCKET, name=ENV.artifact_bucket, arn=arn, tags=ENV.ownership("shared")), fields={"Versioned": True}
    )


@dataclass
class Result:
    """What became of a deploy."""

    plan: Plan
    aws: FakeAws
    outcome: Outcome
    events: list[Event] = field(default_factory=list)
    done: set[Key] = field(default_factory=set)
    failed: set[Key] = field(default_factory=set)
    untried: set[Key] = field(default_factory=set)

    def actions(self) -> dict[str, str]:
        """What was planned, noops left out."""
        return {f"{change.key}": str(change.action) for change in self.plan.changes if change.action != "noop"}

    def reasons(self) -> dict[str, str]:
        return {f"{change.key}": change.reason for change in self.plan.changes if change.action != "noop"}


@contextmanager
def pool_of(jobs: int) -> Iterator[ThreadPoolExecutor]:
    with Sequential() if jobs == 1 else ThreadPoolExecutor(jobs) as pool:
        yield pool


def reads_of(aws: Aws, records: Records, build_dir: Path, pool: Executor, options: Options | None = None) -> Reads:
    """What a plan in this world reads."""
    first = FirstReads(aws, records, ENV, (), ((),), pool)
    return Reads(first, ENV, aws, records, build_dir, pool, verify=options is not None and options.verify)


def plan(world: World, resources: list[Resource], build_dir: Path, options: Options | None = None) -> tuple[Outcome, FakeAws]:
    aws = FakeAws(world)
    with pool_of(1) as pool:
        records = Records(aws, ENV)
        planner = Planner(ENV, aws, records, build_dir, pool, types=types)
        return planner.plan(resources, options or Options(), reads_of(aws, records, build_dir, pool, options)), aws


def deploy(
    world: World,
    resources: list[Resource],
    build_dir: Path,
    *,
    options: Options | None = None,
    fault: Callable[[int, str, str], None] = lambda *_: None,
    jobs: int = 1,
    keys: Collection[Key] | None = None,
    before_apply: Callable[[], None] = lambda: None,
    undeclared: Collection[str] = (),
    events: list[Any] | None = None,
    interrupted: bool = False,
    records_of: Callable[[FakeAws], Records] = lambda aws: Records(aws, ENV),
) -> Result:
    """A whole deploy, or of `keys` alone, or one that somebody stops before its first change.

    A `Killed` from `fault` ends it as SIGKILL would: nothing is cleaned up.
    """
    aws = FakeAws(world, fault)
    records = records_of(aws)
    events = [] if events is None else events
    locks: list[Lock] = []

    def lock(project: str) -> Lock:
        locks.append(Lock(aws, ENV, project, {"holder": "test"}, lambda _: None, clock=lambda: world.seconds))
        return locks[-1]

    with pool_of(jobs) as pool:
        planner = Planner(ENV, aws, records, build_dir, pool, types=types)
        outcome = planner.plan(resources, options or Options(), reads_of(aws, records, build_dir, pool, options), undeclared)
        before_apply()
        means = ApplyContext(pool, build_dir, events.append, lock, about=lambda: ABOUT, types=types)
        engine = Engine(aws, records, resources, outcome, BUCKET, means)
        if interrupted:
            engine.interrupt()
        try:
            engine.apply({change.key for change in outcome.plan.changes} if keys is None else keys)
            engine.finish()
        finally:
            for lease in locks:  # what a process takes with it when it dies
                lease._stopping.set()
    return Result(outcome.plan, aws, outcome, events, {*engine.done}, engine.failed, engine.untried)


def killed(world: World, resources: list[Resource], build_dir: Path, number: int, when: str, **options: Any) -> bool:
    """Deploys and dies before or after a call; true if it got that far. Its lease has expired when this returns."""

    def fault(call: int, moment: str, _operation: str) -> None:
        if (call, moment) == (number, when):
            raise Killed

    try:
        deploy(world, resources, build_dir, fault=fault, **options)
    except Killed:
        return True
    finally:
        world.seconds += 3600
    return False
