"""Crawlers look at the objects, and write tables and partitions."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.local.fixtures import ROLE
from tests.support.waiting import until


@pytest.fixture
def crawl(client: Any, bucket: str) -> Any:
    """Crawls a prefix of the bucket into a database of the crawler's name; the crawler afterwards."""

    def run(name: str, prefix: str, **settings: Any) -> dict[str, Any]:
        glue = client("glue")
        try:
            glue.create_database(DatabaseInput={"Name": name})
            target = {"Path": f"s3://{bucket}/{prefix}", "Exclusions": ["**.tmp"]}
            glue.create_crawler(Name=name, Role=ROLE, DatabaseName=name, Targets={"S3Targets": [target]}, **settings)
        except glue.exceptions.AlreadyExistsException:
            pass
        glue.start_crawler(Name=name)
        until(lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY")
        return dict(glue.get_crawler(Name=name)["Crawler"])

    return run


def put_parquet(client: Any, bucket: str, key: str, **columns: list[Any]) -> None:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    client("s3").put_object(Bucket=bucket, Key=key, Body=content.getvalue())


def columns(table: dict[str, Any]) -> dict[str, str]:
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


def test_partitioned_parquet_becomes_one_table_with_partitions(client: Any, bucket: str, crawl: Any) -> None:
    for year, state in ((2023, "19"), (2024, "19"), (2024, "31")):
        key = f"crawl/acreage/program_year={year}/state={state}/part-0.parquet"
        put_parquet(client, bucket, key, Crop=["corn"], acres=[1.5], farms=[3])
    client("s3").put_object(Bucket=bucket, Key="crawl/acreage/_SUCCESS", Body=b"")
    client("s3").put_object(Bucket=bucket, Key="crawl/acreage/program_year=2024/state=31/x.tmp", Body=b"left out")

    crawler = crawl("parquet", "crawl/acreage/", TablePrefix="final_", Tags={"team": "a"})

    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED", crawler["LastCrawl"]
    glue = client("glue")
    (table,) = glue.get_tables(DatabaseName="parquet")["TableList"]
    assert (table["Name"], table["StorageDescriptor"]["Location"]) == ("final_acreage", f"s3://{bucket}/crawl/acreage/")
    assert columns(table) == {"crop": "string", "acres": "double", "farms": "bigint"}
    assert [key["Name"] for key in table["PartitionKeys"]] == ["program_year", "state"]
    assert (table["Parameters"]["classification"], table["Parameters"]["objectCount"]) == ("parquet", "3")
    partitions = glue.get_partitions(DatabaseName="parquet", TableName="final_acreage")["Partitions"]
    assert sorted(part["Values"] for part in partitions) == [["2023", "19"], ["2024", "19"], ["2024", "31"]]
    assert all(part["StorageDescriptor"]["Location"].endswith(f"state={part['Values'][1]}/") for part in partitions)

    put_parquet(
        client, bucket, "crawl/acreage/program_year=2025/state=19/p.parquet", Crop=["oats"], acres=[1.0], farms=[1], note=["n"]
    )
    crawl("parquet", "crawl/acreage/")

    (table,) = glue.get_tables(DatabaseName="parquet")["TableList"]
    assert columns(table)["note"] == "string"
    assert len(glue.get_partitions(DatabaseName="parquet", TableName="final_acreage")["Partitions"]) == 4


def test_folders_that_differ_become_tables_of_their_own(client: Any, bucket: str, crawl: Any) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="mixed/people/a.csv", Body=b"name,age\nAda,36\nBob,41\n")
    s3.put_object(Bucket=bucket, Key="mixed/events/a.json", Body=b'{"at": "2024-01-01", "size": {"w": 1}}\n{"at": "x"}\n')

    crawl("mixed", "mixed")

    tables = {table["Name"]: table for table in client("glue").get_tables(DatabaseName="mixed")["TableList"]}
    assert columns(tables["people"]) == {"name": "string", "age": "bigint"}
    assert tables["people"]["Parameters"]["skip.header.line.count"] == "1"
    assert columns(tables["events"]) == {"at": "string", "size": "struct<w:bigint>"}


