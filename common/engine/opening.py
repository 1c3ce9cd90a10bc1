"""What a command opens first: the session with AWS, or with the embedded one, which is started if it is not running, and threads.

It needs to know where the environment is, and nothing else: neither the models of configuration nor declarations.
"""

import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from common.aws import profile, tagging_index
from common.aws.protocol import Aws
from common.aws.rates import Budgets, Rates
from common.aws.retries import Refusals
from common.aws.session import AwsSession
from common.aws.tagging_index import Part
from common.base.background import Background
from common.base.errors import AccountError, UsageError
from common.base.json_types import JsonMapping
from common.engine.first_reads import FirstReads
from common.environment import endpoints
from common.environment.endpoints import Endpoints
from common.environment.site import Site
from common.model.resource import SHARED
from common.state.records import Records


class Account(Aws, Protocol):
    """A session with AWS that counts its calls and can prove to which account its credentials belong."""

    calls: Counter[str]

    def guard(self) -> str:
        """Proves that the credentials belong to the environment's account, and returns who we are there.

        Raises:
            AccountError: they do not.
        """
        ...

    def in_region(self, region: str) -> Aws:
        """A session in another region with the same credentials. Its calls are counted here."""
        ...

    def load(self, service: str) -> None:
        """Loads what calls of a service need."""
        ...

    def stop_waiting(self) -> None:
        """Lets refused calls fail at their next attempt, but for those that what was done is recorded with."""
        ...


CHANGES_PER_JOB = 4
"""There are this number of threads for each change that may be at work: those that wait for AWS need one, too."""
Connect = Callable[[], Account]
"""Makes AWS as an environment's configuration says."""


class Opening:
    """The session and the threads of a command. The first reads of its plan begin at once.

    Args:
        site: where the environment is.
        aws: the session with AWS.
        jobs: how many calls may run at once.
        projects: the projects of the command.
        parts: the requests to the tagging index, if a plan for these projects will be made.

    Attributes:
        aws: see above.
        pool: where calls run in parallel.
        changes: where changes run, of which those that only wait need a thread, too.
        background: where reads run for which nobody waits in the end.
        reads: the first reads; None if no plan will be made. Nobody may conclude anything from them before the account is proved.
    """

    def __init__(
        self, site: Site, aws: Account, jobs: int, projects: Collection[str] = (), parts: Sequence[Part] | None = None
    ) -> None:
        self.aws = aws
        self.pool, self.background = ThreadPoolExecutor(jobs, thread_name_prefix="aws"), Background(jobs)
        self.changes = ThreadPoolExecutor(jobs * CHANGES_PER_JOB, thread_name_prefix="change")
        self.reads: FirstReads | None = None
        if parts is not None:
            # On this thread: what it loads next would otherwise hold up the first requests, as one thread at a time runs Python.
            with suppress(AccountError):  # which the first call raises again
                aws.load(tagging_index.SERVICE)
            self.reads = FirstReads(aws, Records(aws, site), site, [SHARED, *projects], parts, self.background)
            self.reads.load_scanner_if_new()

    @property
    def calls(self) -> Mapping[str, int]:
        """How many calls were made, by operation."""
        return dict(self.aws.calls)

    def close(self) -> None:
        """Starts no further call, and waits for those that must not be abandoned."""
        self.pool.shutdown(cancel_futures=True)
        self.changes.shutdown(cancel_futures=True)
        self.background.shutdown()


def connect(
    root: Path,
    env: Site,
    jobs: int,
    say: Callable[[str], None],
    show: Callable[[str], None] = lambda _: None,
    *,
    enforce_iam: bool = False,
    current: bool = False,
    policy: Callable[[], JsonMapping] | None = None,
) -> AwsSession:
    """The session with the environment's account, at the endpoints that its configuration names.

    Args:
        root: the repository.
        env: the environment.
        jobs: how many calls may run at once.
        say: is called with a note about each endpoint that is not AWS's own.
        show: shows how far the first start of the embedded AWS is; an empty text removes that.
        enforce_iam: the embedded AWS must enforce IAM.
        current: the embedded AWS must be that of this version of the deployer.
        policy: returns the policy that a deployer needs; where the embedded AWS enforces IAM, we have this one and no other.
            None if we are the account itself there, which may do everything.

    Raises:
        UsageError: the environment is not embedded, so IAM is enforced anyway.
        LocalError: the embedded AWS cannot be started.
        AccountError: the profile asks for a code, and nobody can be asked.
    """
    if env.embedded is not None:
        from common import local  # only the embedded environment needs it

        started = local.start(
            root,
            account_id=env.account_id,
            region=env.region,
            port=env.embedded.port,
            enforce_iam=enforce_iam,
            current=current,
            say=say,
            show=show,
        )
        where = started.endpoints
        if started.enforces_iam and policy is not None:
            from common.engine import embedded_deployer  # only where IAM is enforced

            where, note = embedded_deployer.endpoints(env, started.endpoints, policy)
            say(note)
    elif enforce_iam:
        enforcing = "whether IAM is enforced there cannot be chosen here" if env.endpoints else "IAM is always enforced there"
        raise UsageError(f"{endpoints.account_words(env.name, env.endpoints)}: {enforcing}. Leave out --enforce-iam.")
    else:
        ignored = [*endpoints.diverting_variables(os.environ), *profile.diverting_settings()]
        for note in endpoints.endpoint_notes(env.name, env.endpoints, ignored):
            say(note)
        where = Endpoints(env.endpoints)
    rates = Rates(_budgets)
    aws = AwsSession(env.region, env.account_id, endpoints=where, connections=jobs, rates=rates, refusals=_refusals)
    aws.say = say
    aws.sign_in()
    return aws


def _budgets() -> Budgets:
    from common.resources import budgets  # an unchanged deploy loads no kinds of resources

    return budgets()


def _refusals() -> Refusals:
    from common.resources import refusals  # an unchanged deploy loads no kinds of resources

    return refusals()
