"""Clean the rows that one run landed: normalise codes and names, keep each row once, set the rest aside with a reason.

Every landed row ends in exactly one of two places, so ``landed = cleansed + rejected`` holds for every run. A rejected row is
kept as it was landed, with all its reasons. The rules:

* Text loses outer and repeated inner spaces and becomes upper case. ``NULL``, ``N/A`` and nothing at all count as blank; a
  blank crop type or intended use is ``NONE``.
* Codes lose a spreadsheet's ``.0`` and get their leading zeros back: state 2 digits, county 3, crop 4, both together 5. The
  state's name and postal code follow from its code, and a state given must be one of the two. A crop code may be blank.
* Intended use is a code of two letters, irrigation practice is I, N or O; common words for them are translated.
* A blank acre field is 0. A row whose acre fields are all blank, or one of them negative, is rejected. Planted and failed
  acres are added up anew.
* Rows equal in everything after this are one report: the first (in the order of the landed values) stays. Rows of one year,
  county, crop, type, use and practice that differ elsewhere contradict each other: nobody can tell which holds, all go.

Each run overwrites its own two folders, ``acreage/run_id=<id>/`` and ``rejected/run_id=<id>/`` under ``cleansed_location``, and
reads only its own landed folder: repeating it repeats the result. More than ``max_rejected_percent`` rejected rows fail the
job, after they were written for inspection and before the final table is touched.

Arguments: ``run_id``, ``landing_location``, ``cleansed_location``, ``max_rejected_percent``, ``run_table``.
"""

import sys
from itertools import chain

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from shared.run_record import record_counts

FIRST_YEAR, LAST_YEAR = 2009, 2099  # FSA publishes since 2009
STATE_CODES = """
    01 AL ALABAMA,02 AK ALASKA,04 AZ ARIZONA,05 AR ARKANSAS,06 CA CALIFORNIA,08 CO COLORADO,09 CT CONNECTICUT,
    10 DE DELAWARE,11 DC DISTRICT OF COLUMBIA,12 FL FLORIDA,13 GA GEORGIA,15 HI HAWAII,16 ID IDAHO,17 IL ILLINOIS,
    18 IN INDIANA,19 IA IOWA,20 KS KANSAS,21 KY KENTUCKY,22 LA LOUISIANA,23 ME MAINE,24 MD MARYLAND,
    25 MA MASSACHUSETTS,26 MI MICHIGAN,27 MN MINNESOTA,28 MS MISSISSIPPI,29 MO MISSOURI,30 MT MONTANA,31 NE NEBRASKA,
    32 NV NEVADA,33 NH NEW HAMPSHIRE,34 NJ NEW JERSEY,35 NM NEW MEXICO,36 NY NEW YORK,37 NC NORTH CAROLINA,
    38 ND NORTH DAKOTA,39 OH OHIO,40 OK OKLAHOMA,41 OR OREGON,42 PA PENNSYLVANIA,44 RI RHODE ISLAND,
    45 SC SOUTH CAROLINA,46 SD SOUTH DAKOTA,47 TN TENNESSEE,48 TX TEXAS,49 UT UTAH,50 VT VERMONT,51 VA VIRGINIA,
    53 WA WASHINGTON,54 WV WEST VIRGINIA,55 WI WISCONSIN,56 WY WYOMING,60 AS AMERICAN SAMOA,66 GU GUAM,
    69 MP NORTHERN MARIANA ISLANDS,72 PR PUERTO RICO,78 VI VIRGIN ISLANDS
"""
STATES = {code: (postal, name) for code, postal, name in (entry.split(maxsplit=2) for entry in STATE_CODES.strip().split(","))}
BLANK = ("", "NULL", "N/A")
USES = {
    "GRAIN": "GR",
    "FORAGE": "FG",
    "GRAZING": "GZ",
    "SEED": "SD",
    "FRESH": "FH",
    "PROCESSED": "PR",
    "NONE": "NONE",
}
PRACTICES = {
    **dict.fromkeys(("I", "IRR", "IRRIGATED"), "I"),
    **dict.fromkeys(("N", "NONIRRIGATED", "NON-IRRIGATED", "NON IRRIGATED", "DRYLAND"), "N"),
    **dict.fromkeys(("O", "OTHER"), "O"),
}
ACRES = ("planted_acres", "volunteer_acres", "failed_acres", "prevented_acres", "not_planted_acres")
IDENTITY = ("program_year", "state_code", "county_code", "crop", "crop_type", "intended_use", "irrigation_practice")
CLEANSED = (*IDENTITY, "state", "state_name", "county", "crop_code", *ACRES, "planted_and_failed_acres")

