"""What is needed besides a plan to carry it out."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path

from common.base.lean_dataclass import dataclass
from common.model.choices import JOBS
from common.model.events import Report
from common.model.orphan import Types, no_type
from common.state.lease import Lock


@dataclass(frozen=True)
class ApplyContext:
    """What is needed besides the plan to carry it out.

    Args:
        pool: where changes run in parallel.
        build_dir: where built artifacts are.
        report: receives every event.
        lock: makes the lease on a project.
        wait: wait while another deploy holds a lease.
        about: who deploys what, for people who read the release root; called when a root is written.
        clock: returns seconds, for durations.
        types: finds the type of a resource that is no longer declared.
        jobs: how many changes are at work at most.
    """

    pool: Executor
    build_dir: Path
    report: Report
    lock: Callable[[str], Lock]
    wait: bool = False
    about: Callable[[], Mapping[str, str]] = dict
    clock: Callable[[], float] = time.monotonic
    types: Types = no_type
    jobs: int = JOBS
