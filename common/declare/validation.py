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


def texts(what: str, values: Iterable[str]) -> tuple[str, ...]:
    """A list of texts; a text alone would be taken letter by letter.

    Raises:
        TypeError: it is none.
    """
    return _each(what, values, (str,), "text")


def reason(value: str | None) -> str:
    """Why a declaration takes what looks like a secret; empty if it does not.

    Raises:
        TypeError: it is no reason.
    """
    if value is None:
        return ""
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f'accept_secret is {value!r}; say why, as in accept_secret="a key of the test environment".')
    return value.strip()


def text(what: str, value: str, longest: int, shortest: int = 0) -> str:
    """A text of a length that AWS accepts.

    Raises:
        TypeError: it is no text.
        ValueError: AWS would refuse it.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} is a text, not {value!r}.")
    if not shortest <= len(value) <= longest:
        raise ValueError(f"{what} has {len(value)} characters; AWS allows {shortest} to {longest}.")
    return check_text(value)


def partition_key(value: str) -> str:
    """The name of a table's key.

    Follows https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_KeySchemaElement.html
    """
    return text("partition_key", value, longest=255, shortest=1)


def grants(what: str, values: Iterable[Grantable]) -> tuple[Grantable, ...]:
    """A list of resources and places in buckets.

    Raises:
        TypeError: it is none.
    """
    return _each(what, values, (Ref, Location), "resource, as in p.shared.bucket(…), and not a place in one")


def refs(what: str, values: Iterable[Ref]) -> tuple[Ref, ...]:
    """A list of resources.

    Raises:
        TypeError: it is none.
    """
    return _each(what, values, (Ref,), "resource")


def places(what: str, values: Iterable[Location]) -> tuple[Location, ...]:
    """A list of places in buckets.

    Raises:
        TypeError: it is none.
    """
    return _each(what, values, (Location,), 'place in a bucket, as in bucket / "orders", or bucket / "" for all of it')


def place(what: str, value: Location) -> Location:
    """One place in a bucket.

    Raises:
        TypeError: it is none.
    """
    return places(what, [value])[0]


def apart(what: str, value: Location, env: Environment) -> Location:
    """A place that is not among what the deployer itself keeps in the artifact bucket.

    Raises:
        ValueError: it is, or all of that would be below it.
    """
    own = f"{env.name}/"
    if value.bucket.name == env.artifact_bucket and (
        value.prefix.startswith(own) or (value.prefix and own.startswith(value.prefix))
    ):
        raise ValueError(
            f"{what}: {value.uri} is among the artifacts and records of {env.name}, where gc deletes; take another place"
        )
    return value


def of_kind(what: str, value: Ref, kind: str) -> Ref:
    """A resource of that kind.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, Ref) or value.key.kind != kind:
        shown = value.key if isinstance(value, Ref) else repr(value)
        raise TypeError(f"{what} is about a {kind}, not about {shown}")
    return value


def whole_number(what: str, value: int, least: int, most: int) -> int:
    """A whole number within bounds.

    Raises:
        TypeError: it is none.
        ValueError: it is out of bounds.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} is a whole number, not {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{what} is {value}; AWS accepts {least} to {most}")
    return value


def content(what: str, value: Json) -> Json:
    """Something that JSON can hold, copied.

    Raises:
        TypeError: it cannot.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{what} holds something that JSON cannot: {error}") from None
    return json.loads(text)


def mapping(what: str, value: JsonMapping) -> JsonObject:
    """An object that JSON can hold, copied.

    Raises:
        TypeError: it is none.
    """
    result = content(what, value)
    if not isinstance(result, dict):
        raise TypeError(f"{what} is an object, as in {{'zone': 'north'}}, not {result!r}")
    return result


def schedule(expression: str) -> str:
    """When EventBridge starts something, in UTC.

    Raises:
        ValueError: it would not take the expression.
    """
    if not isinstance(expression, str):
        raise TypeError(f"expression must be a text such as rate(1 hour), not {expression!r}")
    return schedules.check_eventbridge(expression)


def settings(declared: Json, field: str, values: Variables) -> Settings | JsonObject | None:
    """The settings, an object or a dictionary, with `values` for one of their maps where they say nothing of it.

    Variables and arguments are text, so a parameter that is a number, as in ``p.parameters["wait"]``, becomes one.
    """
    if not values:
        return declared  # type: ignore[no-any-return]  # looked at where it is merged
    typed = bool, int, float, list
    spelled = {name: as_text(value, name) if isinstance(value, typed) else value for name, value in values.items()}
    if isinstance(declared, Settings):
        return declared.over({field: spelled})
    fields = dict(declared or {})
    return {**fields, field: {**spelled, **(fields.get(field) or {})}}


def _each(what: str, values: Iterable[Json], types: tuple[type, ...], expected: str) -> tuple[Json, ...]:
    if isinstance(values, str | Ref | Location):
        raise TypeError(f"{what} is a list, even of one: write {what}=[…], not {what}={_shown(values)}")
    if not isinstance(values, Iterable):
        raise TypeError(f"{what} is a list, not {values!r}; leave it out, or write {what}=[…]")
    items = tuple(values)
    for item in items:
        if not isinstance(item, types):
            raise TypeError(f"{what}: {_shown(item)} is not a {expected}")
    return items


def _shown(value: object) -> str:
    return str(value.key) if isinstance(value, Ref) else value.uri if isinstance(value, Location) else repr(value)
