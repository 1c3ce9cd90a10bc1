"""What Athena knows and DuckDB does not: statements that show what a table has, and the names of common functions.

Follows https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html and https://trino.io/docs/current/functions.html
"""

import re

from common.aws.protocol import Aws
from common.base.errors import DeployError, UsageError
from common.base.json_types import JsonObject
from common.execution.query_result import QueryResult

_PLACEHOLDERS = {
    "%M": "%B",
    "%i": "%M",
    "%s": "%S",
    "%T": "%H:%M:%S",
    "%e": "%-d",
    "%c": "%-m",
    "%k": "%-H",
    "%h": "%I",
    "%W": "%A",
}
"""Parts of the patterns of dates, which are MySQL's in Athena, by what DuckDB calls them. The order counts."""


def _pattern() -> str:
    pattern = "p"
    for athena, duckdb in _PLACEHOLDERS.items():
        pattern = f"replace({pattern}, '{athena}', '{duckdb}')"
    return pattern


FUNCTIONS = (
    "approx_distinct(x) AS approx_count_distinct(x)",
    "date_format(t, p) AS strftime(t, " + _pattern() + ")",
    "from_unixtime(n) AS to_timestamp(n)",
    "json_extract_scalar(j, p) AS json_extract_string(j, p)",
    "regexp_like(s, p) AS regexp_matches(s, p)",
    "to_unixtime(t) AS epoch(t)",
)
"""Functions of Athena, as macros of DuckDB."""
_TABLE = r"[`\"]?([\w-]+)[`\"]?\s*\.\s*[`\"]?([\w-]+)[`\"]?"
_SHOW_PARTITIONS = re.compile(rf"show\s+partitions\s+{_TABLE}", re.IGNORECASE)
_SHOW_COLUMNS = re.compile(rf"show\s+columns\s+(?:in|from)\s+{_TABLE}", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"show\s+create|show\s+tblproperties|show\s+views|desc(?:ribe)?\s+(?:formatted|extended)\b", re.IGNORECASE
)


def shown(aws: Aws, statement: str) -> QueryResult | None:
    """Returns what SHOW PARTITIONS and SHOW COLUMNS yield; None for any other statement.

    Raises:
        UsageError: only Athena runs the statement.
        DeployError: there is no such table.
        AwsError: AWS refused a call.
    """
    if _ELSEWHERE.match(statement):
        words = " ".join(statement.split()[:2]).upper()
        raise UsageError(f"{words} runs in Athena alone. DESCRIBE database.table shows the columns of a table here, too.")
    if match := _SHOW_PARTITIONS.fullmatch(statement):
        keys = [column["Name"] for column in _table(aws, match[1], match[2]).get("PartitionKeys", ())]
        pages = aws.pages("glue", "GetPartitions", DatabaseName=match[1], TableName=match[2])
        values = [part["Values"] for page in pages for part in page["Partitions"]]
        return QueryResult(("partition",), tuple(("/".join(map("=".join, zip(keys, part, strict=True))),) for part in values))
    if match := _SHOW_COLUMNS.fullmatch(statement):
        table = _table(aws, match[1], match[2])
        columns = [*table.get("StorageDescriptor", {}).get("Columns", ()), *table.get("PartitionKeys", ())]
        return QueryResult(("field",), tuple((column["Name"],) for column in columns))
    return None


def advice(error: str) -> str:
    """Returns what to say of an error of DuckDB about a function that it lacks; empty for any other error."""
    lacks = re.search(r"Function with name (\S+) does not exist", error)
    return f"\nIf Athena has {lacks[1]}, the statement runs in an account; here DuckDB runs it." if lacks else ""


def _table(aws: Aws, database: str, name: str) -> JsonObject:
    response = aws.find("glue", "GetTable", "EntityNotFoundException", DatabaseName=database, Name=name)
    if response is None:
        raise DeployError(f"There is no table {database}.{name}. SHOW TABLES lists those that there are.")
    return dict(response["Table"])
