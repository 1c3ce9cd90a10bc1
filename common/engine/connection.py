"""Connects an environment with AWS, or with the embedded one, which is started if it is not running."""

import os
from collections.abc import Callable
from pathlib import Path

from common.aws import profile
from common.aws.rates import Rates
from common.aws.session import AwsSession
from common.base.errors import UsageError
from common.environment import config, endpoints
from common.environment.config import Environment
from common.environment.endpoints import Endpoints
from common.resources import budgets, refusals


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
        where, rates = Endpoints(env.endpoints), Rates(budgets())
    aws = AwsSession(env.region, env.account_id, endpoints=where, connections=jobs, rates=rates, refusals=refusals())
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
