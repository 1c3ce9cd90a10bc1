"""What is found while the expressions of a definition are read: problems, and which variables each state uses."""

import re
from typing import NamedTuple

from common.base.lean_dataclass import dataclass, field
from common.declare.asl.jsonata_functions import FunctionCall
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place
from common.model.reference import ESCAPE, REFERENCE, TOKEN, UPPER_TOKEN

STAND_IN = "__REFERENCE__"
"""The name that stands for a reference while a text is parsed."""


class Use(NamedTuple):
    """A use of a variable, or in JSONata perhaps of a function."""

    place: Place
    name: str
    in_jsonata: bool = False
    call: FunctionCall | None = None
    is_optional: bool = False
    """Whether the variable need not have a value, because the expression checks that by `$exists`."""


@dataclass
class Findings:
    """What was found in a state.

    Args:
        in_map: whether the state is a Map, or within one.
    """

    in_map: bool
    problems: list[Problem] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    def add(self, code: str, place: Place, message: str, suggestion: str = "") -> None:
        """Adds a problem."""
        self.problems.append(Problem(code, place, message.replace(STAND_IN, "${…}"), suggestion))


def with_token_names(text: str) -> str:
    """Returns a text with names in the places of references such as ``${Load.arn}``, which are replaced only later."""

    def name(match: re.Match[str]) -> str:
        if match[0] == ESCAPE:
            return "${"
        return STAND_IN if REFERENCE.fullmatch(match[1]) else match[0]

    return TOKEN.sub(name, text)


def is_token(name: str) -> bool:
    """Whether a name stands for something that is known only later."""
    return UPPER_TOKEN.search(name) is not None