def test_objects_of_one_folder_that_have_little_in_common_become_tables_of_their_own(
    client: Any, bucket: str, crawl: Any
) -> None:
    """As in https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-samples-legislators.html."""
    members = {
        "persons": '{"id": "p", "name": "Ann", "born": 1960}',
        "memberships": '{"person_id": "p", "area_id": "a", "role": "m"}',
    }
    for name, line in members.items():
        client("s3").put_object(Bucket=bucket, Key=f"crawl/people/{name}.json", Body=line.encode())
    crawl("people", "crawl/people/", SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"})
    crawl("people", "crawl/people/")
    tables = {table["Name"]: table for table in client("glue").get_tables(DatabaseName="people")["TableList"]}
    assert tables.keys() == {"persons_json", "memberships_json"}
    assert tables["persons_json"]["StorageDescriptor"]["Location"] == f"s3://{bucket}/crawl/people/persons.json"
    assert columns(tables["persons_json"]) == {"id": "string", "name": "string", "born": "bigint"}

    client("s3").put_object(Bucket=bucket, Key="crawl/one/a.json", Body=b'{"id": 1, "name": "x", "note": "optional"}')
    client("s3").put_object(Bucket=bucket, Key="crawl/one/b.json", Body=b'{"id": 1.5}')
    crawl("one", "crawl/one/")
    (table,) = client("glue").get_tables(DatabaseName="one")["TableList"]
    assert table["Name"] == "one", "what lacks optional fields is of the same table"


def test_what_is_gone_is_deprecated_or_deleted_as_the_policy_says(client: Any, bucket: str, crawl: Any) -> None:
    policy = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "DELETE_FROM_DATABASE"}
    put_parquet(client, bucket, "vanishing/a.parquet", n=[1])
    crawl("vanishing", "vanishing/", SchemaChangePolicy=policy)
    assert client("glue").get_tables(DatabaseName="vanishing")["TableList"]

    client("s3").delete_object(Bucket=bucket, Key="vanishing/a.parquet")
    crawl("vanishing", "vanishing/")

    assert client("glue").get_tables(DatabaseName="vanishing")["TableList"] == []


def test_a_crawl_of_a_missing_bucket_fails_with_the_reason(client: Any, crawl: Any) -> None:
    glue = client("glue")
    glue.create_database(DatabaseInput={"Name": "lost"})
    glue.create_crawler(Name="lost", Role=ROLE, DatabaseName="lost", Targets={"S3Targets": [{"Path": "s3://no-such-bucket/a"}]})

    crawler = crawl("lost", "unused")

    assert crawler["LastCrawl"]["Status"] == "FAILED"
    assert "bucket does not exist" in crawler["LastCrawl"]["ErrorMessage"]


def test_a_running_crawler_cannot_be_changed_or_started(client: Any, bucket: str) -> None:
    glue = client("glue")
    for number in range(400):
        client("s3").put_object(Bucket=bucket, Key=f"many/{number}.csv", Body=b"a,b\n1,2\n")
    glue.create_database(DatabaseInput={"Name": "many"})
    target = {"S3Targets": [{"Path": f"s3://{bucket}/many/"}]}
    glue.create_crawler(Name="many", Role=ROLE, DatabaseName="many", Targets=target)
    glue.start_crawler(Name="many")

    with pytest.raises(ClientError, match="CrawlerRunningException"):
        glue.update_crawler(Name="many", Description="new")
    with pytest.raises(ClientError, match="CrawlerRunningException"):
        glue.start_crawler(Name="many")

    until(lambda: glue.get_crawler(Name="many")["Crawler"]["State"] == "READY")
    glue.update_crawler(Name="many", Description="new")
    assert glue.get_crawler(Name="many")["Crawler"]["Description"] == "new"
