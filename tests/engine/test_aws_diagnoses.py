"""What AWS itself says of the definitions of state machines, when it is asked.

As in https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from common.base.errors import DeclarationError
from common.engine import aws_diagnoses
from common.model.resource import Action, Change, Plan
from tests.resources.builders import Place, final
from tests.resources.scripted import ScriptedAws

WRONG = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": "not for EXPRESS", "location": "/States/A"}
ODD = {"severity": "WARNING", "code": "UNREACHABLE", "message": "may be left out"}
VALIDATE = "stepfunctions:ValidateStateMachineDefinition"


def answering(*diagnostics: dict[str, Any]) -> ScriptedAws:
    result = "FAIL" if WRONG in diagnostics else "OK"
    return ScriptedAws({VALIDATE: {"result": result, "diagnostics": [*diagnostics]}})


def messages_of(aws: ScriptedAws, action: Action) -> list[str]:
    """What is said of a plan with a machine."""
    messages: list[str] = []
    resource = Place().state_machine()
    plan = Plan((Change(resource.key, action, "", final(resource), None, frozenset()),))
    with ThreadPoolExecutor(1) as pool:
        aws_diagnoses.check(aws, plan, [resource], pool, messages.append)
    return messages


def test_what_aws_says_before_a_machine_is_replaced_is_told_with_where_it_is() -> None:
    aws, resource = answering(WRONG, ODD), Place().state_machine()
    with pytest.raises(
        DeclarationError, match=r"AWS would not create it as STANDARD, and the old one stays.*\n  /States/A: not for"
    ):
        resource.check_creation(aws, final(resource))
    assert aws.sent(VALIDATE)["type"] == "STANDARD"
    resource.check_creation(answering(ODD), final(resource))


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.REPLACE])
def test_errors_of_aws_refuse_a_plan_and_warnings_are_told(action: Action) -> None:
    with pytest.raises(DeclarationError, match=r"/States/A: not for EXPRESS \[SCHEMA_VALIDATION_FAILED\]") as refused:
        messages_of(answering(ODD, WRONG), action)
    assert str(refused.value).startswith("AWS would refuse this:\n  state-machine/")
    (warning,) = messages_of(answering(ODD), action)
    assert warning.endswith("the definition: may be left out [UNREACHABLE]")
    assert messages_of(answering(), action) == []


def test_of_what_stays_as_it_is_aws_is_not_asked() -> None:
    aws = answering(WRONG)
    assert messages_of(aws, Action.NOOP) == []
    assert aws.calls == []
