"""Reads a moment of a command line: how long ago it was, or when it was in UTC."""

import re
from datetime import UTC, datetime, timedelta

from common.base.errors import UsageError

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime) -> datetime:
    """Returns the moment that a text means.

    Args:
        text: as in ``90s``, ``30m``, ``2h``, ``3d``, ``1w``, ``2026-11-26`` or ``2026-11-26T10:00``.
        now: the present time.

    Raises:
        UsageError: it is none of these, or lies in the future.
    """
    match = _AGO.fullmatch(text.strip())
    try:
        result = now - timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since is {text!r}; it must be as in 30m, 2h, 3d, 1w, 2026-11-26 or 2026-11-26T10:00 (UTC)."
        ) from None
    result = result if result.tzinfo else result.replace(tzinfo=UTC)
    if result > now:
        raise UsageError(f"--since is {text!r}, which is in the future. It is {now:%Y-%m-%dT%H:%M} UTC now.")
    return result
