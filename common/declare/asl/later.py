"""Tells what is known only later, so that it cannot be checked: references that are replaced, and expressions."""

from common.base.json_types import Json
from common.model.reference import UPPER_TOKEN


def is_later(value: Json) -> bool:
    """Whether a value is a text with a reference or a team's own token, or is an expression of JSONata."""
    return isinstance(value, str) and ("${" in value or UPPER_TOKEN.search(value) is not None or value.strip().startswith("{%"))
