"""What exists and belongs to others, as configuration and declarations name it, and what follows from that."""

from typing import Any, cast

import pytest

from common.base.errors import ConfigError, DeclarationError
from common.declare.existing import section
from common.environment.existing import EncryptedThing, Existing
from common.model.resource import Resource
from common.resources import every_kind
from common.resources.function import Function
from common.resources.job import Job
from common.resources.role import Role
from common.resources.rule import Rule
from common.resources.state_machine import StateMachine
from tests.support.repository import ACCOUNT, SHARED, Repository

HERE, THERE = f"eu-central-1:{ACCOUNT}", "eu-west-1:999999999999"
KEY = f"arn:aws:kms:{HERE}:key/0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
PASS = '{"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}'
GROUP = f"arn:aws:logs:{HERE}:log-group:/company/jobs"
NAMED = "projects/acres: p.existing."


def declared(repository: Repository, *lines: str, shared: tuple[str, ...] = (), **settings: Any) -> dict[str, Resource]:
    """The resources of a project with these lines, in an environment with these settings."""
    repository.configure(**settings)
    repository.write("deploy.py", SHARED.replace("return shared", "\n    ".join([*shared, "return shared"])))
    repository.project("acres", *lines)
    return repository.resources()


def role_of(resources: dict[str, Resource], key: str) -> list[dict[str, Any]]:
    return [dict(statement) for statement in cast(Role, resources[f"role/{key}"]).statements]


def uses(resource: Resource) -> dict[str, str]:
    return {f"{ref.key}": ref.arn for ref in cast(Function, resource).uses}


def granted(statements: list[dict[str, Any]], action: str) -> list[str]:
    return sorted({arn for statement in statements if action in statement["Action"] for arn in statement["Resource"]})


def test_every_kind_that_is_referred_to_has_its_section_and_the_verbs_of_it() -> None:
    kinds = {section(kind): kind for kind in every_kind().values() if kind.lookup is not None}
    assert {*kinds} == {*Existing.model_fields}
    encrypted = {name for name, field in Existing.model_fields.items() if "EncryptedThing" in str(field.annotation)}
    assert encrypted == {"buckets", "tables", "topics", "queues", "secrets", "parameters"}
    assert "kms_key" in EncryptedThing.model_fields


