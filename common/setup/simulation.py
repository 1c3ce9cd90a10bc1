"""Asks IAM what a user or role would be allowed of a policy document: each action on each of its resources. Nothing is called.

An action is asked about on the resources that it can be about alone. Actions with equal resources and conditions are asked about
at once, because a request is about all combinations of both; IAM refuses some actions in one request ("require different
authorization information"), which are then asked about apart.

Follows https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final, Literal, NamedTuple

from common.aws import iam_actions
from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.environment.config import Environment

MAX_ACTIONS = 50
"""How many actions one request is about at most."""
PAGE_SIZE = 1000
"""How many results a page has at most: the largest that IAM allows."""
GROUP = re.compile(r"\[([^\]]*)\]")
"""Matches the actions of one group in the message with which IAM refuses actions in one request."""
GLOBAL_REGIONS: Mapping[str, str] = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""The region of requests to IAM itself, by partition; for conditions on `aws:RequestedRegion`."""
BOOLEANS: Final = frozenset({"aws:SecureTransport"})
"""The context keys that are booleans; all others that are sent are strings."""

Context = tuple[tuple[str, str], ...]
"""What the keys of conditions have, each with one value."""
Cause = Literal["missing", "denied", "boundary", "organization"]
"""Why something is not allowed: no policy allows it, one denies it, or the permissions boundary or an organization does not."""


class Question(NamedTuple):
    """What one or more requests are about: each action on each resource, while the keys have these values."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Context
    condition: str
    """The condition of the statement that the question comes from, as JSON; empty if it has none."""


class Refusal(NamedTuple):
    """An action that would not be allowed on a resource.

    Args:
        action: the action.
        resource: the ARN, which may be a pattern.
        condition: the condition of the statement that would allow it, as JSON; empty if it has none.
        cause: why it is not allowed.
        policies: the policies that deny it, as far as IAM tells.
        unknown: what it may depend on that the simulation does not know, such as keys of conditions in the caller's policies.
    """

    action: str
    resource: str
    condition: str
    cause: Cause
    policies: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What IAM answered: how many combinations are allowed, those that are not, and actions that it does not simulate."""

    allowed: int
    refusals: tuple[Refusal, ...]
    not_simulated: tuple[tuple[str, str], ...] = ()


def questions(env: Environment, policy: JsonMapping) -> list[Question]:
    """What there is to ask about a policy document, in a stable order."""
    by_action: dict[tuple[Context, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for statement in policy["Statement"]:
        condition = statement.get("Condition", {})
        for context in _contexts(condition):
            for action in statement["Action"]:
                for arn in _resources(action, statement["Resource"]):
                    complete = (*context, *_request_context(env, action, arn))
                    by_action[complete, _json(condition)][action].add(arn)
    result = []
    for (context, condition), resources_by_action in by_action.items():
        by_resources: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for action, resources in resources_by_action.items():
            by_resources[tuple(sorted(resources))].append(action)
        result += [
            Question(tuple(sorted(actions)[first : first + MAX_ACTIONS]), resources, context, condition)
            for resources, actions in by_resources.items()
            for first in range(0, len(actions), MAX_ACTIONS)
        ]
    return sorted(result)


def ask(aws: Aws, principal: str, question: Question) -> Outcome:
    """What IAM answers to a question about a user or role.

    Raises:
        AwsError: IAM does not simulate at all for these credentials.
    """
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "boolean" if key in BOOLEANS else "string"}
        for key, value in question.context
    ]
    try:
        pages = [
            *aws.pages(
                "iam",
                "SimulatePrincipalPolicy",
                PolicySourceArn=principal,
                ActionNames=[*question.actions],
                ResourceArns=[*question.resources],
                ContextEntries=entries,
                MaxItems=PAGE_SIZE,
            )
        ]
    except AwsError as error:
        if not error.code.startswith("InvalidInput") or principal in error.reason:
            raise
        return _asked_apart(aws, principal, question, error.reason)
    results = [result for page in pages for result in page["EvaluationResults"]]
    account = principal.split(":")[4]
    decisions = [decision for result in results for decision in _decisions(question, result, account)]
    refusals = tuple(decision for decision in decisions if decision is not None)
    return Outcome(len(decisions) - len(refusals), refusals)


