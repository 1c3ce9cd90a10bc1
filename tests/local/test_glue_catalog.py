"""A job's Spark sees the Data Catalog, and the two scripts of AWS's collection of samples do what their pages show.

Their steps are written anew from https://github.com/aws-samples/aws-glue-samples (examples/resolve_choice.md and
examples/data_cleaning_and_lambda.md).
"""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.local.fixtures import ROLE
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(600)
HEADER = "DRG Definition,Provider Id,Provider Name,Provider Zip Code,Total Discharges,Average Covered Charges"
ROWS = ["039 - EXTRACRANIAL,10001,SOUTHEAST,36301,91,$32963.07", "039 - EXTRACRANIAL,10005,MARSHALL,35957,14,$15131.85"]
BAD = "948 - SIGNS,INC- ST JOSEPH,MILE BLUFF,53948,12,$11961.41"
CATALOG = (Path(__file__).parent / "spark" / "catalog_script.py").read_text()
QUOTED = """
from awsglue.context import GlueContext
from pyspark.context import SparkContext

spark = GlueContext(SparkContext.getOrCreate()).spark_session
years = [row[0] for row in spark.sql("SELECT year FROM quoted.`TABLE` ORDER BY year").collect()]
print("years", years)
"""
SAMPLES = """
import sys
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from pyspark.sql.functions import udf
from pyspark.sql.types import StringType

glueContext = GlueContext(SparkContext.getOrCreate())
spark = glueContext.spark_session
out = getResolvedOptions(sys.argv, ["out"])["out"]
medicare = glueContext.create_dynamic_frame.from_catalog(database="payments", table_name="medicare")
medicare.printSchema()
frames = {
    "cast": medicare.resolveChoice(specs=[("provider id", "cast:long")]),
    "project": medicare.resolveChoice(specs=[("provider id", "project:long")]),
    "cols": medicare.resolveChoice(specs=[("provider id", "make_cols")]),
    "struct": medicare.resolveChoice(specs=[("provider id", "make_struct")]),
}
medicare.toDF().createOrReplaceTempView("medicareTable")
data = spark.sql("SELECT * FROM medicareTable WHERE `total discharges` > 13")
frames["sql"] = DynamicFrame.fromDF(data, glueContext, "medicare_sql_dyf")
for name, frame in frames.items():
    options = {"path": f"{out}/{name}"}
    glueContext.write_dynamic_frame.from_options(frame=frame, connection_type="s3", connection_options=options, format="json")

cleaned = frames["cast"].toDF().where("`provider id` is NOT NULL")
chop = udf(lambda x: x[1:], StringType())
cleaned = cleaned.withColumn("ACC", chop(cleaned["average covered charges"]))
nested = DynamicFrame.fromDF(cleaned, glueContext, "nested").apply_mapping([
    ("drg definition", "string", "drg", "string"),
    ("provider id", "long", "provider.id", "long"),
    ("provider zip code", "long", "provider.zip", "long"),
    ("ACC", "string", "charges.covered", "double"),
])
sink = glueContext.getSink(connection_type="s3", path=f"{out}/nested/", enableUpdateCatalog=True)
sink.setCatalogInfo(catalogDatabase="payments", catalogTableName="cleaned")
sink.setFormat("glueparquet")
sink.writeFrame(nested)
"""
ODD = """
import io
import sys
import boto3
from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from awsgluedq.transforms import EvaluateDataQuality
from awsglueml.transforms import FindMatches
from botocore.awsrequest import AWSResponse
from pyspark.context import SparkContext
from urllib3 import HTTPResponse

bucket = getResolvedOptions(sys.argv, ["bucket"])["bucket"]
glue = GlueContext(SparkContext.getOrCreate())
spark = glue.spark_session
orders = spark.table("`sales-eu`.`orders-2024`").count()
print("rows", spark.sql("SELECT sum(n) AS n FROM `sales-eu`.`orders-2024`").first().n, orders)
print("tables", [row.tableName for row in spark.sql("SHOW TABLES IN `sales-eu`").collect()])
spark.sql("SELECT 1 AS n").write.mode("overwrite").saveAsTable("`sales-eu`.plain")
glue.purge_s3_path(f"s3://{bucket}/purged/", {"retentionPeriod": 1})
print("young", spark.read.text(f"s3://{bucket}/purged/").count())
glue.purge_s3_path(f"s3://{bucket}/purged/", {"retentionPeriod": 0, "excludeStorageClasses": ["STANDARD"]})
print("excluded", spark.read.text(f"s3://{bucket}/purged/").count())
refused = b"<DeleteResult><Error><Key>purged/a.txt</Key><Code>AccessDenied</Code><Message>No</Message></Error></DeleteResult>"
answer = lambda request, **_: AWSResponse(request.url, 200, {}, HTTPResponse(io.BytesIO(refused), preload_content=False))
boto3.setup_default_session()
boto3.DEFAULT_SESSION.events.register("before-send.s3.DeleteObjects", answer)
glue.purge_s3_path(f"s3://{bucket}/purged/", {"retentionPeriod": 0})
boto3.DEFAULT_SESSION.events.unregister("before-send.s3.DeleteObjects", answer)
glue.purge_s3_path(f"s3://{bucket}/purged/", {"retentionPeriod": 0})
for attempt in (
    lambda: EvaluateDataQuality().process_rows(frame=None, ruleset="Rules = [ColumnCount > 0]"),
    lambda: FindMatches.apply(frame=None, transformId="t"),
    lambda: glue.purge_s3_path(f"s3://{bucket}/purged/", {"manifestFilePath": "s3://x"}),
):
    try:
        attempt()
    except NotImplementedError as error:
        print("refused", error)
"""
BOOKMARKS = """
import sys
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

options = getResolvedOptions(sys.argv, ["JOB_NAME", "source"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(options["JOB_NAME"], options)
rows = glue.create_dynamic_frame.from_options("s3", {"paths": [options["source"]]}, "json", transformation_ctx="rows")
print("read", rows.count())
job.commit()
"""


