"""Requests to the Cloud Control API that fail for a while, or that fail and need not worry anybody."""

import pytest

from common.base.errors import AwsError
from common.resources import cloud_requests
from tests.resources.scripted import ScriptedAws

QUEUE = "AWS::SQS::Queue"
CREATED = {"ProgressEvent": {"OperationStatus": "SUCCESS", "Identifier": "https://queue"}}


def failed(code: str, words: str) -> dict[str, dict[str, str]]:
    return {"ProgressEvent": {"OperationStatus": "FAILED", "ErrorCode": code, "StatusMessage": words}}


@pytest.mark.parametrize(
    "words",
    [
        "The role cannot be assumed by the service.",
        "The function's execution role does not have permissions to call SendMessage on arn:aws:sqs:us-east-1:123456789012:q",
    ],
)
def test_a_new_role_that_is_not_known_everywhere_is_waited_for(words: str) -> None:
    refused = failed("InvalidRequest", words)
    aws = ScriptedAws({"cloudcontrol:CreateResource": [refused, refused, refused, CREATED]})
    assert cloud_requests.create(aws, QUEUE, "{}", "t") == "https://queue"
    assert aws.operations == ["cloudcontrol:CreateResource"] * 4
    aws = ScriptedAws({"cloudcontrol:CreateResource": failed("AccessDenied", words)})
    with pytest.raises(AwsError, match=words[-20:]):
        cloud_requests.create(aws, QUEUE, "{}", "t")
    assert sum(aws.slept) > 30


def test_each_further_request_has_a_token_by_which_the_next_deploy_finds_it() -> None:
    """A deploy that dies before it has recorded the resource sends the same tokens again.

    See https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-operations.html#resource-operations-idempotency.
    """
    begun = {"ProgressEvent": {"OperationStatus": "IN_PROGRESS", "RequestToken": "r"}}
    refused = failed("InvalidRequest", "The role cannot be assumed by the service.")
    died = ScriptedAws({"cloudcontrol:CreateResource": [begun, CREATED], "cloudcontrol:GetResourceRequestStatus": refused})
    after = ScriptedAws({"cloudcontrol:CreateResource": [refused, CREATED]})
    sent = []
    for aws in (died, after):
        assert cloud_requests.create(aws, QUEUE, "{}", "t") == "https://queue"
        sent.append([fields.get("ClientToken") for name, fields in aws.calls if name == "cloudcontrol:CreateResource"])
    assert sent[0] == sent[1]
    assert len({*sent[0]} - {None}) == 2


def test_a_subscription_that_nobody_has_confirmed_goes_by_itself() -> None:
    """The handler refuses: DeleteHandler.java of aws-cloudformation/aws-cloudformation-resource-providers-sns.

    SNS deletes it after two days: https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html.
    """
    arn = "arn:aws:sns:us-east-1:123456789012:alerts:0a1b"
    refused = failed("InvalidRequest", f"Invalid request provided: subscription {arn} cannot be deleted if pending confirmation")
    aws = ScriptedAws({"cloudcontrol:DeleteResource": refused})
    cloud_requests.delete(aws, "AWS::SNS::Subscription", arn)
    assert aws.operations == ["cloudcontrol:DeleteResource"]
    aws = ScriptedAws({"cloudcontrol:DeleteResource": failed("InvalidRequest", "Invalid request provided: no")})
    with pytest.raises(AwsError, match="no"):
        cloud_requests.delete(aws, "AWS::SNS::Subscription", arn)
