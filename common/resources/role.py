"""An IAM role that one service assumes, with what it may do.

What a role may do is the whole of its policies: an inline or attached policy that nobody declared is a difference, and an update
takes it away.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from common.desired import whole
from common.errors import AwsError, DeclarationError
from common.remains import Named
from common.resource import Aws, Change, Declared, Live, Outputs, State
from common.tags import owned_tags, tag_list, tag_map

_POLICY = "permissions"
_SAYS_SOURCE = frozenset({"states.amazonaws.com", "events.amazonaws.com"})
"""Services that say for which account they assume a role; asked of another one, the condition would lock it out."""


@dataclass(frozen=True, kw_only=True)
class Role(Declared):
    """A role under `path` ("/…/") that `service` ("lambda.amazonaws.com") assumes."""

    kind: ClassVar[str] = "role"
    path: str
    service: str
    statements: tuple[Mapping[str, Any], ...] = ()
    managed_policies: tuple[str, ...] = ()
    boundary: str | None = None
    immutable: ClassVar[frozenset[str]] = frozenset({"Path"})

    def desired(self) -> State:
        """The owned fields; `Policies` are the inline ones, documents by name.

        Raises:
            DeclarationError: the inline policy is longer than IAM accepts.
        """
        policies: dict[str, Any] = {}
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

    def read(self, aws: Aws) -> Live | None:
        """The live role with every policy that it has."""
        found = aws.find("iam", "GetRole", "NoSuchEntity", RoleName=self.name)
        if found is None:
            return None
        live = found["Role"]
        state = {
            "Path": live["Path"],
            "AssumeRolePolicyDocument": live["AssumeRolePolicyDocument"],
            "Policies": {name: self._document(aws, name) for name in _inline(aws, self)},
            "AttachedPolicies": sorted(_attached(aws, self)),
            "PermissionsBoundary": live.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "Tags": owned_tags(tag_map(live.get("Tags", ())), self.tags),
        }
        return Live(state)

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the role with tags and boundary, then its policies."""
        boundary = {"PermissionsBoundary": desired["PermissionsBoundary"]} if desired["PermissionsBoundary"] else {}
        change = replace(whole(self, desired, None), changed=frozenset({"Policies", "AttachedPolicies"}))
        try:
            trust, tags = _text(desired["AssumeRolePolicyDocument"]), tag_list(desired["Tags"])
            aws.call(
                "iam",
                "CreateRole",
                RoleName=self.name,
                Path=desired["Path"],
                AssumeRolePolicyDocument=trust,
                Tags=tags,
                **boundary,
            )
        except AwsError as error:
            if error.code != "EntityAlreadyExists":
                raise
            change = whole(self, desired, self.read(aws))
        aws.wait("iam", "role_exists", RoleName=self.name)
        return self.update(aws, change)

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Changes the fields in `changed`; what grants is put before what no longer grants is taken away.

        What there is to take away is what was read: a role that was just created has nothing.
        """
        live = change.live.state if change.live is not None else {}
        if "AssumeRolePolicyDocument" in change.changed:
            trust = _text(change.desired["AssumeRolePolicyDocument"])
            aws.call("iam", "UpdateAssumeRolePolicy", RoleName=self.name, PolicyDocument=trust)
        if "PermissionsBoundary" in change.changed:
            self._bound(aws, change.desired["PermissionsBoundary"])
        if "Policies" in change.changed:
            for name, document in change.desired["Policies"].items():
                aws.call("iam", "PutRolePolicy", RoleName=self.name, PolicyName=name, PolicyDocument=_text(document))
            _remove_inline(aws, self, live.get("Policies", {}).keys() - change.desired["Policies"].keys())
        if "AttachedPolicies" in change.changed:
            for arn in change.desired["AttachedPolicies"]:
                aws.call("iam", "AttachRolePolicy", RoleName=self.name, PolicyArn=arn)
            _detach(aws, self, {*live.get("AttachedPolicies", ())} - {*change.desired["AttachedPolicies"]})
        if "Tags" in change.changed:
            aws.call("iam", "TagRole", RoleName=self.name, Tags=tag_list(change.desired["Tags"]))
        return {}

    def delete(self, aws: Aws) -> None:
        """Takes every policy away, then deletes the role."""
        self.erase(aws, self)

    @staticmethod
    def live_tags(aws: Aws, one: Named) -> dict[str, str] | None:
        """All its tags; None if it does not exist."""
        found = aws.find("iam", "GetRole", "NoSuchEntity", RoleName=one.name)
        return None if found is None else tag_map(found["Role"].get("Tags", ()))

    @staticmethod
    def erase(aws: Aws, one: Named) -> None:
        """See `delete`."""
        if aws.find("iam", "GetRole", "NoSuchEntity", RoleName=one.name) is None:
            return
        _remove_inline(aws, one, _inline(aws, one))
        _detach(aws, one, _attached(aws, one))
        aws.find("iam", "DeleteRole", "NoSuchEntity", RoleName=one.name)

    def _trust(self) -> State:
        statement: State = {"Effect": "Allow", "Principal": {"Service": self.service}, "Action": "sts:AssumeRole"}
        if self.service in _SAYS_SOURCE:
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": self.arn.split(":")[4]}}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def _document(self, aws: Aws, name: str) -> Any:
        return aws.call("iam", "GetRolePolicy", RoleName=self.name, PolicyName=name)["PolicyDocument"]

    def _bound(self, aws: Aws, boundary: str | None) -> None:
        if boundary:
            aws.call("iam", "PutRolePermissionsBoundary", RoleName=self.name, PermissionsBoundary=boundary)
        else:
            aws.find("iam", "DeleteRolePermissionsBoundary", "NoSuchEntity", RoleName=self.name)


def _inline(aws: Aws, one: Named) -> list[str]:
    return [name for page in aws.pages("iam", "ListRolePolicies", RoleName=one.name) for name in page["PolicyNames"]]


def _attached(aws: Aws, one: Named) -> list[str]:
    pages = aws.pages("iam", "ListAttachedRolePolicies", RoleName=one.name)
    return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]


def _remove_inline(aws: Aws, one: Named, names: Collection[str]) -> None:
    for name in sorted(names):
        aws.find("iam", "DeleteRolePolicy", "NoSuchEntity", RoleName=one.name, PolicyName=name)


def _detach(aws: Aws, one: Named, arns: Collection[str]) -> None:
    for arn in sorted(arns):
        aws.find("iam", "DetachRolePolicy", "NoSuchEntity", RoleName=one.name, PolicyArn=arn)


def _text(document: State) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
