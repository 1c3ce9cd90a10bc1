"""What is particular to functions: how many calls, in which order, and which waits."""

import io
from typing import Any

import pytest

from common.base.errors import ArtifactError, AwsError, DeclarationError
from common.model.comparison import difference
from common.model.resource import Action, Change
from tests.resources.builders import TAGS, Place, final, live_state, updated
from tests.resources.scripted import ScriptedAws, refused

FUNCTION = Place().function()
DESIRED = final(FUNCTION)
BUSY = {"CodeSha256": DESIRED["CodeSha256"], "RevisionId": "r1", "State": "Active", "LastUpdateStatus": "InProgress"}
CODE, CONFIGURATION = "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"
UPDATED, ACTIVE = "lambda:function_updated_v2", "lambda:function_active_v2"


def live(**configuration: Any) -> dict[str, Any]:
    return {"Configuration": {**DESIRED, "VpcConfig": {}, **configuration}, "Tags": TAGS}


def test_read_is_one_call() -> None:
    aws = ScriptedAws({"lambda:GetFunction": live()})
    assert live_state(aws, FUNCTION) == DESIRED
    assert aws.operations == ["lambda:GetFunction"]


@pytest.mark.parametrize("theirs", [{}, {"THEIRS": "1"}])
def test_variables_of_others_are_undeclared_and_without_any_there_are_none(theirs: dict[str, str]) -> None:
    variables = {**DESIRED["Environment"]["Variables"], **theirs}
    read = FUNCTION.read(ScriptedAws({"lambda:GetFunction": live(Environment={"Variables": variables})}))
    assert read is not None
    assert read.undeclared.get("Environment") == ({"Variables": theirs} if theirs else None)


def test_changed_code_is_one_update_and_one_wait() -> None:
    aws = ScriptedAws({CODE: BUSY})
    outputs = updated(aws, FUNCTION, {"CodeSha256"})
    assert aws.operations == [CODE, UPDATED]
    sent = {"S3Bucket": "t-artifacts", "S3Key": FUNCTION.artifacts[0].location, "Architectures": ["x86_64"]}
    assert aws.sent(CODE) == {"FunctionName": "t-Validate", **sent}
    assert outputs == {"CodeSha256": DESIRED["CodeSha256"], "RevisionId": "r1"}


def test_changed_configuration_leaves_the_code_alone() -> None:
    aws = ScriptedAws({CONFIGURATION: BUSY})
    updated(aws, FUNCTION, {"Timeout"})
    assert aws.operations == [CONFIGURATION, UPDATED]


def test_configuration_comes_before_code_with_a_wait_after_each() -> None:
    aws = ScriptedAws({CODE: BUSY, CONFIGURATION: BUSY})
    updated(aws, FUNCTION, {"Runtime", "CodeSha256"})
    assert aws.operations == [CONFIGURATION, UPDATED, CODE, UPDATED]


@pytest.mark.parametrize("theirs", [{"CodeSha256": "dGhlaXJz"}, {"Timeout": 9}])
def test_what_somebody_changes_between_configuration_and_code_is_not_written_over(theirs: dict[str, Any]) -> None:
    """The plan's revision is gone with our own first change; what was read for the second must be what that one made."""
    before = {"CodeSha256": "YmVmb3Jl", "RevisionId": "r0"}
    reads = [live(**before, Runtime="python3.11"), live(**{**before, "RevisionId": "r2", **theirs})]
    aws = ScriptedAws({CODE: BUSY, CONFIGURATION: BUSY, "lambda:GetFunction": [*reads]})
    seen = FUNCTION.read(aws)
    change = Change(FUNCTION.key, Action.UPDATE, "", DESIRED, seen, frozenset({"Runtime", "CodeSha256"}))
    with pytest.raises(AwsError, match="was changed by somebody else"):
        FUNCTION.update(aws, change)
    assert CODE not in aws.operations


