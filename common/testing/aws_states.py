"""Makes attempts in AWS: TestState executes the state with the same mock, so that a test shows whether AWS agrees.

AWS executes one attempt at a time and calls nothing, because every state that calls something has a mock. The states in between,
iterations and branches are still put together here. TestState needs no role then; whoever tests needs ``states:TestState``.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from common.aws.protocol import Aws
from common.base.json_texts import in_strings
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.terminal import say
from common.testing.outcomes import Outcome
from common.testing.scope import Scope
from common.testing.steps import CALLING, FAILED, RETRIABLE, Step, retrier_of

FUNCTION = re.compile(r"\$\{([\w-]+)\.arn\}")
"""Matches a reference in the place of a function's ARN; TestState accepts only what looks like one."""


class AwsStepper:
    """Makes attempts by TestState.

    Args:
        aws: where to ask.
        definition: the whole machine.
    """

    def __init__(self, aws: Aws, definition: JsonMapping) -> None:
        self._aws = aws
        example = r"arn:aws:lambda:us-east-1:123456789012:function:\1"
        self._definition = json.dumps(_with_resources(definition, example))

    @classmethod
    def of(cls, root: Path, environment: str, definition: JsonMapping) -> "AwsStepper":
        """The stepper for the account of an environment.

        Raises:
            AccountError: the credentials do not belong to the environment's account.
        """
        from common.engine.opening import connect  # loads boto3
        from common.environment import config_files

        aws = connect(root, config_files.load(root, environment), 1, say)
        aws.guard()
        return cls(aws, definition)

    def step(
        self, name: str, state: JsonMapping, language: str, scope: Scope, outcome: Outcome | None, retried: Sequence[int]
    ) -> Step:
        """See `Stepper`."""
        answer = self._aws.call("stepfunctions", "TestState", **self._request(name, state, scope, outcome, retried))
        output = json.loads(answer["output"]) if "output" in answer else None
        details = answer.get("inspectionData", {})
        about = details.get("errorDetails", {})
        number = about.get("retryIndex", 0)
        retrier = state["Retry"][number] if answer["status"] == RETRIABLE else {}
        return Step(
            answer["status"],
            None if answer["status"] in {FAILED, RETRIABLE} else output,
            json.loads(details.get("variables", "{}")),
            answer.get("nextState", ""),
            answer.get("error", ""),
            answer.get("cause", ""),
            number,
            about.get("retryBackoffIntervalSeconds", 0),
            retrier.get("JitterStrategy") == "FULL",
        )

    def _request(
        self, name: str, state: JsonMapping, scope: Scope, outcome: Outcome | None, retried: Sequence[int]
    ) -> JsonObject:
        request: JsonObject = {
            "definition": self._definition,
            "stateName": name,
            "input": json.dumps(scope.input),
            "inspectionLevel": "DEBUG",
            "variables": json.dumps(scope.variables),
        }
        if state["Type"] not in CALLING or outcome is None:
            return request  # a context object is accepted only with a mock
        request["context"] = json.dumps(scope.context)
        if not outcome.error:
            return {**request, "mock": {"result": json.dumps(outcome.result), "fieldValidationMode": "PRESENT"}}
        number = retrier_of(state, outcome.error)
        count = retried[number] if number is not None else 0
        mock = {"errorOutput": {"error": outcome.error, "cause": outcome.cause}}
        return {**request, "mock": mock, "stateConfiguration": {"retrierRetryCount": count}}


def _with_resources(value: Json, example: str) -> Json:
    """The definition with the ARN of a function wherever a Resource is a reference to one."""
    if isinstance(value, list):
        return [_with_resources(inner, example) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: in_strings(inner, lambda text: FUNCTION.sub(example, text)) if key == "Resource" else _with_resources(inner, example)
        for key, inner in value.items()
    }
