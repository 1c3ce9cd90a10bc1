"""What is particular to state machines: slow deletion, and a text that is an object."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from common.aws.session import AwsSession
from common.base.errors import AwsError, DeclarationError
from tests.resources.builders import DEFINITION, TAGS, Place, final, live_state, updated
from tests.resources.scripted import ScriptedAws, answered, refused

MACHINE = Place().state_machine()
DESIRED = final(MACHINE)
DESCRIBE, LIST_TAGS = "stepfunctions:DescribeStateMachine", "stepfunctions:ListTagsForResource"
TAGGED = {LIST_TAGS: {"tags": [{"key": name, "value": text} for name, text in TAGS.items()]}}
GONE = refused("DescribeStateMachine", "StateMachineDoesNotExist")
LIVE = {**DESIRED, "status": "ACTIVE"}
DELETING = {**LIVE, "status": "DELETING"}


def test_tags_come_from_step_functions_as_the_index_is_behind() -> None:
    """Or it shows those of a machine of the same name that was deleted, and this one would be taken for ours."""
    aws = ScriptedAws({DESCRIBE: LIVE, **TAGGED})
    assert live_state(aws, MACHINE) == DESIRED
    assert aws.operations == [DESCRIBE, LIST_TAGS]


def test_an_update_is_one_call() -> None:
    aws = ScriptedAws({"stepfunctions:UpdateStateMachine": {"revisionId": "r2"}})
    assert updated(aws, MACHINE, {"definition"}) == {"revisionId": "r2"}
    sent = {"definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "stateMachineArn"}
    assert aws.sent("stepfunctions:UpdateStateMachine").keys() == sent


def test_order_and_white_space_of_a_definition_mean_nothing() -> None:
    pretty = json.dumps(dict(reversed(DEFINITION.items())), indent=4)
    aws = ScriptedAws({DESCRIBE: {**LIVE, "definition": pretty}, **TAGGED})
    assert live_state(aws, MACHINE) == DESIRED


def test_a_machine_that_logs_nothing_logs_nowhere() -> None:
    quiet = Place().state_machine(settings=MACHINE.settings.model_copy(update={"log_level": "OFF"}))
    kept = {**DESIRED["loggingConfiguration"], "level": "OFF", "includeExecutionData": True}
    for logging in (kept, {"level": "OFF"}, None):
        aws = ScriptedAws({DESCRIBE: {**LIVE, "loggingConfiguration": logging}, **TAGGED})
        assert live_state(aws, quiet) == final(quiet)


@pytest.mark.parametrize("arn", [Place().arn("logs", "log-group:/t/logs"), Place().arn("logs", "log-group:/t/logs:*")])
def test_the_log_group_is_named_with_its_streams(arn: str) -> None:
    (result,) = Place().state_machine(log_group_arn=arn).desired()["loggingConfiguration"]["destinations"]
    assert result == {"cloudWatchLogsLogGroup": {"logGroupArn": Place().arn("logs", "log-group:/t/logs:*")}}


def test_an_existing_machine_is_updated_because_creation_would_ignore_role_and_tags() -> None:
    script = {DESCRIBE: LIVE, "stepfunctions:UpdateStateMachine": {}, "stepfunctions:TagResource": {}}
    aws = ScriptedAws({**script, **TAGGED})
    MACHINE.create(aws, DESIRED)
    assert aws.operations == [DESCRIBE, LIST_TAGS, "stepfunctions:UpdateStateMachine", "stepfunctions:TagResource"]


def test_a_machine_that_is_being_deleted_is_absent_and_its_end_is_waited_for() -> None:
    assert MACHINE.read(ScriptedAws({DESCRIBE: DELETING})) is None
    aws = ScriptedAws({DESCRIBE: [DELETING, DELETING, GONE], "stepfunctions:CreateStateMachine": {}})
    MACHINE.create(aws, DESIRED)
    assert aws.operations == [DESCRIBE, DESCRIBE, DESCRIBE, "stepfunctions:CreateStateMachine"]
    assert aws.slept == [5.0]


def test_deletion_waits_but_not_for_ever() -> None:
    script: dict[str, Any] = {DESCRIBE: [LIVE, DELETING, GONE], "stepfunctions:DeleteStateMachine": {}}
    aws = ScriptedAws(script)
    MACHINE.delete(aws)
    assert aws.slept == [5.0]
    with pytest.raises(AwsError, match="deleted when its last execution has ended"):
        MACHINE.delete(ScriptedAws({**script, DESCRIBE: DELETING}))


def test_one_megabyte_of_definition() -> None:
    rest = len(Place().state_machine(definition={**DEFINITION, "Comment": ""}).desired()["definition"])
    Place().state_machine(definition={**DEFINITION, "Comment": "x" * (1_048_576 - rest)}).desired()
    with pytest.raises(DeclarationError, match="state-machine/t-Main: its definition has 1048577 bytes"):
        Place().state_machine(definition={**DEFINITION, "Comment": "x" * (1_048_577 - rest)}).desired()


def test_a_creation_that_meets_a_machine_of_its_own_name_updates_it() -> None:
    """An answer was lost, and what was tried again is not taken for the same request."""
    taken = refused("CreateStateMachine", "StateMachineAlreadyExists")
    script: dict[str, Any] = {"stepfunctions:UpdateStateMachine": {"revisionId": "r2"}, "stepfunctions:TagResource": {}}
    aws = ScriptedAws({DESCRIBE: GONE, "stepfunctions:CreateStateMachine": taken, **script})
    assert MACHINE.create(aws, DESIRED) == {"revisionId": "r2"}


@pytest.mark.parametrize("operation", ["CreateStateMachine", "UpdateStateMachine"])
def test_a_policy_that_is_not_known_yet_is_waited_for(moto_aws: AwsSession, slept: list[float], operation: str) -> None:
    """Who starts other machines has a rule made for it, with a right that its new inline policy gives."""
    if operation == "UpdateStateMachine":
        MACHINE.create(moto_aws, {**DESIRED, "tracingConfiguration": {"enabled": True}})
    refusals = [("AccessDeniedException", f"'{MACHINE.role_arn}' is not authorized to create managed-rule.")]

    def once(request: Any, **_: Any) -> AWSResponse | None:
        return answered(request, *refusals.pop()) if refusals else None

    moto_aws.clients.of("stepfunctions").meta.events.register_first(f"before-send.sfn.{operation}", once)
    MACHINE.create(moto_aws, DESIRED)
    assert live_state(moto_aws, MACHINE) == DESIRED
    assert (len(slept), refusals) == (1, [])
    assert moto_aws.calls[f"stepfunctions:{operation}"] == 2
