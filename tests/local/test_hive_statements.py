"""Hive's clauses of CREATE TABLE are said in Spark's words; what is inside a text stays as it is."""

import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "common" / "local" / "runtime" / "spark"


def translated(*statements: str) -> list[str]:
    """The statements as the library of jobs hands them to Spark, or why it refuses them."""
    program = (
        "import json, sys\nfrom embedded_glue import ddl\n"
        "def said(text):\n    try:\n        return ddl.translated(text)\n"
        "    except NotImplementedError as error:\n        return str(error)\n"
        "for text in sys.argv[1:]:\n    print(said(text))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *statements], capture_output=True, text=True, cwd=LIBRARY, check=True)
    return done.stdout.splitlines()


SERDE = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES ('separatorChar'=';')"
CASES = {
    "CREATE EXTERNAL TABLE IF NOT EXISTS d.t (a INT COMMENT 'a ) stored as orc') STORED AS PARQUET LOCATION 's3://b/'":
        "CREATE TABLE IF NOT EXISTS d.t (a INT COMMENT 'a ) stored as orc') USING parquet  LOCATION 's3://b/'",
    "create table `d`.`t` (a INT) partitioned by (p INT) row format delimited fields terminated by '|' stored as textfile":
        "create table `d`.`t` (a INT) USING csv OPTIONS ('sep' '|') partitioned by (p INT)  ",
    f"CREATE TABLE t (a INT) {SERDE} TBLPROPERTIES ('skip.header.line.count'='1')":
        "CREATE TABLE t (a INT) USING csv OPTIONS ('sep' ';', 'header' 'true')  TBLPROPERTIES ('skip.header.line.count'='1')",
    "CREATE TABLE t (a INT) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/'":
        "CREATE TABLE t (a INT) USING json  LOCATION 's3://b/'",
    "CREATE TABLE t STORED AS ORC AS SELECT 1 AS a": "CREATE TABLE t USING orc  AS SELECT 1 AS a",
    "CREATE TABLE t (a INT) USING parquet": "CREATE TABLE t (a INT) USING parquet",
    "SELECT 'create table t stored as orc'": "SELECT 'create table t stored as orc'",
}  # fmt: skip


def test_clauses_of_hive_are_said_in_the_words_of_spark() -> None:
    assert translated(*CASES) == list(CASES.values())


@pytest.mark.parametrize("clause", ["STORED AS AVRO", "ROW FORMAT SERDE 'org.example.ThriftSerDe' LOCATION 's3://b/'"])
def test_formats_that_need_hive_are_refused_by_name(clause: str) -> None:
    (message,) = translated(f"CREATE TABLE t (a INT) {clause}")
    assert "is not available with the embedded AWS. There are " in message
