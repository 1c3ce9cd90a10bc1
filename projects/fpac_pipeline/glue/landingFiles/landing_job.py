"""Land one acreage file: CSV text in, typed Parquet out, nothing judged and nothing dropped.

A number that cannot be read becomes null, and its text is kept in ``unreadable``; so the table is typed and no row is lost
before the cleaning job can say why it is set aside.

Every run writes to a folder of its own, ``<landing_location>/run_id=<id>/``, and overwrites it. A repeated run therefore
ends with the same files, and the folders of earlier runs stay as they were: the landing zone keeps what arrived, when, and
from which file. ``loaded_at`` is the start of the execution, so that a retry of the job lands equal rows.

Arguments: ``run_id``, ``source_location`` (s3:// of the CSV), ``loaded_at`` (ISO 8601), ``landing_location``, ``run_table``.
"""

import sys

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from shared.run_record import record_counts

TEXTS = (
    "state_code",
    "county_code",
    "crop_code",
    "state_county_code",
    "state",
    "county",
    "crop",
    "crop_type",
    "intended_use",
    "irrigation_practice",
)
ACRES = (
    "planted_acres",
    "volunteer_acres",
    "failed_acres",
    "prevented_acres",
    "not_planted_acres",
    "planted_and_failed_acres",
)
YEAR_FORM = r"^\d{4}(\.0+)?$"  # spreadsheets export 2023 as 2023.0
ACRES_FORM = r"^[+-]?(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d*)?$"


def transform(rows: DataFrame, source_file: str, run_id: str, loaded_at: str) -> DataFrame:
    """Type the rows of one file.

    Args:
        rows: The CSV with FSA's column names, all columns text; columns FSA does not publish are left out.
        source_file: Where the file came from.
        run_id: The run that lands it.
        loaded_at: ISO 8601 time of loading.

    Returns:
        One row for each row read: ``program_year`` int, codes and names text, acres decimal(18,2), ``unreadable``
        (array of ``column=text``), ``source_file``, ``run_id``, ``loaded_at`` timestamp.
    """
    named = rows.toDF(*(column_name(name) for name in rows.columns))
    numbers = {"program_year": _year(), **{name: _acres(name) for name in ACRES}}
    unreadable = [
        F.when(_stripped(name).rlike(".") & number.isNull(), F.concat(F.lit(f"{name}="), _stripped(name)))
        for name, number in numbers.items()
    ]
    return named.select(
        numbers["program_year"].alias("program_year"),
        *TEXTS,
        *(numbers[name].alias(name) for name in ACRES),
        F.array_compact(F.array(*unreadable)).alias("unreadable"),
        F.lit(source_file).alias("source_file"),
        F.lit(run_id).alias("run_id"),
        F.to_timestamp(F.lit(loaded_at)).alias("loaded_at"),
    )


def column_name(header: str) -> str:
    """``Planted Acres`` as ``planted_acres``; a byte order mark before the first name is dropped."""
    return "_".join(header.lstrip("\ufeff").split()).lower()


def read(spark: SparkSession, location: str) -> DataFrame:
    """The CSV as text columns: a quote inside a field is doubled, a short row is filled up with nulls."""
    return spark.read.csv(location, header=True, inferSchema=False, quote='"', escape='"', mode="PERMISSIVE")


def _stripped(name: str) -> Column:
    return F.regexp_replace(F.coalesce(F.col(name), F.lit("")), r"^\s+|\s+$", "")


def _year() -> Column:
    text = _stripped("program_year")
    return F.when(text.rlike(YEAR_FORM), F.substring(text, 1, 4).cast("int"))


def _acres(name: str) -> Column:
    text = _stripped(name)
    return F.when(text.rlike(ACRES_FORM), F.regexp_replace(text, ",", "").cast("decimal(18,2)"))


def main() -> None:
    """Read, transform, write, and count what is in the zone afterwards."""
    from awsglue.utils import getResolvedOptions  # only Glue has it; transform is tested without

    names = ["run_id", "source_location", "loaded_at", "landing_location", "run_table"]
    args = getResolvedOptions(sys.argv, names)
    spark = SparkSession.builder.appName("landing_job").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    target = f"{args['landing_location']}/run_id={args['run_id']}"
    rows = read(spark, args["source_location"])
    landed = transform(rows, args["source_location"], args["run_id"], args["loaded_at"])
    landed.write.mode("overwrite").parquet(target)
    record_counts(args["run_table"], args["run_id"], landing_rows=spark.read.parquet(target).count())


if __name__ == "__main__":
    main()
