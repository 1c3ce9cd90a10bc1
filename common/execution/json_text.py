"""Reads JSON that services put into texts, such as causes and outputs."""

import json

from common.base.json_types import Json, JsonMapping


def json_object(text: Json) -> JsonMapping:
    """Returns the JSON object in a text, or an empty one."""
    try:
        content = json.loads(text or "{}")
    except (TypeError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
