"""On which ARNs the deployer is allowed what AWS's handlers of a type call.

By hand from the pages of the services in https://docs.aws.amazon.com/service-authorization/latest/reference/.
"""

import pytest

from common.base.json_types import JsonMapping
from common.resources.handler_arns import arns_for

HERE = "eu-central-1:123456789012"
ATHENA, GLUE, KMS, LAMBDA, SQS, SNS = (f"arn:aws:{name}:{HERE}" for name in ("athena", "glue", "kms", "lambda", "sqs", "sns"))
KEY = "«acres: resource/key#Arn»"
ROLE = "arn:aws:iam::123456789012:role/acres"
TABLE = {
    "DatabaseName": "acreage",
    "CatalogId": "123456789012",
    "Name": "totals",
    "TableInput": {"Location": "s3://final/totals/"},
}
RESULTS = {"Configuration": {"Result": {"OutputLocation": "s3://final/queries/", "EncryptionConfiguration": {"KmsKey": KEY}}}}


def arns(action: str, type_name: str, name: str, properties: JsonMapping) -> set[str]:
    stand_in = f"arn:aws:cloudcontrol:{HERE}:acres/{type_name.replace('::', '-')}/x/{name}"
    return set(arns_for(action, stand_in, type_name, name, properties))


@pytest.mark.parametrize(
    ("action", "type_name", "name", "properties", "expected"),
    [
        ("athena:GetWorkGroup", "AWS::Athena::WorkGroup", "reports", RESULTS, {f"{ATHENA}:workgroup/*reports*"}),
        ("athena:CreateNamedQuery", "AWS::Athena::NamedQuery", "best", {"WorkGroup": "reports"}, {f"{ATHENA}:workgroup/reports"}),
        (
            "glue:CreateTable",
            "AWS::Glue::Table",
            "totals",
            TABLE,
            {f"{GLUE}:{part}" for part in ("catalog", "catalog/123456789012", "database/acreage", "table/*totals*")},
        ),
        ("kms:CreateAlias", "AWS::KMS::Alias", "alias/a", {"TargetKeyId": KEY}, {f"{KMS}:alias/*alias/a*", f"{KMS}:key/*"}),
        ("sqs:CreateQueue", "AWS::SQS::Queue", "work", {}, {f"{SQS}:*work*"}),
        ("sqs:CreateQueue", "AWS::SQS::Queue", "work:new", {}, {f"{SQS}:*work:new*"}),
        (
            "lambda:PutFunctionEventInvokeConfig",
            "AWS::Lambda::EventInvokeConfig",
            "",
            {"FunctionName": "load", "Qualifier": "live"},
            {f"{LAMBDA}:function:load", f"{LAMBDA}:function:load:live"},
        ),
        ("lambda:GetEventSourceMapping", "AWS::Lambda::EventSourceMapping", "", {}, {f"{LAMBDA}:event-source-mapping:*"}),
    ],
)
def test_a_resource_is_meant_by_its_name_and_what_it_belongs_to_by_its_property(
    action: str, type_name: str, name: str, properties: JsonMapping, expected: set[str]
) -> None:
    assert arns(action, type_name, name, properties) == expected


@pytest.mark.parametrize(
    ("action", "type_name", "properties", "expected"),
    [
        ("iam:PassRole", "AWS::Scheduler::Schedule", {"Target": {"RoleArn": ROLE}}, {ROLE}),
        ("iam:PassRole", "AWS::Athena::WorkGroup", RESULTS, set()),
        ("iam:CreateServiceLinkedRole", "AWS::Athena::WorkGroup", {}, {"arn:aws:iam::123456789012:role/aws-service-role/*"}),
        ("Iam:PassRole", "AWS::Batch::ComputeEnvironment", {"ServiceRole": ROLE}, {ROLE}),
        ("kms:Decrypt", "AWS::Athena::WorkGroup", RESULTS, {f"{KMS}:key/*"}),
        ("kms:Decrypt", "AWS::Athena::WorkGroup", {}, set()),
        ("s3:PutObject", "AWS::Athena::WorkGroup", RESULTS, {"arn:aws:s3:::final/queries/*"}),
        ("s3:ListBucket", "AWS::Athena::WorkGroup", RESULTS, {"arn:aws:s3:::final"}),
        ("s3:GetObject", "AWS::Glue::Table", TABLE, {"arn:aws:s3:::final/totals/*"}),
        ("s3:GetObject", "AWS::Lambda::Function", {"Code": {"S3Bucket": "code", "S3Key": "a.zip"}}, {"arn:aws:s3:::code/*"}),
        ("sns:Publish", "AWS::CloudWatch::Alarm", {"AlarmActions": [f"{SNS}:alerts"]}, {f"{SNS}:alerts"}),
        ("sns:Publish", "AWS::CloudWatch::Alarm", {}, {f"{SNS}:*"}),
        ("ec2:DescribeSubnets", "AWS::Lambda::Function", {}, {"*"}),
        ("lakeformation:GetDataAccess", "AWS::Glue::Table", TABLE, {"*"}),
    ],
)
def test_what_it_uses_of_other_services_is_what_its_properties_name(
    action: str, type_name: str, properties: JsonMapping, expected: set[str]
) -> None:
    assert arns(action, type_name, "x", properties) == expected