def together(outcomes: Iterable[Outcome]) -> Outcome:
    """All of these outcomes as one."""
    parts = [*outcomes]
    return Outcome(
        sum(part.allowed for part in parts),
        tuple(refusal for part in parts for refusal in part.refusals),
        tuple(dict.fromkeys(entry for part in parts for entry in part.not_simulated)),
    )


def _asked_apart(aws: Aws, principal: str, question: Question, reason: str) -> Outcome:
    """Asks about actions apart that IAM refuses in one request: in the groups that its message names, or else in halves."""
    if len(question.actions) == 1:
        return Outcome(0, (), ((question.actions[0], reason),))
    named = [tuple(action.strip() for action in group.split(",")) for group in GROUP.findall(reason)]
    if len(named) < 2 or sorted(action for group in named for action in group) != sorted(question.actions):
        middle = len(question.actions) // 2
        named = [question.actions[:middle], question.actions[middle:]]
    return together(ask(aws, principal, question._replace(actions=group)) for group in named)


def _contexts(condition: JsonMapping) -> Iterator[Context]:
    """The values under which a condition holds: one of each key, in all combinations."""
    values = {key: [value] if isinstance(value, str) else value for keys in condition.values() for key, value in keys.items()}
    for combination in product(*values.values()):
        yield tuple(zip(values, combination, strict=True))


def _request_context(env: Environment, action: str, arn: str) -> Context:
    """What is known of every request before it is made, and which policies of organizations often ask for."""
    parts = arn.split(":", 5)
    region, account = (parts[3], parts[4]) if len(parts) == 6 else ("", "")
    here = GLOBAL_REGIONS.get(env.partition, env.region) if action.startswith("iam:") else env.region
    return (
        ("aws:RequestedRegion", region.replace("*", "") or here),
        ("aws:ResourceAccount", account if account.isdecimal() else env.account_id),
        ("aws:SecureTransport", "true"),
    )


def _resources(action: str, arns: Sequence[str]) -> Sequence[str]:
    """The resources of a statement that an action can be about; all of them if none is known to be."""
    if not iam_actions.exists(action):
        return arns
    if iam_actions.has_only_all(action):
        return ["*"] if "*" in arns else arns
    return [arn for arn in arns if _can_be_about(action, arn)] or arns


def _can_be_about(action: str, arn: str) -> bool:
    if arn.split(":", 5)[2:3] == ["s3"]:  # the list has one form for buckets and objects
        return ("object" if "/" in arn else "bucket") in iam_actions.types_of(action)
    return iam_actions.fits(action, arn)


def _decisions(question: Question, result: JsonObject, account: str) -> Iterator[Refusal | None]:
    """What was decided of an action on each resource; None where it is allowed.

    In another account than the caller's, the policies of the resource must allow it, too, and these are not simulated.
    """
    action, organization = result["EvalActionName"], result.get("OrganizationsDecisionDetail", {})
    for details in result.get("ResourceSpecificResults") or [result]:
        decision = details.get("EvalResourceDecision") or result["EvalDecision"]
        cause = (
            None
            if decision == "allowed"
            else _cause(decision, organization, details.get("PermissionsBoundaryDecisionDetail", {}))
        )
        if cause is None:
            yield None
            continue
        policies = (statement.get("SourcePolicyId", "") for statement in details.get("MatchedStatements", ()))
        denying = tuple(dict.fromkeys(filter(None, policies))) if cause == "denied" else ()
        other = details["EvalResourceName"].split(":", 5)[4:5]
        policies_there = {f"the policies of account {number}" for number in other if number.isdecimal() and number != account}
        missing = {*details.get("MissingContextValues", ()), *result.get("MissingContextValues", ())}
        unknown = tuple(sorted(missing | policies_there))
        yield Refusal(action, details["EvalResourceName"], question.condition, cause, denying, unknown)


def _cause(decision: str, organization: JsonMapping, boundary: JsonMapping) -> Cause:
    if not organization.get("AllowedByOrganizations", True):
        return "organization"
    if not boundary.get("AllowedByPermissionsBoundary", True):
        return "boundary"
    return "denied" if decision == "explicitDeny" else "missing"


def _json(condition: Json) -> str:
    return json.dumps(condition, sort_keys=True) if condition else ""
