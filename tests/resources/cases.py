"""What the lifecycle contract is held against: every type, with the changes that its options make possible."""

from collections.abc import Callable
from typing import NamedTuple

from common.environment.resource_settings import CrawlerSettings, FunctionSettings, JobSettings, Network, StateMachineSettings
from common.model.resource import Resource
from tests.resources.builders import TAGS, Place, zipped

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
ENCRYPTION = {"KmsMasterKeyId", "SqsManagedSseEnabled"}
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
    Case(
        "directory",
        lambda p: p.directory(),
        lambda p: p.directory({"codes.csv": "a;b", "new/größe.sql": "select 2"}),
        {"Files"},
    ),
    Case("directory-tags", lambda p: p.directory(), lambda p: p.directory(tags={**TAGS, "deployer:project": "p"}), {"Tags"}),
    Case("topic", lambda p: p.topic(), lambda p: p.topic(tags=MORE_TAGS), {"Tags"}),
    Case(
        "queue",
        lambda p: p.queue(),
        lambda p: p.queue(retention_seconds=60, visibility_timeout_seconds=900, tags=MORE_TAGS),
        {"MessageRetentionPeriod", "VisibilityTimeout", "Tags"},
    ),
    Case(
        "queue-dead-letters",
        lambda p: p.queue(dead_letter_arn=p.arn("sqs", "t-failed"), max_receives=3),
        lambda p: p.queue(),
        {"RedrivePolicy"},
    ),
    Case("queue-key", lambda p: p.queue(), lambda p: p.queue(kms_key="alias/orders"), ENCRYPTION),
    Case("queue-key-taken-away", lambda p: p.queue(kms_key="alias/orders"), lambda p: p.queue(), {"KmsMasterKeyId"}),
    Case(
        "queue-fifo",
        lambda p: p.queue("t-orders.fifo"),
        lambda p: p.queue("t-orders.fifo", deduplicate=True),
        {"ContentBasedDeduplication"},
    ),
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
        "lambda-own-layers",
        lambda p: p.function(layers=(p.layer("t-first"), p.layer("t-second"))),
        lambda p: p.function(
            layers=(p.layer("t-first", code=zipped("x = 2")), p.layer("t-second")),
            settings=FunctionSettings(layers=(p.arn("lambda", "layer:common:1"),)),
        ),
        {"Layers"},
    ),
    Case("layer", lambda p: p.layer(), lambda p: p.layer(code=zipped("x = 2"), tags=MORE_TAGS), {"CodeSha256"}),
    Case(
        "layer-fits",
        lambda p: p.layer(),
        lambda p: p.layer(runtime="python3.12", architecture="arm64"),
        {"CompatibleRuntimes", "CompatibleArchitectures"},
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
        lambda p: p.job(command="shell"),
        lambda p: p.job(command="shell", settings=JobSettings(python_shell_capacity="1")),
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
    *(
        Case(
            f"{name}-role",
            lambda p, build=build: build(p),  # type: ignore[misc]  # defaults
            lambda p, build=build: build(p, role_arn=p.role_arn("other")),  # type: ignore[misc]  # defaults
            {field},
        )
        for name, build, field in (
            ("job", Place.job, "Role"),
            ("crawler", Place.crawler, "Role"),
            ("rule", Place.rule, "Targets"),
        )
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
