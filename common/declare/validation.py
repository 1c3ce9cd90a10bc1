"""Checks the arguments of the functions that authors of declarations call.

A wrong argument raises one of Python's own errors, and the loader of declarations reports the line of the call.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import json
from collections.abc import Iterable, Mapping

from common.base import schedules
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.text_rules import check_text
from common.declare.type_access import access_of
from common.environment.config import Environment
from common.environment.parameter_values import Value, as_text
from common.environment.resource_settings import Settings
from common.model.existing import ExistingRef
from common.model.reference import Grantable, Location, Ref

Reason = str | None
"""The reason that a declaration gives for accepting a secret, or None."""
Variables = Mapping[str, Value] | None
"""Variables or arguments by name."""


def check_texts(what: str, values: Iterable[str]) -> tuple[str, ...]:
    """Returns a list of texts. A single text is refused, because it would be read letter by letter.

    Raises:
        TypeError: the value is not a list of texts.
    """
    return _check_each(what, values, (str,), "text")


def check_reason(value: str | None) -> str:
    """Returns the reason for accepting a secret; an empty text if there is none.

    Raises:
        TypeError: the value is not a text with a reason.
    """
    if value is None:
        return ""
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f'accept_secret is {value!r}; say why, as in accept_secret="a key of the test environment".')
    return value.strip()


def check_length(what: str, value: str, longest: int, shortest: int = 0) -> str:
    """Returns a text if AWS accepts its length.

    Raises:
        TypeError: the value is not a text.
        ValueError: AWS would refuse it.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} is a text, not {value!r}")
    if not shortest <= len(value) <= longest:
        raise ValueError(f"{what} has {len(value)} characters; AWS allows {shortest} to {longest}")
    return check_text(value)


def with_fields(properties: JsonMapping | None, **arguments: JsonMapping | None) -> JsonObject:
    """Adds fields of AWS's that arguments stand for to properties.

    Raises:
        ValueError: properties have one of the fields, too.
    """
    result = check_object("properties", properties or {})
    for argument, fields in arguments.items():
        for name, value in (fields or {}).items():
            if name in result:
                raise ValueError(f"{argument} and properties both set {name}: take one of them away")
            result[name] = value
    return result


def check_grants(what: str, values: Iterable[Grantable]) -> tuple[Grantable, ...]:
    """Returns a list of resources and places in buckets.

    Raises:
        TypeError: the value is not such a list.
    """
    return _check_each(what, values, (Ref, Location), "resource, as in p.shared.bucket(…), and not a place in one")


def check_refs(what: str, values: Iterable[Ref]) -> tuple[Ref, ...]:
    """Returns a list of resources.

    Raises:
        TypeError: the value is not such a list.
    """
    return _check_each(what, values, (Ref,), "resource")


def check_places(what: str, values: Iterable[Location]) -> tuple[Location, ...]:
    """Returns a list of places in buckets.

    Raises:
        TypeError: the value is not such a list.
    """
    return _check_each(what, values, (Location,), 'place in a bucket, as in bucket / "orders", or bucket / "" for all of it')


def check_place(what: str, value: Location) -> Location:
    """Returns a place in a bucket.

    Raises:
        TypeError: the value is not a place in a bucket.
    """
    return check_places(what, [value])[0]


def check_destination(what: str, value: Location | Ref) -> Location | Ref:
    """Returns where sample data goes: a place in a bucket, or a queue.

    Raises:
        TypeError: the value is neither.
    """
    if isinstance(value, Location) or (isinstance(value, Ref) and access_of(value).kind == "queue"):
        return value
    shown = value.key if isinstance(value, Ref) else repr(value)
    raise TypeError(f'{what}: {shown} is neither a queue nor a place in a bucket, as in bucket / "orders"')


def check_apart(what: str, value: Location, env: Environment) -> Location:
    """Returns a place if it does not overlap the deployer's own objects in the artifact bucket.

    Raises:
        ValueError: the place is among these objects, or contains them.
    """
    own = f"{env.store_prefix}{env.name}/"
    if value.bucket.name == env.artifact_bucket and (
        value.prefix.startswith(own) or (value.prefix and own.startswith(value.prefix))
    ):
        raise ValueError(
            f"{what}: {value.uri} is among the artifacts and records of {env.name}, where gc deletes; take another place"
        )
    return value


def check_kind(what: str, value: Ref, kind: str) -> Ref:
    """Returns a resource if it is of this kind.

    Raises:
        TypeError: the value is something else.
    """
    if not isinstance(value, Ref) or value.key.kind != kind:
        shown = value.key if isinstance(value, Ref) else repr(value)
        raise TypeError(f"{what} is about a {kind}, not about {shown}")
    return value


