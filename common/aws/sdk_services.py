"""The services, actions and parameters of `aws-sdk:` integrations, found in the models of the installed botocore.

Step Functions names them as the AWS SDK for Java 2 does: a service is called by its id without spaces, an action begins with a
small letter, a parameter with a capital one.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from common.aws.api_models import model_of, service_ids
from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names

RENAMED = {"cloudwatchevents": "events", "wafregional": "waf-regional"}
"""Services that Step Functions calls otherwise than their id says."""
OFTEN = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs", "costexplorer": "ce"}
OFTEN |= {name: name for name in ("athena", "batch", "dynamodb", "ec2", "ecs", "glue", "lambda", "rds", "s3", "sns", "sqs")}
"""Services that are called often, for looking through all takes half a second."""
NUMBER = re.compile(r"-?[0-9.]+")
JAVA = {"nul": "null", "defaultvalue": "default", "classvalue": "class", "packagevalue": "package"}
"""Parameters that have another name where Java reserves theirs, both in small letters."""
ACRONYM = re.compile(r"[A-Z]{2,}")
MOST_CHOICES = 40
"""A longer list of accepted values, as of types of instances, grows too often to be sure of it."""


def _is_number(value: Json) -> bool:
    """Whether it is a number, or one as text, which AWS may convert."""
    if isinstance(value, str):
        return NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_boolean(value: Json) -> bool:
    return isinstance(value, bool) or value in {"true", "false"}


TYPES: Mapping[str, tuple[str, Callable[[Json], bool]]] = {
    "structure": ("an object", lambda value: isinstance(value, Mapping)),
    "map": ("an object", lambda value: isinstance(value, Mapping)),
    "list": ("a list", lambda value: isinstance(value, list)),
    "boolean": ("true or false", _is_boolean),
    **dict.fromkeys(("integer", "long", "float", "double"), ("a number", _is_number)),
}
"""The types that are checked, in words, and whether a value is of the type. Blobs and times may be anything."""


@cache
def services() -> Mapping[str, str]:
    """The name of each service in botocore, by that in `aws-sdk:` integrations."""
    names = dict(RENAMED)
    for service, service_id in service_ids().items():
        identifier = re.sub(r"[^a-z0-9]", "", service_id.lower())
        names.setdefault(identifier, service)
        names.setdefault(identifier.removesuffix("service"), service)
    return names


def service_of(name: str) -> str | None:
    """The name in botocore of a service of `aws-sdk:` integrations; None if there is none."""
    return OFTEN.get(name) or services().get(name)


def suggested_service(name: str) -> str:
    """A sentence with the service that was probably meant."""
    by_botocore = {service: identifier for identifier, service in services().items()}
    if name in by_botocore:
        return f" Did you mean {by_botocore[name]!r}?"
    return did_you_mean(name, services())


def operation_of(service: str, action: str) -> str | None:
    """The operation of a service (of botocore) that an action names; None if there is none."""
    operations = model_of(service)["operations"]
    folded = action.casefold()
    for operation in operations:
        exact = f"{operation[0].lower()}{operation[1:]}"
        if action == exact or (operation[:2].isupper() and folded == operation.casefold()):
            return str(operation)
    return None


def actions(service: str) -> list[str]:
    """The actions of a service (of botocore), as Step Functions writes them."""
    return [f"{operation[0].lower()}{operation[1:]}" for operation in model_of(service)["operations"]]


class Call:
    """The parameters of an action, which are checked as far as they are known before it runs.

    Args:
        service: the service's name in botocore.
        operation: the operation.
        further: parameters that Step Functions adds.
        is_later: whether a text is known only when the machine runs, or is replaced before.
        as_object: whether texts may be given as any JSON, as the optimised integrations accept it.
    """

    def __init__(
        self, service: str, operation: str, further: frozenset[str], is_later: Callable[[str], bool], *, as_object: bool
    ) -> None:
        model = model_of(service)
        self._shapes, self._is_later, self._as_object = model["shapes"], is_later, as_object
        self._input = model["operations"][operation].get("input", {}).get("shape")
        self._further = further

    def problems(self, parameters: JsonMapping, here: str) -> Iterator[str]:
        """Yields what is wrong with the parameters; each sentence begins with the place."""
        if self._input is None:
            yield from (f"{here}.{name}: the action has no parameters." for name in parameters if name not in self._further)
            return
        yield from self._structure(self._shapes[self._input], parameters, here, self._further, top=True)

    def _structure(
        self, shape: JsonMapping, value: JsonMapping, here: str, further: frozenset[str], *, top: bool
    ) -> Iterator[str]:
        members = {_folded(name): name for name in shape["members"]}
        pascal = {_folded(name): f"{name[0].upper()}{name[1:]}" for name in [*shape["members"], *further]}
        pascal |= {name: pascal[usual] for name, usual in JAVA.items() if usual in pascal}
        names = set()
        for field, inner in value.items():
            name = field.removesuffix(".$")
            folded = _folded(name)
            names.add(folded)
            if folded not in pascal:
                guess = did_you_mean(name, pascal.values(), otherwise=known_names(sorted(pascal.values())))
                yield f"{here}.{field}: there is no such parameter.{guess}"
            elif not _is_written_as(name, pascal[folded], top=top):
                yield f"{here}.{field}: capital letters matter in parameters. Did you mean {pascal[folded]!r}?"
            elif folded in members and name == field:
                yield from self._value(shape["members"][members[folded]]["shape"], inner, f"{here}.{field}")
        for name in shape.get("required", ()):
            if _folded(name) not in names and not shape["members"][name].get("idempotencyToken"):
                yield f"{here}: {pascal[_folded(name)]} is missing; AWS needs it."

    def _value(self, name: str, value: Json, here: str) -> Iterator[str]:
        shape = self._shapes[name]
        kind = shape["type"]
        expected, fits = TYPES.get(kind, ("", lambda _: True))
        if value is None or shape.get("document") or (isinstance(value, str) and self._is_later(value)):
            return
        if not fits(value):
            yield f"{here}: it must be {expected}, not {value!r}."
        elif kind == "structure":
            yield from self._structure(shape, value, here, frozenset(), top=False)
        elif kind == "map":
            for key, inner in value.items():
                if not key.endswith(".$"):
                    yield from self._value(shape["value"]["shape"], inner, f"{here}.{key}")
        elif kind == "list":
            for number, inner in enumerate(value):
                yield from self._value(shape["member"]["shape"], inner, f"{here}[{number}]")
        elif kind == "string":
            yield from self._text(shape, value, here)

    def _text(self, shape: JsonMapping, value: Json, here: str) -> Iterator[str]:
        choices = shape.get("enum", ())
        if not isinstance(value, str):
            if not self._as_object and isinstance(value, int | float):
                yield f"{here}: it must be a text, not {value!r}. Quote it."
        elif choices and len(choices) <= MOST_CHOICES and value not in choices:
            yield f"{here}: {value!r} is not accepted.{did_you_mean(value, choices, otherwise=known_names(choices))}"


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
