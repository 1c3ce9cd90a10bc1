"""Lets a function or job of the embedded AWS wait for a debugger, and says how to attach one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.base.errors import UsageError
from common.environment.config import Environment
from common.environment.endpoints import account_words
from common.execution import selecting
from common.execution.follower import Tell
from common.execution.repository_paths import packaged_files
from common.local import debugging
from common.model.events import Note
from common.model.resource import Resource
from common.resources.function import Function

PYTHON = "python"
"""How the names of runtimes begin that a debugger can be attached to."""


def check(env: Environment, resource: Resource | None) -> None:
    """Checks that a debugger can be attached to a resource.

    Args:
        env: the environment.
        resource: what runs; None for a whole pipeline.

    Raises:
        UsageError: it cannot.
    """
    if resource is None or resource.key.kind not in {selecting.FUNCTION, selecting.JOB}:
        raise UsageError("--debug is for one function or job: add --only lambda/NAME or --only glue-job/NAME.")
    if env.embedded is None:
        raise UsageError(
            f"--debug is for the embedded AWS: {account_words(env.name, env.endpoints)}, where {resource.key} cannot be stopped. "
            "Deploy to an embedded environment and add its name, as in --env local."
        )
    if isinstance(resource, Function) and not resource.settings.runtime.startswith(PYTHON):
        raise UsageError(f"--debug is for Python; {resource.key} has the runtime {resource.settings.runtime}.")


@contextmanager
def waiting(root: Path, resource: Resource, report: Tell) -> Iterator[str]:
    """Requests that the run in the block waits for a debugger, and reports where it waits.

    Yields:
        The token of the request.
    """

    def tell(address: str) -> None:
        host, _, port = address.partition(":")
        launch = {"name": "attach", "type": "debugpy", "request": "attach", "connect": {"host": host, "port": int(port)}}
        report(Note(f"{resource.key} waits for a debugger at {address}, for ten minutes. Set breakpoints in this repository."))
        report(Note(f"  VS Code: add to configurations in .vscode/launch.json: {json.dumps(launch)}"))
        report(Note(f"  PyCharm: Run | Edit Configurations | Attach to DAP, with the remote address {address}"))
        report(Note("  No paths have to be mapped. Any user of this machine can attach while it waits. Ctrl-C ends the run."))

    with debugging.requested(root, packaged_files(resource), tell) as token:
        yield token
