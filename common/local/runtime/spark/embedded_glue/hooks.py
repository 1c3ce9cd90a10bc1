"""Where a script reaches Spark's catalog: each such method first fetches from the Data Catalog, and afterwards writes back."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pyspark.sql import DataFrame, DataFrameReader, DataFrameWriter, SparkSession
from pyspark.sql.catalog import Catalog

from embedded_glue import ddl
from embedded_glue.bridge import Bridge, Sql

P = ParamSpec("P")
T = TypeVar("T")

_bridges: dict[str, Bridge] = {}
_depth = [0]


def install() -> None:
    """Wrap the methods."""
    sql = SparkSession.sql
    SparkSession.builder.enableHiveSupport = lambda: SparkSession.builder
    SparkSession.sql = _in_sparks_words(sql)
    _wrap(SparkSession, ("sql", "table"), sql)
    _wrap(DataFrameReader, ("table",), sql)
    _wrap(DataFrameWriter, ("saveAsTable", "insertInto"), sql, writes=True)
    readers = ("listDatabases", "databaseExists", "getDatabase", "listTables", "tableExists", "getTable", "listColumns")
    _wrap(Catalog, readers, sql, lists=True)
    _wrap(Catalog, ("setCurrentDatabase",), sql)
    _wrap(Catalog, ("createTable", "createExternalTable", "recoverPartitions"), sql, writes=True)


def _in_sparks_words(sql: Sql) -> Sql:
    @functools.wraps(sql)
    def run(spark: SparkSession, sqlQuery: str, *args: object, **kwargs: object) -> DataFrame:
        return sql(spark, ddl.translated(sqlQuery), *args, **kwargs)

    return run


def _wrap(owner: type, names: tuple[str, ...], sql: Sql, *, writes: bool = False, lists: bool = False) -> None:
    for name in names:
        setattr(owner, name, _around(getattr(owner, name), sql, writes=writes, lists=lists))


def _around(method: Callable[P, T], sql: Sql, *, writes: bool, lists: bool) -> Callable[P, T]:
    @functools.wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        if _depth[0]:
            return method(*args, **kwargs)
        owner, *arguments = args
        spark = owner if isinstance(owner, SparkSession) else SparkSession.getActiveSession()
        text = " ".join(str(value) for value in (*arguments, *kwargs.values()))
        text = f"show {text}" if lists else text
        _depth[0] += 1
        try:
            bridge = _bridge(spark, sql)
            bridge.before(text)
            result = method(*args, **kwargs)
            bridge.after(text, writes=writes)
            return result
        finally:
            _depth[0] -= 1

    return wrapped


def _bridge(spark: SparkSession, sql: Sql) -> Bridge:
    return _bridges.setdefault(spark.sparkContext.applicationId, Bridge(spark, sql))
