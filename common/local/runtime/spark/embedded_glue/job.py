"""``awsglue.job.Job``: a run's beginning, and the commit of its bookmarks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from awsglue.job import Job as PackagesJob

from embedded_glue import bookmarks

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from embedded_glue.context import GlueContext


class Job(PackagesJob):
    """The package's own without its Java half."""

    def __init__(self, glue_context_or_spark_session: "GlueContext | SparkSession") -> None:
        self._context, self._ready = glue_context_or_spark_session, False

    def init(self, job_name: str, args: Mapping[str, str] | None = None) -> None:
        """Begin the run."""
        self._ready = True

    def isInitialized(self) -> bool:
        """Whether the run has begun."""
        return self._ready

    def commit(self) -> None:
        """Remember what was read, where the job's bookmarks are enabled."""
        bookmarks.commit()
