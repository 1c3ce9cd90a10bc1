"""Finds the integration that the Resource of a task names."""

import re
from typing import NamedTuple

from common.base.json_types import Json
from common.declare.asl.later import is_later

WAIT = ".waitForTaskToken"
INTEGRATION = re.compile(r"arn:[^:]*:states:[^:]*:[^:]*:(?P<name>.+)")
PSEUDO = re.compile(r"\$\{AWS::\w+\}")
"""References to what is known of the environment, such as its partition."""


class Called(NamedTuple):
    """The integration that a Resource names."""

    service: str
    """The service, such as ``lambda`` or ``aws-sdk``."""
    action: str
    """The action, such as ``invoke``; of an SDK integration with its service, such as ``s3:getObject``."""
    ending: str
    """The suffix, such as ``.sync``; empty if there is none."""


def called_by(resource: Json) -> Called | None:
    """Returns the integration that a Resource names; None for a function, an activity, or what is known only later."""
    match = INTEGRATION.fullmatch(PSEUDO.sub("x", str(resource)))
    if match is None or match["name"].startswith("activity:") or is_later(match["name"]):
        return None
    plain, dot, ending = match["name"].partition(".")
    service, _, action = plain.partition(":")
    return Called(service, action, dot + ending)
