"""What AWS's own schemas say of how it tells a property."""

import pytest

from common.aws.resource_schemas import schema_of
from common.aws.told_values import is_told_as


@pytest.mark.parametrize(
    ("transform", "live", "same"),
    [
        ("$lowercase(Name)", "load", True),
        ("$lowercase(Name)", "other", False),
        ('$split(Name, ":")[-1] $OR Name', "Load", True),
        ('$join(["arn:.+?:key\\/", Name])', "arn:aws:kms:us-east-1:1:key/Load", True),
        ('$join(["(", Name])', "(load", False),
        ("$nothing(Name) $OR Name", "Load", True),
        ("Absent", None, False),
        ("Number * 1000", 5000, True),
    ],
)
def test_an_expression_makes_what_aws_tells(transform: str, live: object, same: bool) -> None:
    assert is_told_as(transform, {"Name": "Load", "Number": 5}, live) == same


def test_the_object_around_a_property_is_named_first() -> None:
    schema = schema_of("AWS::DynamoDB::GlobalTable")
    path = ("Replicas", "*", "SSESpecification", "KMSMasterKeyId")
    around = {"KMSMasterKeyId": "arn:aws:kms:us-east-1:123456789012:key/a"}
    assert schema.is_told_as({"KMSMasterKeyId": "b"}, path, around, "a")
    assert not schema.is_told_as({}, path, around, "b")
