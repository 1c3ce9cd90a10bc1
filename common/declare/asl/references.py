"""Finds the references in a definition that lead to nothing, each with its place."""

from collections.abc import Iterator, Mapping

from common.base.errors import DeclarationError, ParameterError
from common.base.json_types import Json
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place
from common.model.reference import Names


def reference_problems(value: Json, names: Names, here: Place) -> Iterator[Problem]:
    """Yields a problem for each text or key that cannot be replaced; parameters without values are reported elsewhere.

    Args:
        value: a definition, or a part of one.
        names: what it may refer to.
        here: its place.
    """
    if isinstance(value, str):
        yield from _text_problem(value, names, here)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _text_problem(key, names, here / key)
            yield from reference_problems(inner, names, here / key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from reference_problems(inner, names, here / number)


def _text_problem(text: str, names: Names, here: Place) -> Iterator[Problem]:
    try:
        names.substitute(text, "")
    except ParameterError:
        return
    except DeclarationError as error:
        yield Problem("UNKNOWN_REFERENCE", here, str(error).removeprefix(": "))
