"""A deploy, or a plan, that may know without loading a declaration that nothing has changed. On moto."""

import contextlib
import io
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from unittest import mock

from common.aws.session import AwsSession
from common.base.errors import DeployError
from common.commands.invocation import INVOCATION, Invocation
from common.commands.unchanged import TracedCommand, Unchanged
from common.declare.trace import TraceFile
from common.model import steps
from common.model.choices import Choices
from common.model.resource import Action, Plan
from tests.support.repository import ACCOUNT, fresh_imports

FUNCTION = 'p.function("Validate", environment={"LEVEL": "1"})'


class Ran:
    """A deploy, or a plan, as it is typed, some time after every file was written.

    Args:
        root: the repository.
        planning: it is a plan.
        requested: the task.
        json: it prints one JSON object.
        aws: what it asks; moto, if it is not given.
        chosen: options of the command line.
    """

    def __init__(
        self,
        root: Path,
        *,
        planning: bool = False,
        requested: str = "deploy",
        json: bool = False,
        aws: Callable[[], AwsSession] = lambda: AwsSession("eu-central-1", ACCOUNT),
        **chosen: Any,
    ) -> None:
        out = io.StringIO()
        choices, covered = Choices(env="dev", jobs=4, **chosen), steps.covered([requested])
        self.is_early, self.loaded, self.plan, self.error, self.calls = False, True, Plan(()), "", Counter[str]()

        def connected() -> AwsSession:
            self.is_early = isinstance(command._command, Unchanged)  # and not yet a deployment
            session = aws()
            self.calls = session.calls
            return session

        with fresh_imports(), mock.patch.dict(os.environ), contextlib.redirect_stdout(out):
            os.environ.pop("PYTEST_CURRENT_TEST", None)  # which is another in each phase of a test
            file = TraceFile(root, choices, time.time_ns() + 10**10) if choices.is_plain else None
            invocation = Invocation([(requested, {})], root=root)
            begun_with = INVOCATION.set(invocation)
            command = TracedCommand(
                file, invocation, choices, covered, planning=planning, json=json, verbose=False, aws=connected
            )
            try:
                self._run(command, () if planning else covered)
            except (DeployError, KeyboardInterrupt) as error:
                self.error = f"{type(error).__name__}: {error}"
            finally:
                INVOCATION.reset(begun_with)
        self.told = re.sub(r'\d+\.\d s|"seconds": [0-9.]+', "", out.getvalue())

    def _run(self, command: TracedCommand, covered: Collection[str]) -> None:
        try:
            deployment = command.deployment()
            self.loaded, self.plan = not isinstance(deployment, Unchanged), deployment.plan()
            for name in covered:
                deployment.step(name)
            deployment.prune()
        finally:
            command.close()

    @property
    def changes(self) -> dict[str, Action]:
        return {str(change.key): change.action for change in self.plan.changes if change.action is not Action.NOOP}


def forget(root: Path) -> None:
    for file in (root / "build/traces").iterdir():
        file.unlink()
