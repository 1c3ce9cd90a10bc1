"""The embedded AWS that enforces IAM: how it evaluates policies, what it asks about a call, and how a refusal reads.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common import local
from tests.local.enforcing import BUCKET, HERE, JOB, Roles, Statement, allow, refusal
from tests.local.fixtures import ACCOUNT, client_of

CODE = {"S3Bucket": "landing", "S3Key": "code.zip"}
FUNCTION = {"FunctionName": "work", "Runtime": "python3.11", "Handler": "index.handler", "Code": CODE}


def read(caller: Callable[[str], Any], key: str = "in/a.csv") -> str:
    return refusal(caller("s3").get_object, Bucket="landing", Key=key)


READ = allow("s3:GetObject", f"{BUCKET}/*")


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([READ], True),
        ([], False),
        ([allow("s3:Get*", f"{BUCKET}/in/?.csv")], True),
        ([allow("s3:get*", f"{BUCKET}/out/*")], False),
        ([allow("s3:PutObject", f"{BUCKET}/*")], False),
        ([READ, {"Effect": "Deny", "Action": "s3:*", "Resource": f"{BUCKET}/in/*"}], False),
        ([READ, {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": f"{BUCKET}/in/*"}], False),
        ([{**READ, "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}}], True),
        ([{**READ, "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}}], False),
        ([{**READ, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}], True),
        ([{**READ, "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/other/*"}}}], False),
        ([{**READ, "Condition": {"StringLike": {"aws:UserId": "*"}, "Null": {"aws:UserId": "true"}}}], False),
    ],
)
def test_policies_are_evaluated_as_iam_does(caller: Any, statements: list[Statement], allowed: bool) -> None:
    assert (read(caller(*statements)) == "") is allowed


def test_a_refusal_names_the_caller_the_action_and_the_resource(caller: Any) -> None:
    as_caller = caller(allow("glue:GetJob", f"arn:aws:glue:{HERE}:job/mine"))
    user = as_caller("sts").get_caller_identity()["Arn"]
    assert user.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/")
    assert user.endswith("/me")
    beginning = f"User: {user} is not authorized to perform: "
    reason = "because no identity-based policy allows the {} action"
    assert (
        read(as_caller)
        == f'AccessDenied: {beginning}s3:GetObject on resource: "{BUCKET}/in/a.csv" {reason.format("s3:GetObject")}'
    )
    job = f"arn:aws:glue:{HERE}:job/yours"
    message = f"AccessDeniedException: {beginning}glue:GetJob on resource: {job} {reason.format('glue:GetJob')}"
    assert refusal(as_caller("glue").get_job, JobName="yours") == message
    assert "EntityNotFoundException" in refusal(as_caller("glue").get_job, JobName="mine")


def test_a_statement_that_denies_is_told_from_one_that_is_missing(caller: Any) -> None:
    message = read(caller(READ, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}))
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_the_account_itself_may_do_everything(enforcing: local.Embedded) -> None:
    assert read(lambda service: client_of(enforcing, service)) == ""


def test_an_object_that_is_missing_is_told_to_whoever_may_list_it(caller: Any) -> None:
    listing = allow("s3:ListBucket", BUCKET, Condition={"StringLike": {"s3:prefix": ["in/*"]}})
    as_caller = caller(READ, listing)
    assert read(as_caller, "in/none").startswith("NoSuchKey")
    assert f's3:ListBucket on resource: "{BUCKET}"' in read(as_caller, "out/none")
    s3 = as_caller("s3")
    assert refusal(s3.list_objects_v2, Bucket="landing", Prefix="in/") == ""
    assert "s3:ListBucket" in refusal(s3.list_objects_v2, Bucket="landing")


def test_tags_of_a_new_object_need_a_permission_of_their_own(caller: Any) -> None:
    put = caller(allow("s3:PutObject", f"{BUCKET}/*"))("s3").put_object
    assert refusal(put, Bucket="landing", Key="b", Body=b"") == ""
    assert "s3:PutObjectTagging" in refusal(put, Bucket="landing", Key="b", Body=b"", Tagging="a=b")


@pytest.mark.parametrize(("service", "passes"), [("lambda", True), ("glue", False)])
def test_a_role_is_passed_to_the_service_that_the_policy_names(
    caller: Any, role: Roles, service: str, passes: bool, request: pytest.FixtureRequest
) -> None:
    arn = role(f"passed-to-{service}", path="/team/")
    condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    create = [allow("lambda:CreateFunction", f"arn:aws:lambda:{HERE}:function:work"), READ]
    as_caller = caller(*create, allow("iam:PassRole", arn, Condition=condition), allow("s3:ListBucket", BUCKET))
    message = refusal(as_caller("lambda").create_function, Role=arn, **FUNCTION)
    assert (f"iam:PassRole on resource: {arn} because" in message) is not passes, message


def test_permissions_by_tag_ask_for_the_tags_of_the_resource(enforcing: local.Embedded, caller: Any, role: Roles) -> None:
    arn = role("of-tagged")
    for owner in ("us", "them"):
        client_of(enforcing, "glue").create_job(Name=f"of-{owner}", Role=arn, Tags={"owner": owner}, **JOB)
    ours = {"StringEquals": {"aws:ResourceTag/owner": "us"}}
    glue = caller(allow("glue:DeleteJob", f"arn:aws:glue:{HERE}:job/*", Condition=ours))("glue")
    assert "glue:DeleteJob" in refusal(glue.delete_job, JobName="of-them")
    assert refusal(glue.delete_job, JobName="of-us") == ""


def test_refusals_are_in_the_log(enforcing: local.Embedded, caller: Any) -> None:
    message = read(caller())
    log = Path(enforcing.credentials).with_name("embedded.log").read_text()
    assert f"IAM denied: {message.removeprefix('AccessDenied: ')}\n" in log
