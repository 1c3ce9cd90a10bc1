"""What authors give to the calls of a declaration, looked at where they give it.

What is wrong is Python's own error, as of any call: whoever loads declarations tells the line on which it was raised.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import json
from collections.abc import Iterable, Mapping

from common.base import schedules
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.text_rules import check_text
from common.environment.config import Environment
from common.environment.parameter_values import Value, as_text
from common.environment.resource_settings import Settings
from common.model.reference import Grantable, Location, Ref

Reason = str | None
"""Why a declaration takes what looks like a secret, if it does."""
Variables = Mapping[str, Value] | None
"""Variables or arguments by name."""


def texts(what: str, given: Iterable[str]) -> tuple[str, ...]:
    """A list of texts; a text alone would be taken letter by letter.

    Raises:
        TypeError: it is none.
    """
    return _each(what, given, (str,), "text")


def reason(given: str | None) -> str:
    """Why a declaration takes what looks like a secret; empty if it does not.

    Raises:
        TypeError: it is no reason.
    """
    if given is None:
        return ""
    if not isinstance(given, str) or not given.strip():
        raise TypeError(f'accept_secret is {given!r}; say why, as in accept_secret="a key of the test environment".')
    return given.strip()


def text(what: str, given: str, longest: int, shortest: int = 0) -> str:
    """A text of a length that AWS accepts.

    Raises:
        TypeError: it is no text.
        ValueError: AWS would refuse it.
    """
    if not isinstance(given, str):
        raise TypeError(f"{what} is a text, not {given!r}.")
    if not shortest <= len(given) <= longest:
        raise ValueError(f"{what} has {len(given)} characters; AWS allows {shortest} to {longest}.")
    return check_text(given)


def partition_key(given: str) -> str:
    """The name of a table's key.

    Follows https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_KeySchemaElement.html
    """
    return text("partition_key", given, longest=255, shortest=1)


def grants(what: str, given: Iterable[Grantable]) -> tuple[Grantable, ...]:
    """A list of resources and places in buckets.

    Raises:
        TypeError: it is none.
    """
    return _each(what, given, (Ref, Location), "resource, as in p.shared.bucket(…), and not a place in one")


def refs(what: str, given: Iterable[Ref]) -> tuple[Ref, ...]:
    """A list of resources.

    Raises:
        TypeError: it is none.
    """
    return _each(what, given, (Ref,), "resource")


def places(what: str, given: Iterable[Location]) -> tuple[Location, ...]:
    """A list of places in buckets.

    Raises:
        TypeError: it is none.
    """
    return _each(what, given, (Location,), 'place in a bucket, as in bucket / "orders", or bucket / "" for all of it')


def place(what: str, given: Location) -> Location:
    """One place in a bucket.

    Raises:
        TypeError: it is none.
    """
    return places(what, [given])[0]


def apart(what: str, given: Location, env: Environment) -> Location:
    """A place that is not among what the deployer itself keeps in the artifact bucket.

    Raises:
        ValueError: it is, or all of that would be below it.
    """
    own = f"{env.name}/"
    if given.bucket.name == env.artifact_bucket and (
        given.prefix.startswith(own) or (given.prefix and own.startswith(given.prefix))
    ):
        raise ValueError(
            f"{what}: {given.uri} is among the artifacts and records of {env.name}, where gc deletes; take another place"
        )
    return given


def of_kind(what: str, given: Ref, kind: str) -> Ref:
    """A resource of that kind.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(given, Ref) or given.key.kind != kind:
        shown = given.key if isinstance(given, Ref) else repr(given)
        raise TypeError(f"{what} is about a {kind}, not about {shown}")
    return given


def whole_number(what: str, given: int, least: int, most: int) -> int:
    """A whole number within bounds.

    Raises:
        TypeError: it is none.
        ValueError: it is out of bounds.
    """
    if not isinstance(given, int) or isinstance(given, bool):
        raise TypeError(f"{what} is a whole number, not {given!r}")
    if not least <= given <= most:
        raise ValueError(f"{what} is {given}; AWS accepts {least} to {most}")
    return given


def content(what: str, given: Json) -> Json:
    """Something that JSON can hold, copied.

    Raises:
        TypeError: it cannot.
    """
    try:
        text = json.dumps(given, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{what} holds something that JSON cannot: {error}") from None
    return json.loads(text)


def mapping(what: str, given: JsonMapping) -> JsonObject:
    """An object that JSON can hold, copied.

    Raises:
        TypeError: it is none.
    """
    found = content(what, given)
    if not isinstance(found, dict):
        raise TypeError(f"{what} is an object, as in {{'zone': 'north'}}, not {found!r}")
    return found


def schedule(expression: str) -> str:
    """When EventBridge starts something, in UTC.

    Raises:
        ValueError: it would not take the expression.
    """
    if not isinstance(expression, str):
        raise TypeError(f"expression must be a text such as rate(1 hour), not {expression!r}")
    return schedules.check_eventbridge(expression)


def settings(given: Json, field: str, values: Variables) -> Settings | JsonObject | None:
    """The settings, an object or a dictionary, with `values` for one of their maps where they say nothing of it.

    Variables and arguments are text, so a parameter that is a number, as in ``p.parameters["wait"]``, becomes one.
    """
    if not values:
        return given  # type: ignore[no-any-return]  # looked at where it is merged
    typed = bool, int, float, list
    spelled = {name: as_text(value, name) if isinstance(value, typed) else value for name, value in values.items()}
    if isinstance(given, Settings):
        return given.over({field: spelled})
    said = dict(given or {})
    return {**said, field: {**spelled, **(said.get(field) or {})}}


def _each(what: str, given: Iterable[Json], types: tuple[type, ...], wanted: str) -> tuple[Json, ...]:
    if isinstance(given, str | Ref | Location):
        raise TypeError(f"{what} is a list, even of one: write {what}=[…], not {what}={_shown(given)}")
    if not isinstance(given, Iterable):
        raise TypeError(f"{what} is a list, not {given!r}; leave it out, or write {what}=[…]")
    found = tuple(given)
    for one in found:
        if not isinstance(one, types):
            raise TypeError(f"{what}: {_shown(one)} is not a {wanted}")
    return found


def _shown(one: object) -> str:
    return str(one.key) if isinstance(one, Ref) else one.uri if isinstance(one, Location) else repr(one)