def test_what_is_done_at_once_is_not_waited_for() -> None:
    done = {**BUSY, "LastUpdateStatus": "Successful"}
    aws = ScriptedAws({CODE: done, CONFIGURATION: done, "lambda:CreateFunction": done})
    updated(aws, FUNCTION, {"Runtime", "CodeSha256"})
    FUNCTION.create(aws, DESIRED)
    assert aws.operations == [CONFIGURATION, CODE, "lambda:CreateFunction"]


def test_a_new_function_is_waited_for() -> None:
    aws = ScriptedAws({"lambda:CreateFunction": {**BUSY, "State": "Pending"}})
    FUNCTION.create(aws, DESIRED)
    assert aws.operations == ["lambda:CreateFunction", ACTIVE]
    assert not {"VpcConfig", "PackageType", "State", "LastUpdateStatus"} & aws.sent("lambda:CreateFunction").keys()


def test_a_function_that_an_interrupted_run_created_is_updated_whole() -> None:
    exists = refused("CreateFunction", "ResourceConflictException", "Function already exist: t-Validate")
    script: dict[str, Any] = {"lambda:CreateFunction": exists, "lambda:GetFunction": live(State="Pending")}
    aws = ScriptedAws({**script, CODE: BUSY, CONFIGURATION: BUSY, "lambda:TagResource": {}})
    FUNCTION.create(aws, DESIRED)
    began = ["lambda:CreateFunction", "lambda:GetFunction"]
    assert aws.operations == [*began, CONFIGURATION, UPDATED, CODE, UPDATED, "lambda:TagResource", ACTIVE]


def test_another_update_under_way_is_waited_for() -> None:
    conflict = refused("UpdateFunctionCode", "ResourceConflictException", "An update is in progress")
    aws = ScriptedAws({CODE: [conflict, BUSY]})
    updated(aws, FUNCTION, {"CodeSha256"})
    assert aws.operations == [CODE, UPDATED, CODE, UPDATED]


@pytest.mark.parametrize(
    "unfinished",
    [
        *({"LastUpdateStatus": "InProgress"}, {"LastUpdateStatus": "Failed"}, {"LastUpdateStatus": None}),
        *({"State": "Pending"}, {"State": "Failed"}),
    ],
)
def test_an_update_whose_end_was_not_seen_is_done_again(unfinished: dict[str, Any]) -> None:
    state = live_state(ScriptedAws({"lambda:GetFunction": live(**unfinished)}), FUNCTION)
    assert state is not None
    changed = difference(DESIRED, state)
    assert changed == tuple(unfinished)
    aws = ScriptedAws({CODE: BUSY, CONFIGURATION: BUSY, "lambda:TagResource": {}})
    updated(aws, FUNCTION, changed)
    assert aws.operations == [CONFIGURATION, UPDATED, CODE, UPDATED, "lambda:TagResource", ACTIVE]


def test_an_update_replaces_the_revision_that_was_read_and_no_other() -> None:
    function = Place().function()
    seen = function.read(ScriptedAws({"lambda:GetFunction": live(RevisionId="r0")}))
    aws = ScriptedAws({CODE: BUSY})
    updated(aws, function, {"CodeSha256"}, seen)
    assert aws.sent(CODE)["RevisionId"] == "r0"
    assert aws.operations == [CODE, UPDATED]


def test_after_the_configuration_the_code_replaces_the_revision_that_made() -> None:
    function = Place().function()
    seen = function.read(ScriptedAws({"lambda:GetFunction": live(RevisionId="r0")}))
    aws = ScriptedAws({CONFIGURATION: BUSY, "lambda:GetFunction": live(RevisionId="r2"), CODE: BUSY})
    updated(aws, function, {"Timeout", "CodeSha256"}, seen)
    assert aws.operations == [CONFIGURATION, UPDATED, "lambda:GetFunction", CODE, UPDATED]
    assert (aws.sent(CONFIGURATION)["RevisionId"], aws.sent(CODE)["RevisionId"]) == ("r0", "r2")


