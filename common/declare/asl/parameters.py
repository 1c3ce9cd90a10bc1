"""Checks the parameters of an action against the shapes of its API, as far as they are known before it runs.

Step Functions writes parameters with a capital letter at the beginning. Where a value is only known later, it is not checked, but
its name is.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html
"""

import re
from collections.abc import Callable, Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names
from common.declare.asl.later import is_later
from common.declare.asl.problem import Problem, shown
from common.declare.asl.walk import Place

NUMBER = re.compile(r"-?[0-9.]+")
JAVA = {"nul": "null", "defaultvalue": "default", "classvalue": "class", "packagevalue": "package"}
"""Parameters that have another name where Java reserves theirs, both in small letters."""
ACRONYM = re.compile(r"[A-Z]{2,}")
MOST_CHOICES = 40
"""A longer list of accepted values, as of types of instances, grows too often to be sure of it."""
DYNAMIC = ".$"
"""What the name of a parameter ends with whose value is a path, in JSONPath."""


def _is_number(value: Json) -> bool:
    """Whether it is a number, or one as text, which AWS may convert."""
    if isinstance(value, str):
        return NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_boolean(value: Json) -> bool:
    return isinstance(value, bool) or value in ("true", "false")


TYPES: Mapping[str, tuple[str, Callable[[Json], bool]]] = {
    "structure": ("an object", lambda value: isinstance(value, Mapping)),
    "map": ("an object", lambda value: isinstance(value, Mapping)),
    "list": ("a list", lambda value: isinstance(value, list)),
    "boolean": ("true or false", _is_boolean),
    **dict.fromkeys(("integer", "long", "float", "double"), ("a number", _is_number)),
}
"""The types that are checked, in words, and whether a value is of the type. Blobs and times may be anything."""


class Parameters:
    """The parameters that an action has.

    Args:
        shapes: the shapes of its API, as botocore has them.
        input_shape: the one of them that describes the parameters; None if the action has none.
        further: parameters that Step Functions adds.
        as_object: whether texts may be given as any JSON, as the optimised integrations accept it.
        language: the query language in which they are written; empty if there is none, as in the input of a schedule.
        is_later: whether a value is known only later.
    """

    def __init__(
        self,
        shapes: JsonMapping,
        input_shape: str | None,
        further: frozenset[str] = frozenset(),
        *,
        as_object: bool,
        language: str,
        is_later: Callable[[Json], bool] = is_later,
    ) -> None:
        self._shapes, self._input, self._further = shapes, input_shape, further
        self._as_object, self._language, self._is_later = as_object, language, is_later

    def problems(self, parameters: JsonMapping, here: Place) -> Iterator[Problem]:
        """Yields what is wrong with the parameters."""
        if self._input is None:
            for name in parameters:
                if name not in self._further:
                    yield Problem("UNKNOWN_PARAMETER", here / name, "the action has no parameters.")
            return
        yield from self._structure(self._shapes[self._input], parameters, here, self._further, top=True)

    def _structure(
        self, shape: JsonMapping, value: JsonMapping, here: Place, further: frozenset[str], *, top: bool
    ) -> Iterator[Problem]:
        members = {_folded(name): name for name in shape["members"]}
        pascal = {_folded(name): f"{name[0].upper()}{name[1:]}" for name in [*shape["members"], *further]}
        pascal |= {name: pascal[usual] for name, usual in JAVA.items() if usual in pascal}
        names: set[str] = set()
        for field, inner in value.items():
            name = self._static(field)
            folded = _folded(name)
            if folded in names:
                yield Problem("EXCLUSIVE_FIELDS", here / field, f"{name} is given twice.")
            names.add(folded)
            if folded not in pascal or name.endswith(DYNAMIC):
                yield Problem("UNKNOWN_PARAMETER", here / field, "there is no such parameter.", self._guess(name, pascal))
            elif not _is_written_as(name, pascal[folded], top=top):
                text = "capital letters matter in parameters."
                yield Problem("UNKNOWN_PARAMETER", here / field, text, f" Did you mean {pascal[folded]!r}?")
            elif folded in members and name == field:
                yield from self._value(shape["members"][members[folded]]["shape"], inner, here / field)
        for name in shape.get("required", ()):
            if _folded(name) not in names and not shape["members"][name].get("idempotencyToken"):
                yield Problem("MISSING_PARAMETER", here, f"{pascal[_folded(name)]} is missing; AWS needs it.")

    def _static(self, field: str) -> str:
        return field.removesuffix(DYNAMIC) if self._language == "JSONPath" else field

    def _guess(self, name: str, pascal: Mapping[str, str]) -> str:
        if self._language == "JSONata" and name.endswith(DYNAMIC) and _folded(name.removesuffix(DYNAMIC)) in pascal:
            return f" JSONata has no names that end with {DYNAMIC}: write the value as {{% … %}}."
        return did_you_mean(name, pascal.values(), otherwise=known_names(sorted(set(pascal.values()))))

    def _value(self, name: str, value: Json, here: Place) -> Iterator[Problem]:
        shape = self._shapes[name]
        kind = shape["type"]
        expected, fits = TYPES.get(kind, ("", lambda _: True))
        if value is None or shape.get("document") or self._is_later(value):
            return
        if not fits(value):
            yield Problem("PARAMETER_VALUE", here, f"it must be {expected}, not {shown(value)}.")
        elif kind == "structure":
            yield from self._structure(shape, value, here, frozenset(), top=False)
        elif kind == "map":
            for key, inner in value.items():
                if self._static(key) == key:
                    yield from self._value(shape["value"]["shape"], inner, here / key)
        elif kind == "list":
            for number, inner in enumerate(value):
                yield from self._value(shape["member"]["shape"], inner, here / number)
        elif kind == "string":
            yield from self._text(shape, value, here)

    def _text(self, shape: JsonMapping, value: Json, here: Place) -> Iterator[Problem]:
        choices = shape.get("enum", ())
        if not isinstance(value, str):
            if not self._as_object and isinstance(value, int | float):
                yield Problem("PARAMETER_VALUE", here, f"it must be a text, not {shown(value)}. Quote it.")
            elif not self._language:  # Step Functions writes JSON as text, and Scheduler does not
                yield Problem("PARAMETER_VALUE", here, f"it must be a text, not {shown(value)}. Write the JSON as a text.")
        elif choices and len(choices) <= MOST_CHOICES and value not in choices:
            guess = did_you_mean(value, choices, otherwise=known_names(choices))
            yield Problem("PARAMETER_VALUE", here, f"{shown(value)} is not accepted.", guess)


def _folded(name: str) -> str:
    """A parameter's name as it is compared: the SDK for Java writes acronyms otherwise, as in DbInstanceIdentifier."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _is_written_as(name: str, pascal: str, *, top: bool) -> bool:
    """Whether Step Functions may write a parameter so: acronyms may be written otherwise, and within structures the beginning."""
    free = {place for match in ACRONYM.finditer(pascal) for place in range(*match.span())} | ({0} if not top else set())
    if len(name) != len(pascal):
        return True
    return all(actual == usual or place in free for place, (actual, usual) in enumerate(zip(name, pascal, strict=True))) and not (
        top and name[:1].islower()
    )
