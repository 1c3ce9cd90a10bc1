"""ARNs in the partition of an environment: `arn:aws:…` is written in most examples, and is nothing in China or GovCloud.

What a declaration writes is rendered. What is only there in another partition, as an ARN with one of its regions, is refused.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from common.base.errors import DeclarationError
from common.environment.aws_versions import partition_of

ARN = re.compile(r"\barn:(?P<partition>aws(?:-[a-z]+)*):(?:(?=[a-z0-9-]+:(?P<region>[^:\s]*):))?")


class Account(NamedTuple):
    """Where an environment is."""

    partition: str = "aws"
    region: str = "us-east-1"
    account_id: str = "000000000000"

    @property
    def constants(self) -> dict[str, str]:
        """What texts may refer to, by the names that CloudFormation has for it."""
        return {"AWS::Partition": self.partition, "AWS::Region": self.region, "AWS::AccountId": self.account_id}


SOMEWHERE = Account()


def rendered(text: str, account: Account, where: str) -> str:
    """The text with each ARN in it in the partition of the account.

    Raises:
        DeclarationError: one has a region of another partition.
    """

    def in_partition(found: re.Match[str]) -> str:
        region = found["region"] or ""
        if (partition_of(region) or account.partition) != account.partition:
            raise DeclarationError(
                f"{where}: {found[0]}… with the region {region} is nothing in the partition {account.partition}, which "
                f"{account.region} is in. Write arn:${{AWS::Partition}}:…:${{AWS::Region}}:…, or take it from a parameter."
            )
        return f"arn:{account.partition}:"

    return ARN.sub(in_partition, text)


def check(arns: Iterable[str], account: Account) -> None:
    """Looks whether the account can give what exists to its resources: roles, policies and layers by their ARNs.

    A role can be passed within its account alone, and so can a policy that is not AWS's own be attached; a layer can be another
    account's, and is in the region of its functions.

    Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html and
    https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html

    Raises:
        ValueError: it cannot.
    """
    for arn in arns:
        _, theirs, service, region, owner, _ = arn.split(":", 5)
        if theirs != account.partition:
            raise ValueError(f"{arn} is in the partition {theirs}, and {account.region} in {account.partition}")
        if region not in {"", account.region}:
            raise ValueError(f"{arn} is in the region {region}, and the environment in {account.region}")
        if service == "iam" and owner not in {"aws", account.account_id}:
            raise ValueError(f"{arn} is of the account {owner}, and the environment of {account.account_id}")


def expected(arns: Iterable[str], account: Account, where: str) -> None:
    """As `check`, for what a declaration or configuration gives to a resource.

    Raises:
        DeclarationError: see `check`.
    """
    try:
        check(arns, account)
    except ValueError as error:
        raise DeclarationError(f"{where}: {error}. Name one that is there, in configuration.") from None
