"""``awsglue.job.Job``: a run's beginning, and the commit of its bookmarks."""

from typing import Any

from awsglue.job import Job as PackagesJob

from embedded_glue import bookmarks


class Job(PackagesJob):
    """The package's own without its Java half."""

    def __init__(self, glue_context_or_spark_session: Any) -> None:
        self._context, self._ready = glue_context_or_spark_session, False

    def init(self, job_name: str, args: Any = None) -> None:
        """Begin the run."""
        self._ready = True

    def isInitialized(self) -> bool:
        """Whether the run has begun."""
        return self._ready

    def commit(self) -> None:
        """Remember what was read, where the job's bookmarks are enabled."""
        bookmarks.commit()
