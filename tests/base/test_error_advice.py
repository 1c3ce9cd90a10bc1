"""What a refused call advises: a permission that is missing is added, one that is denied is not."""

import pytest

from common.base.errors import AwsError

WHO = "User: arn:aws:sts::123456789012:assumed-role/ci/me is not authorized to perform: s3:PutObject"


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("because no identity-based policy allows the s3:PutObject action", "Allow this action to the deploying role"),
        ("with an explicit deny in a resource-based policy", "A policy denies this, so no other one can allow it"),
        ("with an explicit deny in a service control policy", "A policy denies this, so no other one can allow it"),
    ],
)
def test_what_is_denied_is_not_to_be_allowed(reason: str, advice: str) -> None:
    """As in https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html."""
    assert f"{reason}. {advice}" in str(AwsError("s3", "PutObject", "AccessDenied", f"{WHO} {reason}"))
