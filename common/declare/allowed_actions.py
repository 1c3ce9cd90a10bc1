"""Permissions that authors declare action by action, beside what `reads` and `writes` grant.

Every action must exist, and every resource must be one on which IAM can allow it. So a statement that grants nothing, as
``s3:GetObject`` on a bucket instead of its objects, is corrected or refused before anything is deployed.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial

from common.aws import iam_actions
from common.base.errors import DeclarationError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.declare import permissions, validation
from common.declare.permissions import Statement
from common.environment import partitions
from common.environment.partitions import Account
from common.model.generated import GeneratedRef
from common.model.reference import MARK, Location, Names, Ref
from common.resources import kind_of

OPERATOR = re.compile(
    r"(ForAnyValue:|ForAllValues:)?(String(Not)?(Equals(IgnoreCase)?|Like)|Arn(Not)?(Equals|Like)|"
    r"(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)|(Not)?IpAddress|Bool|BinaryEquals)(IfExists)?|Null"
)
"""IAM's operators of conditions.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""
POLICY_ARN = re.compile(r"arn:[a-z-]+:iam::(aws|[0-9]{12}):policy/[A-Za-z0-9+=,.@_/-]+")
ALL = "*"
"""All resources of an account."""

Resource = Ref | Location | str
"""What actions are allowed on: a reference, a place in a bucket, or an ARN, which may be a pattern and have tokens."""


@dataclass(frozen=True)
class Permission:
    """Actions that are allowed on resources; `allow` explains every field."""

    actions: tuple[str, ...]
    on: tuple[Resource, ...]
    when: JsonMapping = field(default_factory=dict)
    reason: str = ""


def allow(
    *actions: str, on: Resource | Iterable[Resource] | None = None, when: JsonMapping | None = None, reason: str = ""
) -> Permission:
    """Allows actions, for `permissions=[…]` of a function, job, crawler or state machine.

    Args:
        actions: as IAM names them, as in ``athena:StartQueryExecution``; ``athena:Get*`` takes a reason.
        on: references, places in buckets, or ARNs; each action is allowed on those that it can be allowed on. Actions that IAM
            can allow on nothing narrower than all resources need none. ``"*"`` takes a reason.
        when: conditions as in a policy, ``{"StringEquals": {"kms:ViaService": "…"}}``.
        reason: why nothing narrower will do.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an action does not exist, or a reason is missing.
    """
    named = validation.check_texts("allow", actions)
    if not named:
        raise ValueError("allow needs an action, as in allow('athena:StartQueryExecution', on=workgroup)")
    for action in named:
        iam_actions.check_action(action)
    resources = _checked(on)
    if not resources:
        resources = (ALL,)
        if narrower := [action for action in named if not iam_actions.has_only_all(action)]:
            raise ValueError(f"{narrower[0]} can be allowed on single resources: say on which, as in on=bucket or on='arn:…'")
    elif not _is_explained(reason):
        for part in (*named, *(resource for resource in resources if resource == ALL)):
            if ALL in str(part):
                raise ValueError(f"{part!r} may allow more than is needed: say why, as in reason='…', or name what is needed")
    return Permission(named, resources, _conditions(when), reason)


@dataclass(frozen=True)
class FurtherAccess:
    """What a role gets beside what follows from the references of its resource.

    Args:
        permissions: actions on resources.
        managed_policies: ARNs of policies; tokens are replaced.
    """

    permissions: tuple[Permission, ...] = ()
    managed_policies: tuple[str, ...] = ()

    @classmethod
    def of(cls, permissions: Iterable[Permission], managed_policies: Iterable[str]) -> "FurtherAccess":
        """Checks what a declaration gives as `permissions` and `managed_policies`.

        Raises:
            TypeError: these are not lists of what `allow` returns, and of texts.
        """
        granted = tuple(permissions)
        for permission in granted:
            if not isinstance(permission, Permission):
                raise TypeError(f"permissions: {permission!r} is not a permission; write [allow('service:Action', on=…)]")
        return cls(granted, validation.check_texts("managed_policies", managed_policies))

    def permits(self, action: str) -> bool:
        """Whether the permissions allow an action on something; with the name ``*``, any action of a service."""
        patterns = [pattern.lower() for permission in self.permissions for pattern in permission.actions]
        if action.endswith(":*"):
            return any(pattern.startswith(action[:-1].lower()) for pattern in patterns)
        return any(fnmatchcase(action.lower(), pattern) for pattern in patterns)

    def statements(self, names: Names, where: str) -> tuple[list[Statement], tuple[Ref, ...]]:
        """Returns the statements of the permissions, and the resources that they refer to.

        Raises:
            DeclarationError: a resource does not fit the actions that are allowed on it.
        """
        result: list[Statement] = []
        used: list[Ref] = []
        for permission in self.permissions:
            candidates = {resource: _candidates(resource, names, where) for resource in permission.on}
            when, refs = names.substitute(dict(permission.when), where)
            used += [*refs, *(ref for _, referred in candidates.values() for ref in referred)]
            actions_on: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
            for action, arns in _fitting(permission, {resource: arns for resource, (arns, _) in candidates.items()}, where):
                actions_on[arns].append(action)
            for arns, actions in actions_on.items():
                result.append({**permissions.allow(actions, arns), **({"Condition": when} if when else {})})
        return result, tuple(used)

    def managed(self, names: Names, account: Account, where: str) -> tuple[str, ...]:
        """Returns the ARNs of the managed policies, in the partition of the environment.

        Raises:
            DeclarationError: they are not policies that a role of the account can have.
        """
        result = tuple(str(names.substitute(policy, where, texts=True)[0]) for policy in self.managed_policies)
        for arn in result:
            if not POLICY_ARN.fullmatch(arn):
                raise DeclarationError(
                    f"{where}: managed_policies: {arn!r} is not the ARN of a policy, as in "
                    f"arn:aws:iam::aws:policy/AmazonAthenaFullAccess."
                )
        partitions.require_usable_arns(result, account, where)
        return result


