"""Values of parameters: texts, numbers, booleans, and lists of these, from configuration or Parameter Store.

A parameter that stands alone in a definition or an input keeps its type; within a text, and in variables and arguments, it
becomes text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Annotated, cast

from pydantic import PlainValidator, WithJsonSchema

from common.base import text_rules
from common.base.errors import ParameterError
from common.base.json_types import Json, JsonObject

Scalar = str | int | float | bool
Value = Scalar | list[Scalar]
SSM_PREFIX = "ssm:"
"""The prefix of a value that is read from Parameter Store."""
MAX_INTEGER = 2**53 - 1
"""The largest integer that every reader of JSON keeps exactly; see https://www.rfc-editor.org/rfc/rfc8259#section-6."""
SCHEMA = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
    ]
}
"""The JSON schema of a value."""


def check_value(value: Json) -> Value:
    """Returns the value if a parameter may have it.

    Raises:
        ValueError: a parameter cannot have this value.
    """
    if isinstance(value, str):
        return text_rules.check_parameter(value)
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ValueError(
            f"a number beyond {MAX_INTEGER} is rounded by many programs that read JSON; write it as a text, in quotes"
        )
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, list) and not any(isinstance(item, list) for item in value):
        if any(isinstance(item, str) and item.startswith(SSM_PREFIX) for item in value):
            raise ValueError("ssm:/… cannot be an item of a list; store a StringList in Parameter Store, which becomes a list")
        return [text_rules.check_text(item) if isinstance(item, str) else cast("Scalar", check_value(item)) for item in value]
    raise ValueError("a parameter must be a text, a number, true or false, or a list of these")


def as_text(value: Value, name: str) -> str:
    """Returns the value as text: numbers and booleans as in JSON, the items of a list separated by commas.

    Raises:
        ValueError: an item of a list contains a comma, so it would be read as two.
    """
    if not isinstance(value, list):
        return value if isinstance(value, str) else json.dumps(value)
    items = [as_text(item, name) for item in value]
    if any("," in item for item in items):
        raise ValueError(
            f"the parameter {name} is a list, and within a text its items are separated by commas, which one of them has"
        )
    return ",".join(items)


ParameterValue = Annotated[Value, PlainValidator(check_value), WithJsonSchema(SCHEMA)]
"""The value of a parameter in configuration."""


class NoValueError(ParameterError, KeyError):
    """A parameter that a declaration reads has no value. Also a `KeyError`, so that ``parameters.get("x", 5)`` is 5."""

    def __str__(self) -> str:
        return str(self.args[0])


class Parameters(Mapping[str, Value]):
    """The parameters of a project in an environment, for declarations. Which parameters were read is remembered in `used`.

    Args:
        values: the values by name.
        environment: its name.
        project: the name of the project.
        section: the keys of its section below `projects`, the first of which is the project's folder.
    """

    def __init__(
        self, values: Mapping[str, Value], environment: str = "", project: str = "", section: Sequence[str] = ("",)
    ) -> None:
        self._values = dict(values)
        self._environment, self._project, self._section = environment, project, section
        self.used: set[str] = set()

    @classmethod
    def of(cls, values: Mapping[str, Value]) -> "Parameters":
        """The values as parameters, the same object if they are that already."""
        return values if isinstance(values, cls) else cls(values)

    def __getitem__(self, name: str) -> Value:
        self.used.add(name)
        if name not in self._values:
            places = {name: f"projects/{self._section[0]}/deploy.py"}
            message = missing_values_message(self._environment, self._project, self._section, places)
            raise NoValueError(message, places, self._project)
        return self._values[name]

    def integer(self, name: str) -> int:
        """The value of a parameter that must be a whole number; in Parameter Store it is a text of digits.

        Raises:
            ValueError: it is something else.
        """
        value = self[name]
        if not isinstance(value, bool | list):
            try:
                if int(value) == float(value):
                    return int(value)
            except ValueError:
                pass
        raise ValueError(f"the parameter {name} must be a whole number, not {value!r}")

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def missing_values_message(environment: str, project: str, section: Sequence[str], places: Mapping[str, str]) -> str:
    """Returns the message for parameters without a value.

    Args:
        environment: its name.
        project: the name of the project.
        section: the keys of its section below `projects`.
        places: the place that refers to each of them.
    """
    lines = "".join(f"\n  ${{{name}}} in {location}" for name, location in sorted(places.items()))
    values: JsonObject = {"parameters": dict.fromkeys(sorted(places), "...")}
    switched_off: JsonObject = {"enabled": False}
    for key in reversed(section):
        values, switched_off = {key: values}, {key: switched_off}
    return (
        f"config/{environment}.json has no values for parameters of {project}:{lines}\n"
        f"Add a value for each:\n"
        f'  "projects": {json.dumps(values)}\n'
        f"If {project} is not for {environment}, say so there instead:\n"
        f'  "projects": {json.dumps(switched_off)}'
    )
