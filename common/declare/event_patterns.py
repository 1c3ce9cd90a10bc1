"""Checks the patterns of events that rules wait for: EventBridge refuses wrong ones only during a deploy.

A pattern has the fields of an event. Each has a list of values, of which one must match, or further fields. A value is a text, a
number, true, false, null, or a comparison such as ``{"prefix": "in/"}``.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
"""

import json
from collections.abc import Callable, Iterator, Mapping

from common.base.errors import DeclarationError
from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names

OR = "$or"
"""Stands for a field whose value is a list of patterns, of which one must match."""
FIELDS = (
    *("account", "detail", "detail-type", "id", "region", "replay-name", "resources", "source", "time", "trace-header"),
    "version",
)
"""The fields of every event; another one at the top never matches."""
COMPARED = frozenset({"=", "<", "<=", ">", ">="})
GREATEST = 5_000_000_000
"""Numbers between this one and its opposite can be compared."""
LEAST = 2
"""How many alternatives there are at least."""
COMBINATIONS = 1000
"""How many patterns without `$or` a pattern with it may stand for."""


def check(pattern: JsonMapping) -> None:
    """Checks a pattern, whose tokens may not be replaced yet.

    Raises:
        ValueError: EventBridge would refuse it, or it would never match; one message names all problems.
    """
    problems = [] if pattern else ["it is empty, and would match nothing"]
    for name in pattern:
        if name not in FIELDS and name != OR:
            guess = did_you_mean(name, FIELDS, otherwise=" What is within an event stands in `detail`")
            problems.append(f"{name}: events have no such field.{guess}")
    problems += _problems(pattern, "")
    if (count := _combinations(pattern)) > COMBINATIONS:
        problems.append(f"with {OR} it stands for {count} combinations; EventBridge allows {COMBINATIONS}")
    if problems:
        raise ValueError("; ".join(f"pattern: {problem}" for problem in problems))


def check_values(what: str, pattern: JsonMapping) -> None:
    """Checks the values of a pattern whose fields are not those of an event, as of a filter.

    Raises:
        ValueError: one is not a value of a pattern; one message names all problems.
    """
    if problems := [*_problems(pattern, ""), *([] if pattern else ["it is empty, and would match nothing"])]:
        raise ValueError("; ".join(f"{what}: {problem}" for problem in problems))


def check_length(pattern: Json, longest: int, where: str) -> None:
    """Checks how long a pattern is.

    Raises:
        DeclarationError: it is longer than the quota of the account.
    """
    if (length := len(text_of(pattern))) > longest:
        raise DeclarationError(
            f"{where}: its pattern has {length} characters, and the account may have {longest}. Split it among several on_event, "
            f"or have AWS raise the quota and say so: triggers.<name>.pattern_characters in the configuration."
        )


def text_of(pattern: Json) -> str:
    """A pattern as it is sent."""
    return json.dumps(pattern, sort_keys=True, separators=(",", ":"))


def _problems(pattern: JsonMapping, path: str) -> Iterator[str]:
    for name, value in pattern.items():
        here = f"{path}.{name}" if path else name
        if name == OR:
            yield from _alternatives(value, here, path)
        elif isinstance(value, Mapping):
            yield from _problems(value, here) if value else [f"{here} is empty; give it a list of values"]
        elif not isinstance(value, list):
            yield f"{here} is {value!r}; it must be a list of values, as in [{json.dumps(value)}], or an object of fields"
        elif not value:
            yield f"{here} is an empty list, which matches nothing"
        else:
            for item in value:
                yield from _comparison(item, here)


def _alternatives(value: Json, here: str, path: str) -> Iterator[str]:
    objects = [item for item in value if isinstance(item, Mapping) and item] if isinstance(value, list) else []
    if len(objects) < LEAST or len(objects) < len(value):
        yield f"{here} must be a list of two or more objects with fields"
        return
    for item in value:
        yield from _problems(item, path)


def _comparison(value: Json, here: str) -> Iterator[str]:
    if isinstance(value, list):
        yield f"{here} has a list within its list; write the values side by side"
    elif isinstance(value, Mapping):
        if len(value) != 1:
            yield f"{here}: {json.dumps(value)} must be one comparison; write several as several values"
        for name, operand in value.items():
            if name not in COMPARISONS:
                guess = did_you_mean(name, COMPARISONS, otherwise=known_names(COMPARISONS))
                yield f"{here}: there is no comparison {name!r}.{guess}"
            elif problem := COMPARISONS[name](operand):
                yield f"{here}: {name} {problem}, not {json.dumps(operand)}"


def _text(operand: Json) -> str:
    return "" if isinstance(operand, str) else "takes a text"


def _beginning(operand: Json) -> str:
    folded = isinstance(operand, Mapping) and [*operand] == ["equals-ignore-case"]
    inner = operand["equals-ignore-case"] if folded else operand
    return "" if isinstance(inner, str) else 'takes a text, or {"equals-ignore-case": …} with one'


def _wildcard(operand: Json) -> str:
    if isinstance(operand, str) and "**" in operand.replace("\\\\", "").replace("\\*", ""):
        return "takes no two stars side by side"
    return _text(operand)


def _exists(operand: Json) -> str:
    return "" if isinstance(operand, bool) else "takes true or false"


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= GREATEST


def _numeric(operand: Json) -> str:
    is_list = isinstance(operand, list) and len(operand) in {2, 4}
    fits = is_list and all(sign in COMPARED for sign in operand[::2]) and all(map(_number, operand[1::2]))
    return "" if fits else f'takes a list such as [">", 0, "<=", 5], with numbers up to {GREATEST:,}'


def _cidr(operand: Json) -> str:
    from ipaddress import ip_network

    try:
        return "" if isinstance(operand, str) and "/" in operand and ip_network(operand, strict=False) else _CIDR
    except ValueError:
        return _CIDR


_CIDR = "takes addresses such as 10.0.0.0/24"


def _anything_but(operand: Json) -> str:
    if isinstance(operand, Mapping):
        inner = next(iter(operand.values())) if len(operand) == 1 and {*operand} <= _NEGATED else None
        texts = inner if isinstance(inner, list) else [inner]
        fits = bool(texts) and all(isinstance(text, str) for text in texts)
        return "" if fits else f"takes values, or one of {', '.join(sorted(_NEGATED))} with texts"
    values = operand if isinstance(operand, list) else [operand]
    kinds = {str if isinstance(value, str) else float if _number(value) else None for value in values}
    return "" if values and len(kinds) == 1 and None not in kinds else "takes texts or numbers, and not both"


_NEGATED = frozenset({"prefix", "suffix", "equals-ignore-case", "wildcard"})
COMPARISONS: Mapping[str, Callable[[Json], str]] = {
    "prefix": _beginning,
    "suffix": _beginning,
    "equals-ignore-case": _text,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": _exists,
}
"""What compares a value, each with a function that says what it takes instead of an operand; nothing if the operand fits."""


def _combinations(pattern: JsonMapping) -> int:
    """How many patterns without `$or` a pattern stands for."""
    count = 1
    for name, value in pattern.items():
        if name == OR and isinstance(value, list):
            count *= sum(_combinations(item) for item in value if isinstance(item, Mapping)) or 1
        elif isinstance(value, Mapping):
            count *= _combinations(value)
    return count
