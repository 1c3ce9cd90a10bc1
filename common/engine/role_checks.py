"""Tells what existing roles must allow, and compares it with what they allow, as far as these credentials may read that.

A role that configuration names is not ours: nothing is changed of it, and a plan is not refused because of it. It is looked at
when something that runs with it is created, needs something else of it, or is verified. An unchanged deploy asks nothing.

A statement counts as allowed if an Allow of the role covers all its actions and resources and no unconditional Deny covers them.
Conditions of the role's statements are not judged: then it may allow less than is said here.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from itertools import product

from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import AwsError, UsageError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.base.suggestions import did_you_mean
from common.engine.prune import DENIED
from common.engine.reads import Reads
from common.engine.role_parts import RoleParts
from common.model.resource import Action, Plan, Resource
from common.model.role_needs import RoleNeeds
from common.resources import kind_of

SETTLED = frozenset({Action.NOOP, Action.ORPHAN})
SHOWN = 4
"""How many missing statements of one role are shown at most; `policy --role` prints all of them."""


@dataclass(frozen=True)
class Allowed:
    """What a role allows: its statements, those of its boundary if it has one, its attached policies, and who may assume it."""

    statements: Sequence[JsonMapping]
    boundary: Sequence[JsonMapping] | None
    attached: frozenset[str]
    trusted: frozenset[str]


def tell(
    aws: Aws, plan: Plan, resources: Sequence[Resource], reads: Reads, pool: Executor, say: Callable[[str], None], *, verify: bool
) -> None:
    """Says of each existing role what is needed of it for the first time, or what it lacks of that.

    Args:
        aws: the AWS session.
        plan: the plan.
        resources: the declared resources.
        reads: the reads of the plan, with the records that it has read.
        pool: where roles are read in parallel.
        say: receives each sentence.
        verify: look at the roles of all resources of the plan.
    """
    planned = {change.key: change for change in plan.changes}
    by_role: dict[str, list[Resource]] = {}
    for resource in resources:
        change, needs = planned.get(resource.key), resource.role_needs
        if needs is not None and change is not None:
            record = reads.bodies[resource.key].result() if resource.key in reads.bodies else {}
            if verify or (change.action not in SETTLED and record.get("role_needs") != needs.digest()):
                by_role.setdefault(needs.arn, []).append(resource)
    roles = sorted(by_role)
    parts = {arn: reads.role(arn) for arn in roles}
    for arn, allowed in zip(roles, pool.map(lambda arn: _read(aws, arn, parts[arn]), roles), strict=True):
        for text in _sentences(arn, by_role[arn], allowed):
            say(text)


def policy(needs: Iterable[RoleNeeds]) -> JsonObject:
    """The policy document with everything that is needed of one role, each statement once."""
    statements = {json.dumps(statement, sort_keys=True): statement for need in needs for statement in need.statements}
    return {"Version": "2012-10-17", "Statement": [*statements.values()]}


def for_role(resources: Sequence[Resource], word: str) -> tuple[JsonObject, list[str]]:
    """The policy document that a role must have, and sentences about what else it needs.

    Args:
        resources: the declared resources.
        word: the key of a resource that runs with it, as in ``lambda/Validate``, the role's name, or its ARN.

    Raises:
        UsageError: nothing declared runs with such a role.
    """
    roles = {resource.key: resource for resource in resources if kind_of(resource.key.kind).is_assumed}
    running = [
        resource for resource in resources if resource.role_needs is not None or any(key in roles for key in resource.needs)
    ]
    needs = [
        need
        for resource in running
        if (need := resource.role_needs) is not None and word in {str(resource.key), need.arn, need.arn.rpartition("/")[2]}
    ]
    own = [roles[key] for resource in running if str(resource.key) == word for key in resource.needs if key in roles]
    own += [role for role in roles.values() if word in {str(role.key), role.name, role.arn}]
    if not needs and not own:
        names = [str(resource.key) for resource in running]
        guess = did_you_mean(word, names, otherwise=" Keys look like lambda/Validate.")
        raise UsageError(f"Nothing that is declared runs with a role {word!r}.{guess}")
    document = policy(needs)
    for role in own:
        for managed in role.desired()["Policies"].values():
            document["Statement"] += [statement for statement in managed["Statement"] if statement not in document["Statement"]]
    services = sorted({need.service for need in needs})
    notes = [f"its trust policy must let {', '.join(services)} assume it."] if services else []
    notes += [f"{arn} must be attached to it." for arn in sorted({arn for need in needs for arn in need.managed_policies})]
    return document, notes + [text for need in needs for text in need.unknown]


def _sentences(arn: str, users: Sequence[Resource], allowed: Allowed | str) -> Iterator[str]:
    needs = [resource.role_needs for resource in users if resource.role_needs is not None]
    names = ", ".join(str(resource.key) for resource in users[:3]) + (f" and {len(users) - 3} more" if len(users) > 3 else "")
    command = f"`{typed('policy --role ' + arn.rpartition('/')[2])}` prints all of it"
    statements = policy(needs)["Statement"]
    if isinstance(allowed, str):
        yield f"{arn}, with which {names} is to run, {allowed}. It must allow {_worded(statements)}; {command}."
        services = {need.service for need in needs}
    else:
        missing = [statement for statement in statements if not _is_allowed(statement, allowed)]
        if missing:
            yield f"{arn} lacks what {names} needs: {_worded(missing)}; {command}."
        else:
            yield f"{arn} allows what {names} needs; {command}."
        policies = sorted({policy for need in needs for policy in need.managed_policies} - allowed.attached)
        if policies:
            yield f"{arn} lacks the policies {', '.join(policies)}."
        services = {need.service for need in needs} - allowed.trusted
    if services:
        yield f"{arn}: its trust policy must let {', '.join(sorted(services))} assume it."
    yield from dict.fromkeys(f"{arn}: {text}" for need in needs for text in need.unknown)


def _worded(statements: Sequence[JsonMapping]) -> str:
    shown = statements[:SHOWN]
    texts = [f"{', '.join(_texts(needed['Action']))} on {', '.join(_texts(needed['Resource']))}" for needed in shown]
    return "; ".join([*texts, *([f"and {len(statements) - SHOWN} more"] if len(statements) > SHOWN else [])])


def _read(aws: Aws, arn: str, parts: RoleParts) -> Allowed | str:
    """What a role allows; otherwise how a sentence about it goes on."""
    name = arn.rpartition("/")[2]
    try:
        response = parts.role.result()
        if response is None:
            return "does not exist"
        role, inline, attached = response["Role"], parts.inline.result(), parts.attached.result()
        documents = [aws.call("iam", "GetRolePolicy", RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline]
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        managed: dict[str, JsonObject] = {}
        for policy_arn in (*attached, *([boundary] if boundary else [])):
            if (document := _document(aws, policy_arn)) is None:
                return f"has a policy that cannot be read ({policy_arn})"
            managed[policy_arn] = document
        documents += [managed[policy_arn] for policy_arn in attached]
        bounded = _statements(managed[boundary]) if boundary else None
    except AwsError as error:
        if not error.code.startswith(DENIED):
            raise
        return "cannot be read by these credentials"
    principals = [statement.get("Principal", {}) for statement in _statements(role["AssumeRolePolicyDocument"])]
    services = (principal.get("Service", ()) for principal in principals if isinstance(principal, Mapping))
    trusted = frozenset(name for names in services for name in _texts(names))
    statements = [statement for document in documents for statement in _statements(document)]
    return Allowed(statements, bounded, frozenset(attached), trusted)


def _document(aws: Aws, arn: str) -> JsonObject | None:
    """The document of a managed policy; None if it was deleted meanwhile, or the embedded AWS lacks it."""
    policy = aws.find("iam", "GetPolicy", "NoSuchEntity", PolicyArn=arn)
    if policy is None:
        return None
    version = policy["Policy"]["DefaultVersionId"]
    document: JsonObject = aws.call("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return document


def _is_allowed(needed: JsonMapping, role: Allowed) -> bool:
    """Whether a role has what a statement says. A Deny is only needed as far as the role allows what it denies."""
    if needed["Effect"] == "Deny":
        return True
    pairs = [*product(_texts(needed["Action"]), _texts(needed["Resource"]))]
    if role.boundary is not None and not all(_covered(role.boundary, "Allow", *pair) for pair in pairs):
        return False
    denied = [statement for statement in (*role.statements, *(role.boundary or ())) if "Condition" not in statement]
    return all(_covered(role.statements, "Allow", *pair) and not _covered(denied, "Deny", *pair) for pair in pairs)


def _covered(statements: Iterable[JsonMapping], effect: str, action: str, resource: str) -> bool:
    return any(
        statement.get("Effect") == effect
        and _matches(statement, "Action", action, re.IGNORECASE)
        and _matches(statement, "Resource", resource)
        for statement in statements
    )


def _matches(statement: JsonMapping, element: str, text: str, flags: int = 0) -> bool:
    """Whether a statement is about an action or a resource, which may itself be a pattern: `?` covers no `*`."""
    patterns = [re.escape(glob).replace(r"\*", ".*").replace(r"\?", "[^*]") for glob in _texts(statement.get(element, ()))]
    if element in statement:
        return any(re.fullmatch(pattern, text, flags | re.DOTALL) for pattern in patterns)
    others = [re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".") for glob in _texts(statement.get(f"Not{element}", ()))]
    return f"Not{element}" in statement and not any(re.fullmatch(pattern, text, flags | re.DOTALL) for pattern in others)


def _statements(document: JsonMapping) -> list[JsonMapping]:
    listed = document.get("Statement", [])
    return listed if isinstance(listed, list) else [listed]


def _texts(value: Json) -> list[str]:
    return [value] if isinstance(value, str) else [str(text) for text in value]
