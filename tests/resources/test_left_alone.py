"""What settings leave alone stays as others have set it: the arguments of a job about logs, the configuration of a crawler."""

import json

import boto3
import pytest

from tests.commands.test_operations import PLACE, command
from tests.support.repository import Repository

LOGGING = {"--enable-continuous-cloudwatch-log": "true", "--custom-logGroup-prefix": "/theirs/jobs"}
THEIRS = {"Version": 1.0, "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas"}}
OURS = {"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}}


@pytest.fixture
def acres(repository: Repository, moto_dates: None) -> Repository:
    shared = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", shared.replace("    return shared", '    shared.database("lake")\n    return shared'))
    repository.project(
        "acres",
        'p.job("load", arguments={"--zone": "landing"})',
        'p.crawler("found", targets=[p.shared.bucket("artifacts") / "x"], database=p.shared.database("lake"))',
    )
    return repository


def arguments() -> dict[str, str]:
    return dict(boto3.client("glue", **PLACE).get_job(JobName="t-dev-acres-load")["Job"]["DefaultArguments"])


def configuration() -> object:
    return json.loads(boto3.client("glue", **PLACE).get_crawler(Name="t-dev-acres-found")["Crawler"].get("Configuration") or "{}")


def log_elsewhere() -> None:
    client = boto3.client("glue", **PLACE)
    job = client.get_job(JobName="t-dev-acres-load")["Job"]
    fields = {name: job[name] for name in ("Role", "Command", "GlueVersion", "WorkerType", "NumberOfWorkers", "Timeout")}
    client.update_job(JobName="t-dev-acres-load", JobUpdate={**fields, "DefaultArguments": {**arguments(), **LOGGING}})


def unmanaged(repository: Repository, **more: object) -> None:
    repository.configure(projects={"acres": {"jobs": {"load": {"logging": "unmanaged", **more}}}})


def test_a_job_whose_logging_is_left_alone_is_made_without_arguments_about_logs(acres: Repository) -> None:
    unmanaged(acres)
    command(acres, "deploy")
    assert arguments() == {"--zone": "landing"}
    needed = acres.resources()["glue-job/load"].needs
    assert [key for key in needed if key.kind == "log-group"] == []
    statements = boto3.client("iam").get_role_policy(RoleName="t-dev-acres-load-glue-job", PolicyName="deployer-permissions")
    assert "log-group:/aws-glue/*" in json.dumps(statements["PolicyDocument"])


@pytest.mark.parametrize("managed_before", [True, False])
def test_what_others_say_of_logs_is_neither_changed_nor_taken_away(acres: Repository, managed_before: bool) -> None:
    if not managed_before:
        unmanaged(acres)
    command(acres, "deploy")
    log_elsewhere()
    unmanaged(acres)
    command(acres, "deploy", "--verify")
    assert command(acres, "drift")["drifted"] == []
    unmanaged(acres, workers=5, arguments={"--more": "1"})
    command(acres, "deploy")
    assert {**LOGGING, "--zone": "landing", "--more": "1"}.items() <= arguments().items()
    assert command(acres, "plan", "--verify")["counts"]["update"] == 0


def test_an_existing_configuration_of_a_crawler_is_left_alone_unless_it_is_declared(acres: Repository) -> None:
    command(acres, "deploy")
    assert configuration() == OURS, "a new one gets it"
    client = boto3.client("glue", **PLACE)
    live = client.get_crawler(Name="t-dev-acres-found")["Crawler"]
    fields = {name: live[name] for name in ("Role", "DatabaseName", "Targets", "SchemaChangePolicy", "RecrawlPolicy")}
    client.update_crawler(Name="t-dev-acres-found", **fields, Configuration=json.dumps(THEIRS))
    assert command(acres, "plan", "--verify")["counts"]["update"] == 0
    acres.configure(projects={"acres": {"crawlers": {"found": {"table_prefix": "x_"}}}})
    command(acres, "deploy")
    assert configuration() == THEIRS, "an update of something else does not bring it back"
    acres.configure(projects={"acres": {"crawlers": {"found": {"configuration": "managed"}}}})
    command(acres, "deploy", "--verify")
    assert configuration() == {**THEIRS, **OURS}


def test_an_unmanaged_configuration_of_a_crawler_is_not_set_and_not_taken_away(acres: Repository) -> None:
    settings = {"found": {"configuration": "unmanaged"}}
    command(acres, "deploy")
    acres.configure(projects={"acres": {"crawlers": settings}})
    command(acres, "deploy", "--verify")
    assert configuration() == OURS, "what was set before stays"
    boto3.client("glue", **PLACE).delete_crawler(Name="t-dev-acres-found")
    command(acres, "deploy", "--verify")  # the index of moto never forgets a crawler
    assert configuration() == {}


def test_the_input_that_others_give_to_a_schedule_without_one_stays(repository: Repository, moto_dates: None) -> None:
    """The empty input that the schedule was made with was never declared, so no other input counts as declared before."""
    repository.project(
        "acres",
        'go = p.state_machine("go", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})',
        'p.schedule("daily", go, "rate(1 day)")',
    )
    command(repository, "deploy")
    events, rule = boto3.client("events", **PLACE), "t-dev-acres-daily"
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    assert target["Input"] == "{}"
    events.put_targets(Rule=rule, Targets=[{**target, "Input": "[1]"}])
    assert "rule/daily" not in repository.invoke("plan", "--env", "dev", "--verify").out
    command(repository, "deploy", "--verify")
    assert events.list_targets_by_rule(Rule=rule)["Targets"] == [{**target, "Input": "[1]"}]
