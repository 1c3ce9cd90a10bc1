"""A problem of a definition: what is wrong, and where."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from common.base.json_types import Json, JsonObject
from common.base.lean_dataclass import dataclass
from common.declare.asl.codes import CODES, Code
from common.declare.asl.walk import Place

LONGEST = 60
"""How many characters of a value a message shows."""


def shown(value: Json) -> str:
    """A value as messages show it, shortened."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


@dataclass(frozen=True)
class Problem:
    """Something that is wrong in a definition.

    Args:
        code: one of `CODES`.
        place: where it is.
        message: what is wrong, in whole sentences.
        suggestion: what was probably meant, as a sentence with a space before it, or what is known.
    """

    code: str
    place: Place
    message: str
    suggestion: str = ""

    @property
    def about(self) -> Code:
        """What its code stands for."""
        return CODES[self.code]

    @property
    def sentence(self) -> str:
        """What is wrong, with what was probably meant."""
        return f"{self.message}{self.suggestion}"

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"

    def as_json(self) -> JsonObject:
        """The problem for programs, and to be remembered."""
        return {"code": self.code, "path": [*self.place.keys], "message": self.message, "suggestion": self.suggestion}

    @classmethod
    def from_json(cls, content: JsonObject) -> "Problem":
        """The problem of what `as_json` returned."""
        return cls(content["code"], Place(tuple(content["path"])), content["message"], content["suggestion"])


class LocatedProblem(NamedTuple):
    """A problem with where it is in the repository."""

    problem: Problem
    machine: str
    """The state machine, as messages call it."""
    file: str
    """The file of the definition or, if it is made in Python, of the declaration."""
    line: int | None
    """Its line in the file of the definition; None if that is made in Python."""
    page: str
    """The address of the page of AWS that explains it."""

    def __str__(self) -> str:
        place = self.machine if self.line is None else f"{self.file}:{self.line}"
        warning = "warning: " if self.problem.about.severity == "warning" else ""
        return f"{place}: {warning}{self.problem} [{self.problem.code}]"


def pages(problems: Iterable[LocatedProblem]) -> Iterator[str]:
    """Yields a line for each page of AWS that explains the problems; if there are several, with the codes that each is about."""
    codes: dict[str, dict[str, None]] = {}
    for located in problems:
        codes.setdefault(located.page, {})[located.problem.code] = None
    yield from (f"{page} ({', '.join(of_page)})" if len(codes) > 1 else page for page, of_page in codes.items())