@pytest.fixture
def crawled(client: Any, bucket: str) -> Any:
    """Puts objects below a prefix and lets a crawler make a table of them."""

    def crawl(database: str, prefix: str, objects: dict[str, str]) -> None:
        for key, body in objects.items():
            client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=body.encode())
        glue = client("glue")
        glue.create_database(DatabaseInput={"Name": database, "LocationUri": f"s3://{bucket}/warehouse/{database}"})
        targets = {"S3Targets": [{"Path": f"s3://{bucket}/{prefix}/"}]}
        glue.create_crawler(Name=database, Role=ROLE, DatabaseName=database, Targets=targets)
        glue.start_crawler(Name=database)
        until(lambda: glue.get_crawler(Name=database)["Crawler"]["State"] == "READY")

    return crawl


def output(client: Any, run: dict[str, Any]) -> list[str]:
    events = client("logs").get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=f"{run['Id']}-driver")["events"]
    return [event["message"] for event in events]


def test_a_job_reads_and_makes_tables_of_the_data_catalog(client: Any, bucket: str, job: Any, run_job: Any, crawled: Any) -> None:
    years = {f"year={year}/part.csv": f"name,acres\n{rows}\n" for year, rows in (("2023", "corn,1"), ("2024", "corn,2\nrye,3"))}
    crawled("acreage", "crops", years)
    before = client("glue").get_table(DatabaseName="acreage", Name="crops")["Table"]
    job("catalog", CATALOG, DefaultArguments={"--enable-glue-datacatalog": "true"})

    run = run_job("catalog", bucket=bucket)

    assert run["JobRunState"] == "SUCCEEDED", run["ErrorMessage"]
    assert "made 1 saved 4" in output(client, run)
    glue = client("glue")
    tables = {table["Name"]: table for table in glue.get_tables(DatabaseName="acreage")["TableList"]}
    assert set(tables) == {"crops", "saved", "made", "hive", "piped", "plain", "parts"}
    printed = output(client, run)
    assert "hive [Row(n=1, v='a', p='x')]" in printed
    assert printed.count("parts [Row(n=1, p='A b/c:d', q=None)]") == 2
    assert "texts ['a b', 'c']" in printed
    assert "null 1" in printed
    hive, piped, crops = (tables[name]["StorageDescriptor"] for name in ("hive", "piped", "crops"))
    assert hive["Columns"] == [{"Name": "n", "Type": "int", "Comment": "it is (one)"}, {"Name": "v", "Type": "varchar(5)"}]
    assert tables["hive"]["Description"] == "stored as text"
    assert tables["hive"]["Parameters"].items() >= {"team": "blue", "classification": "parquet"}.items()
    assert piped["SerdeInfo"]["Parameters"] == {"field.delim": "|"}
    assert tables["piped"]["Parameters"]["skip.header.line.count"] == "1"
    assert crops["Columns"][-1] == {"Name": "note", "Type": "string"}
    assert crops["SerdeInfo"] == before["StorageDescriptor"]["SerdeInfo"], "what the crawler found of the format stays"
    assert tables["crops"]["Parameters"].items() >= before["Parameters"].items()
    assert [key["Name"] for key in tables["saved"]["PartitionKeys"]] == ["year"]
    assert tables["saved"]["StorageDescriptor"]["Location"] == f"s3://{bucket}/warehouse/acreage/saved"
    partitions = glue.get_partitions(DatabaseName="acreage", TableName="saved")["Partitions"]
    assert sorted(partition["Values"] for partition in partitions) == [["2023"], ["2024"], ["2025"]]
    assert "fresh" in [database["Name"] for database in glue.get_databases()["DatabaseList"]]


