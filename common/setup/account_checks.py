"""What an account needs: credentials, the right clock, permissions, and records that this version knows.

Only calls that a plan makes as well are tried, so the printed policy allows all of them. What changes something is not called:
IAM is asked whether it would be allowed.
"""

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import UNREACHABLE, AccountError, AwsError, DeployError
from common.declare.workspace import Workspace
from common.engine.connection import Connection
from common.setup import permission_checks
from common.setup.finding import FINE, NOTE, PROBLEM, Finding

LARGEST_SKEW = 300
"""How many seconds a clock may be wrong before AWS refuses requests; S3 allows three times as much."""
NOTED_SKEW = 30
SKEWED = ("RequestTimeTooSkewed", "Signature expired", "Signature not yet current")
"""What AWS says of requests that are signed by a clock that is wrong."""


class Try(NamedTuple):
    """A call that is tried: what it is about, its IAM action, and the call."""

    about: str
    action: str
    call: Callable[[], object]


def check_account(connect: Callable[[], Connection], workspace: Workspace) -> Iterator[Finding]:
    """Looks at the account of an environment, as far as it can be reached."""
    try:
        connection = connect()
    except (AccountError, AwsError) as error:
        if isinstance(error, AwsError) and error.code.startswith(UNREACHABLE):
            yield Finding("network", PROBLEM, error.reason, "Check the network, the proxy (HTTPS_PROXY) and the region.")
            return
        is_clock = any(words in str(error) for words in SKEWED)
        advice = "Set the clock of this machine by a time server (NTP)." if is_clock else ""
        yield Finding("clock" if is_clock else "credentials", PROBLEM, str(error), advice)
        return
    env, aws = connection.env, connection.aws
    yield Finding("credentials", FINE, connection.caller)
    yield Finding("region", FINE, env.region)
    yield _clock(aws)
    for attempt in _tries(connection):
        try:
            attempt.call()
        except AwsError as error:
            advice = (
                f"Allow {attempt.action} to whoever deploys: `{typed(f'policy --env {env.name}')}` prints all that is needed."
            )
            yield Finding(attempt.about, PROBLEM, f"{error.code}: {error.reason}", advice)
        else:
            yield Finding(attempt.about, FINE, f"{attempt.action} is allowed")
    yield from permission_checks.check_permissions(connection, workspace)
    yield from _records(connection)


def _clock(aws: Aws) -> Finding:
    """How far the clock of this machine is from that of AWS, which every answer tells."""
    answer = aws.call("sts", "GetCallerIdentity")
    header = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not header:
        return Finding("clock", NOTE, "the answer of AWS tells no time")
    skew = abs(parsedate_to_datetime(header).timestamp() - time.time())
    if skew < NOTED_SKEW:
        return Finding("clock", FINE, "agrees with that of AWS")
    state: Literal["note", "problem"] = PROBLEM if skew > LARGEST_SKEW else NOTE
    return Finding(
        "clock",
        state,
        f"{skew:.0f} seconds from that of AWS",
        "Set it by a time server (NTP): AWS refuses what is off by minutes.",
    )


def _tries(connection: Connection) -> Iterator[Try]:
    """What every plan begins with."""
    env, aws, records = connection.env, connection.aws, connection.records
    owned = [{"Key": env.owner_tag, "Values": [env.owner]}]
    path = env.role_path("x").removesuffix("x/")
    yield Try("records", "s3:ListBucket", records.projects)
    yield Try(
        "tagging index",
        "tag:GetResources",
        lambda: aws.call("resourcegroupstaggingapi", "GetResources", TagFilters=owned, ResourcesPerPage=1),
    )
    yield Try("roles", "iam:ListRoles", lambda: aws.call("iam", "ListRoles", PathPrefix=path, MaxItems=1))


def _records(connection: Connection) -> Iterator[Finding]:
    """Whether this version of the deployer knows the format of what is recorded."""
    try:
        names = sorted(connection.records.projects())
    except AwsError:
        return  # told above
    for name in names:
        try:
            root, _ = connection.records.root(name)
        except DeployError as error:
            yield Finding(f"records of {name}", PROBLEM, str(error))
        else:
            version = root.about.get("deployer") if root is not None else None
            yield Finding(f"records of {name}", FINE, f"written by version {version}" if version else "nothing is released yet")
