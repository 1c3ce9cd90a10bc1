"""The embedded AWS behind ``--env local``.

It is ministack in an environment of its own, with Lambda handlers, Glue jobs and crawlers that really run.
"""

from pathlib import Path

from common.local import environments
from common.local.environments import Say
from common.local.server import Embedded, reset, running, start, stop

__all__ = ["Embedded", "reset", "running", "spark_python", "start", "stop"]


def spark_python(root: Path, say: Say = lambda _: None) -> tuple[Path, dict[str, str]]:  # noqa: ARG001 (one shape for all)
    """Python of Glue's Spark environment, installed on first use, and the environment variables to run it with.

    Environments are pinned by this checkout and shared by all roots.

    Raises:
        LocalError: a package cannot be fetched.
    """
    return environments.spark(say)
