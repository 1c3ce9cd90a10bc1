"""Carries out plans until a signal asks to stop. Deploying and destroying both use this."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from common.base.errors import DeployError, FailedError, StoppedError
from common.base.lean_dataclass import dataclass
from common.base.signals import Stopping
from common.declare.naming import ARTIFACT_BUCKET
from common.engine.apply import Engine
from common.engine.apply_context import ApplyContext
from common.engine.connection import Connection
from common.engine.plan_data import Outcome
from common.model.choices import JOBS
from common.model.events import Note, Report
from common.model.orphan import Types
from common.model.resource import Resource
from common.resources import of_kind
from common.state.lease import Lock

BUCKET = ARTIFACT_BUCKET
"""The artifact bucket has this key."""


@dataclass(frozen=True)
class Counts:
    """How many changes were carried out, failed, were not tried, and were skipped."""

    done: int = 0
    failed: int = 0
    untried: int = 0
    skipped: int = 0


class Interruptible:
    """Carries out plans, and starts no further change once a signal has asked to stop.

    Args:
        connection: the connection with AWS.
        build_dir: where built artifacts are.
        report: receives every event.
        lease: makes the lease on a project.
        about: who deploys what; called when a release root is written.
        wait: wait while another deploy holds a lease.
        types: finds the type of a resource that is no longer declared.
        jobs: how many changes are at work at most.

    Attributes:
        engine: carries out the current plan; None before the first.
    """

    def __init__(
        self,
        connection: Connection,
        build_dir: Path,
        report: Report,
        lease: Callable[[str], Lock],
        about: Callable[[], Mapping[str, str]],
        *,
        wait: bool = False,
        types: Types = of_kind,
        jobs: int = JOBS,
    ) -> None:
        self._connection = connection
        self._context = ApplyContext(connection.changes, build_dir, report, lease, wait, about, types=types, jobs=jobs)
        self._stopping = Stopping(self._stop, lambda text: report(Note(text)))
        self.engine: Engine | None = None

    def begin(self, outcome: Outcome, resources: Sequence[Resource]) -> Engine:
        """The engine that carries out a plan; from now on a signal stops it in an orderly way."""
        self._stopping.watch()
        self.engine = Engine(self._connection.aws, self._connection.records, resources, outcome, BUCKET, self._context)
        if self._stopping.number is not None:  # while there was nothing to stop
            self.engine.interrupt()
        return self.engine

    def check_stopped(self) -> None:
        """Goes on unless a signal has asked to stop.

        Raises:
            StoppedError: it has.
        """
        if self._stopping.number is not None:
            raise StoppedError(self._stopping.number) from None

    @property
    def counts(self) -> Counts:
        """How many changes of the current plan had each outcome."""
        engine = self.engine
        if engine is None:
            return Counts()
        return Counts(*map(len, (engine.done, engine.failed, engine.untried, engine.skipped)))

    def close(self) -> None:
        """Writes the release roots, gives the leases back, and restores the signal handlers.

        Raises:
            FailedError: something failed; each failure was reported when it happened.
            StoppedError: the user or the system asked to stop.
        """
        try:
            if self.engine is not None:
                self.engine.finish()
        finally:
            self._stopping.end()
        self.check_stopped()
        if (error := self._incomplete()) is not None:
            raise error

    def _incomplete(self) -> DeployError | None:
        counts = self.counts
        if not (counts.failed or counts.untried):
            return None
        what = f"{counts.failed} failed, {counts.untried} not tried."
        return FailedError(f"{what} What succeeded is recorded: deploy again to continue from here.")

    def _stop(self) -> None:
        self._connection.aws.stop_waiting()
        if self.engine is not None:
            self.engine.interrupt()
