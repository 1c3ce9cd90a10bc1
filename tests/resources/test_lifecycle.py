"""The contract that every resource type keeps, in every variant: deploy, then read, shows no difference."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import pytest

from common.aws_common import AwsSession
from common.errors import AwsError
from common.resource import Resource, State, difference
from common.settings import CrawlerSettings, FunctionSettings, JobSettings, Network, StateMachineSettings
from tests.resources.builders import TAGS, Place, final, prepare, zipped

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::t-landing/*"}
PASSED = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}}, "Comment": "Größe"}
CREATED = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": ["t-landing"]}}}
NEW_FILES = CrawlerSettings(
    recrawl="new_folders",
    schema_change="log",
    deleted_data="log",
    exclusions=("**/_tmp/**",),
    table_prefix="acres_",
    schedule="cron(0 4 * * ? *)",
)
LARGE = FunctionSettings(runtime="nodejs20.x", memory_mb=1024, timeout_seconds=900, ephemeral_storage_mb=2048)
FLEX = JobSettings(
    glue_version="4.0",
    worker_type="G.2X",
    workers=10,
    auto_scaling=True,
    bookmarks=True,
    max_retries=2,
    max_concurrent_runs=5,
    execution_class="FLEX",
    connections=("warehouse", "lake"),
)
VPC = Network(subnet_ids=("subnet-b2", "subnet-a1"), security_group_ids=("sg-1",))
MORE_TAGS = {**TAGS, "team": "soil", "cost": "7"}
TRANSFORMED = ({"key": "$.detail.object.key"}, '{"key": "<key>"}')
LOUD = StateMachineSettings(log_level="ALL", log_execution_data=True)


class Case(NamedTuple):
    """A resource before and after a change, and the fields in which the two differ."""

    name: str
    before: Callable[[Place], Resource]
    after: Callable[[Place], Resource]
    changed: set[str]


CASES = [
    Case("bucket-tags", lambda p: p.bucket(), lambda p: p.bucket(tags=MORE_TAGS), {"Tags"}),
    Case("bucket-events-on", lambda p: p.bucket(), lambda p: p.bucket(event_bridge=True), {"EventBridge"}),
    Case("bucket-events-off", lambda p: p.bucket(event_bridge=True), lambda p: p.bucket(), {"EventBridge"}),
    Case("database", lambda p: p.database(), lambda p: p.database(description="Acres", tags=MORE_TAGS), {"Description", "Tags"}),
    Case("database-emptied", lambda p: p.database(description="Acres"), lambda p: p.database(), {"Description"}),
    Case("table", lambda p: p.table(), lambda p: p.table(tags=MORE_TAGS), {"Tags"}),
    Case("topic", lambda p: p.topic(), lambda p: p.topic(tags=MORE_TAGS), {"Tags"}),
    Case("log-group", lambda p: p.log_group(), lambda p: p.log_group(retention_days=7), {"retentionInDays"}),
    Case("log-group-tags", lambda p: p.log_group(), lambda p: p.log_group(tags=MORE_TAGS), {"Tags"}),
    Case("role-grants", lambda p: p.role(), lambda p: p.role(statements=(ALLOW,)), {"Policies"}),
    Case("role-revokes", lambda p: p.role(statements=(ALLOW,)), lambda p: p.role(), {"Policies"}),
    Case(
        "role-attached",
        lambda p: p.role(managed_policies=(p.policy_arn("reader"),)),
        lambda p: p.role(managed_policies=(p.policy_arn("writer"),), tags=MORE_TAGS),
        {"AttachedPolicies", "Tags"},
    ),
    Case(
        "role-trust",
        lambda p: p.role(boundary=p.policy_arn("reader")),
        lambda p: p.role(service="states.amazonaws.com"),
        {"AssumeRolePolicyDocument", "PermissionsBoundary"},
    ),
    Case("lambda-code", lambda p: p.function(), lambda p: p.function(code=zipped("handler = print")), {"CodeSha256"}),
    Case(
        "lambda-settings",
        lambda p: p.function(),
        lambda p: p.function(settings=LARGE, handler="index.main", environment={"ZONE": "final"}),
        {"Runtime", "MemorySize", "Timeout", "EphemeralStorage", "Handler", "Environment"},
    ),
    Case(
        "lambda-cleared",
        lambda p: p.function(network=VPC, environment={"A": "1", "B": "${x}"}, tags=TAGS),
        lambda p: p.function(log_group="/t/logs", tags=MORE_TAGS),
        {"VpcConfig", "Environment", "LoggingConfig", "Tags"},
    ),
    Case(
        "lambda-both",
        lambda p: p.function(),
        lambda p: p.function(code=zipped("x = 1"), settings=FunctionSettings(architecture="arm64", memory_mb=512)),
        {"CodeSha256", "Architectures", "MemorySize"},
    ),
    Case(
        "lambda-layers",
        lambda p: p.function(),
        lambda p: p.function(settings=FunctionSettings(layers=(p.arn("lambda", "layer:common:1"),))),
        {"Layers"},
    ),
    Case(
        "job",
        lambda p: p.job(),
        lambda p: p.job(settings=FLEX, log_group="/t/glue"),
        {
            *("GlueVersion", "WorkerType", "NumberOfWorkers", "ExecutionClass", "DefaultArguments", "Connections"),
            *("MaxRetries", "ExecutionProperty"),
        },
    ),
    Case(
        "job-cleared",
        lambda p: p.job(settings=FLEX),
        lambda p: p.job(settings=FLEX.model_copy(update={"connections": (), "bookmarks": False}), arguments={}),
        {"Connections", "DefaultArguments"},
    ),
    Case("job-tags", lambda p: p.job(log_group="/t/glue"), lambda p: p.job(log_group="/t/glue", tags=MORE_TAGS), {"Tags"}),
    Case(
        "job-shell",
        lambda p: p.job(shell=True),
        lambda p: p.job(shell=True, settings=JobSettings(python_shell_capacity="1")),
        {"MaxCapacity"},
    ),
    Case(
        "crawler",
        lambda p: p.crawler(),
        lambda p: p.crawler(settings=NEW_FILES, targets=("s3://t-final/a/", "s3://t-final/b/")),
        {"RecrawlPolicy", "SchemaChangePolicy", "Targets", "TablePrefix", "Schedule"},
    ),
    Case(
        "crawler-cleared",
        lambda p: p.crawler(settings=NEW_FILES),
        lambda p: p.crawler(tags=MORE_TAGS),
        {"RecrawlPolicy", "SchemaChangePolicy", "Targets", "TablePrefix", "Schedule", "Tags"},
    ),
    Case("state-machine", lambda p: p.state_machine(), lambda p: p.state_machine(definition=PASSED), {"definition"}),
    Case(
        "state-machine-logs",
        lambda p: p.state_machine(settings=LOUD),
        lambda p: p.state_machine(settings=StateMachineSettings(log_level="OFF"), tags=MORE_TAGS),
        {"loggingConfiguration", "Tags"},
    ),
    Case(
        "state-machine-traced",
        lambda p: p.state_machine(),
        lambda p: p.state_machine(settings=StateMachineSettings(tracing=True)),
        {"tracingConfiguration"},
    ),
    Case(
        "state-machine-express",
        lambda p: p.state_machine(settings=StateMachineSettings(type="EXPRESS", log_level="OFF")),
        lambda p: p.state_machine(settings=StateMachineSettings(type="EXPRESS"), role_arn=p.role_arn("other")),
        {"loggingConfiguration", "roleArn"},
    ),
    Case(
        "rule", lambda p: p.rule(), lambda p: p.rule(schedule="cron(0 6 * * ? *)", enabled=False), {"ScheduleExpression", "State"}
    ),
    Case("rule-input", lambda p: p.rule(input={"n": 1}), lambda p: p.rule(input={"n": 2}, tags=MORE_TAGS), {"Targets", "Tags"}),
    Case(
        "rule-kind",
        lambda p: p.rule(input={"n": 1}),
        lambda p: p.rule(pattern=CREATED, input_transformer=TRANSFORMED),
        {"ScheduleExpression", "EventPattern", "Targets"},
    ),
]


@pytest.fixture(params=["moto", "embedded"])
def backend(request: pytest.FixtureRequest) -> AwsSession:
    """A session with an AWS of tests."""
    session: AwsSession = request.getfixturevalue(f"{request.param}_aws")
    return session


@pytest.fixture
def here(backend: AwsSession) -> Place:
    return Place(backend.account_id, backend.region)


TYPES = (
    *(Place.bucket, Place.database, Place.table, Place.topic, Place.log_group, Place.role, Place.function, Place.job),
    *(Place.crawler, Place.state_machine, Place.rule),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lifecycle(backend: AwsSession, here: Place, case: Case, request: pytest.FixtureRequest) -> None:
    before, after = case.before(here), case.after(here)
    request.addfinalizer(partial(before.delete, backend))
    prepare(backend, before, after)
    assert before.read(backend) is None

    before.create(backend, final(before))
    assert_deployed(backend, before)

    live = after.read(backend)
    assert live is not None
    changed = frozenset(difference(final(after), live))
    assert changed == case.changed
    calls = backend.calls.copy()
    after.update(backend, final(after), changed)
    written = {name for name in (backend.calls - calls) if not name.partition(":")[2].startswith(("Get", "List", "Describe"))}
    assert "Tags" in changed or not any("Tag" in name for name in written)
    assert_deployed(backend, after)

    before.create(backend, final(before))  # as after a run that was interrupted between creation and record
    assert_deployed(backend, before)

    before.delete(backend)
    assert before.read(backend) is None
    before.delete(backend)


@pytest.mark.parametrize("build", TYPES)
def test_tags_of_others_are_neither_seen_nor_lost(backend: AwsSession, here: Place, build: Callable[[Place], Resource]) -> None:
    resource = build(here)
    prepare(backend, resource)
    resource.create(backend, final(resource))
    theirs = replace(resource, tags={"auditor": "them"})  # type: ignore[type-var]  # every type is a dataclass
    theirs.update(backend, final(theirs), frozenset({"Tags"}))
    assert_deployed(backend, resource)
    resource.update(backend, final(resource), frozenset({"Tags"}))
    assert_deployed(backend, theirs)
    resource.delete(backend)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_interrupted_anywhere_heals(moto_aws: AwsSession, place: Place, case: Case) -> None:
    """Creation, update and deletion are each cut off after every number of calls, then deployed as the engine does."""
    before, after = case.before(place), case.after(place)
    prepare(moto_aws, before, after)
    for verb in ("create", "update", "delete"):
        for calls in itertools.count():
            if verb != "create":
                converge(moto_aws, before)
            cut = Interrupted(moto_aws, calls)
            with contextlib.suppress(ConnectionError):
                if verb == "create":
                    before.create(cut, final(before))
                elif verb == "update":
                    after.update(cut, final(after), frozenset(case.changed))
                else:
                    before.delete(cut)
            converge(moto_aws, after)
            assert_deployed(moto_aws, after)
            after.delete(moto_aws)
            assert after.read(moto_aws) is None
            if not cut.happened:  # it came to its end with calls to spare
                break


@pytest.mark.parametrize("build", TYPES)
def test_a_refusal_of_any_call_of_a_read_is_loud(moto_aws: AwsSession, place: Place, build: Callable[[Place], Resource]) -> None:
    resource = build(place)
    prepare(moto_aws, resource)
    resource.create(moto_aws, final(resource))
    denied = AwsError("service", "Read", "AccessDeniedException", "not authorized")
    whole = Interrupted(moto_aws, -1)
    resource.read(whole)
    assert whole.calls > 0
    for calls in range(whole.calls):
        with pytest.raises(AwsError, match="AccessDenied"):
            resource.read(Interrupted(moto_aws, calls, denied))


def converge(aws: AwsSession, resource: Resource) -> None:
    """What the engine does with one resource."""
    live, desired = resource.read(aws), final(resource)
    if live is None:
        resource.create(aws, desired)
    elif changed := difference(desired, live):
        assert not resource.immutable & set(changed)
        resource.update(aws, desired, frozenset(changed))


def assert_deployed(aws: AwsSession, resource: Resource) -> None:
    """Deploy, then plan, is empty; and both states name the same fields."""
    live: State | None = resource.read(aws)
    assert live == final(resource)
    assert resource.immutable <= live.keys()


class Interrupted:
    """A session whose call number `after` does not happen."""

    def __init__(self, aws: AwsSession, after: int, error: Exception | None = None) -> None:
        self._aws, self._left, self._error = aws, after, error or ConnectionError("cut off")
        self.calls = 0

    @property
    def happened(self) -> bool:
        return self._left == 0

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self._count()
        return self._aws.call(service, operation, **parameters)

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> dict[str, Any] | None:
        self._count()
        return self._aws.find(service, operation, absent, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        self._count()
        return self._aws.pages(service, operation, **parameters)

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        self._count()
        self._aws.wait(service, waiter, **parameters)

    def tags(self, arn: str) -> dict[str, str] | None:
        self._count()
        return self._aws.tags(arn)

    def sleep(self, seconds: float) -> None:
        self._aws.sleep(seconds)

    def _count(self) -> None:
        if self.happened:
            raise self._error
        self._left -= 1
        self.calls += 1
