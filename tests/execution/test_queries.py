"""`invoke query`: what it accepts, what DuckDB yields over a Data Catalog, and how Athena is asked."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common.base.errors import DeployError, UsageError
from common.execution import athena, local_query, statements


@pytest.mark.parametrize(
    "text",
    [
        "select * from a.b;",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "show tables in a",
        "describe a.b",
        "select 'drop; table' as \"delete\" -- insert\nfrom a.b",
        "(select 1)",
    ],
)
def test_statements_that_read_are_accepted(text: str) -> None:
    assert statements.checked(text) == text.rstrip(";")


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("drop table a.b", "DROP"),
        ("insert into a.b select 1", "INSERT"),
        ("with x as (select 1) insert into a.b select * from x", "INSERT"),
        ("explain analyze create table a.c as select 1", "CREATE"),
        ("select 1; drop table a.b", "one statement at a time"),
        ("/* select */ delete from a.b", "DELETE"),
        ("msck repair table a.b", "MSCK"),
        ("  ", "Give a statement"),
    ],
)
def test_statements_that_may_change_something_are_refused(text: str, verb: str) -> None:
    with pytest.raises(UsageError, match=verb):
        statements.checked(text)


def test_databases_may_have_their_names_in_declarations() -> None:
    names = {"farm": "acres_dev_farm"}
    renamed = statements.with_databases("select 'farm.x' from farm.crops join Farm .prices p on p.farm = other.farm.x", names)
    assert renamed == "select 'farm.x' from acres_dev_farm.crops join acres_dev_farm .prices p on p.farm = other.farm.x"
    assert statements.with_databases("SHOW TABLES IN farm", names) == "SHOW TABLES IN acres_dev_farm"
    assert statements.with_databases("select 1 as farm", names) == "select 1 as farm"
    assert statements.with_databases('select "farm" from "farm"."crops"', names) == 'select "farm" from "acres_dev_farm"."crops"'


class Catalog:
    """A Data Catalog with one database, and its objects."""

    def __init__(self) -> None:
        self.partitions = [("2024", "s3://b/crops/year=2024/")]
        self.objects = {
            "crops/year=2024/a.parquet": stored({"crop": ["corn", "rye"], "acres": [1.5, 2.5]}),
            "crops/_SUCCESS": b"x",
            "prices/p.csv": b"crop|price\ncorn|4\nrye|none\n",
            "notes/n.json": b'{"crop": "rye", "by": {"name": "Ann"}}\n',
        }
        columns = {
            "crops": [("crop", "string"), ("acres", "double")],
            "prices": [("crop", "string"), ("price", "bigint")],
            "notes": [("crop", "string"), ("by", "struct<name:string>")],
        }
        kinds = {"crops": "parquet", "prices": "csv", "notes": "json"}
        self.tables: list[Any] = [
            {
                "Name": name,
                "DatabaseName": "farm",
                "StorageDescriptor": {
                    "Location": f"s3://b/{name}/",
                    "Columns": [{"Name": column, "Type": kind} for column, kind in columns[name]],
                    "SerdeInfo": {"Parameters": {"field.delim": "|"} if name == "prices" else {}},
                },
                "PartitionKeys": [{"Name": "year", "Type": "int"}] if name == "crops" else [],
                "Parameters": {"classification": kinds[name], **({"skip.header.line.count": "1"} if name == "prices" else {})},
            }
            for name in kinds
        ]

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        partitions = [{"Values": [value], "StorageDescriptor": {"Location": place}} for value, place in self.partitions]
        contents = [
            {"Key": key, "Size": len(body)} for key, body in self.objects.items() if key.startswith(parameters.get("Prefix", ""))
        ]
        return [
            {
                "GetDatabases": {"DatabaseList": [{"Name": "farm"}]},
                "GetTables": {"TableList": self.tables},
                "GetPartitions": {"Partitions": partitions},
                "ListObjectsV2": {"Contents": contents},
            }[operation]
        ]

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> Any:
        assert operation == "GetTable"
        return next(({"Table": table} for table in self.tables if table["Name"] == parameters["Name"]), None)

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        assert operation == "GetObject"
        return {"Body": io.BytesIO(self.objects[parameters["Key"]])}


def query(statement: str, catalog: Catalog | None = None) -> Any:
    return local_query.run(catalog or Catalog(), statement)  # type: ignore[arg-type]  # only what a query asks


def test_duckdb_reads_the_tables_of_the_data_catalog() -> None:
    both = query("select c.crop, acres, year, price from farm.crops c join farm.prices p on c.crop = p.crop order by 1")
    assert both.columns == ("crop", "acres", "year", "price")
    assert both.rows == (("corn", 1.5, 2024, 4), ("rye", 2.5, 2024, None))
    assert query('select n."by".name from farm.notes n').rows == (("Ann",),)
    assert query("show tables in farm").rows == (("crops",), ("prices",), ("notes",))
    assert query("show tables").rows == (("farm", "crops"), ("farm", "prices"), ("farm", "notes"))
    assert query("show databases").rows == (("farm",),)
    assert query("describe farm.crops").rows[2][:2] == ("year", "INTEGER")


def test_athena_s_words_for_partitions_columns_and_functions_are_known() -> None:
    assert query("SHOW PARTITIONS farm.crops").rows == (("year=2024",),)
    assert query('show columns in "farm"."crops"').rows == (("crop",), ("acres",), ("year",))
    of_dates = "date_format(from_unixtime(0), '%Y-%m-%d %H:%i'), to_unixtime(timestamp '1970-01-02')"
    of_texts = """json_extract_scalar('{"a": "b"}', '$.a'), regexp_like('abc', '^a')"""
    functions = f"select approx_distinct(crop), {of_dates}, {of_texts} from farm.crops"
    assert query(functions).rows == ((2, "1970-01-01 00:00", 86400.0, "b", True),)
    with pytest.raises(DeployError, match="If Athena has date_parse, the statement runs in an account; here DuckDB runs it"):
        query("select date_parse('2024', '%Y')")
    with pytest.raises(DeployError, match=r"There is no table farm\.nothing"):
        query("show partitions farm.nothing")
    with pytest.raises(UsageError, match="SHOW CREATE runs in Athena alone"):
        query("show create table farm.crops")


def stored(columns: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


def test_files_may_have_other_columns_than_their_table() -> None:
    """As in Athena: what only the files have is left out, what they lack is null, and a partition without a value is null."""
    catalog = Catalog()
    crops = catalog.tables[0]["StorageDescriptor"]
    crops["Columns"].append({"Name": "note", "Type": "string"})
    crops["Location"] = "s3://b/crops"
    catalog.partitions = [("2024", "s3://b/crops/year=2024"), (local_query.NO_VALUE, "s3://b/crops/none")]
    catalog.objects |= {
        "crops/none/a.parquet": stored({"Acres": [3.0], "dropped": ["x"], "year": ["of the file"]}),
        "crops/year=2024-old/a.parquet": stored({"crop": ["of another folder"]}),
        "crops/year=2024/_temporary/0/a.parquet": b"unfinished",
    }
    rows = query("select crop, acres, note, year from farm.crops order by acres", catalog).rows
    assert rows == (("corn", 1.5, None, 2024), ("rye", 2.5, None, 2024), (None, 3.0, None, None))
    catalog.objects["notes/n.json"] = b'{"crop": "2024-01-02T03:04:05Z", "more": 1}\n'
    assert query('select crop, "by" from farm.notes', catalog).rows == (("2024-01-02T03:04:05Z", None),)
    catalog.objects["crops/none/a.parquet"] = stored({"acres": ["many"]})
    with pytest.raises(DeployError, match=r"The files of farm.crops do not fit the columns of the table: .*many"):
        query("select * from farm.crops", catalog)


def test_an_unknown_table_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(DeployError, match="The tables of farm are: crops, prices, notes"):
        query("select * from farm.corps")
    with pytest.raises(DeployError, match="The databases are: farm"):
        query("select * from ranch.crops")
    with pytest.raises(DeployError, match="disabled"):
        query("select * from read_csv('/etc/passwd')")


class Athena:
    """Athena for one query."""

    def __init__(self, state: str = "SUCCEEDED", place: str = "s3://results/") -> None:
        self.state, self.place, self.calls = state, place, list[tuple[str, dict[str, Any]]]()

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        self.calls.append((operation, parameters))
        rows = [{"Data": [{"VarCharValue": "n"}]}, {"Data": [{"VarCharValue": "1"}]}, {"Data": [{}]}]
        looks = sum(name == "GetQueryExecution" for name, _ in self.calls)
        status = {"State": "RUNNING" if looks < 2 else self.state, "StateChangeReason": "line 1:8: Column 'x' cannot be resolved"}
        return {
            "GetWorkGroup": {"WorkGroup": {"Configuration": {"ResultConfiguration": {"OutputLocation": self.place}}}},
            "StartQueryExecution": {"QueryExecutionId": "q"},
            "GetQueryExecution": {"QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": 10}}},
            "GetQueryResults": {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": [{"Name": "n"}]}, "Rows": rows}},
            "StopQueryExecution": {},
        }[operation]

    def sleep(self, seconds: float) -> None:
        if self.state == "INTERRUPTED":
            raise KeyboardInterrupt


def test_athena_runs_the_statement_in_the_workgroup() -> None:
    aws = Athena()
    result = athena.run(aws, "select n from a.b", "team", None)  # type: ignore[arg-type]  # only what a query asks
    assert (result.columns, result.rows, result.scanned_bytes) == (("n",), (("1",), (None,)), 10)
    assert aws.calls[1] == ("StartQueryExecution", {"QueryString": "select n from a.b", "WorkGroup": "team"})
    elsewhere = Athena(place="")
    athena.run(elsewhere, "select 1", "primary", "s3://mine/")  # type: ignore[arg-type]  # likewise
    assert elsewhere.calls[0][1]["ResultConfiguration"] == {"OutputLocation": "s3://mine/"}


def test_athena_says_why_a_query_failed_and_where_results_go_nowhere() -> None:
    with pytest.raises(DeployError, match="the query failed: line 1:8: Column 'x' cannot be resolved"):
        athena.run(Athena("FAILED"), "select x", "primary", None)  # type: ignore[arg-type]  # likewise
    with pytest.raises(UsageError, match="--output s3://BUCKET/PREFIX/"):
        athena.run(Athena(place=""), "select 1", "primary", None)  # type: ignore[arg-type]  # likewise
    stopped = Athena("INTERRUPTED")
    with pytest.raises(KeyboardInterrupt):
        athena.run(stopped, "select 1", "primary", None)  # type: ignore[arg-type]  # likewise
    assert stopped.calls[-1][0] == "StopQueryExecution"
