"""Tells whether a text is a time as Step Functions accepts it.

Follows https://states-language.net/spec.html#timestamps
"""

import re
from datetime import datetime

from common.declare.asl.later import is_later

PROFILE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
"""The profile of RFC 3339 with a capital T, and with a capital Z where there is no offset."""


def is_timestamp(text: str) -> bool:
    """Whether a text is such a time, or is known only later."""
    if is_later(text):
        return True
    if not PROFILE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(f"{text[:19]}+00:00")
    except ValueError:
        return False
    return True
