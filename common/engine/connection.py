"""The connection of one environment with AWS.

Whoever has a `Connection` has proof that it is the environment's account: its constructor asks. A `Connecting` makes one on a
thread of its own while the caller reads the repository.
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor

from common.aws import parameter_store
from common.aws.tagging_index import Part
from common.engine.first_reads import FirstReads
from common.engine.opening import Account, Opening
from common.environment import endpoints
from common.environment.config import Environment
from common.state.lease import Lock
from common.state.records import Records


class Connection:
    """The connection that the commands of one environment use. Its constructor proves the account.

    Args:
        env: the environment as its files describe it.
        aws: where to ask.
        pool: where calls run in parallel.
        background: where reads run for which nobody waits in the end.
        begun: first reads that have begun already. Nobody could conclude anything from them so far.
        changes: where changes run, of which those that only wait need a thread, too; None for `pool`.

    Attributes:
        caller: the ARN of who we are in AWS.
        id: tells what this command writes from what others write.

    Raises:
        AccountError: the credentials do not belong to the environment's account.
    """

    def __init__(
        self,
        env: Environment,
        aws: Account,
        pool: Executor,
        background: Executor,
        begun: FirstReads | None = None,
        changes: Executor | None = None,
    ) -> None:
        self.caller, self.id = aws.guard(), uuid.uuid4().hex
        self.env, self.aws, self.pool, self.records = env, aws, pool, Records(aws, env)
        self.changes = changes or pool
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
        opening: the session and the threads.
        projects: the projects of the command.
    """

    def __init__(self, env: Environment, opening: Opening, projects: Collection[str] = ()) -> None:
        self._env, self._opening = env, opening
        aws, background = opening.aws, opening.background
        named = parameter_store.has_references(env, [*projects])
        self._parameters = background.submit(parameter_store.resolve_parameters, env, aws, [*projects]) if named else None
        self._made = background.submit(Connection, env, aws, opening.pool, background, opening.reads, opening.changes)

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
        self._opening.background.submit(call)
