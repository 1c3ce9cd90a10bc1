"""Runs the jobs' transforms on real Spark, in an interpreter that has it, and prints what came out.

Each function marked as a check returns a pair, what Spark made and what it should have made; the output is one JSON
object ``{check: [made, expected]}``. One session serves all checks, since starting Spark takes longer than all of them together.

    python spark_checks.py
"""

import importlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
SAMPLE = HERE / "data" / "sample.csv"
LOADED_AT = "2024-01-15T09:30:00.250Z"


sys.path[:0] = [str(PROJECT / "glue" / stage) for stage in ("landingFiles", "cleaningFiles", "finalFiles")]
sys.path[:0] = [str(HERE), str(HERE / "data"), str(PROJECT)]
landing, cleaning, final, expected, make_sample = map(
    importlib.import_module, ("landing_job", "cleaning_job", "final_job", "expected", "make_sample")
)

GOOD_LINE = "2023,19,153,0041,19153,IOWA,POLK,CORN,YELLOW,GR,N,100.50,0.00,2.25,3.00,0.00,102.75"
GOOD: dict[str, str | None] = dict(zip(make_sample.HEADER, GOOD_LINE.split(","), strict=True))

Change = Mapping[str, str | None]
WRONG: dict[str, Change] = {  # the one reason of each
    "county code is not a number of three digits": {"County Code": "1234", "State County Code": ""},
    "county is blank": {"County": " "},
    "crop code is not a number of four digits": {"Crop Code": "CORN"},
    "crop is blank": {"Crop": None},
    "negative acres": {"Prevented Acres": "-0.01"},
    "no acres": dict.fromkeys(make_sample.ACRES, ""),
    "program year is not from 2009 to 2099": {"Program Year": "2008"},
    "state county code does not match": {"State County Code": "19155"},
    "state does not match its code": {"State": "OHIO"},
    "unknown intended use": {"Intended Use": "GRN"},
    "unknown irrigation practice": {"Irrigation Practice": ""},
    "unknown state code": {"State Code": "03", "State County Code": ""},
    "unreadable failed_acres=x": {"Failed Acres": "x"},
}

