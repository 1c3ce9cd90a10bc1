"""A refusal is loud: of a creation, of the tags that tell whose something is, of a deletion; whatever the type."""

from collections.abc import Callable
from typing import Any

import pytest

from common.base.errors import AwsError
from tests.resources.builders import TAGS, Place, final
from tests.resources.scripted import Answer, ScriptedAws, refused

HERE = "eu-central-1:123456789012"
CREATIONS: list[tuple[Callable[[Place], Any], str, dict[str, Answer]]] = [
    (Place.bucket, "s3:CreateBucket", {}),
    (Place.database, "glue:CreateDatabase", {}),
    (Place.table, "dynamodb:CreateTable", {"dynamodb:DescribeTable": refused("DescribeTable", "ResourceNotFoundException")}),
    (Place.topic, "sns:CreateTopic", {}),
    (Place.log_group, "logs:CreateLogGroup", {}),
    (Place.role, "iam:CreateRole", {}),
    (Place.function, "lambda:CreateFunction", {}),
    (Place.layer, "lambda:PublishLayerVersion", {"lambda:ListLayerVersions": {"LayerVersions": []}}),
    (Place.job, "glue:CreateJob", {}),
    (Place.crawler, "glue:CreateCrawler", {}),
    (
        Place.state_machine,
        "stepfunctions:CreateStateMachine",
        {"stepfunctions:DescribeStateMachine": refused("DescribeStateMachine", "StateMachineDoesNotExist")},
    ),
    (Place.rule, "events:PutRule", {"events:DescribeRule": refused("DescribeRule", "ResourceNotFoundException")}),
]
"""How a type is created, and what it looks at before."""


@pytest.mark.parametrize(("build", "operation", "before"), CREATIONS, ids=[operation for _, operation, _ in CREATIONS])
@pytest.mark.parametrize("code", ["AccessDeniedException", "LimitExceededException", "ValidationException"])
def test_a_creation_that_is_refused_is_loud_and_the_last_call(
    place: Place, build: Callable[[Place], Any], operation: str, before: dict[str, Answer], code: str
) -> None:
    resource = build(place)
    aws = ScriptedAws({**before, operation: refused(operation, code, "no")})
    with pytest.raises(AwsError) as caught:
        resource.create(aws, final(resource))
    assert (caught.value.code, aws.operations[-1]) == (code, operation)


DELETIONS: list[tuple[Callable[[Place], Any], str, dict[str, Answer]]] = [
    (Place.bucket, "s3:DeleteBucket", {"s3:ListObjectVersions": {}}),
    (Place.database, "glue:DeleteDatabase", {}),
    (Place.table, "dynamodb:DeleteTable", {"dynamodb:DescribeTable": {"Table": {"TableStatus": "ACTIVE"}}}),
    (Place.topic, "sns:DeleteTopic", {}),
    (Place.queue, "sqs:DeleteQueue", {}),
    (Place.log_group, "logs:DeleteLogGroup", {"logs:DescribeLogGroups": {"logGroups": []}}),
    (
        Place.role,
        "iam:DeleteRole",
        {
            "iam:GetRole": {"Role": {"AssumeRolePolicyDocument": {"Statement": []}}},
            "iam:ListRolePolicies": {"PolicyNames": []},
            "iam:ListAttachedRolePolicies": {"AttachedPolicies": []},
        },
    ),
    (Place.function, "lambda:DeleteFunction", {}),
    (Place.layer, "lambda:ListLayerVersions", {}),
    (Place.job, "glue:DeleteJob", {}),
    (Place.crawler, "glue:DeleteCrawler", {}),
    (Place.state_machine, "stepfunctions:DeleteStateMachine", {"stepfunctions:DescribeStateMachine": {"status": "ACTIVE"}}),
    (Place.rule, "events:DeleteRule", {"events:DescribeRule": {}, "events:ListTargetsByRule": {"Targets": []}}),
]
"""How a type is deleted, and what else it asks for."""


@pytest.mark.parametrize(("build", "operation", "others"), DELETIONS, ids=[operation for _, operation, _ in DELETIONS])
def test_a_deletion_that_is_refused_is_loud(
    place: Place, build: Callable[[Place], Any], operation: str, others: dict[str, Answer]
) -> None:
    resource = build(place)
    aws = ScriptedAws({**others, operation: refused(operation, "AccessDeniedException", "no")})
    with pytest.raises(AwsError, match="AccessDeniedException"):
        resource.erase(aws, resource)
    assert operation in aws.operations


def test_tags_of_a_function_that_may_not_be_read_are_not_taken_for_none(place: Place) -> None:
    """GetFunction answers 200 and says so in TagsError; whose the function is would then be a guess."""
    denied = {"ErrorCode": "AccessDeniedException", "Message": "no lambda:ListTags"}
    function, answer = place.function(), {"Configuration": {}, "TagsError": denied}
    with pytest.raises(AwsError, match="no lambda:ListTags"):
        function.live_tags(ScriptedAws({"lambda:GetFunction": answer}), function)
    assert function.live_tags(ScriptedAws({"lambda:GetFunction": {"Configuration": {}, "Tags": TAGS}}), function) == TAGS
