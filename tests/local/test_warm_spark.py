"""A second Spark run uses the Java process of the first, and sees nothing of it."""

import subprocess
import time
from typing import Any

import pytest

from common import local
from common.local.spark_start import start_spark
from tests.local.test_glue_catalog import output

pytestmark = pytest.mark.timeout(600)
SCRIPT = """
import os
from awsglue.context import GlueContext
from pyspark.context import SparkContext

spark = GlueContext(SparkContext.getOrCreate()).spark_session
assert not spark.catalog._jcatalog.listTables().count(), "a view of another run"
assert spark.conf.get("spark.sql.session.timeZone") != "Asia/Tokyo"
assert spark.conf.get("spark.left.behind", "nothing") == "nothing"
spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
spark.sparkContext._jvm.java.lang.System.setProperty("spark.left.behind", "something")
spark.range(3).cache().createOrReplaceTempView("left")
assert spark.table("left").count() == 3
spark.range(2).write.mode("overwrite").parquet("s3://tests-bucket/warm/")
print("rows", spark.read.parquet("s3://tests-bucket/warm/").count(), "version", VERSION)
print("java", spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid())
"""


def test_the_second_run_has_the_process_of_the_first_and_nothing_else_of_it(
    client: Any, bucket: str, job: Any, run_job: Any
) -> None:
    job("warm", SCRIPT.replace("VERSION", "1"))
    first = run_job("warm")
    client("s3").put_object(Bucket=bucket, Key="scripts/warm.py", Body=SCRIPT.replace("VERSION", "2").encode())
    started = time.monotonic()
    second = run_job("warm")
    seconds = time.monotonic() - started

    assert [run["JobRunState"] for run in (first, second)] == ["SUCCEEDED"] * 2, (first, second)
    before, after = (output(client, run) for run in (first, second))
    assert "rows 2 version 1" in before
    assert "rows 2 version 2" in after, "sources are read again"
    processes = {line for line in (*before, *after) if line.startswith("java ")}
    assert len(processes) == 1, processes
    print(f"the second run took {seconds:.1f} s")


def test_a_process_that_was_started_before_is_that_of_the_first_run(
    client: Any, embedded: local.Embedded, job: Any, run_job: Any
) -> None:
    """Another test may have started it."""
    shown: list[str] = []
    start_spark(embedded, shown.append)
    assert shown[-1] == ""
    assert not start_spark(embedded, shown.append), "it is running already"
    job("started-before", SCRIPT.replace("VERSION", "1"))
    run = run_job("started-before")
    assert run["JobRunState"] == "SUCCEEDED", run
    process = next(line.partition(" ")[2] for line in output(client, run) if line.startswith("java "))
    age = subprocess.run(["ps", "-o", "etimes=", "-p", process], capture_output=True, text=True, check=True).stdout
    assert time.time() - int(age) < run["StartedOn"].timestamp()


def test_a_run_that_fails_leaves_the_process_and_one_that_is_cut_off_takes_it(client: Any, job: Any, run_job: Any) -> None:
    job("breaking", SCRIPT.replace("VERSION", "1") + "raise ValueError('too bad')\n")
    job("leaving", SCRIPT.replace("VERSION", "1") + "import os\nos._exit(3)\n")
    job("after", SCRIPT.replace("VERSION", "1"))

    broken, left, after = run_job("breaking"), run_job("leaving"), run_job("after")

    assert (broken["JobRunState"], broken["ErrorMessage"]) == ("FAILED", "ValueError: too bad")
    assert (left["JobRunState"], after["JobRunState"]) == ("FAILED", "SUCCEEDED")
    processes = [next(line for line in output(client, run) if line.startswith("java ")) for run in (broken, left, after)]
    assert processes[0] == processes[1] != processes[2]