Pair = tuple[object, object]
Check = Callable[[SparkSession], Pair]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Mark a function as a check, named like the function."""
    CHECKS[function.__name__.strip("_")] = function
    return function


def _landed(spark: SparkSession, *changes: Change, run: str = "r1") -> DataFrame:
    """The good row with each of the changes, landed."""
    names = make_sample.HEADER
    rows = [tuple(change.get(name, GOOD[name]) for name in names) for change in changes]
    typed = spark.createDataFrame(rows, ", ".join(f"`{name}` string" for name in names))
    return landing.transform(typed, "s3://landing/a.csv", run, LOADED_AT)


def _clean(spark: SparkSession, *changes: Change) -> list[dict[str, Any]]:
    return [row.asDict() for row in cleaning.transform(_landed(spark, *changes))[0].collect()]


def _reasons(spark: SparkSession, *changes: Change) -> list[str]:
    rows: list[Any] = cleaning.transform(_landed(spark, *changes))[1].collect()
    return sorted(row.reason for row in rows)


def _only(rows: list[dict[str, Any]], *names: str) -> list[list[Any]]:
    return [[row[name] for name in names] for row in rows]


@check
def _landing_types(spark: SparkSession) -> Pair:
    return dict(_landed(spark, {}).dtypes), {
        "program_year": "int",
        **dict.fromkeys(landing.TEXTS, "string"),
        **dict.fromkeys(landing.ACRES, "decimal(18,2)"),
        "unreadable": "array<string>",
        "source_file": "string",
        "run_id": "string",
        "loaded_at": "timestamp",
    }


@check
def _landing_adds_origin(spark: SparkSession) -> Pair:
    row = _landed(spark, {}).selectExpr("source_file", "run_id", "cast(loaded_at as string) AS loaded_at").first()
    return list(row or ()), ["s3://landing/a.csv", "r1", "2024-01-15 09:30:00.25"]


@check
def _landing_reads_numbers(spark: SparkSession) -> Pair:
    acres = ["1,234,567.5", " 12 ", "+3.005", "-4", "5.", "", None]
    rows = _landed(spark, *({"Planted Acres": text} for text in acres)).select("planted_acres", "unreadable").collect()
    made = [[row.planted_acres, row.unreadable] for row in rows]
    numbers = [Decimal(text) for text in ("1234567.50", "12.00", "3.01", "-4.00", "5.00")]
    return made, [[number, []] for number in [*numbers, None, None]]


@check
def _landing_keeps_unreadable_text(spark: SparkSession) -> Pair:
    row = _landed(spark, {"Program Year": "20233", "Failed Acres": "12,34", "Planted Acres": "1O0"}).first()
    made = [row["program_year"], row["failed_acres"], row["planted_acres"], row["unreadable"]] if row else []
    return made, [None, None, None, ["program_year=20233", "planted_acres=1O0", "failed_acres=12,34"]]


@check
def _landing_reads_csv(spark: SparkSession) -> Pair:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        header = ",".join(f" {name.lower()}" for name in make_sample.HEADER)
        path.write_text(f'\ufeff{header},Extra\n2023,19,153,41,19153,IOWA,"O""BRIEN, WEST",CORN\n', encoding="utf-8")
        rows = landing.transform(landing.read(spark, str(path)), "f", "r1", LOADED_AT).collect()
    made = [[row.program_year, row.county, row.crop, row.planted_acres, row.unreadable] for row in rows]
    return made, [[2023, 'O"BRIEN, WEST', "CORN", None, []]]


@check
def _cleaning_keeps_a_good_row(spark: SparkSession) -> Pair:
    row = _clean(spark, {})[0]
    return row, {
        "program_year": 2023,
        "state_code": "19",
        "state": "IA",
        "state_name": "IOWA",
        "county_code": "153",
        "county": "POLK",
        "crop_code": "0041",
        "crop": "CORN",
        "crop_type": "YELLOW",
        "intended_use": "GR",
        "irrigation_practice": "N",
        **dict(zip(landing.ACRES, map(Decimal, ("100.50", "0.00", "2.25", "3.00", "0.00", "102.75")), strict=True)),
        "run_id": "r1",
    }


@check
def _cleaning_normalises_codes(spark: SparkSession) -> Pair:
    change = {"State Code": "6", "County Code": "19.0", "Crop Code": " 41", "State County Code": "6019", "State": "ca"}
    return _only(_clean(spark, change), "state", "state_code", "county_code", "crop_code"), [["CA", "06", "019", "0041"]]


@check
def _cleaning_normalises_text(spark: SparkSession) -> Pair:
    change = {"County": " black \t hawk ", "Crop Type": "n/a", "Intended Use": None, "Irrigation Practice": "non-irrigated"}
    columns = ("county", "crop_type", "intended_use", "irrigation_practice")
    return _only(_clean(spark, change), *columns), [["BLACK HAWK", "NONE", "NONE", "N"]]


@check
def _cleaning_fills_blank_acres(spark: SparkSession) -> Pair:
    change = {"Failed Acres": "", "Prevented Acres": None, "Planted and Failed Acres": ""}
    columns = ("failed_acres", "prevented_acres", "planted_and_failed_acres")
    return _only(_clean(spark, change), *columns), [[Decimal("0.00"), Decimal("0.00"), Decimal("100.50")]]


@check
def _cleaning_gives_each_reason(spark: SparkSession) -> Pair:
    return _reasons(spark, *WRONG.values()), sorted(WRONG)


@check
def _cleaning_gives_all_reasons(spark: SparkSession) -> Pair:
    made = _reasons(spark, {"Program Year": "20233", "Crop": ""})
    return made, ["unreadable program_year=20233; program year is not from 2009 to 2099; crop is blank"]


@check
def _cleaning_keeps_a_repeated_row_once(spark: SparkSession) -> Pair:
    changes: tuple[Change, ...] = ({}, {"County": " Polk"}, {"Planted Acres": "100.5"})
    return [len(_clean(spark, *changes)), _reasons(spark, *changes)], [1, [cleaning.DUPLICATE] * 2]


@check
def _cleaning_drops_contradictions(spark: SparkSession) -> Pair:
    changes: tuple[Change, ...] = ({}, {}, {"Planted Acres": "7"}, {"Crop": "OATS"})
    made = [_only(_clean(spark, *changes), "crop"), _reasons(spark, *changes)]
    return made, [[["OATS"]], [cleaning.CONTRADICTION] * 3]


@check
def _cleaning_ignores_rejected_rows_when_comparing(spark: SparkSession) -> Pair:
    changes: tuple[Change, ...] = ({}, {"Prevented Acres": "-1"})
    return [len(_clean(spark, *changes)), _reasons(spark, *changes)], [1, ["negative acres"]]


@check
def _final_adds_up(spark: SparkSession) -> Pair:
    changes: tuple[Change, ...] = (
        {},
        {"Irrigation Practice": "I", "Planted Acres": "10"},
        {"Crop Type": "WHITE", "Failed Acres": "0.10"},
        {"County Code": "169", "State County Code": "", "County": "STORY"},
    )
    rows = final.transform(cleaning.transform(_landed(spark, *changes))[0]).collect()
    columns = ("county", "planted_acres", "irrigated_planted_acres", "failed_acres", "planted_and_failed_acres", "reports")
    made = sorted([str(row[name]) for name in columns] for row in rows)
    return made, [["POLK", "211.00", "10.00", "4.60", "215.60", "3"], ["STORY", "100.50", "0.00", "2.25", "102.75", "1"]]


@check
def _final_replaces_only_its_partitions(spark: SparkSession) -> Pair:
    ohio: Change = {"State Code": "39", "State": "OHIO", "State County Code": ""}
    first = _landed(spark, {}, ohio, {"Program Year": "2022"}, run="r1")
    corrected = _landed(spark, {"Planted Acres": "1"}, run="r2")
    with tempfile.TemporaryDirectory() as folder:
        for landed in (first, corrected, corrected):
            final.write(final.transform(cleaning.transform(landed)[0]), folder)
        rows = spark.read.parquet(folder).collect()
        folders = sorted(str(path.parent.relative_to(folder)) for path in Path(folder).rglob("*.parquet"))
    made = [sorted([row.program_year, row.state, str(row.planted_acres), row.run_id] for row in rows), folders]
    return made, [
        [[2022, "IA", "100.50", "r1"], [2023, "IA", "1.00", "r2"], [2023, "OH", "100.50", "r1"]],
        ["program_year=2022/state=IA", "program_year=2023/state=IA", "program_year=2023/state=OH"],
    ]


def _sample(spark: SparkSession) -> tuple[DataFrame, DataFrame, DataFrame]:
    landed = landing.transform(landing.read(spark, str(SAMPLE)), str(SAMPLE), "r1", LOADED_AT)
    return landed, *cleaning.transform(landed)


@check
def _sample_final_rows(spark: SparkSession) -> Pair:
    rows = final.transform(_sample(spark)[1]).drop("run_id").collect()
    made = sorted((row.asDict() for row in rows), key=lambda r: (r["program_year"], r["state"], r["county_code"], r["crop"]))
    return made, [{name: row[name] for name in made[0]} for row in expected.final_rows(SAMPLE)]


@check
def _sample_counts(spark: SparkSession) -> Pair:
    landed, clean, rejected = _sample(spark)
    made = [landed.count(), clean.count(), rejected.count()]
    counts = expected.counts(SAMPLE)
    return made, [counts["landing_rows"], counts["cleansed_rows"], counts["rejected_rows"]]


@check
def _sample_has_every_kind_of_dirt(spark: SparkSession) -> Pair:
    rows = _sample(spark)[2].select("reason").collect()
    kinds = Counter(reason.split("=")[0] for row in rows for reason in row.reason.split("; "))
    reasons = {reason.split("=")[0] for reason in WRONG}
    reasons |= {cleaning.CONTRADICTION, cleaning.DUPLICATE, "unreadable program_year"}
    return sorted(kinds), sorted(reasons)


@check
def _too_many_rejected(_: SparkSession) -> Pair:
    outcomes = []
    for cleansed, rejected in ((80, 20), (79, 21), (0, 0)):
        try:
            cleaning.refuse_too_many_rejected(cleansed, rejected, 20)
            outcomes.append("accepted")
        except ValueError as error:
            outcomes.append(str(error))
    return outcomes, [
        "accepted",
        "21 of 100 rows were rejected, 21.0% (allowed: 20%)",
        "0 of 0 rows were rejected, 0.0% (allowed: 20%)",
    ]


def main() -> None:
    """Run all checks in one session."""
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    spark = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    results = {name: run(spark) for name, run in CHECKS.items()}
    spark.stop()
    sys.stdout.write(json.dumps(results, default=str))


if __name__ == "__main__":
    main()
