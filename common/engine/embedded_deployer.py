"""Who a command is where the embedded AWS enforces IAM: a role with exactly the policy that `invoke policy` prints.

The role is made, and given the policy of what is declared now, whenever a command begins. So a call that the printed policy does
not allow is refused here, as it would be in an account.
"""

import json
from collections.abc import Callable

from common.aws.session import AwsSession
from common.base.command_text import typed
from common.base.errors import ConfigError, DeclarationError
from common.base.json_types import JsonMapping
from common.declare.permissions import allow
from common.environment.endpoints import Endpoints
from common.environment.site import Site

PRINTED = "printed"
"""The name of the role's policy that is the one that `invoke policy` prints."""
SESSION, SECONDS = "deployer", 12 * 3600
"""The name of the session, and for how many seconds it lasts."""
EMBEDDED_ONLY = (
    *("sqs:GetQueueUrl", "sqs:SendMessage", "sqs:ReceiveMessage"),
    *("glue:GetTable", "glue:GetTables", "glue:GetPartitions"),
)
"""The actions of calls that are made in an embedded environment alone: sample messages of `run`, and the catalog for `query`."""


def endpoints(env: Site, account: Endpoints, policy: Callable[[], JsonMapping]) -> tuple[Endpoints, str]:
    """Returns the endpoints with credentials of the deployer's role, and what a command says of that.

    The policy follows from all declarations. While one of them cannot be used, the role keeps the policy that it had last, so
    that one can look at what is deployed. Before there is any, the command is the account itself.

    Args:
        env: the environment, which is embedded.
        account: the endpoints with the account's own credentials, which may do everything.
        policy: returns the policy that a deployer needs.
    """
    try:
        printed, problem = policy(), ""
    except (ConfigError, DeclarationError) as error:
        printed, problem = None, str(error).partition("\n")[0]
    with_account = AwsSession(env.region, env.account_id, endpoints=account, connections=1)
    name = f"embedded-deployer-of-{env.name}"
    arn = f"arn:{env.partition}:iam::{env.account_id}:role/embedded/{name}"
    trusted = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{env.partition}:iam::{env.account_id}:root"},
        "Action": "sts:AssumeRole",
    }
    if printed is None and with_account.find("iam", "GetRolePolicy", "NoSuchEntity", RoleName=name, PolicyName=PRINTED) is None:
        return account, (
            f"IAM is not enforced for this command: `{typed('policy')} --env {env.name}` needs all declarations, and not all can "
            f"be used ({problem}). Functions, jobs, crawlers and state machines have the permissions of their roles."
        )
    if with_account.find("iam", "GetRole", "NoSuchEntity", RoleName=name) is None:
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        lasting = {"MaxSessionDuration": SECONDS, "Path": "/embedded/"}
        with_account.call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust, **lasting)
    policies = {
        **({PRINTED: printed} if printed else {}),
        "embedded-only": {"Version": "2012-10-17", "Statement": [allow(EMBEDDED_ONLY, ["*"])]},
    }
    for policy_name, document in policies.items():
        with_account.call("iam", "PutRolePolicy", RoleName=name, PolicyName=policy_name, PolicyDocument=json.dumps(document))
    session = {"RoleSessionName": SESSION, "DurationSeconds": SECONDS}
    keys = with_account.call("sts", "AssumeRole", RoleArn=arn, **session)["Credentials"]
    as_role = Endpoints(account.addresses, keys["SecretAccessKey"], keys["AccessKeyId"], keys["SessionToken"])
    return as_role, _enforced(env, problem)


def _enforced(env: Site, problem: str) -> str:
    """Returns what a command says where IAM is enforced."""
    prints = f"printed when all declarations could be used the last time ({problem})" if problem else "prints"
    return (
        f"IAM is enforced: this command has the permissions that `{typed('policy')} --env {env.name}` {prints}, and functions, "
        "jobs, crawlers and state machines have those of their roles. docs/fidelity.md says what is not judged."
    )
