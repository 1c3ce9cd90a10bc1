"""Who a command is where the embedded AWS enforces IAM: a role with exactly the policy that `invoke policy` prints.

The role is made, and given the policy of what is declared now, whenever a command begins. So a call that the printed policy does
not allow is refused here, as it would be in an account.
"""

import json

from common.aws.session import AwsSession
from common.base.command_text import typed
from common.base.json_types import JsonMapping
from common.declare.permissions import allow
from common.environment.config import Environment
from common.environment.endpoints import Endpoints

SESSION, SECONDS = "deployer", 12 * 3600
"""The name of the session, and for how many seconds it lasts."""
EMBEDDED_ONLY = (
    *("sqs:GetQueueUrl", "sqs:SendMessage", "sqs:ReceiveMessage"),
    *("glue:GetTables", "glue:GetPartitions"),
)
"""The actions of calls that are made in an embedded environment alone: sample messages of `run`, and the catalog for `query`."""


def endpoints(env: Environment, account: Endpoints, printed: JsonMapping) -> Endpoints:
    """Returns the endpoints with credentials of the deployer's role.

    Args:
        env: the environment, which is embedded.
        account: the endpoints with the account's own credentials, which may do everything.
        printed: the policy that a deployer needs.
    """
    with_account = AwsSession(env.region, env.account_id, endpoints=account, connections=1)
    name = f"embedded-deployer-of-{env.name}"
    arn = f"arn:{env.partition}:iam::{env.account_id}:role/embedded/{name}"
    trusted = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{env.partition}:iam::{env.account_id}:root"},
        "Action": "sts:AssumeRole",
    }
    if with_account.find("iam", "GetRole", "NoSuchEntity", RoleName=name) is None:
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        lasting = {"MaxSessionDuration": SECONDS, "Path": "/embedded/"}
        with_account.call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust, **lasting)
    policies = {"printed": printed, "embedded-only": {"Version": "2012-10-17", "Statement": [allow(EMBEDDED_ONLY, ["*"])]}}
    for policy, document in policies.items():
        with_account.call("iam", "PutRolePolicy", RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
    session = {"RoleSessionName": SESSION, "DurationSeconds": SECONDS}
    keys = with_account.call("sts", "AssumeRole", RoleArn=arn, **session)["Credentials"]
    return Endpoints(account.addresses, keys["SecretAccessKey"], keys["AccessKeyId"], keys["SessionToken"])


def enforced(env: Environment) -> str:
    """Returns what a command says where IAM is enforced."""
    return (
        f"IAM is enforced: this command has the permissions that `{typed('policy')} --env {env.name}` prints, and functions, "
        "jobs, crawlers and state machines have those of their roles. docs/fidelity.md says what is not judged."
    )