def test_both_sample_scripts_do_what_their_pages_show(client: Any, bucket: str, job: Any, run_job: Any, crawled: Any) -> None:
    crawled("payments", "medicare", {"providers.csv": "\n".join([HEADER, *ROWS, ""])})
    client("s3").put_object(Bucket=bucket, Key="medicare/late.csv", Body=f"{HEADER}\n{BAD}\n".encode())
    job("samples", SAMPLES)

    run = run_job("samples", out=f"s3://{bucket}/samples")

    assert run["JobRunState"] == "SUCCEEDED", run["ErrorMessage"]
    printed = output(client, run)
    start = printed.index("|-- provider id: choice")
    assert printed[start + 1 : start + 3] == ["|    |-- long", "|    |-- string"]

    def objects(name: str) -> list[bytes]:
        listed = client("s3").list_objects_v2(Bucket=bucket, Prefix=f"samples/{name}/")["Contents"]
        return [client("s3").get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in listed]

    def ids(name: str) -> list[Any]:
        rows = [json.loads(line) for body in objects(name) for line in body.splitlines()]
        return sorted((row.get("provider id") for row in rows), key=str)

    assert ids("cast") == ids("project") == [10001, 10005, None]
    assert ids("struct") == [{"long": 10001}, {"long": 10005}, {"string": "INC- ST JOSEPH"}]
    assert b'"provider id_string":"INC- ST JOSEPH"' in b"".join(objects("cols"))
    assert len(ids("sql")) == 2
    nested = [row for body in objects("nested") for row in pq.read_table(io.BytesIO(body)).to_pylist()]
    expected = {"drg": "039 - EXTRACRANIAL", "provider": {"id": 10001, "zip": 36301}, "charges": {"covered": 32963.07}}
    assert expected in nested
    columns = client("glue").get_table(DatabaseName="payments", Name="cleaned")["Table"]["StorageDescriptor"]["Columns"]
    assert {"Name": "provider", "Type": "struct<id:bigint,zip:bigint>"} in columns