@pytest.mark.parametrize("unfinished", [{"LastUpdateStatus": "InProgress"}, {"State": "Pending"}])
def test_a_revision_that_is_about_to_change_by_itself_is_not_insisted_on(unfinished: dict[str, Any]) -> None:
    function = Place().function()
    seen = function.read(ScriptedAws({"lambda:GetFunction": live(RevisionId="r0", **unfinished)}))
    aws = ScriptedAws({CODE: BUSY})
    updated(aws, function, {"CodeSha256"}, seen)
    assert "RevisionId" not in aws.sent(CODE)


CHANGED_MEANWHILE = refused("UpdateFunctionCode", "PreconditionFailedException", "The RevisionId provided does not match")


def test_what_somebody_changed_meanwhile_is_not_written_over() -> None:
    function = Place().function()
    seen = function.read(ScriptedAws({"lambda:GetFunction": live(RevisionId="r0")}))
    aws = ScriptedAws({CODE: CHANGED_MEANWHILE, "lambda:GetFunction": live(RevisionId="r9", CodeSha256="theirs")})
    with pytest.raises(AwsError, match=r"changed by somebody else since this plan was made\. Deploy again"):
        updated(aws, function, {"CodeSha256"}, seen)


def test_an_update_whose_answer_was_lost_meets_itself() -> None:
    function = Place().function()
    seen = function.read(ScriptedAws({"lambda:GetFunction": live(RevisionId="r0")}))
    aws = ScriptedAws({CODE: CHANGED_MEANWHILE, "lambda:GetFunction": live(RevisionId="r1")})
    assert updated(aws, function, {"CodeSha256"}, seen)["RevisionId"] == "r1"
    assert aws.operations == [CODE, UPDATED, "lambda:GetFunction"]


def test_an_idle_function_is_as_good_as_an_active_one() -> None:
    assert live_state(ScriptedAws({"lambda:GetFunction": live(State="Inactive")}), FUNCTION) == DESIRED


@pytest.mark.parametrize(
    "answer",
    [
        live() | {"TagsError": {"ErrorCode": "AccessDeniedException", "Message": "no lambda:ListTags"}},
        live(Environment={"Error": {"ErrorCode": "AccessDeniedException", "Message": "no kms:Decrypt"}}),
    ],
)
def test_what_lambda_may_not_tell_is_loud(answer: dict[str, Any]) -> None:
    with pytest.raises(AwsError, match=r"lambda:GetFunction was refused: AccessDeniedException: no (lambda|kms):"):
        FUNCTION.read(ScriptedAws({"lambda:GetFunction": answer}))


def test_other_bytes_than_those_built_are_refused() -> None:
    aws = ScriptedAws({CODE: {**BUSY, "CodeSha256": "other"}})
    with pytest.raises(ArtifactError, match=r"lambda/t-Validate: Lambda loaded code with SHA-256 other"):
        updated(aws, FUNCTION, {"CodeSha256"})


def test_four_kilobytes_of_environment() -> None:
    empty = len('{"A":""}')
    Place().function(environment={"A": "é" * ((4096 - empty) // 2)}).desired()
    with pytest.raises(DeclarationError, match="4097 bytes; Lambda accepts 4096"):
        Place().function(environment={"A": "a" * (4097 - empty)}).desired()


def test_a_function_that_is_gone_when_its_update_is_too_large_is_told_by_lambda() -> None:
    too_large = refused("UpdateFunctionConfiguration", "InvalidParameterValueException", "Unzipped size must be smaller than 1")
    gone = refused("GetFunction", "ResourceNotFoundException")
    aws = ScriptedAws({CONFIGURATION: too_large, "lambda:GetFunction": gone, CODE: gone})
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        updated(aws, FUNCTION, {"Timeout", "CodeSha256"})
    assert aws.operations[0] == CONFIGURATION


def test_code_that_lambda_cannot_load_from_the_bucket_is_sent() -> None:
    aws = ScriptedAws({CODE: BUSY, "s3:GetObject": {"Body": io.BytesIO(b"zip")}})
    updated(aws, Place().function(code_is_sent=True), {"CodeSha256"})
    assert {"ZipFile": b"zip"}.items() <= aws.sent(CODE).items()
    assert "S3Key" not in aws.sent(CODE)