def check_role(role: Ref, role_name: str | None) -> ExistingRef:
    """Returns the role that something runs with, if it is one of others.

    Raises:
        TypeError: the value is something else.
        ValueError: the declaration also names a role of its own.
    """
    if not isinstance(role, ExistingRef) or role.key.kind != "role":
        shown = role.key if isinstance(role, Ref) else repr(role)
        raise TypeError(f"role is one that exists, as p.existing.role(…) or p.shared.role(…), not {shown}")
    if role_name is not None:
        raise ValueError("role names one that exists, and role_name one that the deployer makes. Take one of them away")
    return role


def check_integer(what: str, value: int, least: int, most: int) -> int:
    """Returns an integer if it is within bounds.

    Raises:
        TypeError: the value is not an integer.
        ValueError: the number is out of bounds.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} is a whole number, not {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{what} is {value}; AWS accepts {least} to {most}")
    return value


def check_optional_integer(what: str, value: int | None, least: int, most: int) -> int | None:
    """Returns None for None, and otherwise an integer if it is within bounds; see `check_integer`."""
    return None if value is None else check_integer(what, value, least, most)


def copy_json(what: str, value: Json) -> Json:
    """Returns a copy of a JSON value.

    Raises:
        TypeError: JSON cannot hold the value.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{what} holds something that JSON cannot: {error}") from None
    return json.loads(text)


def check_object(what: str, value: JsonMapping) -> JsonObject:
    """Returns a copy of a JSON object.

    Raises:
        TypeError: the value is not a JSON object.
    """
    result = copy_json(what, value)
    if not isinstance(result, dict):
        raise TypeError(f"{what} is an object, as in {{'zone': 'north'}}, not {result!r}")
    return result


def check_schedule(expression: str) -> str:
    """Returns a schedule if EventBridge accepts it.

    Raises:
        TypeError: the expression is not a text.
        ValueError: EventBridge would refuse the expression.
    """
    if not isinstance(expression, str):
        raise TypeError(f"expression must be a text such as rate(1 hour), not {expression!r}")
    return schedules.check_scheduler(expression)


def with_properties(declared: Json, properties: JsonMapping | None) -> Settings | JsonObject | None:
    """Adds properties to settings (an object or a dictionary); what the settings have of them wins.

    Raises:
        TypeError: the settings are neither, or the properties are not a JSON object.
    """
    if not isinstance(declared, Settings | Mapping | None):
        raise TypeError(f"settings is an object, as in FunctionSettings(memory_mb=512), or a dictionary, not {declared!r}")
    if not properties:
        return dict(declared) if isinstance(declared, Mapping) else declared
    added = {"properties": check_object("properties", properties)}
    if isinstance(declared, Settings):
        return declared.over(added)
    fields = dict(declared or {})
    return {**fields, "properties": {**added["properties"], **(fields.get("properties") or {})}}


def with_values(declared: Json, field: str, values: Variables, **others: str | None) -> Settings | JsonObject | None:
    """Adds `values` to one of the maps in settings (an object or a dictionary), and other settings. What is there wins.

    Variables and arguments are text, so a parameter that is a number, as in ``p.parameters["wait"]``, becomes text.

    Raises:
        TypeError: `values` is not a map.
    """
    if not isinstance(values, Mapping | None):
        raise TypeError(f"{field} is an object of texts, as in {{'MODE': 'full'}}, not {type(values).__name__}")
    arguments = {name: value for name, value in others.items() if value is not None}
    if not values and not arguments:
        return declared  # type: ignore[no-any-return]  # `configuration.merged` checks it
    typed = bool, int, float, list
    spelled = {name: as_text(value, name) if isinstance(value, typed) else value for name, value in (values or {}).items()}
    added = {**({field: spelled} if spelled else {}), **arguments}
    if isinstance(declared, Settings):
        return declared.over(added)
    fields = dict(declared or {})
    return {**added, **fields, **({field: {**spelled, **(fields.get(field) or {})}} if spelled else {})}


def _check_each(what: str, values: Iterable[Json], types: tuple[type, ...], expected: str) -> tuple[Json, ...]:
    if isinstance(values, str | Ref | Location):
        raise TypeError(f"{what} is a list, even of one: write {what}=[…], not {what}={_display(values)}")
    if not isinstance(values, Iterable):
        raise TypeError(f"{what} is a list, not {values!r}; leave it out, or write {what}=[…]")
    items = tuple(values)
    for item in items:
        if not isinstance(item, types):
            raise TypeError(f"{what}: {_display(item)} is not a {expected}")
    return items


def _display(value: object) -> str:
    return str(value.key) if isinstance(value, Ref) else value.uri if isinstance(value, Location) else repr(value)
