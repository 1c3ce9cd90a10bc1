"""Loads definitions for tests: with their structure checked, and with their references as they are.

A reference such as ``${Validate.arn}`` stays as it is written, so that tests depend on no environment. A limit or a number
of retries that is a parameter counts as left out. What stands for the account in an ARN has example values.
"""

from pathlib import Path

from common.base.json_texts import in_strings
from common.base.json_types import Json, JsonObject
from common.declare.asl import definition
from common.declare.asl.definition import Source
from common.declare.asl.definition_check import DefinitionCheck
from common.declare.asl.field_types import OF_BATCHER, OF_READER, OF_RETRY, OF_STATE
from common.declare.asl.later import is_later
from common.declare.asl.structure import structure_problems
from common.declare.asl.walk import every_state, listed

EXAMPLES = {"${AWS::Partition}": "aws", "${AWS::Region}": "us-east-1", "${AWS::AccountId}": "123456789012"}
"""What stands for the account, with example values."""
NUMBERS = frozenset({*OF_STATE, *OF_RETRY, *OF_BATCHER, *OF_READER} - {"Seconds"})
"""The fields with numbers for which there is a default, or no limit without them."""


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
    _leave_out_unknown(machine)
    return machine


def _leave_out_unknown(machine: JsonObject) -> None:
    """Takes away the numbers of a definition that are parameters; without how long a Wait lasts, nothing could be counted."""
    parts: list[Json] = [machine]
    for placed in every_state(machine):
        reader = placed.state.get("ItemReader")
        config = reader.get("ReaderConfig") if isinstance(reader, dict) else None
        parts += [placed.state, *listed(placed.state.get("Retry")), placed.state.get("ItemBatcher"), config]
    for part in parts:
        for name in NUMBERS & part.keys() if isinstance(part, dict) else ():
            if is_later(part[name]) and not part[name].startswith("{%"):
                del part[name]


def _with_examples(text: str) -> str:
    for token, value in EXAMPLES.items():
        text = text.replace(token, value)
    return text