NO_FURTHER_ACCESS = FurtherAccess()
"""The access of a role whose resource declares none."""


def _is_explained(reason: str) -> bool:
    if not isinstance(reason, str):
        raise TypeError(f"reason is a text, not {reason!r}")
    return bool(reason.strip())


def _checked(on: Resource | Iterable[Resource] | None) -> tuple[Resource, ...]:
    if on is None:
        return ()
    resources = tuple(on) if isinstance(on, Iterable) and not isinstance(on, Ref | Location | str) else (on,)
    for resource in resources:
        if not isinstance(resource, Ref | Location | str):
            raise TypeError(f"on: {resource!r} is neither a reference, nor a place in a bucket, nor an ARN")
        if isinstance(resource, str) and resource != ALL and not resource.startswith(("arn:", "${", "«")):
            raise ValueError(f"on: {resource!r} is not an ARN; it begins with arn:, or is a token such as ${{runs.arn}}")
    return resources


def _conditions(when: JsonMapping | None) -> JsonMapping:
    if when is None:
        return {}
    copied = validation.check_object("when", when)
    for operator, keys in copied.items():
        if not OPERATOR.fullmatch(operator):
            raise ValueError(f"when: IAM has no operator {operator!r}; StringEquals, StringLike and ArnLike are some")
        if not isinstance(keys, Mapping) or not keys:
            raise ValueError(f"when: {operator} compares keys with values, as in {{'StringEquals': {{'s3:prefix': 'in/'}}}}")
    return copied


def _candidates(resource: Resource, names: Names, where: str) -> tuple[list[str], tuple[Ref, ...]]:
    """The ARNs that a resource may stand for, and what it refers to. A place in a bucket stands for its objects alone."""
    if isinstance(resource, str):
        text, refs = names.substitute(resource, where, texts=True)
        return [str(text)], refs
    if isinstance(resource, Location):
        return [f"{resource.bucket.arn}/{permissions.literal(resource.prefix)}*"], (resource.bucket,)
    if resource.is_bucket:
        return [resource.arn, f"{resource.arn}/*"], (resource,)
    within = [f"{resource.arn}:*"] if resource.key.kind == "log-group" else []
    return [resource.in_policies, *kind_of(resource.key.kind).granted(resource.arn), *within], (resource,)


def _fitting(
    permission: Permission, candidates: Mapping[Resource, list[str]], where: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields each action with the ARNs on which it is to be allowed.

    Raises:
        DeclarationError: an action can be allowed on none of the resources, or on a resource none of the actions.
    """
    unused = dict.fromkeys(candidates)
    for action in permission.actions:
        arns: set[str] = set()
        for resource, possible in candidates.items():
            fits = partial(_fits_type, resource) if isinstance(resource, GeneratedRef) else _fits
            if chosen := [arn for arn in possible if fits(action, arn)]:
                unused.pop(resource, None)
                arns.update(chosen)
        if not arns:
            raise DeclarationError(f"{where}: {action} cannot be allowed on {_shown(candidates)}. {_advice(action)}")
        yield action, tuple(sorted(arns))
    if unused:
        actions = ", ".join(permission.actions)
        raise DeclarationError(
            f"{where}: {actions} cannot be allowed on {_shown(unused)}. {_advice(permission.actions[0])} Take it out of `on`."
        )


def _fits_type(resource: GeneratedRef, action: str, arn: str) -> bool:
    """Whether an action can be allowed on a resource whose ARN may not be known yet: if it is one of its service."""
    if resource.is_bucket and action.startswith("s3:"):
        return ("object" if arn.endswith("/*") else "bucket") in iam_actions.types_of(action)
    if arn.startswith("arn:"):
        return resource.has_arn and iam_actions.fits(action, arn)
    return action.partition(":")[0] in resource.services


def _fits(action: str, arn: str) -> bool:
    """Whether an action can be allowed on an ARN. Only the slash tells the objects of a bucket from the bucket."""
    if MARK.search(arn):  # AWS gives it
        return True
    bucket, slash, _ = arn.removeprefix("arn:").partition(":s3:::")[2].partition("/")
    if bucket and not permissions.SPECIAL_CHARACTERS.search(bucket):
        return ("object" if slash else "bucket") in iam_actions.types_of(action)
    return iam_actions.fits(action, arn)


def _shown(resources: Iterable[Resource]) -> str:
    return ", ".join(
        str(item.key) if isinstance(item, Ref) else item.uri if isinstance(item, Location) else item for item in resources
    )


def _advice(action: str) -> str:
    forms = iam_actions.forms_of(action)
    if not forms:
        return "IAM can allow it on all resources only: leave `on` away."
    return f"It acts on {' or '.join(form.replace('.*', '…') for form in forms[:3])}."
