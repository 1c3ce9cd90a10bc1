"""Rewrites ARNs to the partition of an environment: most examples use `arn:aws:…`, which is invalid in China and GovCloud.

ARNs of declarations are rewritten. An ARN with a region of another partition is refused.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from common.base.errors import DeclarationError
from common.environment.aws_versions import partition_of

ARN = re.compile(r"\barn:(?P<partition>aws(?:-[a-z]+)*):(?:(?=[a-z0-9-]+:(?P<region>[^:\s]*):))?")


class Account(NamedTuple):
    """The partition, region and account of an environment."""

    partition: str = "aws"
    region: str = "us-east-1"
    account_id: str = "000000000000"

    @property
    def constants(self) -> dict[str, str]:
        """The constants that texts may refer to, by their names in CloudFormation."""
        return {"AWS::Partition": self.partition, "AWS::Region": self.region, "AWS::AccountId": self.account_id}


EXAMPLE_ACCOUNT = Account()
CONSOLES = {"aws": "console.aws.amazon.com", "aws-us-gov": "console.amazonaws-us-gov.com", "aws-cn": "console.amazonaws.cn"}
"""The domain of AWS's console by partition; other partitions have none that everybody can open.

Follows https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
"""


def console(partition: str, region: str) -> str:
    """The address of AWS's console in a region; empty for a partition without a public one."""
    return f"https://{region}.{CONSOLES[partition]}" if partition in CONSOLES else ""


def localize_arns(text: str, account: Account, where: str) -> str:
    """Returns the text with all ARNs in the partition of the account.

    Raises:
        DeclarationError: an ARN has a region of another partition.
    """

    def in_partition(match: re.Match[str]) -> str:
        region = match["region"] or ""
        if (partition_of(region) or account.partition) != account.partition:
            raise DeclarationError(
                f"{where}: {match[0]}… with the region {region} does not exist in the partition {account.partition}, which "
                f"{account.region} belongs to. Write arn:${{AWS::Partition}}:…:${{AWS::Region}}:…, or take it from a parameter."
            )
        return f"arn:{account.partition}:"

    return ARN.sub(in_partition, text)


def check_arns(arns: Iterable[str], account: Account) -> None:
    """Checks that resources of the account can use existing roles, policies and layers, by their ARNs.

    A role can be passed only within its account, and a policy that is not AWS's own can be attached only within its account. A
    layer can belong to another account, but must be in the region of its functions.

    Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html and
    https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html

    Raises:
        ValueError: they cannot be used.
    """
    for arn in arns:
        _, theirs, service, region, owner, _ = arn.split(":", 5)
        if theirs != account.partition:
            raise ValueError(f"{arn} is in the partition {theirs}, but {account.region} is in {account.partition}")
        if region not in {"", account.region}:
            raise ValueError(f"{arn} is in the region {region}, but the environment is in {account.region}")
        if service == "iam" and owner not in {"aws", account.account_id}:
            raise ValueError(f"{arn} belongs to the account {owner}, but the environment to {account.account_id}")


def require_usable_arns(arns: Iterable[str], account: Account, where: str) -> None:
    """Checks like `check_arns` what a declaration or configuration gives to a resource.

    Raises:
        DeclarationError: see `check_arns`.
    """
    try:
        check_arns(arns, account)
    except ValueError as error:
        raise DeclarationError(f"{where}: {error}. Name a matching one in the configuration.") from None
