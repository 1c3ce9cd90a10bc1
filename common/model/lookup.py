"""How to look at a resource that exists and belongs to somebody else, of each kind: the file of its type says it.

Such a resource is only looked at, so this says which names and ARNs the kind has, and which call proves that one exists.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from common.base.json_types import JsonObject
from common.model.orphan import Named

CHARACTERS = r"[^*?:${}\"\\\x00-\x1f\x7f]+"
"""Matches any name without the characters that mean something in an ARN, in a policy or in a reference."""
AWS_KEYS = "alias/aws/"
"""Begins the aliases of AWS's own keys, which everybody in the account may use by their service."""
EVENTS = "events"
"""The purpose of a bucket whose new objects start something."""
ALARMS = "alarms"
"""The purpose of a topic to which alarms publish."""
STORE = ("versioning", "encryption", "public access")
"""The purposes of a bucket that holds artifacts and records."""
SIMPLE_NAME = re.compile(f"(?P<name>{CHARACTERS})")
"""Matches the end of an ARN that is the name."""
QUALIFIED_NAME = re.compile(f"(?P<name>{CHARACTERS}(:[A-Za-z0-9$_.-]+)?)")
"""Matches the end of an ARN that is a name, with a version or an alias behind it."""


class Further(NamedTuple):
    """What else a resource must have for one way of using it, and the call that tells.

    Args:
        operation: the API operation; it has the parameters of the lookup.
        holds: whether its response says that the resource has it.
        lacks: what the resource lacks otherwise, as in "does not send its events to EventBridge, so …".
        absent: the error code with which AWS says that it lacks it; empty if no error says so.
    """

    operation: str
    holds: Callable[[JsonObject], bool]
    lacks: str
    absent: str = ""


def _is_there(_response: JsonObject, _named: Named) -> bool:
    return True


class Lookup(NamedTuple):
    """How to prove that a resource of somebody else exists.

    Args:
        operation: the API operation that reads it.
        parameters: returns the parameters of the operation, from the name and the ARN.
        absent: the error codes with which AWS says that there is none.
        names: matches what follows the beginning of its ARN; the group `name` is its name.
        words: what `names` matches, for messages.
        chosen: what AWS itself adds to the name in the ARN, as a pattern of IAM; empty if it adds nothing.
        covers: returns the ARNs on which the operation must be allowed, from its own ARN; none if a policy cannot limit it.
        is_there: whether the response shows it: not if only others are listed, or if it is being deleted.
        region: returns its region from the response, of a kind whose ARN has none; empty if the response does not say it.
        abroad: whether the operation reads resources of other accounts, too.
        further: what else it must have, by the purpose of its use.
        below: the IAM actions that read all below a path, for which a name that ends with ``/*`` stands.
        spelled: returns its name as people write it, from the group `name`.
        key: returns the key of a customer or of AWS that encrypts it, from the response; empty if the response names none.
    """

    operation: str
    parameters: Callable[[Named], JsonObject]
    absent: tuple[str, ...]
    names: re.Pattern[str] = SIMPLE_NAME
    words: str = "a name, or an ARN"
    chosen: str = ""
    covers: Callable[[str], tuple[str, ...]] = lambda arn: (arn,)
    is_there: Callable[[JsonObject, Named], bool] = _is_there
    region: Callable[[JsonObject], str] = lambda _response: ""
    abroad: bool = True
    further: Mapping[str, Further] = {}
    below: tuple[str, ...] = ()
    spelled: Callable[[str], str] = str
    key: Callable[[JsonObject], str] = lambda _response: ""


def by_arn(
    operation: str,
    parameter: str,
    *absent: str,
    names: re.Pattern[str] = SIMPLE_NAME,
    is_there: Callable[[JsonObject, Named], bool] = _is_there,
    key: Callable[[JsonObject], str] = lambda _response: "",
) -> Lookup:
    """The lookup of a kind whose operation takes an ARN, in the parameter of this name."""
    return Lookup(operation, lambda named: {parameter: named.arn}, absent, names, is_there=is_there, key=key)
