"""`invoke query`: looks at data with SQL, in the embedded AWS through DuckDB, and in an account through Athena."""

from invoke.context import Context

from common.commands.option_help import QUERY, options
from common.commands.task import task
from common.model.choices import Choices


@task(subject="statement", help=options("env", "json", **QUERY), reads_only=True)
def query(
    _c: Context,
    statement: str | None = None,
    env: str | None = None,
    workgroup: str = "primary",
    output: str | None = None,
    csv: bool = False,
    json: bool = False,
) -> None:
    """Run one SQL statement that reads.

    `invoke query "select * from sales.orders limit 20" --env local`: with DuckDB
    over the embedded AWS, and with Athena in an account.
    """
    from common.base.errors import UsageError
    from common.commands.environment_command import opened
    from common.execution import athena, local_query, statements
    from common.report import query_report
    from common.resources.database import Database

    if json and csv:
        raise UsageError("Choose one of --json and --csv.")
    checked = statements.checked(statement or "")
    command = opened(Choices(env=env), query_report.quiet, json=json, must_exist=True)
    resources = command.declarations().resources
    databases = {database.key.name.lower(): database.name for database in resources if isinstance(database, Database)}
    statement_in_aws = statements.with_databases(checked, databases)
    aws = command.connection().aws
    embedded = command.workspace.environment.embedded is not None
    result = local_query.run(aws, statement_in_aws) if embedded else athena.run(aws, statement_in_aws, workgroup, output)
    query_report.write(result, "json" if json else "csv" if csv else "table")
