"""Loads definitions for tests: with their structure checked, and with their references as they are.

A reference such as ``${Validate.arn}`` stays as it is written, so that tests depend on no environment; a timeout that is a
parameter counts as none. What stands for the account in an ARN has example values.
"""

from pathlib import Path

from common.base.json_texts import in_strings
from common.base.json_types import Json, JsonObject
from common.declare.asl import definition
from common.declare.asl.definition import Source
from common.declare.asl.definition_check import DefinitionCheck
from common.declare.asl.structure import structure_problems

EXAMPLES = {"${AWS::Partition}": "aws", "${AWS::Region}": "us-east-1", "${AWS::AccountId}": "123456789012"}
"""What stands for the account, with example values."""


def loaded(source: Source) -> JsonObject:
    """Returns a definition. `invoke check` looks at the rest, such as integrations, which takes longer than a test.

    Raises:
        DeclarationError: its file cannot be read, or its structure is broken.
    """
    where = "the state machine of the test"
    result: Json = definition.read(source, where)
    check = DefinitionCheck(where, "", source if isinstance(source, Path) else None)
    check.add(structure_problems(result))
    if error := check.error():
        raise error
    machine: JsonObject = in_strings(result, _with_examples)
    return machine


def _with_examples(text: str) -> str:
    for token, value in EXAMPLES.items():
        text = text.replace(token, value)
    return text
