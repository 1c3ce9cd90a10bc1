"""An IAM role that one service assumes, with its permissions.

Our permissions are one inline policy, and our trust is one statement, each with a name of its own. Policies and statements of
others stay, and plans and `drift` name them.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import ClassVar

from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import AwsError, DeclarationError, OwnershipError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole, whole_if_ours
from common.model.kind import AT_ONCE, Calls, Kind, NameRule, Passing, Policy, Quota
from common.model.listing import Listing
from common.model.lookup import Lookup
from common.model.orphan import Named
from common.model.policy_changes import statements_changed
from common.model.resource import ROLE_ID, Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags, tag_list, tag_map
from common.resources.stand_in_role import erase_stand_in, stand_in_arn

_POLICY = "deployer-permissions"
_TRUST = "Deployer"
_UNDECLARED = ("Description", "MaxSessionDuration")
"""An update does not change these live fields."""
_NEVER_SHOWN = "Max attempts exceeded"
"""Botocore's waiters say this if all of their polls were in vain, and not if one was refused."""
_SAYS_SOURCE = frozenset({"states.amazonaws.com", "events.amazonaws.com", "scheduler.amazonaws.com"})
"""These services pass the account for which they assume a role. For any other, the condition would prevent that."""


KIND = Kind(
    name="role",
    word="role",
    service="iam",
    step=steps.ROLES,
    console="iam/home#/roles/details/{name}",
    names=NameRule(64, re.compile(r"[A-Za-z0-9_+=,.@-]+"), "letters, digits and _+=,.@-"),
    is_assumed=True,
    in_index=False,
    listing=Listing("ListRoles", "Roles", "RoleName", size=("MaxItems", 1000)),
    quota=Quota(
        "IAM roles", "iam", "L-FE177D64", 1000, "or let several resources share one that exists: `roles` in configuration"
    ),
    calls=Calls(("CreateRole", "PutRolePolicy")),
    passing=Passing(
        codes={
            "ConcurrentModification": AT_ONCE,
            "DeleteConflict": "the policies of a role were just taken away, and that is not known everywhere",
        }
    ),
    policy=Policy(
        operations=(
            *("CreateRole", "DeleteRole", "GetRole", "TagRole", "UntagRole", "UpdateAssumeRolePolicy", "PutRolePolicy"),
            *("DeleteRolePolicy", "GetRolePolicy", "ListRolePolicies", "AttachRolePolicy", "DetachRolePolicy"),
            *("ListAttachedRolePolicies", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
        ),
        everywhere=("ListRoles",),
        actions={"CreateRole": ("iam:CreateRole", "iam:TagRole")},
        parts=lambda arn: (stand_in_arn(arn),),
        when_declared=("iam:GetAccountSummary",),  # how many roles there are
    ),
    lookup=Lookup(
        "GetRole",
        lambda role: {"RoleName": role.name},
        ("NoSuchEntity",),
        names=re.compile(r"([A-Za-z0-9+=,.@_-]+/)*(?P<name>[A-Za-z0-9+=,.@_-]{1,64})"),
        abroad=False,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Role(Declared):
    """A role under `path` ("/…/") that `service` ("lambda.amazonaws.com") assumes."""

    path: str
    service: str
    statements: tuple[JsonMapping, ...] = ()
    managed_policies: tuple[str, ...] = ()
    boundary: str | None = None
    immutable: ClassVar[frozenset[str]] = frozenset({"Path"})
    removable: ClassVar[frozenset[str]] = frozenset({"AssumeRolePolicyDocument", "AttachedPolicies", "Policies", "Tags"})
    usual: ClassVar[State] = {"MaxSessionDuration": 3600}

    def desired(self) -> State:
        """The owned fields. `Policies` are the inline policies: documents by name.

        Raises:
            DeclarationError: the inline policy is longer than IAM accepts.
        """
        policies: JsonObject = {}
        if self.statements:
            document = {"Version": "2012-10-17", "Statement": self.statements}
            policies[_POLICY] = json.loads(json.dumps(document, default=dict))
            if (size := len(_text(policies[_POLICY]))) > 10_240:
                raise DeclarationError(f"{self.key}: its policy has {size} characters; IAM accepts 10240. Grant fewer resources.")
        return {
            "Path": self.path,
            "AssumeRolePolicyDocument": self._trust(),
            "Policies": policies,
            "AttachedPolicies": sorted(self.managed_policies),
            "PermissionsBoundary": self.boundary,
            "Tags": dict(self.tags),
        }

    def describe_change(self, name: str, before: Json, after: Json) -> str:
        """Permissions and managed policies that are added and taken away, one by one."""
        if name == "Policies":
            return statements_changed((before or {}).get(_POLICY) or {}, (after or {}).get(_POLICY) or {})
        if name == "AttachedPolicies":
            old, new = set(before or ()), set(after or ())
            signed = [*((arn, "+") for arn in new - old), *((arn, "-") for arn in old - new)]
            return ", ".join(f"{sign} policy {arn.rpartition(':policy/')[2]}" for arn, sign in sorted(signed))
        return ""

    def read(self, aws: Aws) -> Live | None:
        """The live role with all its policies."""
        response = aws.find("iam", "GetRole", "NoSuchEntity", RoleName=self.name)
        if response is None:
            return None
        live = response["Role"]
        if live["RoleName"] != self.name:
            raise self.of_other_case(live["RoleName"])
        tags, inline, attached = tag_map(live.get("Tags", ())), _inline(aws, self), _attached(aws, self)
        own, others = comparison.statements(live["AssumeRolePolicyDocument"], self._trust()["Statement"][0])
        boundary = live.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        kept = {
            "AssumeRolePolicyDocument": comparison.by_sid(others),
            "Policies": {name: name for name in inline if name != _POLICY},
            "AttachedPolicies": {arn: arn for arn in sorted(attached) if arn not in self.managed_policies},
            "PermissionsBoundary": None if self.boundary else boundary,
            **{name: live.get(name) for name in _UNDECLARED},
            **other_tags(tags, self.tags),
        }
        state = {
            "Path": live["Path"],
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{**statement, "Sid": _TRUST} for statement in own],
            },
            "Policies": {_POLICY: self._document(aws, _POLICY)} if _POLICY in inline else {},
            "AttachedPolicies": sorted({*attached} & {*self.managed_policies}),
            "PermissionsBoundary": boundary if self.boundary else None,
            "Tags": owned_tags(tags, self.tags),
        }
        return Live(state, live["RoleId"], {name: value for name, value in kept.items() if value})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the role with tags and boundary, then its policies."""
        boundary = {"PermissionsBoundary": desired["PermissionsBoundary"]} if desired["PermissionsBoundary"] else {}
        change = replace(whole(self, desired, None), changed=frozenset({"Policies", "AttachedPolicies"}))
        try:
            trust, tags = _text(desired["AssumeRolePolicyDocument"]), tag_list(desired["Tags"])
            arguments = {
                "RoleName": self.name,
                "Path": desired["Path"],
                "AssumeRolePolicyDocument": trust,
                "Tags": tags,
                **boundary,
            }
            role_id = aws.call("iam", "CreateRole", **arguments)["Role"]["RoleId"]
        except AwsError as error:
            if error.code != "EntityAlreadyExists":
                raise
            self._wait_unless_of_other_case(aws)
            live = self.read(aws)
            change, role_id = whole_if_ours(self, desired, live), live.revision if live else None
        return {**self.update(aws, change), **({ROLE_ID: role_id} if role_id else {})}

    def _wait_unless_of_other_case(self, aws: Aws) -> None:
        """Waits for a role that IAM says it has.

        Raises:
            OwnershipError: it never shows it by this name, so that has capital letters where ours has small ones, or the reverse.
        """
        try:
            aws.wait("iam", "role_exists", RoleName=self.name)
        except AwsError as error:
            if _NEVER_SHOWN not in error.reason:
                raise
            raise self.of_other_case("a role of this name, spelled with other capital letters") from None

    def of_other_case(self, other: str) -> OwnershipError:
        """Tells that IAM cannot have this role beside `other`.

        Follows https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html: names are unique within the account and
        are not distinguished by case.
        """
        return OwnershipError(
            f"{self.key.project}: {self.key}: IAM has {other} and does not tell capital letters from small ones, so it cannot "
            f"have {self.name}, too. Choose a name that differs in more than that. Or take yours out of the declaration, delete "
            f"the other one, with `{typed('deploy')} --prune` if it was deployed from here, and declare yours after that."
        )

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Changes the fields in `changed`. New policies are put before old ones are removed.

        Only what was declared when the role was applied last is removed.
        """
        live = change.live.state if change.live is not None else {}
        if "AssumeRolePolicyDocument" in change.changed:
            trust = self._with_others(aws, change)
            aws.call("iam", "UpdateAssumeRolePolicy", RoleName=self.name, PolicyDocument=_text(trust))
        if "PermissionsBoundary" in change.changed:
            self._bound(aws, change.desired["PermissionsBoundary"], stale="PermissionsBoundary" in change.stale)
        if "Policies" in change.changed:
            for name, document in change.desired["Policies"].items():
                aws.call("iam", "PutRolePolicy", RoleName=self.name, PolicyName=name, PolicyDocument=_text(document))
            own = live.get("Policies", {}).keys() - change.desired["Policies"].keys()
            _remove_inline(aws, self, own | change.stale.get("Policies", {}).keys())
        if "AttachedPolicies" in change.changed:
            for arn in change.desired["AttachedPolicies"]:
                aws.call("iam", "AttachRolePolicy", RoleName=self.name, PolicyArn=arn)
            _detach(aws, self, change.stale.get("AttachedPolicies", ()))
        if "Tags" in change.changed:
            aws.call("iam", "TagRole", RoleName=self.name, Tags=tag_list(change.desired["Tags"]))
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        return {}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        response = aws.find("iam", "GetRole", "NoSuchEntity", RoleName=resource.name)
        return None if response is None else tag_map(response["Role"].get("Tags", ()))

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("iam", "UntagRole", RoleName=resource.name, TagKeys=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Removes all policies, then deletes the role. First its stand-in, if a failed update has left that behind."""
        response = aws.find("iam", "GetRole", "NoSuchEntity", RoleName=resource.name)
        if response is None:
            return
        erase_stand_in(aws, response["Role"])
        _remove_inline(aws, resource, _inline(aws, resource))
        _detach(aws, resource, _attached(aws, resource))
        aws.find("iam", "DeleteRole", "NoSuchEntity", RoleName=resource.name)

    def _trust(self) -> State:
        statement: State = {"Sid": _TRUST, "Effect": "Allow", "Principal": {"Service": self.service}, "Action": "sts:AssumeRole"}
        if self.service in _SAYS_SOURCE:
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": self.arn.split(":")[4]}}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def _document(self, aws: Aws, name: str) -> Json:
        return aws.call("iam", "GetRolePolicy", RoleName=self.name, PolicyName=name)["PolicyDocument"]

    def _with_others(self, aws: Aws, change: Change) -> State:
        """The trust policy with the statements of others as they are now, without those that are taken away."""
        trust = change.desired["AssumeRolePolicyDocument"]
        response = aws.find("iam", "GetRole", "NoSuchEntity", RoleName=self.name)
        live = response["Role"]["AssumeRolePolicyDocument"] if response else {}
        _, others = comparison.statements(live, trust["Statement"][0])
        kept = comparison.left(others, change.stale.get("AssumeRolePolicyDocument", {}))
        return {**trust, **live, "Statement": [*kept, *trust["Statement"]]}

    def _bound(self, aws: Aws, boundary: str | None, *, stale: bool) -> None:
        """Sets our boundary, or removes it. A boundary that others have set stays."""
        if boundary:
            aws.call("iam", "PutRolePermissionsBoundary", RoleName=self.name, PermissionsBoundary=boundary)
        elif stale:
            aws.find("iam", "DeleteRolePermissionsBoundary", "NoSuchEntity", RoleName=self.name)


def _inline(aws: Aws, resource: Named) -> list[str]:
    return [name for page in aws.pages("iam", "ListRolePolicies", RoleName=resource.name) for name in page["PolicyNames"]]


def _attached(aws: Aws, resource: Named) -> list[str]:
    pages = aws.pages("iam", "ListAttachedRolePolicies", RoleName=resource.name)
    return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]


def _remove_inline(aws: Aws, resource: Named, names: Collection[str]) -> None:
    for name in sorted(names):
        aws.find("iam", "DeleteRolePolicy", "NoSuchEntity", RoleName=resource.name, PolicyName=name)


def _detach(aws: Aws, resource: Named, arns: Collection[str]) -> None:
    for arn in sorted(arns):
        aws.find("iam", "DetachRolePolicy", "NoSuchEntity", RoleName=resource.name, PolicyArn=arn)


def _text(document: State) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
