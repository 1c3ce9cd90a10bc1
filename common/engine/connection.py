"""Connects an environment with AWS, or with the embedded one, which is started if it is not running, and begins to read."""

import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import ParamSpec, TypeVar

from common.aws import profile, tagging_index
from common.aws.protocol import Aws
from common.aws.rates import Rates
from common.aws.session import AwsSession
from common.aws.tagging_index import Part
from common.base.errors import UsageError
from common.environment import config, endpoints
from common.environment.config import Environment
from common.environment.endpoints import Endpoints
from common.state.records import Records
from common.state.release_root import Mark

P = ParamSpec("P")
T = TypeVar("T")
LAST_SECONDS = 1.0
"""A command that ends waits at most this long for reads that it no longer needs."""


class FirstReads:
    """What a plan reads before it knows anything: who we are, what exists, and whether each project is as it was released.

    It begins as soon as the environment is known, and goes on while declarations are loaded.

    Args:
        aws: where to read.
        known: the environment's records.
        env: the environment.
        projects: which projects are probably planned for.
        parts: how to ask the tagging index.
        guard: proves that this is the right account. Nothing may be concluded from the others before it has.
        pool: where calls run in parallel.

    Attributes:
        caller: what `guard` returns.
        present: the ARNs of what exists, and their projects.
    """

    def __init__(
        self,
        aws: Aws,
        known: Records,
        env: Environment,
        projects: Collection[str],
        parts: Sequence[Part],
        guard: Callable[[], object],
        pool: Executor,
    ) -> None:
        self._records, self._pool = known, pool
        self._marks: dict[str, Future[Mark | None]] = {}
        self.present = [pool.submit(tagging_index.inventory, aws, env, part) for part in parts]  # this takes the most round trips
        for name in projects:
            self.mark(name)
        self.present.append(pool.submit(tagging_index.roles, aws, env))
        self.caller = pool.submit(guard)

    def mark(self, project: str) -> Future[Mark | None]:
        """The mark of a project's release root; read once."""
        if project not in self._marks:
            self._marks[project] = self._pool.submit(self._records.mark, project)
        return self._marks[project]


class Background(Executor):
    """Runs calls on threads for which Python does not wait when it ends: AWS may not answer for minutes.

    A declaration that cannot be loaded is reported at once, although AWS has been asked meanwhile.

    Args:
        jobs: how many calls may be under way at once.
    """

    def __init__(self, jobs: int) -> None:
        self._turn = threading.Semaphore(jobs)
        self._threads: list[threading.Thread] = []
        self._ended = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs a call on a thread of its own, as soon as it is its turn."""
        future: Future[T] = Future()

        def run() -> None:
            with self._turn:
                if self._ended:
                    future.cancel()
                    return
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 - as every executor does
                    future.set_exception(error)

        thread = threading.Thread(target=run, name="first read", daemon=True)
        self._threads.append(thread)
        thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begins nothing more, and leaves what does not end soon to itself."""
        del wait, cancel_futures
        self._ended = True
        end = time.monotonic() + LAST_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))


def connect(root: Path, env: Environment, jobs: int, say: Callable[[str], None]) -> AwsSession:
    """The session with the environment's account, at the endpoints that its configuration names.

    Args:
        root: the repository.
        env: the environment.
        jobs: how many calls may be under way at once.
        say: is told where AWS is asked, unless that is as usual.

    Raises:
        LocalError: the embedded AWS cannot be started.
        AccountError: the profile asks for a code, and nobody can be asked.
    """
    if env.embedded is not None:
        from common import local  # noqa: PLC0415 - only the embedded environment needs it

        started = local.start(root, account_id=env.account_id, region=env.region, port=env.embedded.port, say=say)
        where, rates = started.endpoints, None
    else:
        ignored = [*endpoints.diverting(os.environ), *profile.diverting()]
        for note in endpoints.notes(env.name, env.endpoints, ignored):
            say(note)
        where, rates = Endpoints(env.endpoints), Rates()
    aws = AwsSession(env.region, env.account_id, endpoints=where, connections=jobs, rates=rates)
    aws.say = say
    aws.sign_in()
    return aws


def start(root: Path, name: str, say: Callable[[str], None]) -> None:
    """Starts the embedded AWS of an environment, and tells how other tools find it.

    Raises:
        UsageError: the environment is a real account.
        LocalError: the embedded AWS cannot be started.
    """
    from common import local  # noqa: PLC0415 - only the embedded environment needs it

    env = config.load(root, name)
    if env.embedded is None:
        raise UsageError(f"{name} is a real account. Nothing has to be started for it.")
    running = local.start(root, account_id=env.account_id, region=env.region, port=env.embedded.port, say=say)
    say(f"The embedded AWS answers at {running.endpoint}, and only to whoever signs with {running.credentials}.")
    say(f"Other tools (aws, boto3, DuckDB, notebooks) find both in a shell after\n  {running.exports}")


def about(env: Environment) -> dict[str, str]:
    """What a release says of where it was deployed; nothing where that is as usual."""
    return {"endpoints": endpoints.told(env.endpoints)} if env.endpoints else {}
