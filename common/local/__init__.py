"""The embedded AWS behind ``--env local``.

It is ministack in its own Python environment, and really runs Lambda handlers, Glue jobs and crawlers.
"""

from pathlib import Path

from common.local import environments
from common.local.environments import Say, quiet
from common.local.server import Embedded, reset, running, start, stop

__all__ = ["Embedded", "reset", "running", "spark_python", "start", "stop"]


def spark_python(
    root: Path,  # noqa: ARG001 - the functions of this module all take the root
    say: Say = quiet,
    show: Say = quiet,
) -> tuple[Path, dict[str, str]]:
    """Returns the Python of Glue's Spark environment, which is installed on first use, and the variables to run it with.

    This checkout pins the environments, and all roots share them.

    Raises:
        LocalError: a package cannot be fetched.
    """
    return environments.spark(say, show)
