"""A judge that says whether a policy allows what a call needs. It knows no table of the deployer."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from common.local.runtime.iam_needs import ANY, BUCKET, FUNCTION, HERE, NEEDS, Asked, Need, asked, each, same

__all__ = ["ANY", "BUCKET", "FUNCTION", "HERE", "NEEDS", "Asked", "Need", "asked", "each", "same"]
IMPORTING = frozenset(
    {
        *("events:ListEventBuses", "lambda:GetAlias"),
        *("scheduler:ListSchedules", "events:ListRuleNamesByTarget", "lambda:ListEventSourceMappings", "lambda:GetPolicy"),
        *("cloudcontrol:GetResource", "cloudcontrol:ListResources", "cloudwatch:DescribeAlarms"),
    }
)
"""The calls that an import makes and a deploy does not; `tests/importing` holds them to the policy of imports."""
UNPRINTED = frozenset(
    {
        "iam:SimulatePrincipalPolicy",  # of `doctor`, for which `policy --doctor` prints it
        *("sqs:GetQueueUrl", "sqs:SendMessage", "sqs:ReceiveMessage"),  # sample messages, in the embedded AWS alone
        # `invoke query` in the embedded AWS; in an account Athena reads the catalog
        *("glue:GetTable", "glue:GetTables", "glue:GetPartitions"),
        "sts:AssumeRole",  # of the embedded AWS that enforces IAM: the account itself becomes the deployer
        "sns:GetSubscriptionAttributes",  # allowed with a subscription: AWS's handler of the type asks the same
    }
)
"""The calls for which the printed policy needs nothing of its own."""


def allows(statements: Iterable[Mapping[str, Any]], question: Asked, tags: Mapping[str, str]) -> bool:
    """Whether one of these statements allows it, as IAM judges: action, resource, and every key of every condition.

    Args:
        statements: of the policy.
        question: what is asked.
        tags: of the resource.
    """
    context = {**question.context, **{f"aws:ResourceTag/{key}": value for key, value in tags.items()}}
    return any(
        statement["Effect"] == "Allow"
        and question.action in statement["Action"]
        and any(_matches(pattern, question.arn) for pattern in statement["Resource"])
        and _holds(statement.get("Condition", {}), context)
        for statement in statements
    )


def _matches(pattern: str, arn: str) -> bool:
    if arn == ANY:
        return pattern == ANY
    text = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(text, arn, re.DOTALL) is not None


def _holds(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    assert condition.keys() <= {"StringEquals", "StringLike"}, "a condition that nobody judges here"
    equal, like = condition.get("StringEquals", {}), condition.get("StringLike", {})
    return all(context.get(key) in ([text] if isinstance(text, str) else text) for key, text in equal.items()) and all(
        key in context and any(_matches(pattern, context[key]) for pattern in patterns) for key, patterns in like.items()
    )