@pytest.mark.parametrize(
    ("call", "name", "arn"),
    [
        ('bucket("company-raw")', "company-raw", "arn:aws:s3:::company-raw"),
        ('bucket("arn:aws:s3:::company-raw")', "company-raw", "arn:aws:s3:::company-raw"),
        ('database("lake")', "lake", f"arn:aws:glue:{HERE}:database/lake"),
        (f'table("arn:aws:dynamodb:{THERE}:table/Runs")', "Runs", f"arn:aws:dynamodb:{THERE}:table/Runs"),
        ('topic("Alerts.fifo")', "Alerts.fifo", f"arn:aws:sns:{HERE}:Alerts.fifo"),
        (f'queue("arn:aws:sqs:{THERE}:In")', "In", f"arn:aws:sqs:{THERE}:In"),
        ('function("Notify")', "Notify", f"arn:aws:lambda:{HERE}:function:Notify"),
        ('function("Notify:live")', "Notify:live", f"arn:aws:lambda:{HERE}:function:Notify:live"),
        ('state_machine("Load.v2")', "Load.v2", f"arn:aws:states:{HERE}:stateMachine:Load.v2"),
        ('job("Load it")', "Load it", f"arn:aws:glue:{HERE}:job/Load it"),
        ('crawler("look")', "look", f"arn:aws:glue:{HERE}:crawler/look"),
        (f'layer("arn:aws:lambda:{THERE}:layer:pandas:3")', "pandas", f"arn:aws:lambda:{THERE}:layer:pandas:3"),
        ('role("team/runner")', "runner", f"arn:aws:iam::{ACCOUNT}:role/team/runner"),
        (f'role("arn:aws:iam::{ACCOUNT}:role/runner")', "runner", f"arn:aws:iam::{ACCOUNT}:role/runner"),
        ('secret("prod/db-master")', "prod/db-master", f"arn:aws:secretsmanager:{HERE}:secret:prod/db-master"),
        (
            f'secret("arn:aws:secretsmanager:{HERE}:secret:prod/db-AbC123")',
            "prod/db",
            f"arn:aws:secretsmanager:{HERE}:secret:prod/db-AbC123",
        ),
        (f'key("{KEY}")', KEY.rpartition("/")[2], KEY),
        ('parameter("/orders/url")', "/orders/url", f"arn:aws:ssm:{HERE}:parameter/orders/url"),
        ('parameter("url")', "url", f"arn:aws:ssm:{HERE}:parameter/url"),
        ('parameter("/orders/*")', "/orders/*", f"arn:aws:ssm:{HERE}:parameter/orders/*"),
        (f'parameter("arn:aws:ssm:{HERE}:parameter/orders/url")', "/orders/url", f"arn:aws:ssm:{HERE}:parameter/orders/url"),
        ('connection("warehouse")', "warehouse", f"arn:aws:glue:{HERE}:connection/warehouse"),
        (f'log_group("{GROUP}:*")', "/company/jobs", GROUP),
    ],
)
def test_a_thing_is_named_by_its_name_or_its_arn(repository: Repository, call: str, name: str, arn: str) -> None:
    lines = (f"thing = p.existing.{call}", 'p.function("Validate", environment={"NAME": thing.name, "ARN": thing.arn})')
    function = cast(Function, declared(repository, *lines)["lambda/Validate"])
    assert dict(function.environment) == {"NAME": name, "ARN": arn}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            'bucket("Company_Raw")',
            f"{NAMED}bucket('Company_Raw'): 'Company_Raw' is not the name of a bucket. Write the name",
        ),
        ('table("arn:aws:sqs:eu-west-1:999999999999:x")', "is not an ARN of a table. Write a name, or an ARN."),
        ('table("all*")', "'all*' is not the name of a table."),
        ('layer("pandas")', "is not the name of a layer. Write the ARN of a layer's version, or name:version."),
        ('key("alias/lake")', "is not the name of a key. Write the id of a key or its ARN, and no alias."),
        (f'secret("arn:aws:secretsmanager:{HERE}:secret:db")', "with the six characters at its end."),
        ('topic("arn:aws-cn:sns:cn-north-1:999999999999:x")', "arn:aws-cn:… with the region cn-north-1"),
        ('bucket("company-raw", kms_key="alias/lake")', "kms_key is the ARN of a key, not 'alias/lake'."),
        ("bucket(3)", "p.existing.bucket takes a name or an ARN, not 3."),
    ],
)
def test_what_names_nothing_is_refused_where_it_stands(repository: Repository, call: str, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declared(repository, f"p.existing.{call}")
    assert message in str(caught.value)


def test_configuration_alone_says_whether_a_shared_thing_is_ours(repository: Repository) -> None:
    lines = (
        'landing = p.shared.bucket("landing")',
        'p.function("Validate", reads=[landing / "in"], environment={"ZONE": "${landing.name}"})',
    )
    shared = ('shared.bucket("landing")', 'p = shared.table("runs", partition_key="id")')
    ours = declared(repository, *lines, shared=shared)
    assert cast(Function, ours["lambda/Validate"]).environment == {"ZONE": "t-dev-landing-123456789012"}
    assert [str(key) for key in ours["lambda/Validate"].needs if key.project == "shared"] == ["bucket/landing"]
    entries = {"buckets": {"landing": {"name": "company-landing", "kms_key": KEY}}, "tables": {"runs": {"name": "Runs"}}}
    theirs = declared(repository, *lines, shared=shared, existing=entries)
    assert cast(Function, theirs["lambda/Validate"]).environment == {"ZONE": "company-landing"}
    assert [str(key) for key in theirs["lambda/Validate"].needs if key.project == "shared"] == []
    assert (
        uses(theirs["lambda/Validate"])
        == uses(theirs["role/Validate-lambda"])
        == {"bucket/landing": "arn:aws:s3:::company-landing"}
    )
    statements = role_of(theirs, "Validate-lambda")
    assert granted(statements, "s3:GetObject") == ["arn:aws:s3:::company-landing/in", "arn:aws:s3:::company-landing/in/*"]
    assert granted(statements, "kms:Decrypt") == [KEY]
    assert granted(statements, "kms:GenerateDataKey") == []
    kinds = {str(resource.key) for resource in repository.declared()[0].rendered()}
    assert not {"bucket/landing", "table/runs"} & kinds


def test_a_section_of_the_project_wins(repository: Repository) -> None:
    repository.write("config/acres/dev.json", {"existing": {"topics": {"alerts": {"name": "acres-alerts"}}}})
    lines = ('alerts = p.shared.topic("alerts")', 'p.function("Validate", writes=[alerts])')
    resources = declared(
        repository, *lines, shared=('shared.topic("alerts")',), existing={"topics": {"alerts": {"name": "Alerts"}}}
    )
    assert granted(role_of(resources, "Validate-lambda"), "sns:Publish") == [f"arn:aws:sns:{HERE}:acres-alerts"]


def test_an_entry_that_nothing_refers_to_is_refused(repository: Repository) -> None:
    with pytest.raises(
        ConfigError, match=r"config/dev\.json: \$\.existing\.buckets\.lading: nothing refers to it\. Take it away"
    ):
        declared(repository, shared=('shared.bucket("landing")',), existing={"buckets": {"lading": {"name": "company-landing"}}})
    repository.write("config/acres/dev.json", {"existing": {"roles": {"runner": {"name": "x"}}}})
    with pytest.raises(ConfigError, match=r"config/acres/dev\.json: \$\.existing\.roles\.runner: nothing refers to it"):
        declared(repository)


def test_a_kind_that_is_never_shared_must_stand_in_configuration(repository: Repository) -> None:
    entry = {"secrets": {"warehouse": {"name": "prod/warehouse"}}}
    with pytest.raises(DeclarationError) as caught:
        declared(repository, 'p.shared.secret("warehous")', existing=entry)
    assert str(caught.value) == (
        "projects/acres: p.shared.secret('warehous'): config/dev.json has no $.existing.secrets.warehous, and deploy.py declares "
        "none of this kind. Did you mean 'warehouse'? Add it there: "
        '"existing": {"secrets": {"warehous": {"name": "…"}}}.'
    )


def test_nothing_is_ours_and_somebody_elses_at_once(repository: Repository) -> None:
    with pytest.raises(DeclarationError, match=r"acres: table/runs would be arn:.*/t-dev-acres-runs, which projects/acres: "):
        declared(repository, 'p.table("runs", partition_key="id")', 'p.job("load", reads=[p.existing.table("t-dev-acres-runs")])')


def test_secrets_and_keys_are_read_by_grants(repository: Repository) -> None:
    lines = (
        f'password, key = p.existing.secret("prod/db-master", kms_key="{KEY}"), p.existing.key("{KEY}")',
        'p.function("Validate", reads=[password], writes=[key])',
    )
    statements = role_of(declared(repository, *lines), "Validate-lambda")
    assert granted(statements, "secretsmanager:GetSecretValue") == [f"arn:aws:secretsmanager:{HERE}:secret:prod/db-master-??????"]
    assert granted(statements, "kms:Decrypt") == granted(statements, "kms:GenerateDataKey") == [KEY]


def test_writing_what_a_key_encrypts_needs_the_key(repository: Repository) -> None:
    for verb, name in (("bucket", "company-raw"), ("table", "Runs"), ("topic", "Alerts"), ("queue", "In")):
        lines = (f'thing = p.existing.{verb}("{name}", kms_key="{KEY}")', 'p.function("Validate", writes=[thing])')
        statements = role_of(declared(repository, *lines), "Validate-lambda")
        assert granted(statements, "kms:Decrypt") == granted(statements, "kms:GenerateDataKey") == [KEY]


def test_a_dead_letter_target_brings_its_own_key_and_no_other(repository: Repository) -> None:
    other = f"{KEY[:-1]}{(int(KEY[-1], 16) + 1) % 16:x}"
    queue, topic = {"name": "company-dead", "kms_key": KEY}, {"name": "company-alerts", "kms_key": other}
    entries = {"queues": {"dead": queue}, "topics": {"alerts": topic}}
    settings = {"dead_letter": "${dead.arn}", "description": "see ${alerts.arn}"}
    lines = ('p.shared.queue("dead"), p.shared.topic("alerts")', f'p.function("Validate", settings={settings!r})')
    statements = role_of(declared(repository, *lines, existing=entries), "Validate-lambda")
    assert granted(statements, "sqs:SendMessage") == [f"arn:aws:sqs:{HERE}:company-dead"]
    assert granted(statements, "kms:GenerateDataKey") == [KEY]


def test_layers_roles_and_connections_of_others(repository: Repository) -> None:
    layer = f"arn:aws:lambda:{HERE}:layer:pandas:3"
    entries = {
        "layers": {"pandas": {"name": layer}},
        "connections": {"dwh": {"name": "company-dwh"}},
        "roles": {"run": {"name": "run"}},
    }
    lines = (
        'p.function("Validate", layers=[p.shared.layer("pandas")], role=p.shared.role("run"))',
        'p.job("load", connections=[p.shared.connection("dwh")])',
        'm = p.state_machine("m", ' + PASS + ', role=p.shared.role("run"))',
        'p.schedule("daily", m, "rate(1 day)", role=p.shared.role("run"))',
    )
    resources = declared(repository, *lines, existing=entries)
    function, job, run = (
        cast(Function, resources["lambda/Validate"]),
        cast(Job, resources["glue-job/load"]),
        f"arn:aws:iam::{ACCOUNT}:role/run",
    )
    assert function.desired()["Layers"] == [layer]
    assert function.role_arn == cast(StateMachine, resources["state-machine/m"]).role_arn == run
    assert cast(Rule, resources["rule/daily"]).role_arn == run
    assert not {"role/Validate-lambda", "role/m-state-machine", "role/daily-trigger"} & {*resources}
    assert uses(function) == {"layer/pandas": layer, "role/run": run}
    assert job.desired()["Connections"] == {"Connections": ["company-dwh"]}
    assert granted(role_of(resources, "load-glue-job"), "glue:GetConnection") == [
        f"arn:aws:glue:{HERE}:catalog",
        f"arn:aws:glue:{HERE}:connection/company-dwh",
    ]
    with pytest.raises(DeclarationError, match="role names one that exists, and role_name one that the deployer makes"):
        declared(repository, 'p.function("Validate", role=p.existing.role("run"), role_name="mine")')


def test_a_machine_calls_what_others_own_by_exactly_its_arn(repository: Repository) -> None:
    lines = (
        f'p.existing.function("arn:aws:lambda:{THERE}:function:Notify:live")',
        'p.existing.job("Load"), p.existing.state_machine("Nested")',
        f'p.existing.topic("Alerts", kms_key="{KEY}"), p.existing.secret("db")',
        'p.state_machine("m", "m.asl.json")',
    )
    states: dict[str, dict[str, Any]] = {
        "Notify": {"Type": "Task", "Resource": f"arn:aws:lambda:{THERE}:function:Notify:live"},
        "Load": {"Resource": "arn:aws:states:::glue:startJobRun", "Parameters": {"JobName": "${Load.name}"}},
        "Nested": {"Resource": "arn:aws:states:::states:startExecution", "Parameters": {"StateMachineArn": "${Nested.arn}"}},
        "Sign": {"Resource": "arn:aws:states:::aws-sdk:secretsmanager:getSecretValue", "Parameters": {"SecretId": "${db.name}"}},
        "Tell": {"Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "${Alerts.arn}", "Message": "x"}},
    }
    for name, after in zip(states, [*states, None][1:], strict=True):
        states[name] |= {"Type": "Task", **({"Next": after} if after else {"End": True})}
    repository.write("projects/acres/m.asl.json", {"StartAt": "Notify", "States": states})
    resources = declared(repository, *lines)
    statements = role_of(resources, "m-state-machine")
    assert granted(statements, "glue:StartJobRun") == [f"arn:aws:glue:{HERE}:job/Load"]
    assert granted(statements, "states:StartExecution") == [f"arn:aws:states:{HERE}:stateMachine:Nested"]
    assert granted(statements, "sns:Publish") == [f"arn:aws:sns:{HERE}:Alerts"]
    assert granted(statements, "kms:GenerateDataKey") == [KEY]
    assert granted(statements, "secretsmanager:GetSecretValue") == [f"arn:aws:secretsmanager:{HERE}:secret:db-??????"]
    assert {*uses(resources["state-machine/m"])} == {"glue-job/Load", "state-machine/Nested", "topic/Alerts", "secret/db"}


def test_a_rule_waits_for_the_events_of_a_bucket_of_others(repository: Repository) -> None:
    lines = ('m = p.state_machine("m", ' + PASS + ")", 'p.on_object("new", m, p.existing.bucket("company-raw") / "in")')
    rule = cast(Rule, declared(repository, *lines)["rule/new"])
    assert [(ref.name, ref.purposes) for ref in rule.uses] == [("company-raw", ("events",))]
    with pytest.raises(DeclarationError, match="is in eu-west-1, and a trigger starts what is in its own region"):
        declared(repository, f'p.schedule("s", p.existing.state_machine("arn:aws:states:{THERE}:stateMachine:m"), "rate(1 day)")')


def test_a_crawler_fills_a_database_of_others_in_its_own_catalog(repository: Repository) -> None:
    crawler = 'p.crawler("look", targets=[p.existing.bucket("company-raw") / "in"], database=p.existing.database({}))'
    resources = declared(repository, crawler.format('"lake"'))
    assert {*uses(resources["crawler/look"])} == {"bucket/company-raw", "database/lake"}
    with pytest.raises(DeclarationError, match="Create a resource link to it in account 123456789012"):
        declared(repository, crawler.format(f'"arn:aws:glue:{THERE}:database/lake"'))


def test_runs_start_machines_of_the_project_alone(repository: Repository) -> None:
    with pytest.raises(DeclarationError, match="stateMachine:m is somebody else's"):
        declared(repository, 'p.run_by(p.existing.state_machine("m"), starting={})')


def test_logs_of_jobs_and_machines_go_to_groups_of_others(repository: Repository) -> None:
    entries = {"log_groups": {"glue": {"name": "/company/glue"}, "states": {"name": "/company/states"}}}
    resources = declared(repository, 'p.job("load")', f'p.state_machine("m", {PASS})', existing=entries)
    assert not [str(resource.key) for resource in repository.declared()[0].rendered() if resource.key.kind == "log-group"]
    assert granted(role_of(resources, "load-glue-job"), "logs:PutLogEvents") == [
        f"arn:aws:logs:{HERE}:log-group:/company/glue/{name}:*" for name in ("error", "output")
    ]
    assert cast(Job, resources["glue-job/load"]).log_group == "/company/glue"
    assert cast(StateMachine, resources["state-machine/m"]).log_group_arn == f"arn:aws:logs:{HERE}:log-group:/company/states:*"


def test_a_queue_of_others_takes_what_was_received_too_often(repository: Repository) -> None:
    queue = declared(repository, 'p.queue("in", dead_letter=p.existing.queue("company-dead"))')["queue/in"]
    assert queue.desired()["RedrivePolicy"]["deadLetterTargetArn"] == f"arn:aws:sqs:{HERE}:company-dead"
    assert uses(queue) == {"queue/company-dead": f"arn:aws:sqs:{HERE}:company-dead"}
    assert queue.needs == ()
