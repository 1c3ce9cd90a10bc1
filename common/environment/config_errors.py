"""What is wrong with a file of configuration, each error with its place.

A value that is wrong is shown where it can be no secret: messages end in logs that more people read than configuration.
"""

import json
from collections.abc import Iterator

from pydantic import ValidationError

from common.base.json_types import Json
from common.base.suggestions import did_you_mean
from common.environment.resource_settings import Model, keys_at

FREE = frozenset({"environment", "arguments", "parameters", "endpoints", "tags"})
"""The settings whose values are texts of any kind."""


def explained(error: ValidationError, model: type[Model]) -> Iterator[str]:
    """Each error in a line."""
    for one in error.errors(include_url=False, include_context=False):
        location, is_key = [part for part in one["loc"] if part != "[key]"], "[key]" in one["loc"]
        path = "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
        if one["type"] == "extra_forbidden":
            yield f"{path}: unknown key.{did_you_mean(str(location[-1]), keys_at(model, location[:-1]))}"
        else:
            told = f", not {json.dumps(one['input'])[:60]}" if is_key or _may_be_shown(one["input"], location) else ""
            yield f"{path}: {one['msg'][0].lower()}{one['msg'][1:]}{told}"


def _may_be_shown(value: Json, location: list[int | str]) -> bool:
    """Whether a value that is wrong can hold no secret: it is none of the texts of any kind, and holds none."""
    return not isinstance(value, dict | list) and not any(part in FREE for part in location)
