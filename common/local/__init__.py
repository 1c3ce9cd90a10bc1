"""The embedded AWS behind ``--env local``.

It is ministack in its own Python environment, and really runs Lambda handlers, Glue jobs and crawlers.
"""

from pathlib import Path

from common.local import environments
from common.local.environments import Say, quiet
from common.local.server import Embedded, reset, running, start, stop

__all__ = ["Embedded", "job_python", "reset", "running", "spark_python", "start", "stop"]


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


def job_python(root: Path, *, is_shell: bool, say: Say = quiet, show: Say = quiet) -> Path:
    """Returns the Python that runs a job's script, which is installed on first use: a Python shell's has no Spark.

    Raises:
        LocalError: a package cannot be fetched.
    """
    return environments.python("pythonshell", say, show=show) if is_shell else spark_python(root, say, show)[0]