def test_names_with_hyphens_and_what_scripts_of_glue_studio_import(
    client: Any, bucket: str, job: Any, run_job: Any, crawled: Any
) -> None:
    """Spark's own SQL takes no such names: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-databases.html."""
    crawled("sales-eu", "orders-2024", {"year=1/a.json": '{"n": 2}', "year=2/a.json": '{"n": 3}'})
    (table,) = client("glue").get_tables(DatabaseName="sales-eu")["TableList"]
    keep = ("StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
    named = {"Name": "orders-2024", **{field: table[field] for field in keep}}
    client("glue").create_table(DatabaseName="sales-eu", TableInput=named)
    for part in client("glue").get_partitions(DatabaseName="sales-eu", TableName=table["Name"])["Partitions"]:
        partition_input = {field: part[field] for field in ("Values", "StorageDescriptor")}
        client("glue").create_partition(DatabaseName="sales-eu", TableName="orders-2024", PartitionInput=partition_input)
    client("s3").put_object(Bucket=bucket, Key="purged/a.txt", Body=b"old")
    job("odd", ODD, DefaultArguments={"--enable-glue-datacatalog": "true"})

    run = run_job("odd", bucket=bucket)

    assert run["JobRunState"] == "SUCCEEDED", run["ErrorMessage"]
    printed = output(client, run)
    assert "rows 5 2" in printed
    assert "tables ['orders-2024', 'orders_2024']" in printed
    assert {"young 1", "excluded 1"} <= set(printed)
    assert f"purge_s3_path: s3://{bucket}/purged/a.txt stays: AccessDenied: No" in printed
    assert "Contents" not in client("s3").list_objects_v2(Bucket=bucket, Prefix="purged/")
    refusals = [line for line in printed if line.startswith("refused ")]
    expected = (
        "EvaluateDataQuality.process_rows",
        "FindMatches.apply",
        "The option manifestFilePath of GlueContext.purge_s3_path",
    )
    assert [line.split(" is not available with the embedded AWS")[0] for line in refusals] == [
        f"refused {name}" for name in expected
    ]
    names = {table["Name"] for table in client("glue").get_tables(DatabaseName="sales-eu")["TableList"]}
    assert names == {"orders_2024", "orders-2024", "plain"}


def test_quotes_and_backslashes_in_places_and_partitions(client: Any, bucket: str, job: Any, run_job: Any, crawled: Any) -> None:
    place = "o'brien's"
    crawled("quoted", place, {"year=1/a.json": '{"n": 2}', "year=2/b.json": '{"n": 3}'})
    glue = client("glue")
    (table,) = glue.get_tables(DatabaseName="quoted")["TableList"]
    partitions = glue.get_partitions(DatabaseName="quoted", TableName=table["Name"])["Partitions"]
    added = {"Values": ["9\\9"], "StorageDescriptor": partitions[0]["StorageDescriptor"]}
    glue.create_partition(DatabaseName="quoted", TableName=table["Name"], PartitionInput=added)
    job("quoted", QUOTED.replace("TABLE", table["Name"]), DefaultArguments={"--enable-glue-datacatalog": "true"})

    run = run_job("quoted")

    assert run["JobRunState"] == "SUCCEEDED", run["ErrorMessage"]
    assert r"years ['1', '2', '9\\9']" in output(client, run)


def test_bookmarks_leave_out_what_a_committed_run_has_read(client: Any, bucket: str, job: Any, run_job: Any) -> None:
    client("s3").put_object(Bucket=bucket, Key="marks/a.json", Body=b'{"n": 1}\n{"n": 2}\n')
    job("marks", BOOKMARKS, DefaultArguments={"--job-bookmark-option": "job-bookmark-enable"})

    first = run_job("marks", source=f"s3://{bucket}/marks/")
    client("s3").put_object(Bucket=bucket, Key="marks/b.json", Body=b'{"n": 3}\n')
    second = run_job("marks", source=f"s3://{bucket}/marks/")

    assert [run["JobRunState"] for run in (first, second)] == ["SUCCEEDED"] * 2, (first, second)
    assert "read 2" in output(client, first)
    assert "read 1" in output(client, second)
