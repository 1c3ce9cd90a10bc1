"""Values of parameters: texts, numbers, booleans, and lists of these, as configuration or Parameter Store has them.

Alone in a definition or an input a parameter is what it is; within a text, and in variables and arguments, it is text.
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Annotated, cast

from pydantic import PlainValidator, WithJsonSchema

from common.base import text_rules
from common.base.errors import ParameterError
from common.base.json_types import Json

Scalar = str | int | float | bool
Value = Scalar | list[Scalar]
SSM = "ssm:"
"""Begins a value that stands in Parameter Store."""
LARGEST = 2**53 - 1
"""The largest whole number that every reader of JSON keeps as it is; see https://www.rfc-editor.org/rfc/rfc8259#section-6."""
SCHEMA = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
    ]
}
"""Of a value, as JSON schema."""


def checked(value: Json) -> Value:
    """The value, which a parameter may have.

    Raises:
        ValueError: it may not.
    """
    if isinstance(value, str):
        return text_rules.parameter(value)
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError(f"a number beyond {LARGEST} is rounded by many programs that read JSON; write it as a text, in quotes")
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, list) and not any(isinstance(item, list) for item in value):
        if any(isinstance(item, str) and item.startswith(SSM) for item in value):
            raise ValueError("ssm:/… stands alone; what Parameter Store has as a StringList becomes a list")
        return [text_rules.plain(item) if isinstance(item, str) else cast("Scalar", checked(item)) for item in value]
    raise ValueError("a parameter is a text, a number, true or false, or a list of these")


def as_text(value: Value, name: str) -> str:
    """The value within a text: numbers and booleans as JSON spells them, items of a list with commas between them.

    Raises:
        ValueError: an item holds a comma, so it could not be told from two.
    """
    if not isinstance(value, list):
        return value if isinstance(value, str) else json.dumps(value)
    items = [as_text(item, name) for item in value]
    if any("," in item for item in items):
        raise ValueError(
            f"the parameter {name} is a list, and within a text its items are separated by commas, which one of them has"
        )
    return ",".join(items)


ParameterValue = Annotated[Value, PlainValidator(checked), WithJsonSchema(SCHEMA)]
"""What configuration gives a parameter."""


class NoValueError(ParameterError, KeyError):
    """A parameter that a declaration reads has no value. Also a `KeyError`, so that ``parameters.get("x", 5)`` is 5."""

    def __str__(self) -> str:
        return str(self.args[0])


class Parameters(Mapping[str, Value]):
    """The parameters of one project in one environment, as declarations read them. What was read is remembered.

    Args:
        values: by name.
        environment: its name.
        project: whose they are.
    """

    def __init__(self, values: Mapping[str, Value], environment: str = "", project: str = "") -> None:
        self._values = dict(values)
        self._environment, self._project = environment, project
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> Value:
        self.used.add(name)
        if name not in self._values:
            places = {name: f"projects/{self._project}/deploy.py"}
            raise NoValueError(lacking(self._environment, self._project, places), places, self._project)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def lacking(environment: str, project: str, places: Mapping[str, str]) -> str:
    """What to say of parameters that have no value.

    Args:
        environment: its name.
        project: whose parameters they are.
        places: what refers to each of them.
    """
    lines = "".join(f"\n  ${{{name}}} in {place}" for name, place in sorted(places.items()))
    values = json.dumps({"parameters": dict.fromkeys(sorted(places), "...")})
    return (
        f"config/{environment}.json has no values for parameters of {project}:{lines}\n"
        f"Add a value for each:\n"
        f'  "projects": {{"{project}": {values}}}\n'
        f"If {project} is not for {environment}, say so there instead:\n"
        f'  "projects": {{"{project}": {{"enabled": false}}}}'
    )
