"""Checks the keys and indexes of tables in declarations."""

import re
from collections.abc import Collection, Mapping

from common.base.json_types import JsonMapping
from common.base.suggestions import did_you_mean, known_names
from common.declare import validation
from common.resources.table_indexes import Index


def check_key(what: str, value: str) -> str:
    """Returns the name of a table's key.

    Follows https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_KeySchemaElement.html
    """
    return validation.check_length(what, value, longest=255, shortest=1)


def check_key_types(types: Mapping[str, str], keys: Collection[str | None]) -> dict[str, str]:
    """Returns the types of a table's keys.

    Raises:
        ValueError: DynamoDB has no such type for keys, or the table no such key.
    """
    names = sorted(filter(None, keys))
    for name, kind in types.items():
        if name not in names:
            raise ValueError(
                f"key_types: the table has no key {name!r}.{did_you_mean(name, names, otherwise=known_names(names))}"
            )
        if kind not in {"S", "N", "B"}:
            raise ValueError(f"key_types: the type of {name} is {kind!r}; it must be S (text), N (number) or B (bytes)")
    return dict(types)


def check_indexes(indexes: Mapping[str, JsonMapping]) -> dict[str, Index]:
    """Returns the indexes of a table.

    Follows https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GlobalSecondaryIndex.html

    Raises:
        TypeError: an index is not an object, or has a field that indexes have not.
        ValueError: DynamoDB accepts no such name.
    """
    result = {}
    for name, fields in validation.check_object("indexes", indexes).items():
        if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", name):
            raise ValueError(f"indexes: the name {name!r} must have 3 to 255 letters, digits and _.-")
        where = f"indexes: {name}"
        if not isinstance(fields, dict) or "partition_key" not in fields:
            raise TypeError(f'{where}: an index is an object with a key, as in {{"partition_key": "day"}}')
        for field in fields.keys() - {*Index._fields}:
            guess = did_you_mean(field, Index._fields, otherwise=known_names(sorted(Index._fields)))
            raise TypeError(f"{where}: an index has no {field!r}.{guess}")
        sort_key, attributes = fields.get("sort_key"), fields.get("attributes")
        result[name] = Index(
            check_key(f"{where}: partition_key", fields["partition_key"]),
            None if sort_key is None else check_key(f"{where}: sort_key", sort_key),
            None if attributes is None else validation.check_texts(f"{where}: attributes", attributes),
        )
    return result
