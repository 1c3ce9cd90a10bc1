"""Pages of the AWS console."""

import pytest

from common.model.aws_name import AwsName, console_page
from common.model.kind import Kind
from common.resources import kinds

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:t-dev-Validate"


@pytest.mark.parametrize("kind", [kind for kind in kinds().values() if kind.console], ids=lambda kind: kind.name)
def test_every_page_of_a_kind_is_an_address_without_fields(kind: Kind) -> None:
    page = console_page(kind.console, "/t-dev/a b", ARN, "us-east-1", "aws")
    assert page.startswith("https://eu-west-1.console.aws.amazon.com/")
    assert not {"{", "}", " "} & {*page}


def test_a_page_is_in_the_region_and_the_partition_of_its_resource() -> None:
    function = kinds()["lambda"].console
    expected = "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/t-dev-Validate"
    assert console_page(function, "t-dev-Validate", ARN, "us-east-1", "aws") == expected
    bucket = console_page(kinds()["bucket"].console, "b", "arn:aws-us-gov:s3:::b", "us-gov-west-1", "aws-us-gov")
    assert bucket == "https://us-gov-west-1.console.amazonaws-us-gov.com/s3/buckets/b?region=us-gov-west-1"
    assert console_page(function, "f", ARN, "us-iso-east-1", "aws-iso") == "", "nobody outside can open it"


def test_slashes_in_log_groups_are_encoded_twice_as_cloudwatch_has_them() -> None:
    page = console_page(kinds()["log-group"].console, "/aws/lambda/f", ARN, "us-east-1", "aws")
    assert page.endswith("#logsV2:log-groups/log-group/$252Faws$252Flambda$252Ff")


def test_programs_read_nothing_where_there_is_nothing() -> None:
    assert AwsName("n").as_object() == {"name": "n", "arn": None, "console": None}
