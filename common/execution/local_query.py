"""Queries in the embedded AWS: DuckDB runs them over the objects of the tables that a statement names.

Athena's SQL is Trino's. Both have most of what people look at data with; some functions only one of them has.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from common.aws.protocol import Aws
from common.base.errors import DeployError, UsageError
from common.base.json_types import JsonObject
from common.execution import athena_words, statements
from common.execution.query_result import QueryResult

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FORMATS = ("parquet", "json", "csv")
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""The value of a partition key in the partition of the rows that have none."""


def run(aws: Aws, statement: str) -> QueryResult:
    """Runs a statement over the Data Catalog and S3 of the embedded AWS.

    Raises:
        UsageError: DuckDB is not installed.
        DeployError: the statement fails, or a table has a format that is not read.
        AwsError: AWS refused a call.
    """
    try:
        import duckdb
    except ImportError:
        advice = "Install it: `uv sync --group query`."
        raise UsageError(f"duckdb is not installed; it runs queries over the embedded AWS. {advice}") from None
    names = statements.names(statement)
    databases = [item["Name"] for page in aws.pages("glue", "GetDatabases") for item in page["DatabaseList"]]
    if listed := _listing(aws, statement, databases) or athena_words.shown(aws, statement):
        return listed
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        for database in databases:
            if database.lower() in names:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(database)}")
                for table in _tables(aws, database):
                    if table["Name"].lower() in names:
                        try:
                            _load(aws, connection, table, Path(folder))
                        except duckdb.Error as error:
                            raise DeployError(
                                f"The files of {database}.{table['Name']} do not fit the columns of the table: {error}"
                            ) from None
        for function in athena_words.FUNCTIONS if "(" in statement else ():
            connection.execute(f"CREATE MACRO {function}")
        connection.execute("SET enable_external_access = false")
        try:
            cursor = connection.execute(statement)
            rows = tuple(tuple(row) for row in cursor.fetchall())
        except duckdb.Error as error:
            guess = re.compile(r'\nDid you mean "(information_schema|pg_|duckdb_|sqlite_).*')  # DuckDB's own, which nobody means
            advice = athena_words.advice(str(error)) or _advice(aws, statement, databases)
            raise DeployError(f"The query failed: {guess.sub('', str(error))}{advice}") from None
        columns = tuple(column[0] for column in cursor.description or ())
        return QueryResult(columns, rows)


def _listing(aws: Aws, statement: str, databases: list[str]) -> QueryResult | None:
    """What SHOW DATABASES and SHOW TABLES yield, in Athena's words, which DuckDB does not know."""
    if re.fullmatch(r"show\s+(databases|schemas)", statement, re.IGNORECASE):
        return QueryResult(("database_name",), tuple((name,) for name in databases))
    if re.fullmatch(r"show\s+tables", statement, re.IGNORECASE):
        tables = tuple((database, table["Name"]) for database in databases for table in _tables(aws, database))
        return QueryResult(("database_name", "tab_name"), tables)
    if match := re.fullmatch(r"show\s+tables\s+(?:in|from)\s+[`\"]?([\w-]+)[`\"]?", statement, re.IGNORECASE):
        if match.group(1) not in databases:
            raise DeployError(f"There is no database {match.group(1)!r}. There are: {', '.join(databases) or 'none'}")
        return QueryResult(("tab_name",), tuple((table["Name"],) for table in _tables(aws, match.group(1))))
    return None


def _tables(aws: Aws, database: str) -> Iterator[JsonObject]:
    for page in aws.pages("glue", "GetTables", DatabaseName=database):
        yield from page["TableList"]


def _load(aws: Aws, connection: "DuckDBPyConnection", table: JsonObject, folder: Path) -> None:
    """Makes a table of the objects of one, with the values of partitions as columns."""
    database, name = table["DatabaseName"], table["Name"]
    storage = table["StorageDescriptor"]
    kind = {**storage.get("Parameters", {}), **table.get("Parameters", {})}.get("classification", "")
    target = f"{_quoted(database)}.{_quoted(name)}"
    if kind not in _FORMATS:
        raise DeployError(
            f"{database}.{name} has the format {kind or 'unknown'}; the embedded AWS queries {', '.join(_FORMATS)}."
        )
    keys = table.get("PartitionKeys", [])
    declared = [*storage.get("Columns", []), *keys]
    columns = ", ".join(f"{_quoted(column['Name'])} {_duck_type(column['Type'])}" for column in declared)
    connection.execute(f"CREATE TABLE {target} ({columns})")
    parts: list[tuple[list[str], str]] = [([], storage["Location"])]
    if keys:
        pages = aws.pages("glue", "GetPartitions", DatabaseName=database, TableName=name)
        parts = [(part["Values"], part["StorageDescriptor"]["Location"]) for page in pages for part in page["Partitions"]]
    for number, (values, location) in enumerate(parts):
        place = folder / database / name / str(number)
        if not _download(aws, location, place):
            continue
        constants = {key["Name"]: value for key, value in zip(keys, values, strict=True)}
        connection.execute(f"INSERT INTO {target} BY NAME {_select(connection, table, kind, place, constants)}")


