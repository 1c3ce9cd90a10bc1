"""A call that a role does not allow is explained with what to write where."""

import pytest

from common.execution.denied_calls import advice

USER = "User: arn:aws:sts::123456789012:assumed-role/t-p-landing-glue-job/GlueJobRunnerSession is not authorized to perform: "
NO_POLICY = "because no identity-based policy allows the s3:PutObject action"


def test_the_role_the_action_and_the_resource_are_named() -> None:
    """As in https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html, and as S3 writes it."""
    text = advice(f'AnalysisException: {USER}s3:PutObject on resource: "arn:aws:s3:::landing/in/a" {NO_POLICY} (Service: S3)')
    assert text.startswith("The role t-p-landing-glue-job does not allow s3:PutObject on arn:aws:s3:::landing/in/a. ")
    assert 'permissions=[allow("s3:PutObject", on=...)]' in text


def test_a_statement_that_denies_must_be_changed() -> None:
    text = advice(f"{USER}glue:GetTable on resource: arn:aws:glue:eu-central-1:1:table/a/b with an explicit deny in a policy")
    denied, rest = "A policy denies glue:GetTable to the role t-p-landing-glue-job", "so no other one can allow it"
    assert text == f"{denied}, {rest}: change the denying statement."


def test_a_message_without_a_resource_is_about_all() -> None:
    assert "does not allow glue:GetJobs on *." in advice(f"{USER}glue:GetJobs because no identity-based policy allows it")


@pytest.mark.parametrize(
    "message",
    [
        "ClientError: An error occurred (403) when calling the HeadObject operation: Forbidden",
        "Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; Request ID: X)",
    ],
)
def test_what_s3_does_not_say_is_said(message: str) -> None:
    assert "s3:ListBucket on the bucket" in advice(message)


@pytest.mark.parametrize("message", ["", "KeyError: 'state'", "User: arn:aws:iam::1:user/x is not authorized to perform: s3:Get"])
def test_another_failure_has_no_such_advice(message: str) -> None:
    assert advice(message) == ""
