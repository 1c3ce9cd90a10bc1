"""Collects all problems of one definition, leaves out what its declaration accepts, and reports the rest at once.

What can be told from the definition alone is found once: `Remembered` keeps it until the definition or the rules change.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from common.base.encoding import decode_text
from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.base.plural import counted
from common.declare.asl.accepted import Accepted
from common.declare.asl.codes import BASIC
from common.declare.asl.problem import LocatedProblem, Problem, pages
from common.declare.asl.remembered import Remembered
from common.declare.asl.walk import TYPES


class DefinitionError(DeclarationError):
    """A definition has problems.

    Args:
        where: the machine.
        problems: its problems.
    """

    def __init__(self, where: str, problems: list[LocatedProblem]) -> None:
        count = counted(len(problems), "problem")
        super().__init__("\n  ".join([f"{where} has {count}:", *map(str, problems), *pages(problems)]))
        self.where, self.problems = where, problems


class WrongDeclarationsError(DeclarationError):
    """Declarations of a project cannot be rendered.

    Args:
        errors: an error for each.
        warnings: the warnings about the project's other state machines, which `invoke check` reports with the errors.
    """

    def __init__(self, errors: Sequence[DeclarationError], warnings: Sequence[LocatedProblem]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors, self.warnings = tuple(errors), tuple(warnings)


class DefinitionCheck:
    """The problems of one definition.

    Args:
        where: the machine, as messages call it.
        declared: the file that declares it.
        file: the file of the definition, if it has one.
        root: the repository, relative to which messages name the file.
        accepted: what the declaration accepts.
        remembered: what was found before in definitions of its project.
    """

    def __init__(
        self,
        where: str,
        declared: str,
        file: Path | None = None,
        root: Path | None = None,
        accepted: Accepted | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        self._where, self._declared, self._file, self._root = where, declared, file, root
        self._accepted, self._remembered = accepted or Accepted({}), remembered
        self._problems: list[Problem] = []
        self._definition: Json = {}

    @property
    def is_whole(self) -> bool:
        """Whether the states can be walked through: each has a type, and transitions lead to states."""
        return not any(problem.code in BASIC for problem in self._problems)

    def look_at(self, definition: JsonMapping) -> None:
        """Finds what is wrong with a definition, whose references are not replaced yet."""
        self._definition = definition
        text = json.dumps(definition)
        problems = self._remembered.problems(text) if self._remembered is not None else None
        if problems is None:
            from common.declare.asl.all_rules import find_problems  # what is remembered has no use for it

            problems = find_problems(definition)
            if self._remembered is not None:
                self._remembered.add(text, problems)
        self.add(problems)

    def add(self, problems: Iterable[Problem]) -> None:
        """Adds problems that were found elsewhere."""
        self._problems.extend(problems)

    def located(self) -> list[LocatedProblem]:
        """Returns what is not accepted, in the order of the lines."""
        return self._locate([*self._accepted.unaccepted(self._problems)])

    def error(self) -> DefinitionError | None:
        """Returns the error with all problems, warnings too; None if none is an error."""
        located = self.located()
        is_wrong = any(problem.problem.about.severity == "error" for problem in located)
        return DefinitionError(self._where, located) if is_wrong else None

    def _locate(self, problems: list[Problem]) -> list[LocatedProblem]:
        if self._file is None or not problems:
            return [LocatedProblem(problem, self._where, self._declared, None, self._page(problem)) for problem in problems]
        from common.declare.asl.source_lines import line_of, lines_of

        lines = lines_of(decode_text(self._file.read_bytes()), is_yaml=self._file.suffix.lower() in {".yaml", ".yml"})
        file = self._file.relative_to(self._root).as_posix() if self._root else self._file.name
        located = [
            LocatedProblem(problem, self._where, file, line_of(lines, problem.place), self._page(problem)) for problem in problems
        ]
        return sorted(located, key=lambda problem: problem.line or 0)

    def _page(self, problem: Problem) -> str:
        value, kind, before = self._definition, None, None
        for key in problem.place.keys:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                break
            if before == "States" and isinstance(value, Mapping) and value.get("Type") in [*TYPES]:
                kind = str(value["Type"])
            before = key
        return problem.about.url(kind)


@dataclass
class CheckedDefinition:
    """A definition with its problems.

    Attributes:
        check: its problems so far.
        definition: it with its references replaced; None if that could not be done.
    """

    check: DefinitionCheck
    definition: JsonObject | None = None
