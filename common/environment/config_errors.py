"""Explains the errors of a configuration file, each with its JSON path.

A wrong value is shown only if it cannot be a secret, because more people read logs than configuration.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from pydantic import ValidationError

from common.base.json_types import Json
from common.base.suggestions import did_you_mean
from common.environment.settings_model import Model, keys_at

FREE_TEXT_SETTINGS = frozenset(
    {"environment", "arguments", "non_overridable_arguments", "command", "entry_point", "parameters", "endpoints", "tags"}
)
"""Settings with free texts, which may hold secrets."""
UNION_STEPS = frozenset({("artifact_bucket", "[name]"), ("artifact_bucket", "[object]")})
"""A setting that is a text or an object, and the step by which pydantic tells which: no file has that step in its path."""


def explain_errors(error: ValidationError, model: type[Model]) -> Iterator[str]:
    """Yields each error as a line."""
    for problem in error.errors(include_url=False, include_context=False):
        location = [part for before, part in pairwise(("", *problem["loc"])) if (before, part) not in UNION_STEPS]
        is_key = location[1:] and location[-1] == "[key]" and problem["input"] == location[-2]
        if is_key:
            location.pop()
        path = "$" + "".join(_step(part) for part in location)
        if problem["type"] == "extra_forbidden":
            yield f"{path}: unknown key.{did_you_mean(str(location[-1]), keys_at(model, location[:-1]))}"
        else:
            shown_value = (
                f", not {json.dumps(problem['input'])[:60]}" if is_key or _may_be_shown(problem["input"], location) else ""
            )
            yield f"{path}: {problem['msg'][0].lower()}{problem['msg'][1:]}{shown_value}"


def _step(part: int | str) -> str:
    """Returns one step of a JSON path; a key that is not a plain word is quoted."""
    return f".{part}" if isinstance(part, str) and re.fullmatch(r"[\w.:/@+-]+", part) else f"[{json.dumps(part)[:60]}]"


def _may_be_shown(value: Json, location: list[int | str]) -> bool:
    """Whether a wrong value cannot hold a secret: it is not a free text, and not an object or list that may contain one."""
    return not isinstance(value, dict | list) and not any(part in FREE_TEXT_SETTINGS for part in location)
