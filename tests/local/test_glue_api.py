"""The Glue control plane as AWS has it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.fixtures import ACCOUNT, REGION, ROLE

COMMAND = {"Name": "glueetl", "ScriptLocation": "s3://tests-bucket/scripts/a.py", "PythonVersion": "3"}


def test_a_job_keeps_what_it_was_created_with(client: Any) -> None:
    glue = client("glue")
    sized = {"GlueVersion": "5.0", "WorkerType": "G.2X", "NumberOfWorkers": 3, "ExecutionClass": "FLEX"}
    limits = {"ExecutionProperty": {"MaxConcurrentRuns": 4}, "Timeout": 30, "MaxRetries": 1}

    glue.create_job(Name="kept", Role=ROLE, Command=COMMAND, Tags={"team": "a"}, **sized, **limits)

    job = glue.get_job(JobName="kept")["Job"]
    assert {field: job[field] for field in (*sized, *limits)} == {**sized, **limits}
    assert (job["MaxCapacity"], "Tags" in job) == (6.0, False)
    assert glue.get_tags(ResourceArn=f"arn:aws:glue:{REGION}:{ACCOUNT}:job/kept")["Tags"] == {"team": "a"}


def test_an_update_resets_what_it_leaves_out(client: Any) -> None:
    glue = client("glue")
    settings = {"Timeout": 7, "MaxRetries": 2, "DefaultArguments": {"--a": "1"}, "Description": "d", "GlueVersion": "5.0"}
    glue.create_job(Name="reset", Role=ROLE, Command=COMMAND, Connections={"Connections": ["c"]}, **settings)

    glue.update_job(JobName="reset", JobUpdate={"Role": ROLE, "Command": COMMAND, "GlueVersion": "4.0"})

    job = glue.get_job(JobName="reset")["Job"]
    assert (job["Timeout"], job["MaxRetries"], job["GlueVersion"]) == (2880, 0, "4.0")
    assert not {"DefaultArguments", "Description", "Connections"} & job.keys()


def test_workers_and_capacity_exclude_each_other(client: Any) -> None:
    with pytest.raises(ClientError, match="Max Capacity"):
        client("glue").create_job(Name="both", Role=ROLE, Command=COMMAND, WorkerType="G.1X", NumberOfWorkers=2, MaxCapacity=2.0)


def test_jobs_and_crawlers_are_listed_and_read_in_batches(client: Any) -> None:
    glue = client("glue")
    for name in ("list-1", "list-2", "list-3"):
        glue.create_job(Name=name, Role=ROLE, Command=COMMAND, Tags={"listed": "yes"})
    glue.create_crawler(Name="list-c", Role=ROLE, Targets={"S3Targets": [{"Path": "s3://b/"}]}, Tags={"listed": "yes"})

    first = glue.list_jobs(Tags={"listed": "yes"}, MaxResults=2)
    second = glue.list_jobs(Tags={"listed": "yes"}, MaxResults=2, NextToken=first["NextToken"])

    assert (first["JobNames"], second["JobNames"]) == (["list-1", "list-2"], ["list-3"])
    batch = glue.batch_get_jobs(JobNames=["list-1", "none"])
    assert ([job["Name"] for job in batch["Jobs"]], batch["JobsNotFound"]) == (["list-1"], ["none"])
    assert glue.list_crawlers(Tags={"listed": "yes"})["CrawlerNames"] == ["list-c"]
    crawlers = glue.batch_get_crawlers(CrawlerNames=["list-c", "none"])
    assert ([crawler["Name"] for crawler in crawlers["Crawlers"]], crawlers["CrawlersNotFound"]) == (["list-c"], ["none"])


def test_tags_go_with_the_job(client: Any) -> None:
    glue = client("glue")
    arn = f"arn:aws:glue:{REGION}:{ACCOUNT}:job/gone"
    glue.create_job(Name="gone", Role=ROLE, Command=COMMAND, Tags={"team": "a"})
    glue.delete_job(JobName="gone")

    assert glue.get_tags(ResourceArn=arn)["Tags"] == {}
