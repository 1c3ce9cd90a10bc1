"""Which IAM actions exist, and on which resources each can be allowed.

The expectations are those of https://docs.aws.amazon.com/service-authorization/latest/reference/, not of the data that is read.
"""

import sys

import pytest

from common.aws import iam_actions, published
from common.base.errors import ConfigError

HERE = "us-east-1:123456789012"


@pytest.mark.parametrize(
    "action",
    [
        *("s3:GetObject", "s3:getobject", "athena:StartQueryExecution", "kms:Decrypt", "secretsmanager:GetSecretValue"),
        *("redshift-data:ExecuteStatement", "states:SendTaskSuccess", "cloudwatch:PutMetricData", "athena:Get*", "glue:*"),
        *("lambda:InvokeFunction", "ses:SendEmail", "elasticmapreduce:RunJobFlow", "dynamodb:PartiQLSelect", "ec2:Describe*"),
        *("bedrock:InvokeModel", "lakeformation:GetDataAccess", "sagemaker:CreateTrainingJob", "execute-api:Invoke"),
    ],
)
def test_actions_that_exist_are_taken(action: str) -> None:
    iam_actions.check_action(action)


@pytest.mark.parametrize(
    ("action", "advice"),
    [
        ("athena:StartQuery", "IAM has no action athena:StartQuery. Did you mean athena:StartQueryExecution?"),
        ("s3:GetObjects", "IAM has no action s3:GetObjects. Did you mean s3:GetObject?"),
        ("sms:Publish", "IAM has no action sms:Publish"),
        ("athenna:GetWorkGroup", "IAM has no service 'athenna' (athenna:GetWorkGroup). Did you mean 'athena'?"),
        ("glue:Strat*", "IAM has no action glue:Strat*."),
        ("*", "is not an action, as in s3:GetObject"),
        ("GetObject", "is not an action, as in s3:GetObject"),
        ("s3:", "is not an action"),
        ("s3:Get Object", "is not an action"),
        ("*:*", "is not an action"),
    ],
)
def test_actions_that_do_not_exist_are_refused_with_a_suggestion(action: str, advice: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        iam_actions.check_action(action)
    assert advice in str(refusal.value)


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/primary"),
        ("athena:StartQueryExecution", f"arn:aws-cn:athena:{HERE}:workgroup/*"),
        ("athena:StartQueryExecution", "arn:aws:athena:*:*:*"),
        ("sns:Publish", f"arn:aws:sns:{HERE}:alerts"),
        ("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1234"),
        ("kms:Decrypt", f"arn:aws:kms:{HERE}:k*"),
        ("glue:GetTable", f"arn:aws:glue:{HERE}:catalog"),
        ("glue:GetTable", f"arn:aws:glue:{HERE}:table/sales/*"),
        ("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/runs/index/by-day"),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/jobs"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:Validate:live"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:db-??????"),
        ("cloudwatch:PutMetricData", "*"),
    ],
)
def test_resources_on_which_an_action_can_be_allowed(action: str, arn: str) -> None:
    assert iam_actions.fits(action, arn)


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("athena:StartQueryExecution", f"arn:aws:glue:{HERE}:workgroup/primary"),
        ("athena:StartQueryExecution", f"arn:aws:athena:{HERE}:datacatalog/x"),
        ("kms:Decrypt", f"arn:aws:kms:{HERE}:alias/orders"),
        ("sns:Publish", f"arn:aws:sqs:{HERE}:alerts"),
        ("glue:StartJobRun", f"arn:aws:glue:{HERE}:crawler/x"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:layer:x"),
        ("xray:PutTraceSegments", f"arn:aws:xray:{HERE}:group/x/y"),
        ("iam:PassRole", "arn:aws:iam::123456789012:user/ann"),
        ("kms:Decrypt", "key/1234"),
    ],
)
def test_resources_on_which_it_would_grant_nothing(action: str, arn: str) -> None:
    assert not iam_actions.fits(action, arn)


def test_actions_that_can_be_allowed_on_all_resources_only() -> None:
    assert iam_actions.has_only_all("xray:PutTraceSegments")
    assert iam_actions.has_only_all("s3:ListAllMyBuckets")
    assert not iam_actions.has_only_all("s3:GetObject")


def test_without_the_package_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    published.find_folder.cache_clear()
    monkeypatch.setattr(sys, "path", [])
    try:
        with pytest.raises(ConfigError, match="uv sync --group aws-data"):
            published.read_data("x.json")
    finally:
        published.find_folder.cache_clear()


def test_a_version_without_the_file_is_told() -> None:
    with pytest.raises(ConfigError, match=r"has no AdditionalSpecs/None\.json"):
        published.read_data("AdditionalSpecs/None.json")
