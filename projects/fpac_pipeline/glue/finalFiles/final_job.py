"""Build the final table: acres by program year, state, county and crop, as Parquet partitioned by program year and state.

FSA republishes a program year several times, each time in full. So a file is the whole truth for each program year and
state that it has rows for, and a run **replaces exactly those partitions** (Spark's dynamic partition overwrite) and touches
no other. Hence a repeated run and a corrected file leave no duplicates, years live together in one table, and a file of one
state does not disturb the others. What follows from it: the run that finished last holds, and a state that a corrected
file no longer has at all keeps its earlier rows. Two runs must not replace partitions at the same time, so the job is to run
with a maximum concurrency of one. ``run_id`` tells for each row which run it came from.

Arguments: ``run_id``, ``cleansed_location``, ``final_location``, ``run_table``.

https://spark.apache.org/docs/3.5.4/configuration.html (spark.sql.sources.partitionOverwriteMode)
"""

import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from shared.run_record import record_counts

PARTITIONS = ("program_year", "state")
GROUP = (*PARTITIONS, "state_code", "state_name", "county_code", "crop")
ACRES = (
    "planted_acres",
    "volunteer_acres",
    "failed_acres",
    "prevented_acres",
    "not_planted_acres",
    "planted_and_failed_acres",
)


def transform(clean: DataFrame) -> DataFrame:
    """Add up the acres of clean rows.

    Returns:
        One row for each program year, county and crop: the columns of ``GROUP``, ``county``, ``ACRES`` (over all types, uses
        and practices), ``irrigated_planted_acres`` (practice I alone), ``reports`` (rows added up) and ``run_id``.
    """
    irrigated = F.when(F.col("irrigation_practice") == "I", F.col("planted_acres")).otherwise(F.lit(0))
    sums = {**{name: F.col(name) for name in ACRES}, "irrigated_planted_acres": irrigated}
    return clean.groupBy(*GROUP).agg(
        F.max("county").alias("county"),
        *(F.sum(column).cast("decimal(18,2)").alias(name) for name, column in sums.items()),
        F.count("*").alias("reports"),
        F.max("run_id").alias("run_id"),
    )


def write(rows: DataFrame, location: str) -> None:
    """Replace the partitions that the rows belong to, one sorted file each."""
    (
        rows.repartition(*PARTITIONS)
        .sortWithinPartitions(*PARTITIONS, "county_code", "crop")
        .write.mode("overwrite")
        .option("partitionOverwriteMode", "dynamic")
        .partitionBy(*PARTITIONS)
        .parquet(location)
    )


def main() -> None:
    """Read this run's clean rows, replace their partitions, count this run's rows in the table afterwards."""
    from awsglue.utils import getResolvedOptions  # only Glue has it; transform is tested without

    args = getResolvedOptions(sys.argv, ["run_id", "cleansed_location", "final_location", "run_table"])
    spark = SparkSession.builder.appName("final_job").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    table = f"{args['final_location']}/crop_acreage"
    clean = spark.read.parquet(f"{args['cleansed_location']}/acreage/run_id={args['run_id']}")
    write(transform(clean), table)
    written = spark.read.parquet(table).where(F.col("run_id") == args["run_id"])
    record_counts(args["run_table"], args["run_id"], final_rows=written.count())


if __name__ == "__main__":
    main()