def _select(connection: "DuckDBPyConnection", table: JsonObject, kind: str, place: Path, constants: dict[str, str]) -> str:
    """What reads the columns of a table. As in Athena, files may have others, which are left out, and may lack some."""
    storage = table["StorageDescriptor"]
    files = _literal(str(place / "*"))
    reader = f"read_parquet({files}, union_by_name = true)"
    if kind == "json":
        types = ", ".join(f"{_literal(column['Name'])}: {_literal(_duck_type(column['Type']))}" for column in storage["Columns"])
        reader = f"read_json({files}, columns = {{{types}}})"
    elif kind == "csv":
        parameters = {**storage.get("Parameters", {}), **table.get("Parameters", {})}
        serde = storage.get("SerdeInfo", {}).get("Parameters", {})
        delimiter = serde.get("field.delim") or serde.get("separatorChar") or parameters.get("delimiter") or ","
        skipped = int(parameters.get("skip.header.line.count", 0) or 0)
        types = ", ".join(f"{_literal(column['Name'])}: 'VARCHAR'" for column in storage["Columns"])
        reader = f"read_csv({files}, header = false, skip = {skipped}, delim = {_literal(delimiter)}, columns = {{{types}}})"
    present = {name.lower() for name, *_ in connection.sql(f"FROM {reader}").description}
    own = [
        f"{_from_text(column) if kind == 'csv' else _quoted(column['Name'])} AS {_quoted(column['Name'])}"
        for column in storage["Columns"]
        if column["Name"].lower() in present
    ]
    added = [f"{'NULL' if value == NO_VALUE else _literal(value)} AS {_quoted(name)}" for name, value in constants.items()]
    if not own and not added:
        raise DeployError(f"The files of {table['DatabaseName']}.{table['Name']} have none of its columns.")
    return f"SELECT {', '.join([*own, *added])} FROM {reader}"  # noqa: S608 - names and values are quoted


def _from_text(column: JsonObject) -> str:
    """The value of a CSV's column; null where it is not of the column's type, as in Athena."""
    name, kind = _quoted(column["Name"]), _duck_type(column["Type"])
    return name if kind == "VARCHAR" else f"TRY_CAST(nullif({name}, '') AS {kind})"


def _download(aws: Aws, location: str, place: Path) -> int:
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    prefix = f"{prefix.rstrip('/')}/" if prefix else ""  # a location is a folder: that of c has nothing of cats
    count = 0
    for page in aws.pages("s3", "ListObjectsV2", Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            parts = entry["Key"].removeprefix(prefix).split("/")
            name = parts[-1]
            if entry["Size"] and name and not any(part.startswith(("_", ".")) for part in parts):
                place.mkdir(parents=True, exist_ok=True)
                body = aws.call("s3", "GetObject", Bucket=bucket, Key=entry["Key"])["Body"]
                (place / f"{count}-{name}").write_bytes(body.read())
                count += 1
    return count


def _duck_type(hive: str) -> str:
    """DuckDB's name of a type of Hive, also inside arrays, structs and maps."""
    text = hive.strip()
    inner = text[text.find("<") + 1 : -1]
    if text.startswith("array<"):
        return f"{_duck_type(inner)}[]"
    if text.startswith("struct<"):
        fields = (part.partition(":") for part in _split(inner))
        return f"STRUCT({', '.join(f'{_quoted(name)} {_duck_type(kind)}' for name, _, kind in fields)})"
    if text.startswith("map<"):
        key, value = _split(inner)
        return f"MAP({_duck_type(key)}, {_duck_type(value)})"
    return {"string": "VARCHAR", "binary": "BLOB", "int": "INTEGER"}.get(text, text)


def _split(text: str) -> list[str]:
    """The parts between the outermost commas."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def _advice(aws: Aws, statement: str, databases: list[str]) -> str:
    """The tables of the databases that the statement names, or the databases."""
    named = [name for name in databases if name.lower() in statements.names(statement)]
    if not named:
        return f"\nThe databases are: {', '.join(databases) or 'none; deploy and run a crawler first'}"
    return "".join(f"\nThe tables of {name} are: {', '.join(table['Name'] for table in _tables(aws, name))}" for name in named)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
