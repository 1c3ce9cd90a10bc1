"""Finds an execution that a command line names by its ARN, and checks whether it can be redriven.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

import re
import secrets
from datetime import datetime, timedelta

from common.aws import regions
from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import AwsError, UsageError
from common.base.json_types import JsonObject
from common.environment.config import Environment

_ARN = re.compile(r"arn:(?P<partition>[\w-]+):states:(?P<region>[\w-]*):(?P<account>\d*):(?P<type>\w+):(?P<rest>.+)")
REDRIVABLE_DAYS = 14
"""For how many days after its end AWS redrives an execution."""


def check_arn(env: Environment, text: str) -> str:
    """Returns the ARN of an execution, if it can be one of this environment.

    Raises:
        UsageError: it is not an ARN of an execution of a standard machine in the account and regions of the environment.
    """
    match = _ARN.fullmatch(text.strip())
    example = f"arn:{env.partition}:states:{env.region}:{env.account_id}:execution:MACHINE:NAME"
    if match is None:
        raise UsageError(f"--execution is {text!r}; it must be the ARN of an execution, as in {example}.")
    if match["account"] != env.account_id:
        here = f"the account of {env.name} is {env.account_id}"
        raise UsageError(f"The execution is in account {match['account']}, and {here}. Choose its environment with --env.")
    expected = env.regions(env.projects)
    if match["region"] not in expected:
        raise UsageError(f"The execution is in {match['region']}, and {env.name} is in {', '.join(expected)}.")
    if match["type"] == "express":
        raise UsageError(
            f"{text} is an execution of an EXPRESS state machine, which leaves no history. Read its log: "
            f"{typed(f'logs state-machine/NAME --env {env.name}')}"
        )
    if match["type"] != "execution" or ":" not in match["rest"]:
        raise UsageError(f"{text} is not the ARN of an execution. An ARN of one is as in {example}.")
    return text.strip()


def describe(aws: Aws, arn: str) -> JsonObject:
    """Returns an execution as in DescribeExecution.

    Raises:
        UsageError: it does not exist.
    """
    response = regions.at(aws, arn).find("stepfunctions", "DescribeExecution", "ExecutionDoesNotExist", executionArn=arn)
    if response is None:
        raise UsageError(f"There is no execution {arn}. AWS deletes executions 90 days after their end.")
    return response


def machine_name(arn: str) -> str:
    """Returns the name of the machine of an execution."""
    return arn.split(":")[6]


def check_redrivable(execution: JsonObject, key: str, now: datetime) -> None:
    """Checks that AWS would redrive an execution.

    Raises:
        UsageError: it succeeded, is running, is too old, or AWS says that it cannot be redriven.
    """
    arn, status = execution["executionArn"], execution["status"]
    again = f"Start a new one, or from one state on: {typed(f'run --only {key} --from STATE --input FILE')}"
    if status == "SUCCEEDED":
        raise UsageError(f"The execution {arn} succeeded, so there is nothing to redrive. {again}")
    if status in {"RUNNING", "PENDING_REDRIVE"}:
        raise UsageError(f"The execution {arn} is running. To follow it: {typed(f'run --execution {arn}')}")
    ended = execution.get("stopDate")
    if ended is not None and now - ended > timedelta(days=REDRIVABLE_DAYS):
        ago = (now - ended).days
        raise UsageError(f"The execution {arn} ended {ago} days ago, and AWS redrives for {REDRIVABLE_DAYS} days. {again}")
    if execution.get("redriveStatus", "REDRIVABLE") == "NOT_REDRIVABLE":
        reason = execution.get("redriveStatusReason") or "it gives no reason"
        raise UsageError(f"The execution {arn} cannot be redriven: {reason}. {again}")


def redrive(aws: Aws, arn: str) -> None:
    """Redrives an execution.

    Raises:
        UsageError: it cannot be redriven.
        AwsError: AWS refused for another reason.
    """
    try:
        aws.call("stepfunctions", "RedriveExecution", executionArn=arn, clientToken=secrets.token_hex(16))
    except AwsError as error:
        if error.code == "ExecutionNotRedrivable":
            raise UsageError(f"The execution {arn} cannot be redriven: {error.reason}") from None
        raise
