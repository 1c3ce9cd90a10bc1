"""Deploy, then plan, is empty for every option of the settings models."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from common.aws.session import AwsSession
from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings, Network, StateMachineSettings
from common.model.resource import Resource
from tests.resources.builders import Place, final, live_state, prepare, updated

SHARED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLACE = Place()
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc"]), max_size=20)
VARIABLES = st.dictionaries(st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{1,8}", fullmatch=True), TEXT, max_size=4)
ARGUMENTS = st.dictionaries(st.from_regex(r"--[A-Za-z0-9_.-]{1,8}", fullmatch=True), TEXT, max_size=4)
FUNCTIONS = {
    "runtime": st.sampled_from(["python3.11", "python3.13", "nodejs22.x"]),
    "layers": st.sampled_from([(), (PLACE.arn("lambda", "layer:common:1"),)]),
    "environment": VARIABLES,
    "network": st.none(),
    "role": st.none(),
    "publish": st.just(value=False),
    "memory_mb": st.integers(128, 10240),  # more is for functions of a special kind
    "timeout_seconds": st.integers(1, 900),
    "ephemeral_storage_mb": st.integers(512, 10240),
}
JOBS = {
    "glue_version": st.sampled_from(["4.0", "5.0", "5.1"]),
    "connections": st.lists(st.sampled_from(["lake", "warehouse"]), unique=True).map(tuple),
    "arguments": ARGUMENTS,
    "role": st.none(),
}
OLD_JOBS = {**JOBS, "glue_version": st.just("3.0"), "worker_type": st.sampled_from(["G.1X", "G.2X", "G.4X", "G.8X"])}
CRAWLERS = {
    "targets": st.just(()),
    "exclusions": st.lists(st.sampled_from(["**/_tmp/**", "*.crc"]), unique=True).map(tuple),
    "recrawl": st.just("everything"),
    "table_prefix": st.sampled_from(["", "acres_"]),
    "schedule": st.none() | st.just("cron(0 4 * * ? *)"),
    "role": st.none(),
}
MACHINES = {"role": st.none(), "publish": st.just(value=False), "alias": st.just("live")}
NETWORKS = st.none() | st.builds(
    Network,
    subnet_ids=st.sets(st.sampled_from(["subnet-a", "subnet-b", "subnet-c"]), min_size=1).map(tuple),
    security_group_ids=st.sets(st.sampled_from(["sg-1", "sg-2"]), min_size=1).map(tuple),
)


def valid(model: type[BaseModel], special: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Any valid settings: a field's own type and bounds, but where text has a pattern of its own `special`."""
    # Declarations take these before a resource is made.
    as_they_are = [name for name, field in model.model_fields.items() if field.default is None and name != "configuration"]
    taken = dict.fromkeys(("name", "package", "log_group", *as_they_are), st.none())
    special = {**taken, "properties": st.just({}), **special}
    fields = {name: special[name] if name in special else _within(field) for name, field in model.model_fields.items()}
    return st.fixed_dictionaries({}, optional=fields).map(model.model_validate)


def _within(field: Any) -> st.SearchStrategy[Any]:
    if field.annotation is int:
        bounds = {name: value for rule in field.metadata for name, value in vars_of(rule)}
        return st.integers(bounds["ge"], bounds["le"])
    strategy: st.SearchStrategy[Any] = st.from_type(field.annotation)
    return strategy


def vars_of(rule: Any) -> list[tuple[str, int]]:
    return [(name, getattr(rule, name)) for name in ("ge", "le") if hasattr(rule, name)]


def check(aws: AwsSession, resource: Resource) -> None:
    prepare(aws, resource)
    resource.create(aws, final(resource))
    assert live_state(aws, resource) == final(resource)
    updated(aws, resource, final(resource))
    assert live_state(aws, resource) == final(resource)
    resource.delete(aws)


@SHARED
@given(settings=valid(FunctionSettings, FUNCTIONS), network=NETWORKS)
def test_function(moto_aws: AwsSession, settings: FunctionSettings, network: Network | None) -> None:
    check(moto_aws, PLACE.function(settings=settings, environment=settings.environment, network=network))


@SHARED
@given(
    settings=valid(JobSettings, JOBS) | valid(JobSettings, OLD_JOBS),
    command=st.sampled_from(["spark", "shell", "streaming", "ray"]),
    log_group=st.none() | st.just("/t/glue"),
)
def test_job(moto_aws: AwsSession, settings: JobSettings, command: str, log_group: str | None) -> None:
    check(moto_aws, PLACE.job(settings=settings, arguments=settings.arguments, command=command, log_group=log_group))


@SHARED
@given(
    settings=valid(CrawlerSettings, CRAWLERS)
    | valid(CrawlerSettings, CRAWLERS).map(
        lambda settings: settings.model_copy(update={"recrawl": "new_folders", "schema_change": "log", "deleted_data": "log"})
    )
)
def test_crawler(moto_aws: AwsSession, settings: CrawlerSettings) -> None:
    check(moto_aws, PLACE.crawler(settings=settings))


@SHARED
@given(settings=valid(StateMachineSettings, MACHINES), comment=TEXT)
def test_state_machine(moto_aws: AwsSession, settings: StateMachineSettings, comment: str) -> None:
    definition = {"StartAt": "Done", "Comment": comment, "States": {"Done": {"Type": "Succeed"}}}
    check(moto_aws, PLACE.state_machine(settings=settings, definition=definition))