CONTRADICTION = "contradicts another row of the same county, crop, type, use and practice"
DUPLICATE = "duplicate of another row"


def transform(landed: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Split landed rows into clean ones and rejected ones.

    Returns:
        The clean rows (columns ``CLEANSED`` and ``run_id``; ``state`` is the postal code), and the rejected ones as landed,
        with ``reason`` (all that apply, separated by ``; ``).
    """
    judged = _judge_together(_judge_alone(_normalise(landed)))
    sound = F.size("reasons") == 0
    clean = judged.where(sound).select(*CLEANSED, "landed.run_id")
    rejected = judged.where(~sound).select("landed.*", F.array_join("reasons", "; ").alias("reason"))
    return clean, rejected


def _normalise(landed: DataFrame) -> DataFrame:
    """Normalised columns beside the row as landed; what has no normal form is null."""
    state_code, use = _code("state_code", 2), _text("intended_use", "NONE")
    no_acres = F.coalesce(*(F.col(name) for name in ACRES)).isNull()
    zero = F.lit(0).cast("decimal(18,2)")
    acres = {name: F.coalesce(F.col(name), zero) for name in ACRES}
    total = (acres["planted_acres"] + acres["failed_acres"]).cast("decimal(18,2)")
    return landed.select(
        F.struct(*landed.columns).alias("landed"),
        "program_year",
        state_code.alias("state_code"),
        _lookup({code: postal for code, (postal, _) in STATES.items()}, state_code).alias("state"),
        _lookup({code: name for code, (_, name) in STATES.items()}, state_code).alias("state_name"),
        _text("state").alias("given_state"),
        _code("county_code", 3).alias("county_code"),
        _code("state_county_code", 5).alias("given_state_county"),
        _code("crop_code", 4).alias("crop_code"),
        *(_text(name).alias(name) for name in ("county", "crop")),
        _text("crop_type", "NONE").alias("crop_type"),
        F.coalesce(_lookup(USES, use), F.when(use.rlike("^[A-Z]{2}$"), use)).alias("intended_use"),
        _lookup(PRACTICES, _text("irrigation_practice")).alias("irrigation_practice"),
        no_acres.alias("no_acres"),
        *(column.alias(name) for name, column in acres.items()),
        total.alias("planted_and_failed_acres"),
    )


def _judge_alone(rows: DataFrame) -> DataFrame:
    """Add ``reasons``: what is wrong with a row by itself."""
    blank_crop_code = _text("landed.crop_code") == ""
    full_code = F.concat("state_code", "county_code")
    reasons = {
        "program year is not from 2009 to 2099": ~_true(F.col("program_year").between(FIRST_YEAR, LAST_YEAR)),
        "unknown state code": F.col("state").isNull(),
        "state does not match its code": F.col("state").isNotNull()
        & ~F.col("given_state").isin("")
        & ~_true(F.col("given_state").isin(F.col("state"), F.col("state_name"))),
        "county code is not a number of three digits": F.col("county_code").isNull(),
        "state county code does not match": F.col("given_state_county").isNotNull()
        & full_code.isNotNull()
        & (F.col("given_state_county") != full_code),
        "county is blank": F.col("county") == "",
        "crop is blank": F.col("crop") == "",
        "crop code is not a number of four digits": F.col("crop_code").isNull() & ~blank_crop_code,
        "unknown intended use": F.col("intended_use").isNull(),
        "unknown irrigation practice": F.col("irrigation_practice").isNull(),
        "no acres": F.col("no_acres"),
        "negative acres": F.least(*ACRES) < 0,
    }
    unreadable = F.transform("landed.unreadable", lambda text: F.concat(F.lit("unreadable "), text))
    failed = F.array_compact(F.array(*(F.when(wrong, F.lit(reason)) for reason, wrong in reasons.items())))
    return rows.withColumn("reasons", F.concat(unreadable, failed))


def _judge_together(rows: DataFrame) -> DataFrame:
    """Add what is wrong with a sound row beside the other sound ones: a contradiction or a duplicate."""
    sound = F.size("reasons") == 0
    same_identity = Window.partitionBy(sound, *IDENTITY)
    everything = F.struct(*CLEANSED)
    variants = F.size(F.collect_set(everything).over(same_identity))
    copy = F.row_number().over(same_identity.orderBy("landed"))
    wrong = F.when(variants > 1, F.lit(CONTRADICTION)).when(copy > 1, F.lit(DUPLICATE))
    counted = rows.withColumn("together", wrong)
    return counted.withColumn(
        "reasons", F.when(sound & F.col("together").isNotNull(), F.array("together")).otherwise(F.col("reasons"))
    )


def _text(name: str, blank: str = "") -> Column:
    words = F.upper(F.regexp_replace(F.coalesce(F.col(name), F.lit("")), r"\s+", " "))
    trimmed = F.regexp_replace(words, "^ | $", "")
    return F.when(trimmed.isin(*BLANK), F.lit(blank)).otherwise(trimmed)


def _code(name: str, digits: int) -> Column:
    """The code with all its digits; null when it is none."""
    bare = F.regexp_replace(_text(name), r"\.0+$", "")
    return F.when(bare.rlike(rf"^\d{{1,{digits}}}$"), F.lpad(bare, digits, "0"))


def _lookup(table: dict[str, str], key: Column) -> Column:
    return F.create_map(*(F.lit(part) for part in chain.from_iterable(table.items())))[key]


def _true(condition: Column) -> Column:
    return F.coalesce(condition, F.lit(False))


def refuse_too_many_rejected(cleansed: int, rejected: int, max_percent: float) -> None:
    """Raise ValueError when more rows than allowed were set aside, or nothing is left."""
    share = 100 * rejected / max(1, cleansed + rejected)
    if cleansed == 0 or share > max_percent:
        raise ValueError(f"{rejected} of {cleansed + rejected} rows were rejected, {share:.1f}% (allowed: {max_percent:g}%)")


def main() -> None:
    """Read this run's landed rows, write both folders, count what is in them."""
    from awsglue.utils import getResolvedOptions  # only Glue has it; transform is tested without

    names = ["run_id", "landing_location", "cleansed_location", "max_rejected_percent", "run_table"]
    args = getResolvedOptions(sys.argv, names)
    spark = SparkSession.builder.appName("cleaning_job").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    run = f"run_id={args['run_id']}"
    counts = {}
    tables = transform(spark.read.parquet(f"{args['landing_location']}/{run}"))
    for folder, rows in zip(("acreage", "rejected"), tables, strict=True):
        target = f"{args['cleansed_location']}/{folder}/{run}"
        rows.write.mode("overwrite").parquet(target)
        counts[folder] = spark.read.parquet(target).count()
    record_counts(args["run_table"], args["run_id"], cleansed_rows=counts["acreage"], rejected_rows=counts["rejected"])
    refuse_too_many_rejected(counts["acreage"], counts["rejected"], float(args["max_rejected_percent"]))


if __name__ == "__main__":
    main()
