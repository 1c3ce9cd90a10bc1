"""A role that may do what `invoke policy` prints and nothing else; the commands run with it.

The embedded AWS takes one key alone and allows it everything, so there a gate judges every call of the commands.
Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import json
import time
from collections.abc import Mapping

from tests.account.generated import ENVIRONMENT
from tests.account.place import KEYS, Answer, Place

RENEWED_AFTER = 1800.0
"""Seconds; credentials of a role last an hour."""


def narrow(place: Place) -> str:
    """From here on, commands run with such a role; why they do not, or an empty text."""
    printed = place.run("policy", "--env", ENVIRONMENT)
    if printed.code:
        return f"`invoke policy` ended with {printed.code}: {printed.error}"
    if place.embedded:
        place.guard(printed.told)
        return ""
    role = f"{place.prefix}-deployer"
    trusted = {"Effect": "Allow", "Principal": {"AWS": place.aws.guard()}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    policy = json.dumps(printed.told, separators=(",", ":"))
    for answer in (
        place.ask("iam", "CreateRole", RoleName=role, AssumeRolePolicyDocument=trust),
        place.ask("iam", "PutRolePolicy", RoleName=role, PolicyName="printed", PolicyDocument=policy),
    ):
        if answer.code:
            return f"A role with the printed policy could not be made: {answer.code}."
    assumed = _Assumed(place, f"arn:{place.env.partition}:iam::{place.env.account_id}:role/{role}")
    if place.until(assumed.renew) is None:
        return f"The role with the printed policy could not be assumed: {assumed.answer.code}."
    place.rest()  # its policy is not known everywhere at once
    place.keys = assumed.keys
    return ""


class _Assumed:
    """The role's credentials, assumed anew in time."""

    def __init__(self, place: Place, arn: str) -> None:
        self._place, self._arn, self._since = place, arn, 0.0
        self.answer = Answer(0, "", {})

    def renew(self) -> bool:
        """Whether they could be had."""
        self.answer = self._place.ask("sts", "AssumeRole", RoleArn=self._arn, RoleSessionName="proof")
        self._since = time.monotonic()
        return not self.answer.code

    def keys(self) -> Mapping[str, str]:
        """As variables."""
        if time.monotonic() - self._since > RENEWED_AFTER:
            self.renew()
        credentials = self.answer.body.get("Credentials", {})
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return {variable: credentials[name] for variable, name in zip(KEYS, names, strict=True) if name in credentials}
