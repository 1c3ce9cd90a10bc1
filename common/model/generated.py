"""Values that AWS gives only when a resource is created, such as a queue's URL: marks that stand for them until they are known.

A mark is plain text, so it can stand anywhere in a declaration. The digest of a state is made with its marks, and a mark is
replaced by the recorded value where a state is compared, shown or sent.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from common.base.json_texts import in_strings
from common.base.json_types import Json
from common.base.lean_dataclass import dataclass
from common.model.reference import MARK, Ref
from common.model.resource import Key

SUBSCRIBED = "subscription."
"""Begins the names in the keys of subscriptions that configuration names; they are deleted when it no longer names them."""
IDENTIFIER = "Identifier"
"""The output of a resource by which AWS identifies it, for types that need their record."""
TOKEN = "token"  # noqa: S105 - the name of a field
"""The field of a pending resource with the token of the request that creates it, for types that need their record."""
BUCKET = "AWS::S3::Bucket"
"""The type of buckets."""
STAND_IN = ":cloudcontrol:"
"""Begins, behind the partition, what stands for an ARN that is not known before a resource exists."""
AttributesOf = Callable[[Key], Mapping[str, str] | None]
"""Returns the attributes of an existing resource; None if it is yet to be created."""


@dataclass(frozen=True)
class GeneratedRef(Ref):
    """A reference to a resource whose attributes AWS gives.

    Args:
        attributes: the names of the attributes.
        services: the services, by their names in IAM, that the resource belongs to.
        type_name: its type, as in ``AWS::SQS::Queue``.
    """

    attributes: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    type_name: str = ""

    @property
    def is_bucket(self) -> bool:
        """Whether it is a bucket, in which there are places."""
        return self.type_name == BUCKET

    @property
    def has_arn(self) -> bool:
        """Whether its ARN can stand in a policy. Of some types nothing tells it."""
        return STAND_IN not in self.arn

    @property
    def generated(self) -> Mapping[str, str]:
        """What stands for each of its attributes."""
        return {name: mark_of(self.key, name) for name in self.attributes}

    def attribute(self, name: str) -> str:
        """The value of an attribute, as in ``queue.attribute("QueueUrl")``, for variables, arguments and other texts.

        Raises:
            ValueError: the resource has no such attribute.
        """
        if name not in self.attributes:
            raise ValueError(f"{self.key} has no attribute {name!r}; it has {', '.join(sorted(self.attributes))}")
        return mark_of(self.key, name)


def mark_of(key: Key, attribute: str) -> str:
    """The mark that stands for an attribute."""
    return f"«{key.project}: {key}#{attribute}»"


def marked_keys(value: Json) -> set[Key]:
    """The resources whose attributes a JSON value needs."""
    return {key for key, _ in _marks(value)}


def filled_in(value: Json, attributes_of: AttributesOf) -> Json:
    """The value with every mark replaced whose attribute is known; the others stay."""

    def replaced(match: re.Match[str]) -> str:
        attributes = attributes_of(_key(match))
        return match[0] if attributes is None else attributes.get(match[4], match[0])

    return in_strings(value, lambda text: MARK.sub(replaced, text)) if any(_marks(value)) else value


def has_mark(value: Json) -> bool:
    """Whether a value is a text with a mark."""
    return isinstance(value, str) and MARK.search(value) is not None


def shown(text: str) -> str:
    """The text with every mark in words for people."""
    return MARK.sub(lambda match: f"({match[4]} is known after {match[2]}/{match[3]} is created)", text)


def _marks(value: Json) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield from ((_key(match), match[4]) for match in MARK.finditer(value))
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _marks(name)
            yield from _marks(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _marks(inner)


def _key(match: re.Match[str]) -> Key:
    return Key(match[1], match[2], match[3])
