"""What is particular to crawlers: they may be running, and not all settings go together."""

from typing import Any

import pytest

from common.base.errors import AwsError, DeclarationError, SkippedError
from common.environment.resource_settings import CrawlerSettings
from tests.resources.builders import TAGS, Place, final, live_state, updated
from tests.resources.scripted import ScriptedAws, refused

RUNNING = refused("UpdateCrawler", "CrawlerRunningException", "Crawler with name t-final is currently running")


def state(name: str) -> dict[str, Any]:
    return {"Crawler": {"State": name, "Targets": {}}}


def update(while_running: str, **script: Any) -> ScriptedAws:
    crawler = Place().crawler(settings=CrawlerSettings.model_validate({"while_running": while_running}))
    aws = ScriptedAws({f"glue:{name}": line for name, line in script.items()})
    updated(aws, crawler, {"Targets"})
    return aws


def test_wait_for_its_end() -> None:
    states = [state("RUNNING"), state("RUNNING"), state("STOPPING"), state("READY")]
    aws = update("wait", UpdateCrawler=[RUNNING, {}], GetCrawler=states)
    assert aws.operations == ["glue:GetCrawler", "glue:UpdateCrawler", *["glue:GetCrawler"] * 3, "glue:UpdateCrawler"]
    assert aws.slept == [10.0, 10.0]


def test_wait_no_longer_than_half_an_hour() -> None:
    with pytest.raises(AwsError, match="running for more than 30 minutes") as caught:
        update("wait", UpdateCrawler=RUNNING, GetCrawler=state("RUNNING"))
    assert caught.value.code == "CrawlerRunningException"


def test_skip_says_so_and_changes_nothing() -> None:
    with pytest.raises(SkippedError, match='while_running is "skip": it was left as it is'):
        update("skip", UpdateCrawler=RUNNING, GetCrawler=state("RUNNING"))


@pytest.mark.parametrize("answer", [{}, refused("StopCrawler", "CrawlerStoppingException")])
def test_stop_it(answer: Any) -> None:
    states = [state("RUNNING"), state("STOPPING"), state("READY")]
    aws = update("stop", UpdateCrawler=[RUNNING, {}], StopCrawler=answer, GetCrawler=states)
    stopped = ["glue:UpdateCrawler", "glue:StopCrawler", *["glue:GetCrawler"] * 2, "glue:UpdateCrawler"]
    assert aws.operations == ["glue:GetCrawler", *stopped]


def test_a_stop_that_is_not_allowed_is_loud() -> None:
    refusal = refused("StopCrawler", "AccessDeniedException")
    with pytest.raises(AwsError, match="AccessDenied"):
        update("stop", UpdateCrawler=RUNNING, StopCrawler=refusal, GetCrawler=state("RUNNING"))


def test_a_refusal_for_another_reason_ends_no_run_and_is_loud() -> None:
    refusal = refused("UpdateCrawler", "AccessDeniedException")
    with pytest.raises(AwsError, match="AccessDenied"):
        update("stop", UpdateCrawler=[refusal, {}], StopCrawler={}, GetCrawler=state("READY"))


def test_a_running_crawler_is_deleted_by_the_same_policy() -> None:
    crawler = Place().crawler(settings=CrawlerSettings(while_running="stop"))
    script: dict[str, Any] = {"glue:DeleteCrawler": [RUNNING, {}], "glue:StopCrawler": {}, "glue:GetCrawler": state("READY")}
    aws = ScriptedAws(script)
    crawler.delete(aws)
    assert aws.operations == ["glue:DeleteCrawler", "glue:StopCrawler", "glue:GetCrawler", "glue:DeleteCrawler"]


