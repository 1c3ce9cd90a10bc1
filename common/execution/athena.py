"""Queries in a real account: Athena runs them.

Follows https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
"""

from common.aws.protocol import Aws
from common.base.errors import DeployError, UsageError
from common.base.json_types import JsonObject
from common.execution.query_result import QueryResult

POLL_SECONDS = 0.5
"""How long to wait between two looks at a query that runs."""
MAX_ROWS = 1000
"""How many rows are fetched: a page of Athena's answers. A query that yields more says so."""


def run(aws: Aws, statement: str, workgroup: str, output: str | None) -> QueryResult:
    """Runs a statement to its end; stopped with the command, it is stopped in Athena too.

    Raises:
        DeployError: the query failed.
        UsageError: the workgroup has no place for results, and none is given.
        AwsError: AWS refused a call.
    """
    place = {"ResultConfiguration": {"OutputLocation": output}} if output else {}
    if not output:
        _check_has_place(aws, workgroup)
    query_id = aws.call("athena", "StartQueryExecution", QueryString=statement, WorkGroup=workgroup, **place)["QueryExecutionId"]
    try:
        execution = _ended(aws, query_id)
    except BaseException:
        aws.call("athena", "StopQueryExecution", QueryExecutionId=query_id)
        raise
    status = execution["Status"]
    if status["State"] != "SUCCEEDED":
        raise DeployError(f"Athena: the query {status['State'].lower()}: {status.get('StateChangeReason', 'no reason is given')}")
    answer = aws.call("athena", "GetQueryResults", QueryExecutionId=query_id, MaxResults=MAX_ROWS)["ResultSet"]
    columns = tuple(column["Name"] for column in answer["ResultSetMetadata"]["ColumnInfo"])
    rows = [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in answer["Rows"]]
    if rows and rows[0] == columns:  # of a SELECT, the first row is the header
        rows = rows[1:]
    return QueryResult(columns, tuple(rows), execution.get("Statistics", {}).get("DataScannedInBytes"))


def _check_has_place(aws: Aws, workgroup: str) -> None:
    configuration = aws.call("athena", "GetWorkGroup", WorkGroup=workgroup)["WorkGroup"].get("Configuration", {})
    place = configuration.get("ResultConfiguration", {}).get("OutputLocation")
    managed = configuration.get("ManagedQueryResultsConfiguration", {}).get("Enabled")
    if not place and not managed:
        raise UsageError(
            f"The workgroup {workgroup} has no place for the results of queries. Give one: --output s3://BUCKET/PREFIX/, "
            "or name another workgroup: --workgroup NAME"
        )


def _ended(aws: Aws, query_id: str) -> JsonObject:
    while True:
        execution: JsonObject = aws.call("athena", "GetQueryExecution", QueryExecutionId=query_id)["QueryExecution"]
        if execution["Status"]["State"] not in {"QUEUED", "RUNNING"}:
            return execution
        aws.sleep(POLL_SECONDS)
