"""What a declaration accepts of the problems of a definition: rules by their codes, each with the reason."""

from collections.abc import Iterable, Iterator, Mapping

from common.base.suggestions import did_you_mean, known_names
from common.declare.asl.codes import BASIC, CODES
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place

HOW = 'Write it as in accept=["ENDLESS_STATE: it runs until it is stopped"].'


class Accepted:
    """The accepted codes.

    Args:
        reasons: the reason for each.
        by_default: those that all state machines of an environment may have; one that lacks them gets no warning.
    """

    def __init__(self, reasons: Mapping[str, str], by_default: frozenset[str] = frozenset()) -> None:
        self.reasons, self._by_default = reasons, by_default

    @classmethod
    def of(cls, accept: Iterable[str]) -> "Accepted":
        """What a declaration says.

        Raises:
            TypeError: it is not a list of texts with reasons.
            ValueError: there is no such code, or it cannot be accepted.
        """
        if isinstance(accept, str) or not all(isinstance(text, str) for text in accept):
            raise TypeError(f"accept is a list of texts. {HOW}")
        reasons = {}
        for text in accept:
            code, _, reason = (part.strip() for part in text.partition(":"))
            if code not in CODES:
                raise ValueError(
                    f"accept names {code!r}, which is not a code.{did_you_mean(code, CODES, otherwise=known_names(CODES, 99))}"
                )
            if code in BASIC:
                raise ValueError(f"accept names {code}, without which nothing else can be checked or deployed. Mend it.")
            if not reason:
                raise ValueError(f"accept names {code} without a reason. {HOW}")
            reasons[code] = reason
        return cls(reasons)

    def unaccepted(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Yields what is not accepted, and a warning for each code that nothing had."""
        used = set()
        for problem in problems:
            used.add(problem.code)
            if problem.code not in self.reasons:
                yield problem
        for code in sorted(self.reasons.keys() - used - self._by_default):
            yield Problem("UNUSED_ACCEPT", Place(), f"accept names {code}, and nothing has it. Take it away.")
