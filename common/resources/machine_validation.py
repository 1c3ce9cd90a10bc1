"""Lets AWS validate the definition of a state machine.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from common.aws.protocol import Aws
from common.model.diagnosis import Diagnosis
from common.model.resource import State


def diagnoses(aws: Aws, desired: State) -> list[Diagnosis]:
    """The errors and warnings of a definition, each with the place in it."""
    parameters = {"definition": desired["definition"], "type": desired["type"], "severity": "WARNING"}
    answer = aws.call("stepfunctions", "ValidateStateMachineDefinition", **parameters)
    return [
        Diagnosis(
            is_error=problem["severity"] == "ERROR",
            text=f"{problem.get('location') or 'the definition'}: {problem['message']} [{problem['code']}]",
        )
        for problem in answer.get("diagnostics", ())
    ]