def test_an_update_clears_the_schedule_and_a_creation_does_not_send_an_empty_one() -> None:
    crawler = Place().crawler()
    aws = ScriptedAws({"glue:UpdateCrawler": {}, "glue:CreateCrawler": {}, "glue:GetCrawler": state("READY")})
    updated(aws, crawler, {"Schedule"})
    crawler.create(aws, final(crawler))
    assert aws.sent("glue:UpdateCrawler")["Schedule"] == ""
    assert "Schedule" not in aws.sent("glue:CreateCrawler")


def test_a_schedule_that_somebody_paused_is_sent_only_if_it_changes() -> None:
    """What UpdateCrawler leaves out stays: https://github.com/aws/aws-cdk/issues/33194."""
    crawler = Place().crawler(settings=CrawlerSettings(schedule="cron(0 3 * * ? *)"))
    expression = "cron(0 3 * * ? *)"
    for state_of, changed, sent in (
        ("NOT_SCHEDULED", {"TablePrefix"}, None),
        ("SCHEDULED", {"TablePrefix"}, expression),
        ("NOT_SCHEDULED", {"TablePrefix", "Schedule"}, expression),
    ):
        live = state("READY")
        live["Crawler"]["Schedule"] = {"ScheduleExpression": expression, "State": state_of}
        aws = ScriptedAws({"glue:UpdateCrawler": {}, "glue:GetCrawler": live})
        updated(aws, crawler, changed)
        assert aws.sent("glue:UpdateCrawler").get("Schedule") == sent


@pytest.mark.parametrize("role", ["runner", "t/test/p/runner"])
def test_a_bare_role_name_is_no_difference(role: str) -> None:
    crawler = Place().crawler()
    live = {
        "Role": role,
        "DatabaseName": "t_final",
        "Targets": {"S3Targets": [{"Path": "s3://t-final/acres/"}], "JdbcTargets": [], "DeltaTargets": []},
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
        "Schedule": {"State": "NOT_SCHEDULED"},
        "Configuration": '{"CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}, "Version": 1}',
    }
    aws = ScriptedAws({"glue:GetCrawler": {"Crawler": live}, "glue:GetTags": {"Tags": TAGS}})
    assert live_state(aws, crawler) == final(crawler)


@pytest.mark.parametrize("overrides", [{}, {"schema_change": "log", "deleted_data": "delete"}, {"schema_change": "update"}])
def test_new_folders_go_with_log_alone(overrides: dict[str, str]) -> None:
    settings = CrawlerSettings.model_validate({"recrawl": "new_folders", **overrides})
    with pytest.raises(DeclarationError, match=r'crawler/t-final: with recrawl "new_folders" .* to "log"'):
        Place().crawler(settings=settings).desired()


def test_nothing_to_crawl() -> None:
    with pytest.raises(DeclarationError, match="crawler/t-final: it has no targets"):
        Place().crawler(targets=()).desired()


def test_a_crawler_that_a_deploy_which_died_has_created_is_updated_whole() -> None:
    crawler = Place().crawler()
    exists = refused("CreateCrawler", "AlreadyExistsException")
    live_crawler = {"Crawler": {**state("READY")["Crawler"], "Role": "runner"}}
    live: dict[str, Any] = {"glue:GetCrawler": live_crawler, "glue:GetTags": {"Tags": dict(crawler.tags)}}
    aws = ScriptedAws({**live, "glue:CreateCrawler": exists, "glue:UpdateCrawler": {}, "glue:TagResource": {}})
    assert crawler.create(aws, final(crawler)) == {}
    assert [name for name in aws.operations if name not in live] == [
        "glue:CreateCrawler",
        "glue:UpdateCrawler",
        "glue:TagResource",
    ]


def test_a_security_configuration_that_is_declared_no_more_is_taken_away() -> None:
    aws = ScriptedAws({"glue:UpdateCrawler": {}, "glue:GetCrawler": state("READY")})
    security = {"CrawlerSecurityConfiguration": "sealed"}
    updated(aws, Place().crawler(), {*security}, stale=security)
    assert aws.sent("glue:UpdateCrawler")["CrawlerSecurityConfiguration"] == ""
