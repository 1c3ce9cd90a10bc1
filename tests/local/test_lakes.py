"""Table formats of data lakes are refused before Spark starts, with what to bring, unless the job brings it."""

import subprocess
import sys
from pathlib import Path

import pytest

RUNTIME = Path(__file__).resolve().parents[2] / "common" / "local" / "runtime"


def checked(arguments: dict[str, str]) -> str:
    """What the check says; empty where it lets the job through."""
    program = f"import lakes, errors\ntry:\n    lakes.check({arguments!r})\nexcept errors.JobError as error:\n    print(error)\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=RUNTIME, check=True)
    return done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        {"--datalake-formats": "iceberg"},
        {"--datalake-formats": "delta,iceberg"},
        {"--conf": "spark.sql.extensions=org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"},
        {"--conf": "spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog"},
    ],
)
def test_a_job_without_the_jar_is_refused(arguments: dict[str, str]) -> None:
    message = checked(arguments)
    assert "is not available with the embedded AWS" in message
    assert "--extra-jars" in message
    assert "-spark" in message, "the jar is named"


def test_only_the_jars_that_are_missing_are_named() -> None:
    half = checked({"--datalake-formats": "delta", "--extra-jars": "s3://b/delta-spark_2.12-3.3.0.jar"})
    assert "Missing: io.delta:delta-storage:3.3.0. Download" in half
    catalog = "spark.sql.catalog.glue_catalog.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog"
    runtime = "s3://b/iceberg-spark-runtime-3.5_2.12-1.7.1.jar"
    without_sdk = checked({"--datalake-formats": "iceberg", "--conf": catalog, "--extra-jars": runtime})
    assert "Missing: org.apache.iceberg:iceberg-aws-bundle:1.7.1. Download" in without_sdk
    assert "type=hadoop" in without_sdk
    assert not checked({"--conf": catalog, "--extra-jars": f"{runtime},s3://b/iceberg-aws-bundle-1.7.1.jar"})


def test_a_job_that_brings_the_jar_or_needs_none_runs() -> None:
    assert not checked({"--datalake-formats": "iceberg", "--extra-jars": "s3://b/iceberg-spark-runtime-3.5_2.12-1.7.1.jar"})
    assert not checked({"--conf": "spark.sql.shuffle.partitions=2"})
