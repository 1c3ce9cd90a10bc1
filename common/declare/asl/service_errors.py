"""Finds misspelled names of the errors that services raise, as ``Lambda.ServiceExcepton``, in Retry and Catch.

Services raise errors that their models do not have, and functions raise any, so only a name is refused that is nearly one of the
called service.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache

from common.aws.api_models import model_of
from common.base.json_types import JsonMapping
from common.declare.asl.apis import botocore_name
from common.declare.asl.called import called_by
from common.declare.asl.problem import Problem
from common.declare.asl.walk import PlacedState, inner_machines, named_errors

ALIKE = 0.85
"""How similar a refused name is to one that exists, from 0 to 1."""
COMMON = ("SdkClientException", "Unknown", "AccessDeniedException", "ThrottlingException", "TooManyRequestsException")
"""The names of errors that any service may have."""
OF_LAMBDA = ("ClientExecutionTimeoutException", "ServiceException", "Timeout")
"""Errors of Lambda that its model does not have."""

ACRONYM = re.compile(r"[A-Z]{2,}(?![a-z])")
"""Matches the letters that Java writes as one word, as the first two of DBInstance."""


def service_error_problems(states: Iterable[PlacedState]) -> Iterator[Problem]:
    """Yields the misspelled errors of what a Task, or a task within a Parallel or Map, calls."""
    for placed in states:
        for place, error in named_errors(placed):
            if "." in error and not error.startswith("States."):
                yield from (
                    Problem("UNKNOWN_ERROR", place, f"{service} has no error {error!r}.", f" Did you mean {meant!r}?")
                    for service, meant in _meant(error, placed.state)
                )


def _meant(error: str, state: JsonMapping) -> list[tuple[str, str]]:
    """The service and the error that were probably meant; nothing if a service has the error, or none has one like it."""
    prefix, _, name = error.partition(".")
    guesses = []
    for service in sorted(_services(state)):
        prefixes, names = _names(service)
        usual = prefix if prefix.casefold() in {spelling.casefold() for spelling in prefixes} else None
        if usual and name in names:
            return []
        near = usual or next(iter(get_close_matches(prefix, prefixes, n=1, cutoff=ALIKE - 0.1)), None)
        close = [name] if name in names else get_close_matches(name, names, n=1, cutoff=ALIKE)
        if near and close:
            guesses.append((prefixes[0], f"{near}.{close[0]}"))
    return guesses[:1]


def _services(state: JsonMapping) -> set[str]:
    """The services, as botocore names them, that a state or the states within it call."""
    if state["Type"] == "Task":
        resource = str(state.get("Resource"))
        called = called_by(resource)
        name = botocore_name(called) if called else "lambda"
        return {name} if name else set()
    inner = [
        nested
        for machine in inner_machines(state)
        if isinstance(machine, Mapping) and isinstance(machine.get("States"), Mapping)
        for nested in machine["States"].values()
        if isinstance(nested, Mapping) and isinstance(nested.get("Type"), str)
    ]
    return set().union(*map(_services, inner))


def _in_java(name: str) -> str:
    """The name of an error, or of all errors of a service, in the AWS SDK for Java 2, which its integrations raise.

    Follows https://github.com/aws/aws-sdk-java-v2: DefaultNamingStrategy.getExceptionName
    """
    base = name.removesuffix("Exception").removesuffix("Fault")
    return f"{ACRONYM.sub(lambda letters: letters[0].capitalize(), base)}Exception"


@cache
def _names(service: str) -> tuple[list[str], frozenset[str]]:
    """What errors of a service begin with, and what follows behind the dot."""
    model = model_of(service)
    metadata = model["metadata"]
    spellings = (metadata.get(name, service) for name in ("serviceId", "serviceAbbreviation", "serviceFullName"))
    prefixes = [re.sub(r"^(Amazon|AWS) | ", "", str(spelling)) for spelling in spellings]
    modelled = {name for name, shape in model["shapes"].items() if shape.get("exception")}
    names = {*COMMON, *(f"{before}{prefix}Exception" for before in ("", "AWS", "Amazon") for prefix in prefixes)}
    names |= {*OF_LAMBDA} if service == "lambda" else set()
    names |= modelled | {f"{name}Exception" for name in modelled} | {name.removesuffix("Exception") for name in modelled}
    names |= {_in_java(name) for name in (*modelled, *prefixes)}
    return [*dict.fromkeys((*prefixes, service))], frozenset(names)
