"""Crawlers of more than S3: what is sent to Glue, what the role may do, and what Glue does not take."""

import json
from typing import Any

import pytest

from common.base.errors import DeployError
from common.resources.crawler_targets import as_setting
from tests.resources.builders import brought, final
from tests.support.model_aws import ModelAws
from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
QUEUE = f"arn:aws:sqs:{HERE}:told"
TARGETS: dict[str, tuple[list[dict[str, Any]], str, list[dict[str, Any]], list[str]]] = {
    "dynamodb_targets": (
        [{"table": "${runs.name}", "scan_all": False, "scan_rate": 0.5}],
        "DynamoDBTargets",
        [{"Path": "t-dev-acres-runs", "scanAll": False, "scanRate": 0.5}],
        ["dynamodb:DescribeTable", "dynamodb:Scan", f"arn:aws:dynamodb:{HERE}:table/t-dev-acres-runs"],
    ),
    "jdbc_targets": (
        [{"connection": "warehouse", "path": "sales/public/%", "exclusions": ["tmp_%"]}],
        "JdbcTargets",
        [{"ConnectionName": "warehouse", "Path": "sales/public/%", "Exclusions": ["tmp_%"]}],
        ["glue:GetConnection", f"arn:aws:glue:{HERE}:connection/warehouse", "ec2:CreateNetworkInterface"],
    ),
    "catalog_targets": (
        [{"database": "raw", "tables": ["orders"], "connection": "vpc"}],
        "CatalogTargets",
        [{"DatabaseName": "raw", "Tables": ["orders"], "ConnectionName": "vpc"}],
        ["glue:UpdateTable", f"arn:aws:glue:{HERE}:table/raw/*"],
    ),
    "delta_targets": (
        [{"tables": ["s3://lake/delta/orders/"], "native": True}],
        "DeltaTargets",
        [{"DeltaTables": ["s3://lake/delta/orders/"], "CreateNativeDeltaTable": True}],
        ["s3:GetObject", "arn:aws:s3:::lake/delta/orders/*"],
    ),
    "iceberg_targets": (
        [{"paths": ["s3://lake/iceberg"], "depth": 5}],
        "IcebergTargets",
        [{"Paths": ["s3://lake/iceberg"], "MaximumTraversalDepth": 5}],
        ["s3:GetObject", "arn:aws:s3:::lake/iceberg/*"],
    ),
}
"""Of each setting a value, what is sent to Glue, and some of what the role may do."""


def declare(repository: Repository, settings: dict[str, Any], more: str = "") -> None:
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.database("lake")\n    return shared'))
    repository.project(
        "acres",
        'p.table("runs", partition_key="id")',
        'p.queue("told")',
        f'p.crawler("found", database=p.shared.database("lake"), settings={settings!r}{more})',
    )


@pytest.mark.parametrize("name", TARGETS)
def test_targets_are_sent_read_back_and_allowed(repository: Repository, name: str) -> None:
    value, kind, sent, allowed = TARGETS[name]
    declare(repository, {name: value})
    resources = repository.resources()
    crawler = resources["crawler/found"]
    assert crawler.desired()["Targets"] == {"S3Targets": [], kind: sent}
    policy = json.dumps(resources["role/found-crawler"].desired())
    assert all(text in policy for text in allowed)
    aws = ModelAws("eu-central-1", "123456789012", {})
    crawler.create(aws, final(crawler))
    assert brought(aws, crawler) == frozenset()
    aws.live[f"Crawler/{crawler.name}"]["Targets"][kind].append({})
    assert brought(aws, crawler) == {"Targets"}
    assert aws.live[f"Crawler/{crawler.name}"]["Targets"][kind] == sent


def test_a_table_of_ours_is_deployed_first(repository: Repository) -> None:
    declare(repository, {"dynamodb_targets": [{"table": "${runs.name}"}]})
    resources = repository.resources()
    assert resources["table/runs"].key in resources["crawler/found"].needs


def test_events_and_samples_are_of_targets_in_s3(repository: Repository) -> None:
    """See https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-event-notifications.html ."""
    place = ', targets=[p.shared.bucket("artifacts") / "x"]'
    events = {"recrawl": "events", "schema_change": "log", "event_queue": "${told.arn}", "sample_size": 3}
    declare(repository, events, place)
    resources = repository.resources()
    crawler = resources["crawler/found"]
    (target,) = crawler.desired()["Targets"]["S3Targets"]
    assert (target["EventQueueArn"], target["SampleSize"]) == (f"arn:aws:sqs:{HERE}:t-dev-acres-told", 3)
    assert crawler.desired()["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_EVENT_MODE"}
    assert "sqs:ReceiveMessage" in json.dumps(resources["role/found-crawler"].desired())
    aws = ModelAws("eu-central-1", "123456789012", {})
    crawler.create(aws, final(crawler))
    assert brought(aws, crawler) == frozenset()
    declare(repository, {}, place)
    plain = repository.resources()["crawler/found"]
    assert brought(aws, plain, final(crawler)) >= {"Targets", "RecrawlPolicy"}
    (target,) = aws.live[f"Crawler/{crawler.name}"]["Targets"]["S3Targets"]
    assert target.keys() == {"Path", "Exclusions"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "a crawler needs targets"),
        ({"catalog_targets": [{"database": "raw", "tables": ["a"]}], "deleted_data": "delete"}, 'set deleted_data to "log"'),
        ({"dynamodb_targets": [{"table": "a"}], "recrawl": "events"}, "belong together"),
        ({"dynamodb_targets": [{"table": "a"}], "sample_size": 3}, "are of targets in S3, and it has none"),
        (
            {
                "dynamodb_targets": [{"table": "a"}],
                "recrawl": "new_folders",
                "schema_change": "log",
            },
            'recrawl "new_folders" is for targets in S3 alone',
        ),
        ({"jdbc_targets": [{"path": "x"}]}, "jdbc_targets.0.connection"),
        ({"dynamodb_targets": [{"tabel": "x"}]}, "tabel"),
        ({"dynamodb_targets": [{"table": "a"}], "event_queue": "${runs.arn}"}, "it must be an ARN of sqs"),
        (
            {"dynamodb_targets": [{"table": "a"}], "properties": {"Targets": {"DynamoDBTargets": [{"Path": "b"}]}}},
            "dynamodb_targets and properties both set Targets.DynamoDBTargets",
        ),
    ],
)
def test_what_glue_does_not_take_is_refused(repository: Repository, settings: dict[str, Any], message: str) -> None:
    declare(repository, settings)
    with pytest.raises(DeployError) as refused:
        repository.resources()["crawler/found"].desired()
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("live", "setting"),
    [
        ({"ConnectionName": "warehouse", "Path": "a/%"}, [{"connection": "warehouse", "path": "a/%"}]),
        ({"Path": "a/%"}, None),
        ({"ConnectionName": "warehouse"}, None),
        ({"ConnectionName": "warehouse", "Path": "a/%", "EnableAdditionalMetadata": ["COMMENTS"]}, None),
    ],
)
def test_a_live_target_that_no_setting_can_express_is_imported_as_a_property(live: dict[str, Any], setting: Any) -> None:
    assert as_setting("jdbc_targets", [live]) == setting
