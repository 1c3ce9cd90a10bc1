"""The connection of one environment with AWS, or with the embedded one, which is started if it is not running.

Whoever has a `Connection` has proof that it is the environment's account: its constructor asks. A `Connecting` makes one on
threads of its own while the caller reads the repository, and begins the first reads of a plan meanwhile.
"""

import os
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from common.aws import parameter_store, profile
from common.aws.protocol import Aws
from common.aws.rates import Rates
from common.aws.session import AwsSession
from common.aws.tagging_index import Part
from common.base.background import Background
from common.base.errors import UsageError
from common.base.json_types import JsonMapping
from common.engine.reads import FirstReads
from common.environment import endpoints
from common.environment.config import Environment
from common.environment.endpoints import Endpoints
from common.model.resource import SHARED
from common.resources import budgets, refusals
from common.state.lease import Lock
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

    def stop_waiting(self) -> None:
        """Lets refused calls fail at their next attempt, but for those that what was done is recorded with."""
        ...


class Connection:
    """The connection that the commands of one environment use. Its constructor proves the account.

    Args:
        env: the environment as its files describe it.
        aws: where to ask.
        pool: where calls run in parallel.
        background: where reads run for which nobody waits in the end.
        begun: first reads that have begun already. Nobody could conclude anything from them so far.

    Attributes:
        caller: the ARN of who we are in AWS.
        id: tells what this command writes from what others write.

    Raises:
        AccountError: the credentials do not belong to the environment's account.
    """

    def __init__(
        self, env: Environment, aws: Account, pool: Executor, background: Executor, begun: FirstReads | None = None
    ) -> None:
        self.caller, self.id = aws.guard(), uuid.uuid4().hex
        self.env, self.aws, self.pool, self.records = env, aws, pool, Records(aws, env)
        self._background, self._begun = background, begun

    def first_reads(self, projects: Collection[str], parts: Sequence[Part] = ((),)) -> FirstReads:
        """The first reads of a plan: once those that began before the connection was made, after that new ones."""
        begun, self._begun = self._begun, None
        return begun or FirstReads(self.aws, self.records, self.env, projects, parts, self._background)

    def lease(self, project: str, about: Mapping[str, str], say: Callable[[str], None]) -> Lock:
        """The lease on a project, which is not taken yet; `about` describes who wants it."""
        return Lock(self.aws, self.env, project, about, say)

    def about(self, origin: Mapping[str, str]) -> dict[str, str]:
        """The description of this deploy for its releases: who deploys, from where, and to which endpoints, unless AWS's own."""
        elsewhere = {"endpoints": endpoints.describe_endpoints(self.env.endpoints)} if self.env.endpoints else {}
        return {"id": self.id, "who": self.caller, **origin, **elsewhere}


class Connecting:
    """A connection that is being made while the caller reads the repository.

    Args:
        env: the environment as its files describe it.
        aws: the session with AWS.
        jobs: how many calls may run at once.
        projects: the projects of the command.
        parts: the requests to the tagging index, if a plan for these projects will be made; its first reads begin at once.
    """

    def __init__(
        self, env: Environment, aws: Account, jobs: int, projects: Collection[str] = (), parts: Sequence[Part] | None = None
    ) -> None:
        self._env, self._aws = env, aws
        self._pool, self._background = ThreadPoolExecutor(jobs, thread_name_prefix="aws"), Background(jobs)
        begun = None
        if parts is not None:
            begun = FirstReads(aws, Records(aws, env), env, [SHARED, *projects], parts, self._background)
            begun.load_scanner_if_new()
        named = parameter_store.has_references(env, [*projects])
        self._parameters = self._background.submit(parameter_store.resolve_parameters, env, aws, [*projects]) if named else None
        self._made = self._background.submit(Connection, env, aws, self._pool, self._background, begun)

    def wait(self) -> Connection:
        """The connection, once the account is proved.

        Raises:
            AccountError: the credentials do not belong to the environment's account.
            AwsError: AWS could not be asked.
        """
        return self._made.result()

    def wait_for_parameters(self) -> Environment:
        """The environment with the parameters that its files name, read from Parameter Store; waits only if there are any.

        Raises:
            AccountError: the credentials do not belong to the environment's account.
            ConfigError: a parameter does not exist, or is a secret.
        """
        if self._parameters is None:
            return self._env
        self.wait()  # nothing is concluded in another account than the environment's
        return self._parameters.result()

    def meanwhile(self, call: Callable[[], object]) -> None:
        """Runs what does not use AWS and takes a moment, while the connection is being made."""
        self._background.submit(call)

    @property
    def calls(self) -> Mapping[str, int]:
        """How many calls were made, by operation."""
        return dict(self._aws.calls)

    def close(self) -> None:
        """Starts no further call, and waits for those that must not be abandoned."""
        self._pool.shutdown(cancel_futures=True)
        self._background.shutdown()


def connect(
    root: Path,
    env: Environment,
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
    rates = Rates(budgets())
    aws = AwsSession(env.region, env.account_id, endpoints=where, connections=jobs, rates=rates, refusals=refusals())
    aws.say = say
    aws.sign_in()
    return aws
